"""Allowances: standards, the month's list from the offices, its check and its voucher in the work fund."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules.charts import WORK
from finance.rules.ledger import VoucherKind
from finance.rules.periods import first_day, last_day, month_text
from finance.service import documents, vouchers
from finance.service.books import chart_of, work_book
from finance.service.vouchers import VoucherFields
from finance.shares.rules import allowances as rules
from finance.shares.rules.allowances import AllowanceLine, Service, StandardFacts
from finance.shares.rules.runs import NotAtThisStep, RunState, require_state
from finance.shares.service.payments import PaperNotReady
from finance.shares.service.standing import BatchState, voucher_states
from finance.shares.tables import AllowanceEntry, AllowanceRun, AllowanceStandard
from hoa.accounts.tables import Person
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Run, enqueue
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.posts import COMMITTEE, POSTS, SUPERVISORS, Post
from hoa.offices.rules import title
from hoa.offices.tables import Office
from hoa.resolutions import service as resolutions
from hoa.resolutions.tables import Resolution
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf

PAPER = "shares.allowances"
ACCOUNT = "administration.3"
ENTITLED = tuple(post for post in POSTS if post in COMMITTEE | SUPERVISORS)


def post_named(text: str) -> Post:
    """The post of a standard; UnknownPost for one that gets no allowance."""
    found = next((post for post in ENTITLED if str(post) == text), None)
    if found is None:
        raise rules.UnknownPost
    return found


def standards(session: Session, community_id: str) -> Sequence[AllowanceStandard]:
    """Every standard, the latest first."""
    query = select(AllowanceStandard).where(AllowanceStandard.community_id == community_id)
    order = (AllowanceStandard.from_on.desc(), AllowanceStandard.post, AllowanceStandard.id)
    return session.scalars(query.order_by(*order)).all()


def set_standard(
    session: Session,
    community_id: str,
    *,
    post: str,
    monthly_fen: int,
    from_on: date,
    until_on: date | None,
    resolution_id: str,
    by: str,
    now: datetime,
) -> AllowanceStandard:
    """Write a standard down as the assembly decided it."""
    named = post_named(post)
    facts = StandardFacts(post=post, monthly_fen=monthly_fen, from_on=from_on, until_on=until_on)
    decision = resolutions.get(session, community_id, resolution_id)
    rules.check_ground(
        facts,
        title=decision.title,
        source=decision.source,
        decided_on=decision.decided_on,
        valid_until=decision.valid_until,
    )
    others = [_facts(row) for row in standards(session, community_id)]
    rules.check_standard(facts, others, post_name=title(named))
    row = AllowanceStandard(
        community_id=community_id,
        post=post,
        monthly_fen=monthly_fen,
        from_on=from_on,
        until_on=until_on,
        resolution_id=resolution_id,
        set_by_id=by,
        set_at=now,
    )
    session.add(row)
    session.flush()
    return row


def end_standard(session: Session, community_id: str, *, standard_id: str, until_on: date) -> AllowanceStandard:
    """Say until when a standard holds, once."""
    row = get(session, AllowanceStandard, community_id, standard_id, lock=True)
    if row.until_on is not None or until_on < row.from_on:
        raise rules.BadStandard
    row.until_on = until_on
    session.flush()
    return row


def _facts(row: AllowanceStandard) -> StandardFacts:
    return StandardFacts(post=row.post, monthly_fen=row.monthly_fen, from_on=row.from_on, until_on=row.until_on)


def month_lines(session: Session, community_id: str, month: int) -> tuple[AllowanceLine, ...]:
    """Who gets what for a month, from the offices and standards as they are known now."""
    first, last = first_day(month), last_day(month)
    query = (
        select(Office, Person.name)
        .join(Person, Person.id == Office.person_id)
        .where(Office.community_id == community_id)
        .order_by(Office.starts_at, Office.id)
    )
    services = []
    for office, name in session.execute(query):
        begins, ends = today(office.starts_at), today(office.ends_at - timedelta(microseconds=1))
        if office.post in ENTITLED and begins <= last and ends >= first:
            services.append(
                Service(person_id=office.person_id, name=name, post=str(office.post), first=begins, last=ends)
            )
    known = [_facts(row) for row in standards(session, community_id)]
    return rules.month_lines(known, services, first=first, last=last)


def make(session: Session, community_id: str, *, month: int, by: str, now: datetime) -> AllowanceRun:
    """List a month's allowances. A month that nobody has checked can be listed anew."""
    work_book(session, community_id)
    if last_day(month) >= today(now):
        raise rules.MonthNotOverYet(month=month_text(month))
    for earlier in _of_month(session, community_id, month):
        if earlier.state == RunState.CHECKED:
            raise rules.MonthAlreadyRun(month=month_text(month))
        earlier.state = RunState.DROPPED
    lines = month_lines(session, community_id, month)
    if not lines:
        raise rules.NobodyEntitled(month=month_text(month))
    content = rules.content(month, lines)
    row = AllowanceRun(
        community_id=community_id,
        month=month,
        state=RunState.LISTED,
        total_fen=sum(line.amount_fen for line in lines),
        list_hash=canonical.digest(content),
        made_by_id=by,
        made_at=now,
    )
    session.add(row)
    session.flush()
    _write(session, row, lines, _tax_from(session, community_id, today(now)))
    enqueue(session, PAPER, {"run": row.id}, now=now, community_id=community_id, person_id=by)
    return row


def _tax_from(session: Session, community_id: str, day: date) -> int:
    return pack_choice.current(session, community_id, day=day).number("allowance_tax_from_fen")


def _of_month(session: Session, community_id: str, month: int) -> Sequence[AllowanceRun]:
    query = select(AllowanceRun).where(
        AllowanceRun.community_id == community_id,
        AllowanceRun.month == month,
        AllowanceRun.state != RunState.DROPPED,
    )
    return session.scalars(query.with_for_update()).all()


def _write(session: Session, run: AllowanceRun, lines: Sequence[AllowanceLine], tax_from: int) -> None:
    taxed = rules.taxed(lines, tax_from)
    session.add_all(
        AllowanceEntry(
            community_id=run.community_id,
            run_id=run.id,
            no=no,
            person_id=line.person_id,
            name=line.name,
            post=line.post,
            days=line.days,
            standard_fen=line.standard_fen,
            amount_fen=line.amount_fen,
            taxed=taxed[line.person_id],
        )
        for no, line in enumerate(lines, start=1)
    )
    session.flush()


def check(session: Session, community_id: str, *, run_id: str, by: str, now: datetime) -> AllowanceRun:
    """Another member lets the list through, when offices and standards are still what it was made from."""
    row = get(session, AllowanceRun, community_id, run_id, lock=True)
    require_state(row.state, RunState.LISTED)
    if row.made_by_id == by:
        raise rules.OwnAllowance
    fresh = rules.content(row.month, month_lines(session, community_id, row.month))
    if canonical.digest(fresh) != row.list_hash:
        raise rules.StaleAllowances
    row.state, row.checked_by_id, row.checked_at = RunState.CHECKED, by, now
    session.flush()
    return row


def pay(session: Session, community_id: str, *, run_id: str, by: str, now: datetime) -> AllowanceRun:
    """Draft and hand in the payment voucher of a checked month, in the work fund, with the list under it."""
    row = get(session, AllowanceRun, community_id, run_id, lock=True)
    require_state(row.state, RunState.CHECKED)
    if row.voucher_id is not None and state_of(session, row) is not BatchState.VOID:
        raise NotAtThisStep
    if row.document_id is None:
        raise PaperNotReady
    lines = entries(session, row)
    decision = decision_of(session, community_id, row)
    fields = VoucherFields(
        kind=VoucherKind.PAYMENT,
        book=WORK,
        day=today(now),
        summary=f"{month_text(row.month)} 津贴，{len({line.person_id for line in lines})} 人",
        party=f"委员津贴（{month_text(row.month)} 清单）",
        party_is_person=True,
        amount_fen=row.total_fen,
        account=chart_of(work_book(session, community_id)).by_role(ACCOUNT).code,
        resolution_id=decision.id if decision is not None else None,
    )
    voucher = vouchers.draft(session, community_id, fields=fields, by=by, now=now)
    documents.attach_to_voucher(session, community_id, document_id=row.document_id, voucher_id=voucher.id)
    vouchers.submit(session, community_id, voucher_id=voucher.id, by=by, now=now)
    row.voucher_id = voucher.id
    session.flush()
    return row


def decision_of(session: Session, community_id: str, run: AllowanceRun) -> Resolution | None:
    """The resolution that the standards of a month rest on: the latest of them."""
    posts = {line.post for line in entries(session, run)}
    day = last_day(run.month)
    found = [
        resolutions.get(session, community_id, row.resolution_id)
        for row in standards(session, community_id)
        if row.post in posts and row.from_on <= day and (row.until_on is None or row.until_on >= first_day(run.month))
    ]
    return max(found, key=lambda row: (row.decided_on, row.number), default=None)


def state_of(session: Session, run: AllowanceRun) -> BatchState | None:
    """What became of the month's voucher; None while there is none."""
    if run.voucher_id is None:
        return None
    return voucher_states(session, run.community_id, {run.voucher_id})[run.voucher_id]


def runs(session: Session, community_id: str) -> Sequence[AllowanceRun]:
    """Every month that stands, the latest first."""
    query = select(AllowanceRun).where(
        AllowanceRun.community_id == community_id, AllowanceRun.state != RunState.DROPPED
    )
    return session.scalars(query.order_by(AllowanceRun.month.desc(), AllowanceRun.made_at.desc())).all()


def entries(session: Session, run: AllowanceRun) -> Sequence[AllowanceEntry]:
    query = select(AllowanceEntry).where(
        AllowanceEntry.community_id == run.community_id, AllowanceEntry.run_id == run.id
    )
    return session.scalars(query.order_by(AllowanceEntry.no)).all()


def verify(session: Session, community_id: str) -> list[str]:
    """A sentence for each month whose list is not the one that was made."""
    wrong = []
    for row in runs(session, community_id):
        lines = [
            AllowanceLine(
                person_id=line.person_id,
                name=line.name,
                post=line.post,
                days=line.days,
                standard_fen=line.standard_fen,
                amount_fen=line.amount_fen,
            )
            for line in entries(session, row)
        ]
        content = rules.content(row.month, lines)
        if canonical.digest(content) != row.list_hash or content["total_fen"] != row.total_fen:
            wrong.append(f"{month_text(row.month)} 津贴：清单与制表时的哈希不符")
    return wrong


def task(job: Run) -> dict[str, Any]:
    """The job `shares.allowances`: print a month's list, which is its voucher's document."""
    platform, run_id = job.platform, str(job.payload["run"])
    with platform.database.reading() as session:
        row = get(session, AllowanceRun, job.community, run_id)
        here = get_community(session, job.community)
        url = f"/c/{here.code}/shares/allowances/{run_id}"
        if row.document_id is not None or row.state == RunState.DROPPED:
            return {"url": url}
        values: Mapping[str, Any] = {
            "community_name": here.name,
            "unnumbered": False,
            "run": row,
            "month": month_text(row.month),
            "entries": [(line, title(post_named(line.post))) for line in entries(session, row)],
        }
        created = row.made_at.replace(microsecond=0)
    name = f"{month_text(row.month)} 津贴清单"
    data = render_pdf(render_paper("shares/allowances_paper.html", **values), created=created, title=name)
    with platform.database.writing(seconds=30) as session:
        row = get(session, AllowanceRun, job.community, run_id, lock=True)
        if row.document_id is None:
            stored = documents.store(
                session,
                platform.files,
                job.community,
                name=f"{name}.pdf",
                data=data,
                kind="other",
                by=row.made_by_id,
                now=platform.now(),
            )
            row.document_id = stored.id
    return {"url": url}

"""A run from the resolution to its checked list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.service.books import trust_book
from finance.service.closing import book_balance
from finance.shares.rules import runs as rules
from finance.shares.rules.runs import ByRule, Decision, ListLine, RunKind, RunState
from finance.shares.service import register
from finance.shares.service.standing import outstanding_fen
from finance.shares.tables import ShareBatch, ShareChoice, ShareLine, SharePart, ShareRun
from hoa.community.tables import Unit
from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.resolutions import service as resolutions

PAPER = "shares.paper"


@dataclass(frozen=True, kw_only=True)
class RunFields:
    """What the treasurer writes. `percent`, `base_on` and `quote` only where the resolution gives a rule."""

    kind: str
    title: str
    payee: str
    resolution_id: str
    total_fen: int
    record_on: date
    quote: str = ""
    percent: int | None = None
    base_on: date | None = None


def open_run(session: Session, community_id: str, *, fields: RunFields, by: str, now: datetime) -> ShareRun:
    """Draft a run within its resolution; its number is the next of the year."""
    trust_book(session, community_id, lock=True)  # two who begin at once get two numbers, and one sum between them
    year = today(now).year
    latest = select(func.max(ShareRun.number)).where(ShareRun.community_id == community_id, ShareRun.year == year)
    run = ShareRun(
        community_id=community_id,
        year=year,
        number=(session.scalar(latest) or 0) + 1,
        state=RunState.DRAFT,
        made_by_id=by,
        made_at=now,
    )
    _fill(session, run, fields, now)
    session.add(run)
    session.flush()
    return run


def revise_run(
    session: Session, community_id: str, *, run_id: str, fields: RunFields, by: str, now: datetime
) -> ShareRun:
    """Write a run anew that nobody has checked; its list, if there was one, has to be frozen again."""
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.DRAFT, RunState.LISTED)
    _fill(session, run, fields, now)
    _unlist(run)
    run.made_by_id, run.made_at = by, now
    session.flush()
    return run


def _fill(session: Session, run: ShareRun, fields: RunFields, now: datetime) -> None:
    if fields.kind not in rules.KIND_NAMES:
        raise rules.NoSuchKind
    if not 0 < len(fields.title.strip()) <= 80:
        raise rules.TitleNeeded
    if fields.kind == RunKind.SUBSIDY and not 0 < len(fields.payee.strip()) <= 80:
        raise rules.PayeeNeeded
    by_rule = fields.percent is not None
    run.kind, run.title = fields.kind, fields.title.strip()
    run.payee = fields.payee.strip() if fields.kind == RunKind.SUBSIDY else ""
    run.resolution_id, run.total_fen, run.record_on = fields.resolution_id, fields.total_fen, fields.record_on
    run.quote, run.percent = (fields.quote.strip() if by_rule else ""), fields.percent
    run.base_on = (fields.base_on or today(now)) if by_rule else None
    book = trust_book(session, run.community_id, lock=True)
    run.base_fen = book_balance(session, book, run.base_on) if run.base_on is not None else None
    _check_money(session, run, today(now))


def decision_of(session: Session, run: ShareRun) -> Decision:
    row = resolutions.get(session, run.community_id, run.resolution_id)
    return Decision(
        title=row.title,
        text=row.text,
        source=row.source,
        matter=row.matter,
        decided_on=row.decided_on,
        valid_until=row.valid_until,
        limit_fen=row.limit_fen,
    )


def _check_money(session: Session, run: ShareRun, day: date) -> None:
    """The resolution stands, the amount is within it, and the money is there."""
    decision = decision_of(session, run)
    rules.check_decision(decision, day=day)
    by_rule = None
    if run.percent is not None and run.base_fen is not None and run.base_on is not None:
        by_rule = ByRule(quote=run.quote, percent=run.percent, balance_fen=run.base_fen, on=run.base_on)
    rules.check_amount(decision, total_fen=run.total_fen, used_fen=_used(session, run, decision), by_rule=by_rule)
    balance = book_balance(session, trust_book(session, run.community_id), day)
    rules.check_balance(total_fen=run.total_fen, balance_fen=balance, bound_fen=_bound(session, run))


def _used(session: Session, run: ShareRun, decision: Decision) -> int:
    """What other runs take of the same resolution; of the same year, where it names no sum."""
    query = select(func.coalesce(func.sum(ShareRun.total_fen), 0)).where(
        ShareRun.community_id == run.community_id,
        ShareRun.resolution_id == run.resolution_id,
        ShareRun.state != RunState.DROPPED,
    )
    if decision.limit_fen is None:
        query = query.where(ShareRun.year == run.year)
    if run.id is not None:
        query = query.where(ShareRun.id != run.id)
    return int(session.scalar(query) or 0)


def _bound(session: Session, run: ShareRun) -> int:
    """What other checked runs still owe: it is in the account and not to be promised again."""
    query = select(ShareRun).where(ShareRun.community_id == run.community_id, ShareRun.state == RunState.CHECKED)
    return sum(outstanding_fen(session, other) for other in session.scalars(query) if other.id != run.id)


def _unlist(run: ShareRun) -> None:
    run.state = RunState.DRAFT
    run.list_hash = run.area = run.document_id = run.public_id = None
    run.listed_by_id = run.listed_at = None


# ------------------------------------------------------------------------------------------------------------ choices


def choose(
    session: Session,
    community_id: str,
    *,
    run_id: str,
    unit_id: str,
    payee_id: str | None,
    basis: str,
    by: str,
    now: datetime,
) -> ShareChoice:
    """Leave a unit out as the resolution says (`payee_id` None), or write down whom its co-owners named."""
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.DRAFT, RunState.LISTED)
    get(session, Unit, community_id, unit_id)
    if not 0 < len(basis.strip()) <= 200:
        raise rules.ReasonForUnit
    if payee_id is not None:
        owners = register.owners_on(session, community_id, unit_id=unit_id, day=run.record_on)
        if payee_id not in {owner.id for owner in owners}:
            raise NotFound
    row = choices(session, run).get(unit_id)
    if row is None:
        row = ShareChoice(community_id=community_id, run_id=run.id, unit_id=unit_id)
        session.add(row)
    row.excluded, row.payee_id, row.basis, row.by_id, row.at = payee_id is None, payee_id, basis.strip(), by, now
    _unlist(run)
    session.flush()
    return row


def unchoose(session: Session, community_id: str, *, run_id: str, unit_id: str) -> None:
    """Take back what was said of a unit."""
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.DRAFT, RunState.LISTED)
    row = choices(session, run).get(unit_id)
    if row is None:
        raise NotFound
    session.delete(row)
    _unlist(run)
    session.flush()


def choices(session: Session, run: ShareRun) -> Mapping[str, ShareChoice]:
    """What the run says of single units, by unit."""
    query = select(ShareChoice).where(ShareChoice.community_id == run.community_id, ShareChoice.run_id == run.id)
    return {row.unit_id: row for row in session.scalars(query.order_by(ShareChoice.at, ShareChoice.id))}


# --------------------------------------------------------------------------------------------------------------- list


def freeze(session: Session, community_id: str, *, run_id: str, by: str, now: datetime) -> ShareRun:
    """Take the owners' list from the register of the record day, number its version and hash it. Its PDF is made by a
    job, because a page must not wait for 500 lines of print.
    """
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.DRAFT, RunState.LISTED)
    _check_money(session, run, today(now))
    if run.record_on > today(now):
        raise rules.RecordDayAhead(day=run.record_on.isoformat())
    lines = _fresh_lines(session, run)
    content = _content(run, lines)
    run.list_version += 1
    run.list_hash, run.area = rules.list_hash(content), int(str(content["area"]))
    run.state, run.listed_by_id, run.listed_at = RunState.LISTED, by, now
    run.document_id = run.public_id = None
    session.flush()
    _write(session, run, lines)
    enqueue(
        session,
        PAPER,
        {"run": run.id, "version": run.list_version},
        now=now,
        community_id=community_id,
        person_id=by,
    )
    return run


def _fresh_lines(session: Session, run: ShareRun) -> tuple[ListLine, ...]:
    units = register.units_on(session, run.community_id, day=run.record_on, choices=choices(session, run))
    if not any(unit.holders for unit in units):
        raise rules.NobodyOnThatDay(day=run.record_on.isoformat())
    return rules.build_list(run.total_fen, units)


def _content(run: ShareRun, lines: Sequence[ListLine]) -> dict[str, object]:
    return rules.list_content(
        number=label(run),
        kind=run.kind,
        resolution_id=run.resolution_id,
        record_on=run.record_on,
        total_fen=run.total_fen,
        lines=lines,
    )


def _write(session: Session, run: ShareRun, lines: Sequence[ListLine]) -> None:
    made = [
        ShareLine(
            community_id=run.community_id,
            run_id=run.id,
            version=run.list_version,
            no=no,
            unit_id=line.unit.unit_id,
            code=line.unit.code,
            label=line.unit.label,
            area=line.unit.area,
            amount_fen=line.amount_fen,
            floor_fen=line.floor_fen,
            excluded_because=line.unit.excluded_because,
        )
        for no, line in enumerate(lines, start=1)
    ]
    session.add_all(made)
    session.flush()
    for row, line in zip(made, lines, strict=True):
        session.add_all(
            SharePart(
                community_id=run.community_id,
                line_id=row.id,
                no=no,
                owner_id=part.owner_id,
                name=part.name,
                share=part.share,
                amount_fen=part.amount_fen,
            )
            for no, part in enumerate(line.parts, start=1)
        )
    session.flush()


def check(session: Session, community_id: str, *, run_id: str, by: str, now: datetime) -> ShareRun:
    """A second person lets the list through: it is still what the register says, and the resolution still stands."""
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.LISTED)
    assert run.listed_by_id is not None
    rules.check_second(maker_id=run.listed_by_id, checker_id=by)
    rules.check_second(maker_id=run.made_by_id, checker_id=by)
    _check_money(session, run, today(now))
    if is_stale(session, run):
        raise rules.StaleList
    run.state, run.checked_by_id, run.checked_at = RunState.CHECKED, by, now
    session.flush()
    return run


def is_stale(session: Session, run: ShareRun) -> bool:
    """Whether the list would be another one, or none at all, if it were frozen now."""
    try:
        fresh = _fresh_lines(session, run)
    except Refusal:
        return True
    return rules.list_hash(_content(run, fresh)) != run.list_hash


def drop(session: Session, community_id: str, *, run_id: str, because: str) -> ShareRun:
    """Give a run up that nothing was paid under; it stays on the list of runs with the reason."""
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.DRAFT, RunState.LISTED)
    if not 0 < len(because.strip()) <= 200:
        raise rules.ReasonForUnit
    run.state, run.dropped_because = RunState.DROPPED, because.strip()
    session.flush()
    return run


# ------------------------------------------------------------------------------------------------------------ reading


def runs(session: Session, community_id: str) -> Sequence[ShareRun]:
    """Every run, the latest first."""
    query = select(ShareRun).where(ShareRun.community_id == community_id)
    return session.scalars(query.order_by(ShareRun.year.desc(), ShareRun.number.desc())).all()


def label(run: ShareRun) -> str:
    return rules.number_text(run.year, run.number)


def lines_of(session: Session, run: ShareRun) -> list[tuple[ShareLine, list[SharePart]]]:
    """The current list: each unit with what its payees get."""
    query = select(ShareLine).where(
        ShareLine.community_id == run.community_id,
        ShareLine.run_id == run.id,
        ShareLine.version == run.list_version,
    )
    lines = session.scalars(query.order_by(ShareLine.no)).all()
    if run.list_hash is None:
        return []
    parts: dict[str, list[SharePart]] = {}
    wanted = query.with_only_columns(ShareLine.id)
    rows = select(SharePart).where(SharePart.community_id == run.community_id, SharePart.line_id.in_(wanted))
    for part in session.scalars(rows.order_by(SharePart.line_id, SharePart.no)):
        parts.setdefault(part.line_id, []).append(part)
    return [(line, parts.get(line.id, [])) for line in lines]


def batches(session: Session, run: ShareRun) -> Sequence[ShareBatch]:
    query = select(ShareBatch).where(ShareBatch.community_id == run.community_id, ShareBatch.run_id == run.id)
    return session.scalars(query.order_by(ShareBatch.no)).all()


def verify(session: Session, community_id: str) -> list[str]:
    """Every frozen list against its hash: a sentence for each that was changed behind the platform's back."""
    wrong = []
    for run in runs(session, community_id):
        if run.list_hash is None:
            continue
        rows = lines_of(session, run)
        content = {
            "format": rules.FORMAT,
            "number": label(run),
            "kind": run.kind,
            "resolution": run.resolution_id,
            "record_on": run.record_on.isoformat(),
            "total_fen": run.total_fen,
            "area": sum(line.area for line, _ in rows if not line.excluded_because),
            "lines": [
                [
                    line.code,
                    line.label,
                    line.area,
                    line.amount_fen,
                    line.excluded_because,
                    [[part.owner_id, part.name, part.share, part.amount_fen] for part in parts],
                ]
                for line, parts in rows
            ],
        }
        if rules.list_hash(content) != run.list_hash:
            wrong.append(f"{label(run)}：业主清单与固定时的哈希不符（合计 {money.show(run.total_fen)}）")
    return wrong


def owner_names(session: Session, community_id: str, owner_ids: Collection[str]) -> dict[str, str]:
    """The names of owners, by id."""
    return register.names(session, community_id, owner_ids)

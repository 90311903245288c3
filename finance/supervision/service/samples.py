"""Drawing a list of vouchers and ticking it off (抽凭清单)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules.life import VoucherState
from finance.rules.periods import month_of
from finance.service.books import first_open_month, trust_book
from finance.service.export import EndBeforeStart
from finance.service.vouchers import label
from finance.supervision.rules import sampling
from finance.supervision.rules.cases import check_words
from finance.supervision.rules.sampling import Candidate, Method, Plan, Result
from finance.supervision.tables import Sample, SampleItem
from finance.tables import Book, Voucher, VoucherLine
from hoa.db import get
from hoa.kernel import masking


def population(session: Session, book: Book, *, start: date, end: date) -> list[Candidate]:
    """Every posted voucher dated in the period, in the order of the book's chain."""
    query = select(Voucher).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
        Voucher.day >= start,
        Voucher.day <= end,
    )
    rows = session.scalars(query.order_by(Voucher.seq)).all()
    lines = select(VoucherLine.voucher_id, VoucherLine.account).where(
        VoucherLine.community_id == book.community_id, VoucherLine.voucher_id.in_(query.with_only_columns(Voucher.id))
    )
    accounts: dict[str, set[str]] = {}
    for voucher_id, account in session.execute(lines):
        accounts.setdefault(voucher_id, set()).add(account)
    return [
        Candidate(
            id=row.id,
            hash=row.hash or "",
            month=month_of(row.day),
            amount_fen=row.amount_fen,
            accounts=frozenset(accounts.get(row.id, ())),
        )
        for row in rows
    ]


def draw(session: Session, community_id: str, *, plan: Plan, start: date, end: date, by: str, now: datetime) -> Sample:
    """Draw and freeze the list. Drawing again makes another numbered list: none is thrown away. At random only from
    closed months, by seeds that nobody chooses.
    """
    sampling.check(plan)
    if end < start:
        raise EndBeforeStart(start=start.isoformat(), end=end.isoformat())
    book = trust_book(session, community_id, lock=True)  # two who draw at once get two numbers
    if plan.method is Method.RANDOM:
        sampling.check_months(start=start, end=end, open_month=first_open_month(session, book))
    found = population(session, book, start=start, end=end)
    drawn = sampling.draw(found, plan)
    latest = session.scalar(select(func.max(Sample.number)).where(Sample.community_id == community_id))
    row = Sample(
        community_id=community_id,
        number=(latest or 0) + 1,
        book_id=book.id,
        method=str(plan.method),
        starts_on=start,
        ends_on=end,
        threshold_fen=plan.threshold_fen,
        seed="",
        size=plan.size,
        account=plan.account,
        population=len(found),
        digest=sampling.population_digest(found),
        drawn_by=by,
        drawn_at=now,
    )
    session.add(row)
    session.flush()
    hashes = {one.id: one.hash for one in found}
    for position, voucher_id in enumerate(drawn, start=1):
        session.add(
            SampleItem(
                community_id=community_id,
                sample_id=row.id,
                position=position,
                voucher_id=voucher_id,
                hash=hashes[voucher_id],
                note="",
            )
        )
    session.flush()
    return row


def tick(
    session: Session, community_id: str, item_id: str, *, result: Result, note: str, by: str, now: datetime
) -> SampleItem:
    """What was found when the voucher was looked at; something wrong needs words."""
    row = get(session, SampleItem, community_id, item_id, lock=True)
    if row.result is not None:
        raise sampling.AlreadyTicked
    row.note = check_words(note) if result is Result.WRONG or note.strip() else ""
    row.result, row.ticked_by, row.ticked_at = str(result), by, now
    session.flush()
    return row


@dataclass(frozen=True, kw_only=True)
class Line:
    """One drawn voucher as the list shows it; `moved` when its hash is no longer the one that was drawn."""

    item: SampleItem
    voucher: Voucher
    label: str
    party: str

    @property
    def moved(self) -> bool:
        return self.item.hash != (self.voucher.hash or "")


def samples(session: Session, community_id: str) -> Sequence[Sample]:
    """All lists, the latest first."""
    query = select(Sample).where(Sample.community_id == community_id)
    return session.scalars(query.order_by(Sample.number.desc())).all()


def lines(session: Session, sample: Sample) -> list[Line]:
    """The drawn vouchers in the order of the draw; a person's name is masked."""
    query = (
        select(SampleItem, Voucher)
        .join(Voucher, (Voucher.community_id == SampleItem.community_id) & (Voucher.id == SampleItem.voucher_id))
        .where(SampleItem.community_id == sample.community_id, SampleItem.sample_id == sample.id)
    )
    return [
        Line(
            item=item,
            voucher=voucher,
            label=label(voucher),
            party=masking.name(voucher.party) if voucher.party_is_person else voucher.party,
        )
        for item, voucher in session.execute(query.order_by(SampleItem.position))
    ]


def progress(session: Session, community_id: str) -> dict[str, tuple[int, int, int]]:
    """Of each list by its id: how many were drawn, ticked, and found wrong."""
    query = (
        select(
            SampleItem.sample_id,
            func.count(),
            func.count(SampleItem.result),
            func.count().filter(SampleItem.result == str(Result.WRONG)),
        )
        .where(SampleItem.community_id == community_id)
        .group_by(SampleItem.sample_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(query)}


def verify(session: Session, community_id: str) -> list[str]:
    """A sentence for each list that cannot be drawn again as it was. Of closed months no voucher is added or taken, so
    a random list is judged whatever happened; the others by the vouchers there were.
    """
    problems = []
    for sample in samples(session, community_id):
        book = get(session, Book, community_id, sample.book_id)
        found = population(session, book, start=sample.starts_on, end=sample.ends_on)
        kept = {line.item.voucher_id: line for line in lines(session, sample)}
        if any(line.moved for line in kept.values()):
            problems.append(f"sample {sample.number}: a drawn voucher was changed")
        method = Method(sample.method)
        if sampling.population_digest(found) != sample.digest:
            # Vouchers were posted into the period later, which closed months do not allow.
            if method is Method.RANDOM and not sample.seed:
                problems.append(f"sample {sample.number}: the vouchers of its closed months are not those of the draw")
            continue
        plan = Plan(
            method=method,
            threshold_fen=sample.threshold_fen,
            size=sample.size,
            account=sample.account,
        )
        if list(sampling.draw(found, plan, typed_seed=sample.seed)) != [line.item.voucher_id for line in kept.values()]:
            problems.append(f"sample {sample.number}: drawn again it is another list")
    return problems

"""Copies the facts of a period out of the tables for the checks. It reads; it judges nothing."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.audit import conduct, holdings, shares
from finance.audit.rules.data import (
    BankLineFacts,
    ContractFacts,
    DueFacts,
    LimitFacts,
    MonthFacts,
    OfficeFacts,
    PeriodData,
    PublicationFacts,
    RelatedFacts,
    ResolutionFacts,
    VoucherFacts,
)
from finance.audit.rules.findings import Parameters
from finance.rules.charts import BANK_ROLES, WORK
from finance.rules.life import VoucherState
from finance.rules.periods import last_day, month_of, months_between
from finance.rules.sides import NOTHING, Sides
from finance.service import bank, contracts, parts, related
from finance.service.books import bank_accounts, chart_of, find_book, periods, trust_book
from finance.service.publication import last_day_for, publications, spans_over
from finance.service.vouchers import label, lines_by_voucher, spent_fen
from finance.tables import Attachment, Book, Document, Period, Voucher
from hoa.bulletin.current import has_moved
from hoa.community import pack_choice
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.offices.tables import Office
from hoa.resolutions import authority
from hoa.resolutions.service import resolutions


def collect(session: Session, community_id: str, *, start: date, end: date, as_of: date) -> PeriodData:
    """Everything the checks look at, for the days from `start` to `end`, as known on `as_of`."""
    book, work = trust_book(session, community_id), find_book(session, community_id, WORK)
    return PeriodData(
        start=start,
        end=end,
        as_of=as_of,
        limits=_limits(session, community_id),
        contracts=_contracts(session, community_id, as_of),
        **_kept(session, book, start, end, as_of),
        work=None
        if work is None or work.opened_on > end
        else PeriodData(
            start=max(start, work.opened_on), end=end, as_of=as_of, **_kept(session, work, start, end, as_of)
        ),
        resolutions=_resolutions(session, community_id),
        publications=_publications(session, book, start, end),
        related=_related(session, community_id),
        offices=_offices(session, community_id),
        **conduct.facts(session, community_id, start=start, end=end, as_of=as_of),
        **shares.facts(session, community_id, start=start, end=end, as_of=as_of),
        **holdings.facts(session, community_id, as_of=as_of),
    )


def _kept(session: Session, book: Book, start: date, end: date, as_of: date) -> dict[str, Any]:
    """What one fund's own book and bank account say."""
    lines, openings = _bank_lines(session, book, as_of)
    return {
        "vouchers": _vouchers(session, book, as_of),
        "bank_lines": lines,
        "bank_opening_fen": openings,
        "bank_covered": _covered(session, book),
        "months": _months(session, book, max(start, book.opened_on), end),
    }


def parameters(session: Session, community_id: str, *, day: date) -> Parameters:
    """Where the community's rule pack draws the lines on a day."""
    return Parameters.of(pack_choice.current(session, community_id, day=day))


def _limits(session: Session, community_id: str) -> tuple[LimitFacts, ...]:
    return tuple(
        LimitFacts(
            single_fen=row.single_fen,
            yearly_fen=row.yearly_fen,
            from_on=row.from_on,
            until_on=row.until_on,
            basis=row.basis,
        )
        for row in authority.all_limits(session, community_id)
    )


def _vouchers(session: Session, book: Book, as_of: date) -> tuple[VoucherFacts, ...]:
    query = select(Voucher).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
        Voucher.day <= as_of,
    )
    lines = lines_by_voucher(session, book.community_id)
    documents = _documents(session, book.community_id)
    sides = parts.voucher_sides(session, book, posted_by=as_of)
    taken = parts.voucher_taken(session, book.community_id)
    bank_code = chart_of(book).by_role(BANK_ROLES[book.kind]).code
    found = []
    for row in session.scalars(query.order_by(Voucher.seq)):
        kinds = documents.get(row.id, [])
        own = [line for line in lines.get(row.id, ()) if line.account != bank_code]
        found.append(
            VoucherFacts(
                id=row.id,
                label=label(row),
                kind=row.kind,
                day=row.day,
                month=row.month,
                number=row.number or 0,
                summary=row.summary,
                party=row.party,
                party_shown=masking.name(row.party) if row.party_is_person else row.party,
                invoice_no=row.invoice_no,
                amount_fen=row.amount_fen,
                purpose=row.purpose,
                account=own[0].account if own else bank_code,
                contract_id=row.contract_id,
                due_no=row.due_no,
                resolution_id=row.resolution_id,
                grounds=row.grounds,
                reverses_id=row.reverses_id,
                documents=len(kinds),
                invoices=kinds.count("invoice"),
                maker_id=row.maker_id,
                checker_id=row.checker_id,
                poster_id=row.poster_id,
                made_at=row.made_at,
                posted_at=row.posted_at or row.made_at,
                bank_open_fen=_open_fen(sides.get(row.id, NOTHING), taken.get(row.id, NOTHING)),
                corrects_id=row.corrects_id,
                spent_fen=spent_fen(row),
                has_negative_line=any(line.debit_fen < 0 or line.credit_fen < 0 for line in lines.get(row.id, ())),
                hash=row.hash or "",
            )
        )
    return tuple(found)


def _documents(session: Session, community_id: str) -> dict[str, list[str]]:
    """The kinds of documents under each voucher."""
    query = (
        select(Attachment.voucher_id, Document.kind)
        .join(Document, (Document.community_id == Attachment.community_id) & (Document.id == Attachment.document_id))
        .where(Attachment.community_id == community_id, Attachment.voucher_id.is_not(None))
    )
    found: dict[str, list[str]] = {}
    for voucher_id, kind in session.execute(query):
        found.setdefault(voucher_id or "", []).append(kind)
    return found


def _open_fen(whole: Sides, taken: Sides) -> int:
    left = whole.less(taken)
    return left.in_fen + left.out_fen


def _bank_lines(session: Session, book: Book, as_of: date) -> tuple[tuple[BankLineFacts, ...], dict[str, int]]:
    """The lines in the bank's order, and each account's balance before its first one when the books know it."""
    booked = parts.line_taken(session, book.community_id, posted_by=as_of)
    found: list[BankLineFacts] = []
    openings: dict[str, int] = {}
    for account in bank_accounts(session, book):
        for row in bank.lines(session, account):
            openings.setdefault(account.id, row.balance_fen - row.amount_fen)
            if row.day <= as_of:
                found.append(
                    BankLineFacts(
                        id=row.id,
                        account_id=account.id,
                        seq=row.seq,
                        day=row.day,
                        amount_fen=row.amount_fen,
                        balance_fen=row.balance_fen,
                        party=row.party,
                        summary=row.summary,
                        reference=row.reference,
                        open_fen=abs(row.amount_fen) - booked.get(row.id, 0),
                    )
                )
    if len(openings) == 1:
        opened = _opening_fen(session, book)
        if opened is not None:
            openings = dict.fromkeys(openings, opened)
    return tuple(found), openings


def _opening_fen(session: Session, book: Book) -> int | None:
    """What the books brought in at the bank when they opened: its first line must follow from it."""
    query = select(func.sum(func.coalesce(Voucher.bank_fen, Voucher.amount_fen))).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.kind == "opening",
        Voucher.state == VoucherState.POSTED,
    )
    return session.scalar(query)


def _covered(session: Session, book: Book) -> tuple[tuple[date, date], ...]:
    return tuple(
        (row.starts_on, row.ends_on)
        for account in bank_accounts(session, book)
        for row in bank.imports(session, account)
    )


def _contracts(session: Session, community_id: str, as_of: date) -> tuple[ContractFacts, ...]:
    quotes = contracts.numbers_of_quotes(session, community_id)
    return tuple(
        ContractFacts(
            id=view.contract.id,
            number=view.contract.number,
            direction=view.contract.direction,
            title=view.contract.title,
            common_part=view.contract.common_part,
            party=view.contract.party,
            frequency=view.frequency,
            starts_on=view.contract.starts_on,
            ends_on=view.ends_on,
            amount_fen=view.amount_fen,
            resolution_id=view.contract.resolution_id,
            related_party=view.contract.related_party,
            dues=tuple(
                DueFacts(
                    no=status.due.no,
                    day=status.due.day,
                    amount_fen=status.due.amount_fen,
                    settled_fen=status.settled_fen,
                )
                for status in view.dues
            ),
            method=view.contract.method,
            quotes=quotes.get(view.contract.id, 0),
            invoicing=view.contract.invoicing,
            ended_early=view.ended_early,
        )
        for view in contracts.views(session, community_id, today=as_of)
    )


def _months(session: Session, book: Book, start: date, end: date) -> tuple[MonthFacts, ...]:
    rows = {period.month: period for period in periods(session, book)}
    return tuple(_month(month, rows.get(month)) for month in months_between(month_of(start), month_of(end)))


def _month(month: int, row: Period | None) -> MonthFacts:
    content = row.reconciliation if row is not None else None
    return MonthFacts(
        id=row.id if row is not None else None,
        month=month,
        last_day=last_day(month),
        closed_at=row.closed_at if row is not None and row.state == "closed" else None,
        reconciled=content is not None,
        difference_fen=_difference(content) if content is not None else 0,
    )


def _difference(content: dict[str, object]) -> int:
    """What the open items of a kept reconciliation leave unexplained."""
    bank_fen, adjusted_fen = content["bank_fen"], content["adjusted_fen"]
    items = content["items"]
    assert isinstance(bank_fen, int)
    assert isinstance(adjusted_fen, int)
    assert isinstance(items, list)
    sign = {"book_in": 1, "book_out": -1}
    open_fen = sum(sign.get(str(item["kind"]), 0) * int(item["amount_fen"]) for item in items)
    return bank_fen + open_fen - adjusted_fen


def _resolutions(session: Session, community_id: str) -> tuple[ResolutionFacts, ...]:
    return tuple(
        ResolutionFacts(
            id=row.id,
            title=row.title,
            source=row.source,
            matter=row.matter,
            decided_on=row.decided_on,
            valid_until=row.valid_until,
            limit_fen=row.limit_fen,
        )
        for row in resolutions(session, community_id)
    )


def _publications(session: Session, book: Book, start: date, end: date) -> tuple[PublicationFacts, ...]:
    """What is to be published of days that ended in the period: quarters, half-years, years. In time is judged by the
    first publication, the hash by the latest.
    """
    found = []
    for span in spans_over(max(start, book.opened_on), before=end + timedelta(days=1)):
        rows = list(publications(session, book.community_id, span))
        latest = rows[0] if rows else None
        found.append(
            PublicationFacts(
                quarter=str(span),
                start=span.start,
                end=span.end,
                publish_by=last_day_for(session, book, span, day=span.end),
                id=latest.id if latest else None,
                published_on=today(rows[-1].published_at) if rows else None,
                display_until=rows[-1].display_until if rows else None,
                moved=latest is not None and has_moved(session, latest),
            )
        )
    return tuple(found)


def _related(session: Session, community_id: str) -> tuple[RelatedFacts, ...]:
    return tuple(
        RelatedFacts(party=row.party, relation=row.relation, since=row.since, until=row.until)
        for row in related.everything(session, community_id)
    )


def _offices(session: Session, community_id: str) -> tuple[OfficeFacts, ...]:
    query = select(Office).where(Office.community_id == community_id).order_by(Office.starts_at, Office.id)
    return tuple(
        OfficeFacts(
            body=row.body_kind,
            post=row.post_kind,
            person_id=row.person_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in session.scalars(query)
    )

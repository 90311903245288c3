"""The ledgers: balances by account (总账) and the entries of one (明细账), searched and paged. Posted vouchers only.

A book may hold 100,000 entries, so the database sums and sorts; the latest entries come first, because that is what
people look for and what an index gives without reading the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from finance.rules.charts import Chart
from finance.rules.life import VoucherState
from finance.service.books import chart_of
from finance.service.vouchers import label_of
from finance.tables import Book, Voucher, VoucherLine


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """An account in the general ledger; balances are debit less credit, in fen."""

    code: str
    name: str
    opening_fen: int
    debit_fen: int
    credit_fen: int

    @property
    def closing_fen(self) -> int:
        return self.opening_fen + self.debit_fen - self.credit_fen


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """An entry of an account with the voucher it stands in; the balance after it where the whole account is shown."""

    voucher_id: str
    label: str
    day: date
    summary: str
    party: str
    party_is_person: bool
    account: str
    debit_fen: int
    credit_fen: int
    balance_fen: int | None


@dataclass(frozen=True, kw_only=True)
class EntryPage:
    """Some entries, the latest first, and what all that were found add up to."""

    rows: tuple[EntryRow, ...]
    total: int
    opening_fen: int
    debit_fen: int
    credit_fen: int

    @property
    def closing_fen(self) -> int:
        return self.opening_fen + self.debit_fen - self.credit_fen


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is looked for among an account's entries. `amount_fen` finds the amount on either side."""

    account: str
    start: date
    end: date
    text: str = ""
    amount_fen: int | None = None

    @property
    def whole(self) -> bool:
        """Whether every entry of the days is asked for, so that a running balance means something."""
        return not self.text and self.amount_fen is None


def general_ledger(session: Session, book: Book, *, start: date, end: date) -> list[AccountRow]:
    """Every account of a book that was ever used, with what it began the days with, what moved and what it ended
    with.
    """
    chart = chart_of(book)
    before = Voucher.day < start
    net = VoucherLine.debit_fen - VoucherLine.credit_fen
    query = (
        select(
            VoucherLine.account,
            func.sum(case((before, net), else_=0)),
            func.sum(case((before, 0), else_=VoucherLine.debit_fen)),
            func.sum(case((before, 0), else_=VoucherLine.credit_fen)),
        )
        .join(Voucher, _same_voucher())
        .where(*_posted(book), Voucher.day <= end)
        .group_by(VoucherLine.account)
    )
    found = {code: sums for code, *sums in session.execute(query)}
    return [
        AccountRow(
            code=account.code,
            name=chart.full_name(account.code),
            opening_fen=int(found[account.code][0]),
            debit_fen=int(found[account.code][1]),
            credit_fen=int(found[account.code][2]),
        )
        for account in chart.accounts
        if account.code in found
    ]


def entries(session: Session, book: Book, search: Search, *, limit: int, offset: int = 0) -> EntryPage:
    """The entries of an account and its parts between two days, the latest first."""
    codes = _codes(chart_of(book), search.account)
    opening, total, debit, credit = _sums(session, book, search, codes)
    conditions = _conditions(book, search, codes)
    query = (
        select(
            Voucher.id,
            Voucher.day,
            Voucher.month,
            Voucher.number,
            Voucher.summary,
            Voucher.party,
            Voucher.party_is_person,
            VoucherLine.account,
            VoucherLine.debit_fen,
            VoucherLine.credit_fen,
        )
        .select_from(Voucher)
        .join(VoucherLine, _same_voucher())
        .where(*conditions)
    )
    order = (Voucher.day.desc(), Voucher.seq.desc(), VoucherLine.no.desc())
    found = session.execute(query.order_by(*order).limit(limit).offset(offset)).all()
    balance: int | None = None
    if search.whole:
        net = (VoucherLine.debit_fen - VoucherLine.credit_fen).label("net")
        later = select(net).select_from(Voucher).join(VoucherLine, _same_voucher()).where(*conditions)
        skipped = later.order_by(*order).limit(offset).subquery()
        after = int(session.scalar(select(func.coalesce(func.sum(skipped.c.net), 0))) or 0) if offset else 0
        balance = opening + debit - credit - after
    rows = []
    for row in found:
        rows.append(
            EntryRow(
                voucher_id=row.id,
                label=label_of(row.day, row.month, row.number),
                day=row.day,
                summary=row.summary,
                party=row.party,
                party_is_person=row.party_is_person,
                account=row.account,
                debit_fen=row.debit_fen,
                credit_fen=row.credit_fen,
                balance_fen=balance,
            )
        )
        if balance is not None:
            balance -= row.debit_fen - row.credit_fen
    return EntryPage(rows=tuple(rows), total=total, opening_fen=opening, debit_fen=debit, credit_fen=credit)


def _sums(session: Session, book: Book, search: Search, codes: Sequence[str]) -> tuple[int, int, int, int]:
    """(balance before the days, number of entries found, their debits, their credits)."""
    if search.whole:
        within = Voucher.day >= search.start
        net = VoucherLine.debit_fen - VoucherLine.credit_fen
        query = (
            select(
                func.sum(case((within, 0), else_=net)),
                func.sum(case((within, 1), else_=0)),
                func.sum(case((within, VoucherLine.debit_fen), else_=0)),
                func.sum(case((within, VoucherLine.credit_fen), else_=0)),
            )
            .join(Voucher, _same_voucher())
            .where(*_posted(book), VoucherLine.account.in_(codes), Voucher.day <= search.end)
        )
        opening, total, debit, credit = session.execute(query).one()
        return int(opening or 0), int(total or 0), int(debit or 0), int(credit or 0)
    sums = (
        select(func.count(), func.sum(VoucherLine.debit_fen), func.sum(VoucherLine.credit_fen))
        .select_from(Voucher)
        .join(VoucherLine, _same_voucher())
        .where(*_conditions(book, search, codes))
    )
    total, debit, credit = session.execute(sums).one()
    return 0, int(total or 0), int(debit or 0), int(credit or 0)


def _conditions(book: Book, search: Search, codes: Sequence[str]) -> list[ColumnElement[bool]]:
    found = [
        *_posted(book),
        VoucherLine.account.in_(codes),
        Voucher.day >= search.start,
        Voucher.day <= search.end,
    ]
    if search.text:
        fields = (Voucher.summary, Voucher.party, Voucher.invoice_no)
        found.append(or_(*(field.contains(search.text, autoescape=True) for field in fields)))
    if search.amount_fen is not None:
        amount = search.amount_fen
        found.append(or_(VoucherLine.debit_fen == amount, VoucherLine.credit_fen == amount))
    return found


def _same_voucher() -> ColumnElement[bool]:
    return and_(Voucher.community_id == VoucherLine.community_id, Voucher.id == VoucherLine.voucher_id)


def _posted(book: Book) -> tuple[ColumnElement[bool], ...]:
    return (
        VoucherLine.community_id == book.community_id,
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
    )


def _codes(chart: Chart, code: str) -> list[str]:
    """An account and its parts."""
    chart.by_code(code)
    return [account.code for account in chart.accounts if account.code == code or account.code.startswith(code + ".")]

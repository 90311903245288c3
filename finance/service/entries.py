"""The entries behind a figure of a statement: whoever doubts a line reads what it is made of (books.md 3)."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from finance.rules.fund import lines as rules
from finance.rules.fund.figures import Nature
from finance.rules.fund.lines import FLOWS, SHEET, Weight
from finance.service.books import books, chart_of
from finance.service.fund_statements import moves_money, nature_of, posted_in
from finance.service.vouchers import label_of
from finance.tables import Book, Voucher, VoucherLine
from hoa.kernel import masking


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry and what it adds to the figure, in fen."""

    voucher_id: str
    label: str
    day: date
    summary: str
    party: str
    account: str
    account_name: str
    book: str
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class Entries:
    """A page of the entries of a figure, how many there are, and what all of them add up to."""

    rows: tuple[Entry, ...]
    count: int
    total_fen: int


def behind(
    session: Session,
    community_id: str,
    *,
    statement: str,
    key: str,
    start: date,
    end: date,
    limit: int | None = None,
    offset: int = 0,
) -> Entries:
    """The entries dated from `start` to `end` that make a line, by date. Balances brought in when a book opened are no
    movement of the period and left out, as they are from the statement.
    """
    rules.find_row(statement, key)
    opened = {book.id: book for book in books(session, community_id)}
    weighed = {book.id: rules.weights(statement, key, chart_of(book)) for book in opened.values()}
    amount = _amount(weighed)
    wanted = (
        VoucherLine.community_id == community_id,
        Voucher.day >= start,
        Voucher.day <= end,
        or_(*(and_(*_of_book(book, statement)) for book in opened.values())),
        amount != 0,
    )
    joined = and_(Voucher.community_id == VoucherLine.community_id, Voucher.id == VoucherLine.voucher_id)
    sums = select(func.count(), func.coalesce(func.sum(amount), 0)).select_from(VoucherLine).join(Voucher, joined)
    count, total = session.execute(sums.where(*wanted)).one()
    query = (
        select(Voucher, VoucherLine.account, amount)
        .join(VoucherLine, joined)
        .where(*wanted)
        .order_by(Voucher.day, Voucher.book_id, Voucher.number, VoucherLine.no)
    )
    return Entries(
        rows=tuple(
            _entry(opened[voucher.book_id], voucher, account, fen)
            for voucher, account, fen in session.execute(query.limit(limit).offset(offset))
        ),
        count=count,
        total_fen=int(total),
    )


def _of_book(book: Book, statement: str) -> list[ColumnElement[bool]]:
    nature = nature_of(book)
    wanted = [*posted_in(book)]
    wanted.append(nature != str(Nature.OPENING) if statement == SHEET else nature == str(Nature.ORDINARY))
    if statement == FLOWS:
        wanted.append(moves_money(book, chart_of(book)))
    return wanted


def _amount(weighed: dict[str, dict[str, Weight]]) -> ColumnElement[int]:
    """What an entry adds, in the database: its sides by the weights of its account in its book."""
    cases = []
    for book_id, weights in weighed.items():
        by_weight = sorted(weights.items(), key=lambda item: (item[1].debit, item[1].credit, item[0]))
        for (debit, credit), same in groupby(by_weight, key=lambda item: (item[1].debit, item[1].credit)):
            codes = [code for code, _ in same]
            fen = VoucherLine.debit_fen * debit + VoucherLine.credit_fen * credit
            cases.append((and_(Voucher.book_id == book_id, VoucherLine.account.in_(codes)), fen))
    return case(*cases, else_=0) if cases else literal(0)


def _entry(book: Book, voucher: Voucher, account: str, fen: int) -> Entry:
    return Entry(
        voucher_id=voucher.id,
        label=label_of(voucher.day, voucher.month, voucher.number),
        day=voucher.day,
        summary=voucher.summary,
        party=masking.name(voucher.party) if voucher.party_is_person else voucher.party,
        account=account,
        account_name=chart_of(book).full_name(account),
        book=book.name,
        amount_fen=int(fen),
    )

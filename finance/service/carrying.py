"""Balances of a book, and what the close of a year asks of its last month (R5.1)."""

from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from finance.rules.charts import WORK
from finance.rules.fund.carrying import check_carried
from finance.rules.periods import last_day
from finance.service.books import chart_of
from finance.service.fund_statements import posted_in
from finance.tables import Book, Voucher, VoucherLine

DECEMBER = 12


def balances(session: Session, book: Book, *, until: date) -> dict[str, int]:
    """Debits less credits of every account at the end of a day, in fen."""
    query = (
        select(VoucherLine.account, func.sum(VoucherLine.debit_fen - VoucherLine.credit_fen))
        .join(Voucher, and_(Voucher.community_id == VoucherLine.community_id, Voucher.id == VoucherLine.voucher_id))
        .where(*posted_in(book), Voucher.day <= until)
        .group_by(VoucherLine.account)
        .order_by(VoucherLine.account)
    )
    return {account: int(fen) for account, fen in session.execute(query)}


def check_december(session: Session, book: Book, month: int) -> None:
    """Refuse to close December of the work fund before income and expense were carried to net assets: afterwards
    nobody could post the voucher that does it.
    """
    year, number = divmod(month, 100)
    if book.kind == WORK and number == DECEMBER:
        check_carried(balances(session, book, until=last_day(month)), chart_of(book), year=year)

"""Opening a book and its account, and its months."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules.charts import TRUST as TRUST
from finance.rules.charts import WORK as WORK
from finance.rules.charts import Chart, load_chart
from finance.rules.periods import month_of, month_text, next_month
from finance.tables import BankAccount, Book, Period
from hoa.kernel.errors import N_, Refusal

NAMES = {TRUST: "业主共有资金", WORK: "工作经费"}
# R4.7: days after a quarter's end, where a community's rules say nothing else.
PUBLISH_WITHIN_DAYS = 15


class BookNotOpened(Refusal):
    message = N_("本小区还没有建立公共收益账簿，请先由财务委员建账")
    status = 404


class WorkBookNotOpened(BookNotOpened):
    message = N_("本小区还没有建立工作经费账簿，请先由财务委员建账")


class BookExists(Refusal):
    message = N_("公共收益账簿已经建立，不能再建一本")
    status = 409


class WorkBookExists(BookExists):
    message = N_("工作经费账簿已经建立，不能再建一本")


class NoSuchBook(Refusal):
    message = N_("没有名为 %(book)s 的账簿，只有 trust（业主共有资金）和 work（工作经费）")
    status = 404


class NoBankAccount(Refusal):
    message = N_("还没有登记公共收益专户，请先登记开户银行和账号")


class AccountExists(Refusal):
    message = N_("账号 %(number)s 已经登记过")
    status = 409


class AccountNumberWrong(Refusal):
    message = N_("账号“%(number)s”不对：应是 6 到 32 位数字，请照开户许可证填写")


class MonthClosed(Refusal):
    message = N_("%(month)s 已经结账，不能再改动；漏记的写在还没有结账的月份，记错的用红字凭证更正")
    status = 409


class BeforeOpening(Refusal):
    message = N_("日期 %(day)s 早于建账日 %(opened)s，请改正日期")


def open_book(
    session: Session,
    community_id: str,
    *,
    opened_on: date,
    limits_source: str,
    publish_within_days: int = PUBLISH_WITHIN_DAYS,
    regime: str = "2024",
    kind: str = TRUST,
) -> Book:
    """Open the book of the owners' trust fund (业主共有资金) or of the work fund (工作经费). `limits_source`: where the
    term for publishing was decided.
    """
    if find_book(session, community_id, kind) is not None:
        raise BookExists if kind == TRUST else WorkBookExists
    load_chart(regime)
    book = Book(
        community_id=community_id,
        kind=kind,
        name=NAMES[kind],
        regime=regime,
        opened_on=opened_on,
        publish_within_days=publish_within_days,
        limits_source=limits_source,
    )
    session.add(book)
    session.flush()
    return book


def trust_book(session: Session, community_id: str, *, lock: bool = False) -> Book:
    """The community's trust fund, or BookNotOpened. `lock` holds it: numbers and the chain are given under it."""
    return the_book(session, community_id, TRUST, lock=lock)


def work_book(session: Session, community_id: str, *, lock: bool = False) -> Book:
    """The community's work fund, or WorkBookNotOpened."""
    return the_book(session, community_id, WORK, lock=lock)


def the_book(session: Session, community_id: str, kind: str, *, lock: bool = False) -> Book:
    """The book of a fund, or a refusal that says which one is missing."""
    book = find_book(session, community_id, kind, lock=lock)
    if book is None:
        raise BookNotOpened if kind == TRUST else WorkBookNotOpened
    return book


def find_book(session: Session, community_id: str, kind: str = TRUST, *, lock: bool = False) -> Book | None:
    """The book of a fund, if it was opened."""
    if kind not in NAMES:
        raise NoSuchBook(book=kind)
    query = select(Book).where(Book.community_id == community_id, Book.kind == kind)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def books(session: Session, community_id: str) -> Sequence[Book]:
    """The community's books, the trust fund first."""
    query = select(Book).where(Book.community_id == community_id)
    return session.scalars(query.order_by(Book.kind)).all()


def chart_of(book: Book) -> Chart:
    """The chart of accounts this book is kept by."""
    return load_chart(book.regime)


def open_bank_account(
    session: Session, community_id: str, *, book: Book, bank: str, name: str, account_no: str
) -> BankAccount:
    """Register the fund's account at a bank; digits only are kept of its number."""
    number = plain_number(account_no)
    if not (number.isascii() and number.isdigit() and 6 <= len(number) <= 32):
        raise AccountNumberWrong(number=account_no)
    known = select(BankAccount.id).where(BankAccount.community_id == community_id, BankAccount.account_no == number)
    if session.scalar(known) is not None:
        raise AccountExists(number=number)
    account = BankAccount(community_id=community_id, book_id=book.id, bank=bank, name=name, account_no=number)
    session.add(account)
    session.flush()
    return account


def plain_number(account_no: str) -> str:
    """An account number without the blanks banks group it by."""
    return "".join(account_no.split()).replace("-", "")


def bank_accounts(session: Session, book: Book) -> Sequence[BankAccount]:
    """The fund's accounts."""
    query = select(BankAccount).where(BankAccount.community_id == book.community_id, BankAccount.book_id == book.id)
    return session.scalars(query.order_by(BankAccount.account_no)).all()


def bank_account(session: Session, book: Book) -> BankAccount:
    """The fund's account, or NoBankAccount."""
    found = bank_accounts(session, book)
    if not found:
        raise NoBankAccount
    return found[0]


def periods(session: Session, book: Book) -> Sequence[Period]:
    """The months of a book that were ever written in, earliest first."""
    query = select(Period).where(Period.community_id == book.community_id, Period.book_id == book.id)
    return session.scalars(query.order_by(Period.month)).all()


def find_period(session: Session, book: Book, month: int) -> Period | None:
    query = select(Period).where(
        Period.community_id == book.community_id, Period.book_id == book.id, Period.month == month
    )
    return session.scalars(query).one_or_none()


def is_closed(session: Session, book: Book, month: int) -> bool:
    period = find_period(session, book, month)
    return period is not None and period.state == "closed"


def open_month(session: Session, book: Book, day: date) -> Period:
    """The open month that holds a day, made when it is new; MonthClosed or BeforeOpening otherwise."""
    if day < book.opened_on:
        raise BeforeOpening(day=day.isoformat(), opened=book.opened_on.isoformat())
    period = find_period(session, book, month_of(day))
    if period is None:
        period = Period(community_id=book.community_id, book_id=book.id, month=month_of(day), state="open")
        session.add(period)
        session.flush()
    if period.state == "closed":
        raise MonthClosed(month=month_text(period.month))
    return period


def first_open_month(session: Session, book: Book) -> int:
    """The earliest month that is not closed: the one a treasurer works on."""
    closed = [period.month for period in periods(session, book) if period.state == "closed"]
    return next_month(max(closed)) if closed else month_of(book.opened_on)

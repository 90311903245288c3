"""The end of a fiscal year (会计法 11: the calendar year): what is left to do, and the days by which its report is due
(R5.8).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from finance.rules.periods import last_day, months_between
from hoa.kernel.clock import YEARS
from hoa.kernel.errors import N_, Refusal


class NoSuchYear(Refusal):
    message = N_("%(year)s 不是年度，请写四位数字，例如 2026")


class YearNotOver(Refusal):
    message = N_("%(year)s 年还没有过完，12 月 31 日以后才能年结")


class YearOpenMonth(Refusal):
    message = N_("账簿“%(book)s”的 %(month)s 还没有结账，先结清全年各月再年结")


class YearClosed(Refusal):
    message = N_("%(year)s 年已经年结，不能再结一次")
    status = 409


class EarlierYearOpen(Refusal):
    message = N_("请先年结 %(year)s 年，账要一年一年地结")


class Receiver(StrEnum):
    """Who the yearly report goes to: the unit that supervises the organisation, and the registrar."""

    SUPERVISOR = "supervisor"
    REGISTRAR = "registrar"


RECEIVERS = {
    Receiver.SUPERVISOR: N_("业务主管单位"),
    Receiver.REGISTRAR: N_("登记管理机关"),
}


@dataclass(frozen=True, kw_only=True)
class BookYear:
    """A book as the end of a year sees it: its name, the day it was opened, and its closed months."""

    name: str
    opened_on: date
    closed: frozenset[int]

    def months(self, year: int) -> list[int]:
        """The months of the year that the book was kept in."""
        begin = max(year * 100 + 1, self.opened_on.year * 100 + self.opened_on.month)
        return months_between(begin, year * 100 + 12)

    def open_months(self, year: int) -> list[int]:
        return [month for month in self.months(year) if month not in self.closed]


def parse_year(text: str) -> int:
    """Read 2026; anything else is NoSuchYear."""
    if len(text) != 4 or not (text.isascii() and text.isdigit()) or int(text) not in YEARS:
        raise NoSuchYear(year=text)
    return int(text)


def first_of(year: int) -> date:
    return date(year, 1, 1)


def last_of(year: int) -> date:
    return date(year, 12, 31)


def check_over(year: int, today: date) -> None:
    """A year can be closed from 1 January of the next one."""
    if today <= last_of(year):
        raise YearNotOver(year=year)


def check_months(books: Sequence[BookYear], year: int) -> None:
    """Refuse while a month of any book is open."""
    for book in books:
        for month in book.open_months(year):
            raise YearOpenMonth(book=book.name, month=f"{month // 100}-{month % 100:02d}")


def first_year(books: Sequence[BookYear]) -> int:
    """The year the earliest book begins in."""
    return min(book.opened_on.year for book in books)


def due_day(year: int, month_and_day: int) -> date:
    """The day of the following year that a rule pack writes as 331 (31 March); 229 is the last of February."""
    month, day = divmod(month_and_day, 100)
    last = last_day((year + 1) * 100 + month)
    return last.replace(day=min(day, last.day))

"""Months and quarters of a calendar fiscal year (会计法 11). A month is the integer 202609, so that it sorts and fits
a key.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from hoa.kernel.clock import YEARS
from hoa.kernel.errors import N_, Refusal


class NoSuchPeriod(Refusal):
    message = N_("%(period)s 不是月份或季度：月份写 2026-09，季度写 2026Q3")


def month_of(day: date) -> int:
    """202609 for any day of September 2026."""
    return day.year * 100 + day.month


def first_day(month: int) -> date:
    return date(month // 100, month % 100, 1)


def last_day(month: int) -> date:
    year, number = divmod(month, 100)
    return date(year, number, calendar.monthrange(year, number)[1])


def next_month(month: int) -> int:
    return month_of(last_day(month) + timedelta(days=1))


def previous_month(month: int) -> int:
    return month_of(first_day(month) - timedelta(days=1))


def months_between(start: int, end: int) -> list[int]:
    """Every month from `start` to `end`, both included."""
    months = []
    while start <= end:
        months.append(start)
        start = next_month(start)
    return months


def month_text(month: int) -> str:
    """202609 as 2026-09, for addresses and file names."""
    return f"{month // 100}-{month % 100:02d}"


def parse_month(text: str) -> int:
    """Read `month_text`; anything else is NoSuchPeriod."""
    year, dash, number = text.partition("-")
    plain = dash and len(year) == 4 and len(number) == 2 and (year + number).isascii() and (year + number).isdigit()
    if not plain or not 1 <= int(number) <= 12 or int(year) not in YEARS:
        raise NoSuchPeriod(period=text)
    return int(year) * 100 + int(number)


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a year: what the statement of common revenue covers (R4.7)."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Quarter":
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Read 2026Q3."""
        year, mark, number = text.partition("Q")
        if (
            mark
            and len(year) == 4
            and year.isascii()
            and year.isdigit()
            and number in ("1", "2", "3", "4")
            and int(year) in YEARS
        ):
            return cls(int(year), int(number))
        raise NoSuchPeriod(period=text)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def start(self) -> date:
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def end(self) -> date:
        return last_day(self.year * 100 + self.number * 3)

    @property
    def months(self) -> tuple[int, int, int]:
        last = self.year * 100 + self.number * 3
        return last - 2, last - 1, last

    @property
    def previous(self) -> "Quarter":
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def next(self) -> "Quarter":
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    def publish_by(self, days: int) -> date:
        """The last day to publish, `days` after the quarter's end (R4.7: 15 unless the community's rules say
        otherwise) .
        """
        return self.end + timedelta(days=days)

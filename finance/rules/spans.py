"""What a publication of the books covers: a quarter (R4.7), a year (by 31 January), half a year of the maintenance and
the work fund; and a month, which owners may look at once its quarter is published.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from finance.rules.periods import NoSuchPeriod, Quarter, first_day, last_day, month_text, parse_month
from hoa.kernel.clock import YEARS


@dataclass(frozen=True, order=True)
class Year:
    year: int

    def __str__(self) -> str:
        return str(self.year)

    @property
    def start(self) -> date:
        return date(self.year, 1, 1)

    @property
    def end(self) -> date:
        return date(self.year, 12, 31)

    @property
    def months(self) -> tuple[int, ...]:
        return tuple(self.year * 100 + number for number in range(1, 13))

    @property
    def next(self) -> "Year":
        return Year(self.year + 1)

    def publish_by(self, days: int) -> date:
        return self.end + timedelta(days=days)


@dataclass(frozen=True, order=True)
class Half:
    """Half a year, written 2026H1."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}H{self.number}"

    @property
    def start(self) -> date:
        return date(self.year, self.number * 6 - 5, 1)

    @property
    def end(self) -> date:
        return last_day(self.year * 100 + self.number * 6)

    @property
    def months(self) -> tuple[int, ...]:
        last = self.year * 100 + self.number * 6
        return tuple(range(last - 5, last + 1))

    @property
    def next(self) -> "Half":
        return Half(self.year, 2) if self.number == 1 else Half(self.year + 1, 1)

    @classmethod
    def of(cls, day: date) -> "Half":
        return cls(day.year, (day.month + 5) // 6)

    def publish_by(self, days: int) -> date:
        return self.end + timedelta(days=days)


@dataclass(frozen=True, order=True)
class Month:
    """A month, written 2026-09. It is looked at, not published."""

    month: int

    def __str__(self) -> str:
        return month_text(self.month)

    @property
    def start(self) -> date:
        return first_day(self.month)

    @property
    def end(self) -> date:
        return last_day(self.month)

    @property
    def months(self) -> tuple[int, ...]:
        return (self.month,)


Published = Quarter | Year | Half
Span = Published | Month


def parse(text: str) -> Span:
    """Read 2026Q3, 2026H1, 2026-09 or 2026; anything else is NoSuchPeriod."""
    year, mark, number = text[:4], text[4:5], text[5:]
    plain = len(year) == 4 and year.isascii() and year.isdigit() and int(year) in YEARS
    if plain and not text[4:]:
        return Year(int(year))
    if plain and mark == "H" and number in ("1", "2"):
        return Half(int(year), int(number))
    if mark == "-":
        return Month(parse_month(text))
    if mark == "Q":
        return Quarter.parse(text)
    raise NoSuchPeriod(period=text)


def parse_published(text: str) -> Published:
    """A span that is published; a month is not one."""
    span = parse(text)
    if isinstance(span, Month):
        raise NoSuchPeriod(period=text)
    return span

"""Time as a value. Everything legal here happens in China Standard Time (rules.md R7.7); only the edge asks what
time it is.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from typing import Protocol

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
# Years that calendars, terms and time zones can reckon with; what somebody types outside them is a slip.
YEARS = range(1949, 2200)


class Clock(Protocol):
    """Something that knows the time, in China Standard Time."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(CHINA)


class FrozenClock:
    """A clock that tests move by hand."""

    def __init__(self, start: datetime) -> None:
        self.moment = start.astimezone(CHINA)

    def now(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        """Move forward by keyword arguments of `timedelta`."""
        self.moment += timedelta(**duration)


class ShiftedClock:
    """The demo's clock: it showed `start` when the machine's clock showed `since`, and runs on from there."""

    def __init__(self, *, start: datetime, since: datetime) -> None:
        self.shift = start - since

    def now(self) -> datetime:
        return datetime.now(CHINA) + self.shift


def stamp(moment: datetime) -> str:
    """The canonical form of a moment, to the second: `2026-10-20T10:00:00+08:00` (voting-record.md 1)."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be stamped")
    return moment.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def parse_stamp(text: str) -> datetime:
    """Read what `stamp` wrote; any other form is a ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or stamp(moment) != text:
        raise ValueError(f"not a canonical moment: {text!r}")
    return moment.astimezone(CHINA)


def months_on(day: date, months: int) -> date:
    """The same day so many months on, or back where negative; that month's last one where it has no such day (民法典
    202)."""
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, index + 1, min(day.day, monthrange(year, index + 1)[1]))


def years_on(day: date, years: int) -> date:
    """The same day so many years on; 29 February becomes the 28th."""
    return months_on(day, 12 * years)


def today(moment: datetime) -> date:
    """The calendar day of a moment in China."""
    return moment.astimezone(CHINA).date()

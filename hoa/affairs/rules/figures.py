"""What a period's suggestions came to. Pure: from plain facts, integers only, so that anybody derives the same.

A suggestion counts in the period in which it was received, and keeps counting there: what is still open past its last
day counts as late, so that no figure gets better by leaving a thing undone. Its last round decides. Merged, refused and
withdrawn ones are received, but neither in time nor late. Shares are cut off, never rounded up: 999 of 1,000 is 99.9 %,
not 100 % (rules.md 8: completion rate, on time, this year against last).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from hoa.affairs.rules.clocks import working_days_after
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import Calendar

STARS = (5, 4, 3, 2, 1)
# The working day of the next month from which the report of a month is asked for: the desk has sorted by then what came
# in on the last evening. No rule sets a last day.
REPORT_FROM = 3


class Outcome(StrEnum):
    """Where a suggestion stands for the figures."""

    IN_TIME = "in_time"
    LATE = "late"
    PENDING = "pending"
    OUTSIDE = "outside"


OUTCOME_NAMES: Mapping[Outcome, str] = {
    Outcome.IN_TIME: N_("按期答复"),
    Outcome.LATE: N_("逾期"),
    Outcome.PENDING: N_("期限内办理中"),
    Outcome.OUTSIDE: N_("合并、撤回、不受理"),
}


class NoSuchPeriod(Refusal):
    message = N_("看不懂“%(text)s”这个时间；请写年份（2026）或者月份（2026-09）")
    status = 404


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One suggestion as the figures see it: nothing in it names a person. `outside`: merged, refused or withdrawn;
    `paused_on` while its clock stands still; `stars` 0 while nobody rated it.
    """

    label: str
    category: str
    sorting: str
    handler: str
    received_on: date
    due_on: date | None
    answered_on: date | None
    paused_on: date | None
    stars: int
    reopened: bool
    outside: bool

    def outcome(self, day: date) -> Outcome:
        """How it stands on `day`."""
        if self.outside:
            return Outcome.OUTSIDE
        until = self.answered_on or self.paused_on or day
        if self.due_on is not None and until > self.due_on:
            return Outcome.LATE
        return Outcome.IN_TIME if self.answered_on is not None else Outcome.PENDING


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What some facts come to. `mean_tenths` and `median_tenths`: working days from receipt to answer, in tenths; None
    when nothing was answered. `stars` from five to one.
    """

    received: int
    in_time: int
    late: int
    pending: int
    outside: int
    done: int
    overdue: int
    reopened: int
    mean_tenths: int | None
    median_tenths: int | None
    stars: tuple[int, ...]

    @property
    def in_time_permille(self) -> int | None:
        """Of those whose term was kept or broken, how many kept it."""
        return permille(self.in_time, self.in_time + self.late)

    @property
    def done_permille(self) -> int | None:
        """The completion rate: of those received that somebody has to answer, how many were answered."""
        return permille(self.done, self.received - self.outside)

    @property
    def rated(self) -> int:
        return sum(self.stars)

    @property
    def stars_tenths(self) -> int | None:
        """The average rating, in tenths of a star."""
        total = sum(stars * times for stars, times in zip(STARS, self.stars, strict=True))
        return mean(total, self.rated)


def count(facts: Sequence[Fact], *, day: date, calendar: Calendar) -> Figures:
    """The figures of these facts as they stand on `day`."""
    outcomes = [fact.outcome(day) for fact in facts]
    waited = sorted(
        working_days_after(fact.received_on, fact.answered_on, calendar)
        for fact in facts
        if fact.answered_on is not None and not fact.outside
    )
    middle = waited[(len(waited) - 1) // 2 : len(waited) // 2 + 1]
    return Figures(
        received=len(facts),
        in_time=outcomes.count(Outcome.IN_TIME),
        late=outcomes.count(Outcome.LATE),
        pending=outcomes.count(Outcome.PENDING),
        outside=outcomes.count(Outcome.OUTSIDE),
        done=len(waited),
        overdue=sum(
            outcome is Outcome.LATE and fact.answered_on is None for fact, outcome in zip(facts, outcomes, strict=True)
        ),
        reopened=sum(fact.reopened for fact in facts),
        mean_tenths=mean(sum(waited), len(waited)),
        median_tenths=mean(sum(middle), len(middle)),
        stars=tuple(sum(fact.stars == stars for fact in facts) for stars in STARS),
    )


def grouped(
    facts: Sequence[Fact], by: Callable[[Fact], str], *, day: date, calendar: Calendar
) -> list[tuple[str, Figures]]:
    """The figures of each group, the largest first; nothing is left out, so the parts add up to the whole."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(by(fact), []).append(fact)
    found = [(key, count(group, day=day, calendar=calendar)) for key, group in groups.items()]
    return sorted(found, key=lambda pair: (-pair[1].received, pair[0]))


def permille(part: int, whole: int) -> int | None:
    """A share in tenths of a percent, cut off; None of nothing."""
    return part * 1000 // whole if whole else None


def mean(total: int, number: int) -> int | None:
    """An average in tenths, half up; None of nothing."""
    return (total * 20 + number) // (number * 2) if number else None


def change_permille(current: int, before: int) -> int | None:
    """How much more (or less) than before, in tenths of a percent, cut off towards none; None when it was nothing."""
    if not before:
        return None
    more = abs(current - before) * 1000 // before
    return more if current >= before else -more


@dataclass(frozen=True)
class Period:
    """A calendar year (`month` None) or a month."""

    year: int
    month: int | None = None

    @property
    def start(self) -> date:
        return date(self.year, self.month or 1, 1)

    @property
    def end(self) -> date:
        """The last day."""
        if self.month is None or self.month == 12:
            return date(self.year, 12, 31)
        return date(self.year, self.month + 1, 1) - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year}" if self.month is None else f"{self.year}-{self.month:02d}"

    def over(self, day: date) -> bool:
        return day > self.end

    def shifted(self, number: int) -> "Period":
        """So many years or months later (earlier, when negative)."""
        if self.month is None:
            return Period(self.year + number)
        months = self.year * 12 + self.month - 1 + number
        return Period(months // 12, months % 12 + 1)

    def a_year_before(self, day: date) -> tuple[date, date]:
        """The days to compare with: the same period last year, no further than it has come by `day` this year."""
        before = Period(self.year - 1, self.month)
        if self.over(day):
            return before.start, before.end
        try:
            same = day.replace(year=day.year - 1)
        except ValueError:  # 29 February
            same = date(day.year - 1, 2, 28)
        return before.start, max(before.start, same)


def period(text: str) -> Period:
    """`2026` or `2026-09`; NoSuchPeriod for anything else."""
    year, dash, month = text.partition("-")
    digits = year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) <= 2099
    if digits and not dash:
        return Period(int(year))
    if digits and len(month) == 2 and month.isascii() and month.isdigit() and 1 <= int(month) <= 12:
        return Period(int(year), int(month))
    raise NoSuchPeriod(text=text[:20])


def to_report(day: date, reported: Collection[str], calendar: Calendar) -> Sequence[Period]:
    """The months whose report is awaited on `day`, the earliest first: from the third working day of the next month
    on, and none is forgotten once a community has begun to report. One that never did is asked for the last month only.
    """
    last = Period(day.year, day.month).shifted(-1)
    found, month = [], period(min(reported)) if reported else last
    while month.start <= last.start:
        if str(month) not in reported and calendar.due(month.end, REPORT_FROM).day <= day:
            found.append(month)
        month = month.shifted(1)
    return found


def as_row(fact: Fact) -> dict[str, Any]:
    """What is published of a counted suggestion: its label, keys and days, so that the figures can be derived again."""
    return {
        "label": fact.label,
        "category": fact.category,
        "class": fact.sorting,
        "handler": fact.handler,
        "received": fact.received_on.isoformat(),
        "due": _day(fact.due_on),
        "answered": _day(fact.answered_on),
        "paused": _day(fact.paused_on),
        "stars": fact.stars,
        "reopened": fact.reopened,
        "outside": fact.outside,
    }


def from_row(row: Mapping[str, Any]) -> Fact:
    """A published row again."""
    return Fact(
        label=row["label"],
        category=row["category"],
        sorting=row["class"],
        handler=row["handler"],
        received_on=date.fromisoformat(row["received"]),
        due_on=_parsed(row["due"]),
        answered_on=_parsed(row["answered"]),
        paused_on=_parsed(row["paused"]),
        stars=row["stars"],
        reopened=row["reopened"],
        outside=row["outside"],
    )


def as_content(figures: Figures) -> dict[str, Any]:
    """Figures as they are published."""
    return {
        "received": figures.received,
        "in_time": figures.in_time,
        "late": figures.late,
        "pending": figures.pending,
        "outside": figures.outside,
        "done": figures.done,
        "overdue": figures.overdue,
        "reopened": figures.reopened,
        "mean_tenths": figures.mean_tenths,
        "median_tenths": figures.median_tenths,
        "stars": list(figures.stars),
    }


def from_content(content: Mapping[str, Any]) -> Figures:
    """Published figures again."""
    return Figures(**{**content, "stars": tuple(content["stars"])})


def tally(keys: Iterable[str]) -> list[tuple[str, int]]:
    """How often each key occurs, the most frequent first."""
    found: dict[str, int] = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _parsed(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

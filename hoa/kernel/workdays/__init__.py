"""Working days (工作日) in China: weekends, except as the State Council's yearly notice moves them.

One JSON file per announced year beside this module, with the notice as its source. A year that has not been announced
knows weekends only; whatever is counted through it is provisional and must be shown as such.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources

SATURDAY = 5


@dataclass(frozen=True)
class Year:
    """What one notice announced: working days that are off, weekend days that are worked."""

    year: int
    source: str
    off: frozenset[date]
    worked: frozenset[date]

    @classmethod
    def parse(cls, text: str) -> Year:
        document = json.loads(text)
        source = document["source"]
        return cls(
            year=document["year"],
            source=f"{source['name']}（{source['number']}，{source['date']}）",
            off=frozenset(date.fromisoformat(day) for holiday in document["holidays"] for day in holiday["off"]),
            worked=frozenset(date.fromisoformat(day) for holiday in document["holidays"] for day in holiday["worked"]),
        )


@dataclass(frozen=True)
class Due:
    """A last day; provisional while a year that it was counted through has not been announced."""

    day: date
    provisional: bool


class Calendar:
    """The announced years."""

    def __init__(self, years: Iterable[Year]) -> None:
        self.years = {year.year: year for year in years}

    def is_announced(self, year: int) -> bool:
        return year in self.years

    def is_workday(self, day: date) -> bool:
        year = self.years.get(day.year)
        if year is not None:
            if day in year.off:
                return False
            if day in year.worked:
                return True
        return day.weekday() < SATURDAY

    def due(self, start: date, working_days: int) -> Due:
        """The n-th working day after ``start``; the day of ``start`` itself does not count (民法典 201)."""
        if working_days < 1:
            raise ValueError("a term is at least one working day")
        day, left = start, working_days
        while left:
            day += timedelta(days=1)
            left -= self.is_workday(day)
        provisional = any(not self.is_announced(year) for year in range(start.year, day.year + 1))
        return Due(day, provisional)


@cache
def china() -> Calendar:
    """The calendar of all years that came with this release."""
    files = (entry for entry in resources.files(__name__).iterdir() if entry.name.endswith(".json"))
    return Calendar(Year.parse(entry.read_text(encoding="utf-8")) for entry in sorted(files, key=lambda f: f.name))

"""What a last day in working days rests on: which notice, which days it took off, which weekend days are worked.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hoa.kernel.workdays import SATURDAY, Calendar, Due


@dataclass(frozen=True, kw_only=True)
class Basis:
    """`off` are working days of the week that are free, `worked` weekend days that are not; `notices` the announced
    years with their sources, `unannounced` the years of which only the weekends are known.
    """

    start: date
    working_days: int
    due: Due
    off: Sequence[date]
    worked: Sequence[date]
    notices: Sequence[tuple[int, str]]
    unannounced: Sequence[int]


def of(start: date, working_days: int, calendar: Calendar) -> Basis:
    """The last day `working_days` after `start`, and why it is that one."""
    due = calendar.due(start, working_days)
    days = [start + timedelta(days=number) for number in range(1, (due.day - start).days + 1)]
    years = range(start.year, due.day.year + 1)
    return Basis(
        start=start,
        working_days=working_days,
        due=due,
        off=[day for day in days if day.weekday() < SATURDAY and not calendar.is_workday(day)],
        worked=[day for day in days if day.weekday() >= SATURDAY and calendar.is_workday(day)],
        notices=[(year, calendar.years[year].source) for year in years if calendar.is_announced(year)],
        unannounced=[year for year in years if not calendar.is_announced(year)],
    )

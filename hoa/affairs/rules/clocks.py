"""The clocks of a suggestion, on the Chinese working calendar (rules.md 8). Pure.

The day on which something happens does not count (民法典 201): 2026-09-26 plus ten working days is counted from the day
after. A pause stops the clock from the day after it began until the day it ends, working day by working day.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from hoa.kernel.errors import N_
from hoa.kernel.workdays import Calendar, Due


class Profile(StrEnum):
    """Which clock an assigned suggestion runs on."""

    TEN = "ten"  # Bishan: the result within 10 working days
    P13710 = "13710"  # Lüliang: plan in 1 day, report in 3, resolve in 7, major ones in 1 month, then 0 = closed


class Milestone(NamedTuple):
    """A last day of a profile: `name` is a message id; the last one of a profile is the day the result is due."""

    name: str
    due: Due


PROFILE_NAMES: Mapping[Profile, str] = {
    Profile.TEN: N_("10 个工作日办结"),
    Profile.P13710: N_("13710 工作法"),
}


def working_days_after(start: date, end: date, calendar: Calendar) -> int:
    """Working days after `start` up to and including `end`; 0 when `end` is not later."""
    days = max(0, (end - start).days)
    return sum(calendar.is_workday(start + timedelta(days=number)) for number in range(1, days + 1))


def pushed(due: date, paused_on: date, resumed_on: date, calendar: Calendar) -> Due:
    """The last day after a pause: as many working days later as the pause took."""
    lost = working_days_after(paused_on, resumed_on, calendar)
    if lost == 0:
        return Due(due, not calendar.is_announced(due.year))
    return calendar.due(due, lost)


def overdue_days(due: date, today: date, calendar: Calendar) -> int:
    """Working days past the last one; 0 while there is time."""
    return working_days_after(due, today, calendar)


def level_for(overdue: int, *, steps: Sequence[int]) -> int:
    """How far up an overdue suggestion belongs: 1 grid, 2 community, 3 street; `steps` are the overdue working days
    from which each level holds, e.g. (1, 3, 5); 0 while in time.
    """
    return sum(overdue >= step for step in steps)

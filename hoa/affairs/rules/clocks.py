"""The clocks of a suggestion, on the Chinese working calendar (rules.md 8). Pure.

The day on which something happens does not count (民法典 201): 2026-09-26 plus ten working days is counted from the day
after. A pause stops the clock from the day after it began until the day it ends, working day by working day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from hoa.kernel.clock import months_on
from hoa.kernel.errors import N_
from hoa.kernel.workdays import Calendar, Due


class Profile(StrEnum):
    """Which clock an assigned suggestion runs on."""

    TEN = "ten"  # Bishan: the result within 10 working days
    P13710 = "13710"  # Lüliang: plan in 1 day, report in 3, resolve in 7, then 0 = closed
    MAJOR = "13710-major"  # the same with 1 month for a major matter


class Milestone(NamedTuple):
    """A last day of a profile: `name` is a message id; the last one of a profile is the day the result is due.
    `done_on` is the day on which the handler met it; `late`: it was met, or is still to be met, after its day;
    `stopped`: it is still to be met, and the clock stands still.
    """

    name: str
    due: Due
    done_on: date | None = None
    late: bool = False
    stopped: bool = False


class Pause(NamedTuple):
    """The clock stood still from the day after `began` until `ended`."""

    began: date
    ended: date


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The pack's numbers: working days, except `major_months`."""

    triage: int
    ten: int
    plan: int
    report: int
    resolve: int
    major_months: int


PROFILE_NAMES: Mapping[Profile, str] = {
    Profile.TEN: N_("10 个工作日办结"),
    Profile.P13710: N_("13710 工作法"),
    Profile.MAJOR: N_("13710 工作法（重大事项）"),
}
PLAN, REPORT, RESOLVE = N_("提出方案"), N_("报告进展"), N_("办结")


def last_day(profile: Profile, start: date, terms: Terms, calendar: Calendar) -> Due:
    """The day by which what was assigned on `start` is to be answered."""
    if profile is Profile.MAJOR:
        return month_later(start, terms.major_months, calendar)
    return calendar.due(start, terms.ten if profile is Profile.TEN else terms.resolve)


def milestones(profile: Profile, start: date, terms: Terms, calendar: Calendar) -> Sequence[Milestone]:
    """The last days of a profile in their order, without pauses."""
    resolve = Milestone(RESOLVE, last_day(profile, start, terms, calendar))
    if profile is Profile.TEN:
        return (resolve,)
    return (
        Milestone(PLAN, calendar.due(start, terms.plan)),
        Milestone(REPORT, calendar.due(start, terms.report)),
        resolve,
    )


def met(milestones: Sequence[Milestone], told_on: Sequence[date], answered_on: date | None) -> Sequence[Milestone]:
    """The milestones with the day each was met: the first feedback is the plan, the next one the report; the answer
    meets whatever is left.
    """
    told: Sequence[date | None] = (*told_on, *[None] * len(milestones))
    before = [one._replace(done_on=told[index] or answered_on) for index, one in enumerate(milestones[:-1])]
    return (*before, *(one._replace(done_on=answered_on) for one in milestones[-1:]))


def told_on(
    milestones: Sequence[Milestone], day: date, paused_on: date | None, calendar: Calendar
) -> Sequence[Milestone]:
    """The milestones as they stand on `day`: like the whole clock none grows late while it stands still."""
    found = []
    for one in milestones:
        until = min(one.done_on or day, paused_on or day)
        late = overdue_days(one.due.day, until, calendar) > 0
        found.append(one._replace(late=late, stopped=one.done_on is None and paused_on is not None))
    return found


def month_later(start: date, months: int, calendar: Calendar) -> Due:
    """A term in months ends on the same day of the month (民法典 202); where that is no working day, on the next one
    (民法典 203).
    """
    day = months_on(start, months)
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return Due(day, _provisional(start, day, calendar))


def working_days_after(start: date, end: date, calendar: Calendar) -> int:
    """Working days after `start` up to and including `end`; 0 when `end` is not later."""
    days = max(0, (end - start).days)
    return sum(calendar.is_workday(start + timedelta(days=number)) for number in range(1, days + 1))


def later(due: Due, working_days: int, calendar: Calendar) -> Due:
    """A last day moved by the working days that a pause took."""
    if working_days == 0:
        return due
    moved = calendar.due(due.day, working_days)
    return Due(moved.day, due.provisional or moved.provisional)


def after_pauses(due: Due, pauses: Sequence[Pause], calendar: Calendar) -> Due:
    """A last day moved by the pauses that began while there was still time, in their order."""
    for began, ended in pauses:
        if began <= due.day:
            due = later(due, working_days_after(began, ended, calendar), calendar)
    return due


def announced_since(start: date, end: date, calendar: Calendar) -> bool:
    """Whether every year from `start` to `end` is announced, so that the day between them is certain."""
    return not _provisional(start, end, calendar)


def before(due: date, working_days: int, calendar: Calendar) -> date:
    """The day on which `working_days` working days are left, the last day among them."""
    day = due
    while working_days_after(day, due, calendar) < working_days:
        day -= timedelta(days=1)
    return day


def overdue_days(due: date, today: date, calendar: Calendar) -> int:
    """Working days past the last one; 0 while there is time."""
    return working_days_after(due, today, calendar)


def level_for(overdue: int, *, steps: Sequence[int]) -> int:
    """How far up an overdue suggestion belongs: 1 grid, 2 community, 3 street; `steps` are the overdue working days
    from which each level holds, e.g. (1, 3, 5); 0 while in time.
    """
    return sum(overdue >= step for step in steps)


def _provisional(start: date, end: date, calendar: Calendar) -> bool:
    return any(not calendar.is_announced(year) for year in range(start.year, end.year + 1))

"""What the clock does by itself on a day: remind the handler, tell the levels above, close the time for a rating,
count again what was provisional. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from hoa.affairs.rules import clocks
from hoa.affairs.rules.clocks import PLAN, REPORT, Milestone
from hoa.affairs.rules.states import OPEN, State
from hoa.kernel.clock import CHINA
from hoa.kernel.workdays import Calendar

# Nobody is woken: what the clock asks for in the night is done in the morning.
MORNING, EVENING = time(9), time(20)


def is_daytime(now: datetime) -> bool:
    return MORNING <= now.astimezone(CHINA).time() < EVENING


class Reminder(StrEnum):
    SOON = "soon"  # the last day is near
    OVERDUE = "overdue"  # it has passed
    # The same of the days of 13710 before the last one.
    PLAN = "plan"
    PLAN_OVERDUE = "plan_overdue"
    REPORT = "report"
    REPORT_OVERDUE = "report_overdue"


# On its day, and once it has passed.
OF_MILESTONE: Mapping[str, tuple[Reminder, Reminder]] = {
    PLAN: (Reminder.PLAN, Reminder.PLAN_OVERDUE),
    REPORT: (Reminder.REPORT, Reminder.REPORT_OVERDUE),
}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The pack's numbers: overdue working days of each level, working days before the last one, days for a rating."""

    levels: Sequence[int]
    remind: int
    rating_days: int


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How a suggestion's clock stands; `reminded` are the reminders that were given for its present last days, and
    `milestones` the days of its profile.
    """

    state: State
    start: date
    due: date
    provisional: bool
    level: int
    answered_on: date | None
    reminded: Collection[Reminder] = ()
    milestones: Sequence[Milestone] = ()


@dataclass(frozen=True)
class Todo:
    """What is to be done now. `levels` are told one after the other, also those that a stopped clock passed over."""

    reckon: bool = False
    remind: Reminder | None = None
    levels: Sequence[int] = ()
    lapse: bool = False

    def __bool__(self) -> bool:
        return self.reckon or self.remind is not None or bool(self.levels) or self.lapse


def todo(clock: Clock, day: date, bounds: Bounds, calendar: Calendar) -> Todo:
    """What the clock asks for on `day`; nothing a second time."""
    if clock.state is State.ANSWERED:
        last = clock.answered_on + timedelta(days=bounds.rating_days) if clock.answered_on else None
        return Todo(lapse=last is not None and day > last)
    if clock.state not in OPEN:
        return Todo()
    if clock.provisional and clocks.announced_since(clock.start, clock.due, calendar):
        return Todo(reckon=True)
    if clock.state is not State.ASSIGNED:
        return Todo()
    overdue = clocks.overdue_days(clock.due, day, calendar)
    reached = clocks.level_for(overdue, steps=bounds.levels)
    return Todo(remind=_reminder(clock, day, overdue, bounds, calendar), levels=range(clock.level + 1, reached + 1))


def _reminder(clock: Clock, day: date, overdue: int, bounds: Bounds, calendar: Calendar) -> Reminder | None:
    if overdue:
        return Reminder.OVERDUE if Reminder.OVERDUE not in clock.reminded else None
    # Nobody is reminded on the day on which they were given it.
    if day <= clock.start:
        return None
    near = clocks.before(clock.due, bounds.remind, calendar) <= day <= clock.due
    wanted = (_of_milestone(clock, day, calendar), Reminder.SOON if near else None)
    return next((one for one in wanted if one is not None and one not in clock.reminded), None)


def _of_milestone(clock: Clock, day: date, calendar: Calendar) -> Reminder | None:
    """Of what is to be met before the result only the latest whose day has come: the handler has one thing to do."""
    come = [one for one in clock.milestones[:-1] if one.done_on is None and one.due.day <= day]
    if not come:
        return None
    due_today, overdue = OF_MILESTONE[come[-1].name]
    if day == come[-1].due.day:
        return due_today
    return overdue if clocks.overdue_days(come[-1].due.day, day, calendar) else None

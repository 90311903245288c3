"""The last days after an election: first meeting, filing, the authority's answer, handover, re-election (rules.md
R2.7, R2.8, R2.14, R2.15). Pure.

The day on which something happens does not count (民法典 201), and a term whose last day is off work ends on the next
working day (民法典 203); a year that has not been announced makes such a day provisional.
"""

from datetime import date, timedelta
from typing import NamedTuple

from hoa.kernel.workdays import Calendar


class Deadline(NamedTuple):
    """A last day; `provisional` while the holidays of its year are not announced."""

    last_day: date
    provisional: bool = False

    def late(self, day: date) -> int:
        """Days past the last one; 0 while there is time."""
        return max(0, (day - self.last_day).days)

    def left(self, day: date) -> int:
        """Days until the last one; 0 on it and afterwards."""
        return max(0, (self.last_day - day).days)


def after_days(start: date, days: int, calendar: Calendar) -> Deadline:
    """The last of `days` natural days after `start`, moved to the end of the holiday it falls into."""
    day = start + timedelta(days=days)
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return Deadline(day, not calendar.is_announced(day.year))


def after_working_days(start: date, days: int, calendar: Calendar) -> Deadline | None:
    """The last of `days` working days after `start`; None where the rules set no such term (0)."""
    if days == 0:
        return None
    due = calendar.due(start, days)
    return Deadline(due.day, due.provisional)

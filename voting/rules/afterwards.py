"""What has to happen after the close, and until when: announcing, and keeping the evidence (rules.md R1.39, R1.11)."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from hoa.kernel import packs
from hoa.kernel.clock import today, years_on
from hoa.kernel.packs import Parameter, RulePack

NATIONAL = "cn-national"


def parameter(pack: RulePack, name: str) -> Parameter:
    """A pack's parameter; the national one where the jurisdiction says nothing."""
    found = pack.parameters.get(name)
    if found is not None:
        return found
    return next(one for one in packs.all_packs() if one.code == NATIONAL).parameters[name]


def number(pack: RulePack, name: str) -> int:
    value = parameter(pack, name).value
    if not isinstance(value, int):
        raise TypeError(f"{pack.code}: {name} is not a number")
    return value


class Deadline(NamedTuple):
    """When a result must be announced at the latest, and what says so."""

    last_day: date
    days: int
    source: str
    verified: bool

    def overdue(self, now: datetime) -> bool:
        return today(now) > self.last_day

    def late(self, now: datetime) -> int:
        """Days past the last one; 0 while there is time."""
        return max(0, (today(now) - self.last_day).days)


def announcement(pack: RulePack, closed_at: datetime) -> Deadline:
    """The pack's days from the close on: from then nothing can change any more, so waiting with the count wins no
    time."""
    days = number(pack, "announce_days")
    told = parameter(pack, "announce_days")
    return Deadline(today(closed_at) + timedelta(days=days), days, told.source, told.verified)


def a_year_after(day: date) -> date:
    """The same day of the next year; 28 February after a leap day."""
    return years_on(day, 1)

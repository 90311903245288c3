"""When those who have not voted are reminded: at the opening, halfway, 48 and 6 hours before the end as it now stands
(experience.md), never at night. Of several times that have passed only the latest is kept: nobody gets two messages at
once."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from hoa.kernel.clock import stamp
from hoa.kernel.errors import N_

OPENING, MIDPOINT, TWO_DAYS, SIX_HOURS, TOLD = "opening", "midpoint", "48h", "6h", "told"
# People are not woken: nothing goes out before or after these.
MORNING, EVENING = time(8), time(20)
TITLES = {
    OPENING: N_("开始表决时"),
    MIDPOINT: N_("过半时"),
    TWO_DAYS: N_("截止前 48 小时"),
    SIX_HOURS: N_("截止前 6 小时"),
    TOLD: N_("规则变更告知"),
}


class Slot(NamedTuple):
    """A time at which messages go out. `name` is unique in an assembly: an extension makes new ones before its end."""

    kind: str
    name: str
    at: datetime


def slots(*, opens: datetime, closes: datetime, ends: datetime) -> list[Slot]:
    """The times of an assembly, in order; `closes` as noticed, `ends` as extended. None before the opening."""
    before_end = [
        Slot(kind, f"{kind}:{stamp(ends)}", _evening_before(ends - timedelta(hours=hours)))
        for kind, hours in ((TWO_DAYS, 48), (SIX_HOURS, 6))
    ]
    found = [
        Slot(OPENING, OPENING, _next_morning(opens)),
        Slot(MIDPOINT, MIDPOINT, _next_morning(opens + (closes - opens) / 2)),
        *(slot for slot in before_end if slot.at > opens),
    ]
    return sorted(found, key=lambda slot: slot.at)


def _next_morning(moment: datetime) -> datetime:
    """The moment, or the morning after it when it falls into the night."""
    if MORNING <= moment.time() <= EVENING:
        return moment
    day = moment + timedelta(days=moment.time() > EVENING)
    return datetime.combine(day, MORNING, moment.tzinfo)


def _evening_before(moment: datetime) -> datetime:
    """The moment, or the evening before it: what is said of the hours left must still be true when it is read."""
    if MORNING <= moment.time() <= EVENING:
        return moment
    day = moment - timedelta(days=moment.time() < MORNING)
    return datetime.combine(day, EVENING, moment.tzinfo)


def due(*, opens: datetime, closes: datetime, ends: datetime, now: datetime) -> Slot | None:
    """The latest slot whose time has come; None outside the time of voting."""
    if not opens <= now < ends:
        return None
    passed = [slot for slot in slots(opens=opens, closes=closes, ends=ends) if slot.at <= now]
    return passed[-1] if passed else None


def told(leaf: str) -> str:
    """The slot of one change of the rules, by its log entry."""
    return f"{TOLD}:{leaf}"


def kind_of(name: str) -> str:
    return name.partition(":")[0]

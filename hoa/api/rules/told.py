"""What the public is told about a suggestion, in the specification's words.

Everything is public on the board already: category, building, how it stands, the title that triage gave it, wording and
answer that were published. What was said and by whom never is.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from enum import StrEnum

from hoa.affairs.rules.states import OPEN, State
from hoa.kernel.clock import CHINA, stamp


class Status(StrEnum):
    """open: it has been reported; closed: it has been resolved, or ended otherwise."""

    OPEN = "open"
    CLOSED = "closed"


STATUS_OF: Mapping[State, Status] = {state: Status.OPEN if state in OPEN else Status.CLOSED for state in State}


def address(building: str, community: str) -> str:
    """From the most specific to the most general, as the specification asks. No more than the building: an entrance
    and a floor can be two families.
    """
    return ", ".join(part for part in (building, community) if part)


def updated_at(steps: Iterable[tuple[datetime, State]], received_at: datetime) -> datetime:
    """When it was last modified; of what is closed, when it was closed. `steps` are in their order."""
    last, closed = received_at, None
    for at, state in steps:
        last = at
        if STATUS_OF[state] is Status.OPEN:
            closed = None
        elif closed is None:
            closed = at
    return closed or last


def expected(due_on: date | None) -> str | None:
    """The end of the last day."""
    return stamp(datetime.combine(due_on, time(23, 59, 59), CHINA)) if due_on else None

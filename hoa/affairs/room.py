"""What the suggestion loop brings."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hoa.affairs import handler_links, needs_handling, needs_sorting
from hoa.affairs.powers import POWERS
from hoa.affairs.views import handlers, handling, letters, sorting
from hoa.web.room import Asker, Need, Room

# One per noun; each tells what of its part waits for whoever asks.
_NEEDS = (needs_sorting.needs, needs_handling.needs)


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    return [need for part in _NEEDS for need in part(session, asker)]


ROOM = Room(
    name="affairs",
    blueprints=(
        handlers.blueprint,
        handling.blueprint,
        letters.blueprint,
        sorting.blueprint,
    ),
    powers=POWERS,
    tasks={
        handler_links.TASK: handler_links.send,
        letters.TASK: letters.print_letter,
    },
    needs=_needs,
    overdue=needs_handling.overdue,
)

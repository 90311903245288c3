"""What the suggestion loop brings."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hoa.affairs import handler_links, needs_handling, needs_rating, needs_sorting, posters, tidying
from hoa.affairs.commands import workdays
from hoa.affairs.powers import POWERS
from hoa.affairs.service import announcing, closing, integrity, messages, months, watching
from hoa.affairs.shown import shown
from hoa.affairs.views import board, handlers, handling, letters, places, say, sorting
from hoa.affairs.views.board.months import paper
from hoa.jobs import Periodic
from hoa.kernel.errors import N_
from hoa.web.room import Asker, NavItem, Need, Room

# One per noun; each tells what of its part waits for whoever asks.
_NEEDS = (needs_sorting.needs, needs_handling.needs, needs_rating.needs)


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    return [need for part in _NEEDS for need in part(session, asker)]


ROOM = Room(
    name="affairs",
    blueprints=(
        board.blueprint,
        handlers.blueprint,
        handling.blueprint,
        letters.blueprint,
        places.blueprint,
        say.blueprint,
        sorting.blueprint,
    ),
    powers=POWERS,
    publications={months.PUBLICATION: N_("诉求办理月报")},
    tasks={
        messages.JOB: messages.send,
        handler_links.TASK: handler_links.send,
        letters.TASK: letters.print_letter,
        posters.TASK: posters.print_posters,
        closing.ANNOUNCE: announcing.announce,
        months.PAPER: paper,
    },
    periodic=(Periodic("affairs.clock", watching.SECONDS, watching.tick), tidying.DRAFTS, tidying.REPORTERS),
    commands=(workdays,),
    verify=integrity.verify_all,
    nav=(NavItem(label=N_("码上提"), endpoint="suggestions.board"),),
    needs=_needs,
    shown=shown,
    overdue=needs_handling.overdue,
)

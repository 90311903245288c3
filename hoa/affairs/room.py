"""What the suggestion loop brings."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hoa.affairs import handler_links, needs_handling, needs_sorting, posters, tidying, topic_needs
from hoa.affairs.commands import workdays
from hoa.affairs.powers import POWERS
from hoa.affairs.service import integrity, messages, watching
from hoa.affairs.service.topics import PUBLICATION
from hoa.affairs.views import chain, handlers, handling, letters, places, say, sorting, topics
from hoa.jobs import Periodic
from hoa.kernel.errors import N_
from hoa.web.room import Asker, Need, Room

# One per noun; each tells what of its part waits for whoever asks.
_NEEDS = (needs_sorting.needs, needs_handling.needs, topic_needs.needs)


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    return [need for part in _NEEDS for need in part(session, asker)]


ROOM = Room(
    name="affairs",
    blueprints=(
        chain.blueprint,
        handlers.blueprint,
        handling.blueprint,
        letters.blueprint,
        places.blueprint,
        say.blueprint,
        sorting.blueprint,
        topics.blueprint,
    ),
    powers=POWERS,
    publications={PUBLICATION: N_("议题意见汇总")},
    tasks={
        messages.JOB: messages.send,
        handler_links.TASK: handler_links.send,
        letters.TASK: letters.print_letter,
        posters.TASK: posters.print_posters,
    },
    periodic=(Periodic("affairs.clock", watching.SECONDS, watching.tick), tidying.DRAFTS),
    commands=(workdays,),
    verify=integrity.verify_all,
    needs=_needs,
    overdue=needs_handling.overdue,
)

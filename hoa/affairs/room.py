"""What the suggestion loop brings."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from hoa.affairs import handler_links, needs_handling, needs_rating, needs_sorting, posters, tidying, topic_needs
from hoa.affairs.commands import workdays
from hoa.affairs.powers import POWERS
from hoa.affairs.service import announcing, closing, integrity, messages, months, watching
from hoa.affairs.service.topics import PUBLICATION
from hoa.affairs.service.topics import verify as verify_topics
from hoa.affairs.shown import shown
from hoa.affairs.views import board, chain, handlers, handling, letters, places, say, sorting, topics
from hoa.affairs.views.board.months import paper
from hoa.jobs import Periodic
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.room import Asker, NavItem, Need, Room, Shown

# One per noun; each tells what of its part waits for whoever asks.
_NEEDS = (needs_sorting.needs, needs_handling.needs, needs_rating.needs, topic_needs.needs)


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    return [need for part in _NEEDS for need in part(session, asker)]


def _shown(session: Session, community_id: str, now: datetime) -> Sequence[Shown]:
    return [one for part in (topic_needs.shown, shown) for one in part(session, community_id, now)]


def _verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return [*integrity.verify_all(platform, session, community_id), *verify_topics(session, community_id)]


ROOM = Room(
    name="affairs",
    blueprints=(
        board.blueprint,
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
    publications={PUBLICATION: N_("议题意见汇总"), months.PUBLICATION: N_("诉求办理月报")},
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
    verify=_verify,
    nav=(NavItem(label=N_("码上提"), endpoint="suggestions.board"),),
    needs=_needs,
    shown=_shown,
    overdue=needs_handling.overdue,
)

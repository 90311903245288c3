"""What topics and the chain bring."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.topics import needs
from hoa.topics.powers import POWERS
from hoa.topics.service import summing
from hoa.topics.views import blueprint, chain
from hoa.web.room import Room


def _verify(_platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return summing.verify(session, community_id)


ROOM = Room(
    name="topics",
    blueprints=(chain.blueprint, blueprint),
    powers=POWERS,
    behind="suggestions.board",
    publications={summing.PUBLICATION: N_("议题意见汇总")},
    verify=_verify,
    needs=needs.needs,
    shown=needs.shown,
)

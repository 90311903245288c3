"""What happens by itself: resignations come into effect, offers lapse, the register is looked at after each change of
it and on each new day."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.service import all_communities
from hoa.community.tables import Community
from hoa.kernel.clock import today
from hoa.offices.changes import register, service, succession
from hoa.offices.changes.tables import OFFERED, WAITING, MemberChange, SeatOffer
from hoa.platform import Platform

SECONDS = 20


class Watch:
    """Remembers at which version of each register it looked last, so that a pass with nothing new is three reads."""

    def __init__(self) -> None:
        self._looked: dict[str, tuple[int, date]] = {}

    def __call__(self, platform: Platform) -> None:
        now = platform.now()
        with platform.database.reading() as session:
            busy = [here for here in all_communities(session) if self._has_work(session, here, now)]
        for here in busy:
            with platform.database.writing() as session:
                run(session, here.id, now=now)
            self._looked[here.id] = (here.register_version, today(now))

    def _has_work(self, session: Session, here: Community, now: datetime) -> bool:
        if is_due(session, here.id, now=now):
            return True
        if self._looked.get(here.id) == (here.register_version, today(now)):
            return False
        if register.found(session, here.id, now=now):
            return True
        self._looked[here.id] = (here.register_version, today(now))
        return False


def run(session: Session, community_id: str, *, now: datetime) -> None:
    """Everything that is due in one community."""
    service.settle_due(session, community_id, now=now)
    succession.lapse_due(session, community_id, now=now)
    register.look(session, community_id, now=now)


def is_due(session: Session, community_id: str, *, now: datetime) -> bool:
    """Whether a resignation has come into effect or an offer has run out."""
    resigned = select(MemberChange.id).where(
        MemberChange.community_id == community_id, MemberChange.state == WAITING, MemberChange.effective_at <= now
    )
    lapsed = select(SeatOffer.id).where(
        SeatOffer.community_id == community_id, SeatOffer.state == OFFERED, SeatOffer.answer_by < today(now)
    )
    return any(session.scalar(query.limit(1)) is not None for query in (resigned, lapsed))

"""What follows when a member has left: it is published without private reasons, the handover clock starts, the
committee is filed again, and the first alternate in rank is asked (rules.md R2.8, R2.13, R2.14)."""

from datetime import datetime

from sqlalchemy.orm import Session

from hoa.offices import handover, registration
from hoa.offices.changes import publishing, succession
from hoa.offices.changes.tables import MemberChange
from hoa.offices.reelection import last_day


def settle(session: Session, change: MemberChange, *, by: str, now: datetime) -> None:
    """Once for each change."""
    publishing.publish(session, change, by=by, now=now)
    if change.body_kind == publishing.COMMITTEE and change.seat and change.effective_at is not None:
        left_on = last_day(change.effective_at)
        handover.begin_member(session, change.community_id, change.person_id, left_on, change.basis, None, now)
        registration.refile(session, change.community_id, publishing.line_of(session, change), now, by)
    succession.ask_next(session, change, now=now)
    change.settled_at = now
    session.flush()

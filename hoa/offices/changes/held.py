"""Which offices still give powers at a moment: not those of a resignation that has come into effect, though the task
that ends the rows may be seconds behind, and not those that are suspended until a vote."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, not_, or_

from hoa.offices.changes.tables import WAITING, MemberChange, OfficeSuspension
from hoa.offices.tables import Office


def still(now: datetime) -> ColumnElement[bool]:
    """A condition on `Office`."""
    left = exists().where(
        MemberChange.community_id == Office.community_id,
        MemberChange.person_id == Office.person_id,
        MemberChange.body_kind == Office.body_kind,
        MemberChange.state == WAITING,
        MemberChange.effective_at <= now,
    )
    suspended = exists().where(
        OfficeSuspension.community_id == Office.community_id,
        OfficeSuspension.person_id == Office.person_id,
        OfficeSuspension.body_kind == Office.body_kind,
        OfficeSuspension.since <= now,
        or_(OfficeSuspension.until.is_(None), OfficeSuspension.until > now),
    )
    return and_(not_(left), not_(suspended))

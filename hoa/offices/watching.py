"""Whose duty it is to see that a community keeps its terms: the street office (物业管理条例 19; R1.26, R2.15)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.posts import STREET_OFFICER
from hoa.offices.tables import Office


def communities_watched(session: Session, person_id: str, now: datetime) -> frozenset[str]:
    """The ids of the communities whose street officer this person is at this moment."""
    return frozenset(
        session.scalars(
            select(Office.community_id).where(
                Office.person_id == person_id,
                Office.body_kind == STREET_OFFICER.body,
                Office.post_kind == STREET_OFFICER.kind,
                Office.starts_at <= now,
                Office.ends_at > now,
            )
        )
    )

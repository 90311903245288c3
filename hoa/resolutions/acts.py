"""Which resolutions somebody entered in office, for whoever confirms that the office had ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_
from hoa.offices.changes.acts import Act
from hoa.resolutions.tables import Resolution


def told(session: Session, community_id: str, *, person_id: str, start: datetime, end: datetime) -> Sequence[Act]:
    query = select(Resolution).where(
        Resolution.community_id == community_id,
        Resolution.entered_by == person_id,
        Resolution.entered_at >= start,
        Resolution.entered_at < end,
    )
    return [Act(row.entered_at, N_("登记决议"), row.title, row.url) for row in session.scalars(query)]

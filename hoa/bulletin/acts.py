"""What somebody published in office, for whoever confirms that the office had ended (offices/changes/acts.py)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.bulletin.tables import Publication
from hoa.kernel.errors import N_
from hoa.offices.changes.acts import Act


def told(session: Session, community_id: str, *, person_id: str, start: datetime, end: datetime) -> Sequence[Act]:
    query = select(Publication).where(
        Publication.community_id == community_id,
        Publication.published_by == person_id,
        Publication.published_at >= start,
        Publication.published_at < end,
    )
    return [Act(row.published_at, N_("发布公示"), row.title, row.url) for row in session.scalars(query)]

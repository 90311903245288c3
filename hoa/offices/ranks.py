"""The order of alternates: vacancies are filled from it (rules.md R2.5, R2.13)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.posts import COMMITTEE_ALTERNATE
from hoa.offices import service
from hoa.offices.after_tables import OfficeRank
from hoa.offices.service import OfficeHolder
from hoa.offices.tables import Office


def give(session: Session, office: Office, rank: int) -> None:
    """Say which place this alternate took."""
    session.add(OfficeRank(community_id=office.community_id, office_id=office.id, rank=rank))
    session.flush()


def alternates(session: Session, community_id: str, now: datetime) -> Sequence[OfficeHolder]:
    """The alternates of this moment, the first to move up first; those without a place (appointed by hand) last."""
    found = service.holders(session, community_id, posts=frozenset({COMMITTEE_ALTERNATE}), now=now)
    query = select(OfficeRank.office_id, OfficeRank.rank).where(OfficeRank.community_id == community_id)
    places = {row.office_id: row.rank for row in session.execute(query)}
    last = max(places.values(), default=0) + 1
    return sorted(found, key=lambda holder: (places.get(holder.office.id, last), holder.office.starts_at))

"""Entering resolutions and citing them."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.db import get as get_row
from hoa.kernel.clock import today
from hoa.resolutions import rules
from hoa.resolutions.tables import Resolution


def enter(
    session: Session,
    community_id: str,
    *,
    source: str,
    title: str,
    text: str,
    decided_on: date,
    now: datetime,
    matter: str | None = None,
    valid_until: date | None = None,
    limit_fen: int | None = None,
    evidence: str | None = None,
    url: str | None = None,
    by: str | None = None,
) -> Resolution:
    """Write a decision down; its number is the next of its source and year."""
    rules.check(source, matter, decided_on, today(now))
    same = (Resolution.community_id == community_id, Resolution.source == source, Resolution.year == decided_on.year)
    latest = session.scalar(select(func.max(Resolution.number)).where(*same)) or 0
    resolution = Resolution(
        community_id=community_id,
        source=source,
        year=decided_on.year,
        number=latest + 1,
        title=title,
        text=text,
        matter=matter,
        decided_on=decided_on,
        valid_until=valid_until,
        limit_fen=limit_fen,
        evidence=evidence,
        url=url,
        entered_by=by,
        entered_at=now,
    )
    session.add(resolution)
    session.flush()
    return resolution


def get(session: Session, community_id: str, resolution_id: str) -> Resolution:
    """One resolution of this community, or NotFound."""
    return get_row(session, Resolution, community_id, resolution_id)


def resolutions(session: Session, community_id: str) -> Sequence[Resolution]:
    """All resolutions, the latest decided first."""
    query = select(Resolution).where(Resolution.community_id == community_id)
    return session.scalars(query.order_by(Resolution.decided_on.desc(), Resolution.number.desc())).all()


def citable(
    session: Session, community_id: str, *, on: date, source: str | None = None, matter: str | None = None
) -> Sequence[Resolution]:
    """Resolutions that were in force on a day: decided by then and not past `valid_until`."""
    query = select(Resolution).where(
        Resolution.community_id == community_id,
        Resolution.decided_on <= on,
        (Resolution.valid_until.is_(None)) | (Resolution.valid_until >= on),
    )
    if source is not None:
        query = query.where(Resolution.source == source)
    if matter is not None:
        query = query.where(Resolution.matter == matter)
    return session.scalars(query.order_by(Resolution.decided_on.desc(), Resolution.number.desc())).all()

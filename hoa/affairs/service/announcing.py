"""Who wants to hear when an answer is published, and telling them once each."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.delivering import deliver
from hoa.accounts.service import phone_of
from hoa.affairs.board_tables import BoardAnnouncement, BoardSubscription
from hoa.affairs.service import public, reading
from hoa.affairs.tables import Suggestion
from hoa.community.service import get_community
from hoa.jobs import Run


def is_subscribed(session: Session, community_id: str, person_id: str) -> bool:
    return _of(session, community_id, person_id) is not None


def subscribe(session: Session, community_id: str, *, person_id: str, now: datetime) -> None:
    """Ask for a message at each published answer; asking twice is asking once."""
    if not is_subscribed(session, community_id, person_id):
        session.add(BoardSubscription(community_id=community_id, person_id=person_id, since=now))
        session.flush()


def unsubscribe(session: Session, community_id: str, *, person_id: str) -> None:
    row = _of(session, community_id, person_id)
    if row is not None:
        session.delete(row)
        session.flush()


def _of(session: Session, community_id: str, person_id: str) -> BoardSubscription | None:
    query = select(BoardSubscription).where(
        BoardSubscription.community_id == community_id, BoardSubscription.person_id == person_id
    )
    return session.scalars(query).one_or_none()


def announce(run: Run) -> dict[str, Any]:
    """The job `suggestions.announce`: one message to each subscriber about one published suggestion. A subscriber who
    has a row was told, or is being told: never twice.
    """
    platform = run.platform
    with platform.database.reading() as session:
        row = reading.find(session, run.community, str(run.payload["suggestion"]))
        people = _not_told(session, row) if row.published_at is not None else []
        title = public.title(session, platform.keys, row)
        link = f"{platform.settings.base_url}/c/{get_community(session, run.community).code}/suggestions/{row.label}"
    for done, person_id in enumerate(people):
        run.progress(done, len(people))
        _tell(run, row, person_id, title=title, link=link)
    return {"told": len(people)}


def _not_told(session: Session, row: Suggestion) -> list[str]:
    told = select(BoardAnnouncement.person_id).where(
        BoardAnnouncement.community_id == row.community_id, BoardAnnouncement.suggestion_id == row.id
    )
    query = select(BoardSubscription.person_id).where(
        BoardSubscription.community_id == row.community_id, BoardSubscription.person_id.not_in(told)
    )
    return list(session.scalars(query.order_by(BoardSubscription.person_id)))


def _tell(run: Run, row: Suggestion, person_id: str, *, title: str, link: str) -> None:
    platform = run.platform
    with platform.database.reading() as session:
        phone = phone_of(session, platform.keys, person_id)
    told = BoardAnnouncement(
        community_id=row.community_id, suggestion_id=row.id, person_id=person_id, made_at=platform.now()
    )
    deliver(
        platform,
        told,
        phone=phone,
        text=f"诉求公示：{title} {link}",
        template="suggestion-board",
        params={"title": title, "link": link},
    )

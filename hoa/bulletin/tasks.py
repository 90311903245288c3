"""Telling subscribers, in the background."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.delivering import deliver
from hoa.accounts.service import phone_of
from hoa.bulletin.tables import Announcement, Publication, Subscription
from hoa.db import get
from hoa.jobs import Run


def announce(run: Run) -> dict[str, Any]:
    """One message to each subscriber about one publication. A subscriber who has a row was told, or is being told:
    never twice.
    """
    platform = run.platform
    with platform.database.reading() as session:
        publication = get(session, Publication, run.community, str(run.payload["publication"]))
        people = _not_told(session, publication)
    for done, person_id in enumerate(people):
        run.progress(done, len(people))
        _tell(run, publication, person_id)
    return {"told": len(people)}


def _not_told(session: Session, publication: Publication) -> list[str]:
    told = select(Announcement.person_id).where(
        Announcement.community_id == publication.community_id, Announcement.publication_id == publication.id
    )
    query = select(Subscription.person_id).where(
        Subscription.community_id == publication.community_id, Subscription.person_id.not_in(told)
    )
    return list(session.scalars(query.order_by(Subscription.person_id)))


def _tell(run: Run, publication: Publication, person_id: str) -> None:
    platform = run.platform
    link = f"{platform.settings.base_url}/p/{publication.id}"
    with platform.database.reading() as session:
        phone = phone_of(session, platform.keys, person_id)
    announcement = Announcement(
        community_id=publication.community_id,
        publication_id=publication.id,
        person_id=person_id,
        made_at=platform.now(),
    )
    deliver(
        platform,
        announcement,
        phone=phone,
        text=f"公示：{publication.title} {link}",
        template="publication",
        params={"title": publication.title, "link": link},
    )

"""Publishing, objecting, answering, subscribing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.bulletin.tables import Objection, Publication, Subscription
from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel import canonical, workdays
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal

DISPLAY_DAYS = 15
ANSWER_WORKING_DAYS = 10


class TooShortDisplay(Refusal):
    message = N_("公示期至少 %(days)s 天")


class EmptyText(Refusal):
    message = N_("请写明内容")


class AlreadyAnswered(Refusal):
    message = N_("这条异议已经答复过了，答复不能修改")


class DisplayOver(Refusal):
    message = N_("公示期已于 %(day)s 结束，请改用业主查询")


def publish(
    session: Session,
    community_id: str,
    *,
    kind: str,
    title: str,
    content: Mapping[str, Any],
    by: str,
    now: datetime,
    body: str = "",
    reference: str | None = None,
    url: str | None = None,
    display_days: int = DISPLAY_DAYS,
) -> Publication:
    """Freeze `content` (canonical JSON) with its hash and show it for at least 15 days (rules.md R4.7); tells the
    subscribers.

    `title` and `body` are what people wrote, so they are part of what is hashed only as far as `content` holds them:
    put them there.
    """
    if display_days < DISPLAY_DAYS:
        raise TooShortDisplay(days=DISPLAY_DAYS)
    if not title.strip():
        raise EmptyText
    publication = Publication(
        community_id=community_id,
        kind=kind,
        title=title,
        body=body,
        content=dict(content),
        content_hash=canonical.digest(dict(content)),
        reference=reference,
        url=url,
        published_at=now,
        display_until=today(now) + timedelta(days=display_days),
        published_by=by,
    )
    session.add(publication)
    session.flush()
    enqueue(session, "bulletin.announce", {"publication": publication.id}, now=now, community_id=community_id)
    return publication


def publish_notice(
    session: Session,
    community_id: str,
    *,
    title: str,
    body: str,
    by: str,
    now: datetime,
    display_days: int = DISPLAY_DAYS,
) -> Publication:
    """A notice in words: what is hashed is its title and text."""
    if not body.strip():
        raise EmptyText
    return publish(
        session,
        community_id,
        kind="notice",
        title=title,
        body=body,
        content={"title": title, "text": body},
        by=by,
        now=now,
        display_days=display_days,
    )


def publications(session: Session, community_id: str, *, limit: int = 20, offset: int = 0) -> Sequence[Publication]:
    """What was published, latest first."""
    query = select(Publication).where(Publication.community_id == community_id)
    query = query.order_by(Publication.published_at.desc(), Publication.id).limit(limit).offset(offset)
    return session.scalars(query).all()


def number_of_publications(session: Session, community_id: str) -> int:
    return session.scalar(select(func.count()).where(Publication.community_id == community_id)) or 0


def objections(session: Session, community_id: str, publication_id: str) -> Sequence[Objection]:
    """The objections to one publication, first made first."""
    query = select(Objection).where(Objection.community_id == community_id, Objection.publication_id == publication_id)
    return session.scalars(query.order_by(Objection.made_at, Objection.id)).all()


def open_objections(session: Session, community_id: str) -> Sequence[Objection]:
    """Objections that wait for an answer, the earliest due first."""
    query = select(Objection).where(Objection.community_id == community_id, Objection.answered_at.is_(None))
    return session.scalars(query.order_by(Objection.answer_due, Objection.id)).all()


def open_objections_with_kind(session: Session, community_id: str) -> Sequence[tuple[Objection, str]]:
    """The same, each with the kind of what it objects to."""
    waiting = open_objections(session, community_id)
    query = select(Publication.id, Publication.kind).where(
        Publication.community_id == community_id,
        Publication.id.in_({objection.publication_id for objection in waiting}),
    )
    kinds: dict[str, str] = dict(session.execute(query).all())
    return [(objection, kinds[objection.publication_id]) for objection in waiting]


def object_to(
    session: Session, community_id: str, *, publication_id: str, text: str, by: str, now: datetime
) -> Objection:
    """An owner objects while the publication is on display; the answer is due in ten working days."""
    publication = get(session, Publication, community_id, publication_id)
    if today(now) > publication.display_until:
        raise DisplayOver(day=publication.display_until.isoformat())
    if not text.strip():
        raise EmptyText
    objection = Objection(
        community_id=community_id,
        publication_id=publication_id,
        person_id=by,
        text=text,
        made_at=now,
        answer_due=workdays.china().due(today(now), ANSWER_WORKING_DAYS).day,
    )
    session.add(objection)
    session.flush()
    return objection


def answer(session: Session, community_id: str, *, objection_id: str, text: str, by: str, now: datetime) -> Objection:
    """Answer once; question and answer stay."""
    objection = get(session, Objection, community_id, objection_id, lock=True)
    if objection.answered_at is not None:
        raise AlreadyAnswered
    if not text.strip():
        raise EmptyText
    objection.answer, objection.answered_by, objection.answered_at = text, by, now
    session.flush()
    return objection


def is_subscribed(session: Session, community_id: str, person_id: str) -> bool:
    query = select(Subscription.id).where(
        Subscription.community_id == community_id, Subscription.person_id == person_id
    )
    return session.scalar(query) is not None


def subscribe(session: Session, community_id: str, *, person_id: str, now: datetime) -> None:
    """Ask for a message at each publication; asking twice is asking once."""
    if not is_subscribed(session, community_id, person_id):
        session.add(Subscription(community_id=community_id, person_id=person_id, since=now))
        session.flush()


def unsubscribe(session: Session, community_id: str, *, person_id: str) -> None:
    query = select(Subscription).where(Subscription.community_id == community_id, Subscription.person_id == person_id)
    for subscription in session.scalars(query):
        session.delete(subscription)
    session.flush()

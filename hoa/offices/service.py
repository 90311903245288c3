"""Granting and ending offices, and asking who holds what. Powers follow from these rows and the date alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import Person
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import POSTS, Post
from hoa.offices import rules
from hoa.offices.tables import Body, Office


class AlreadyEnded(Refusal):
    message = N_("这项任职已经结束了")


class OfficeHolder(NamedTuple):
    """A row of the roster: the office and the person in it."""

    office: Office
    person: Person


def ensure_body(session: Session, community_id: str, *, kind: str, name: str | None = None, seats: int = 0) -> Body:
    """The community's body of this kind, made when it is not there yet."""
    body = session.scalars(select(Body).where(Body.community_id == community_id, Body.kind == kind)).one_or_none()
    if body is None:
        body = Body(community_id=community_id, kind=kind, name=name or rules.BODIES[kind], seats=seats)
        session.add(body)
        session.flush()
    return body


def appoint(
    session: Session,
    community_id: str,
    *,
    post: Post,
    person_id: str,
    starts_at: datetime,
    ends_at: datetime,
    basis: str,
    by: str | None,
    now: datetime,
) -> Office:
    """Put a person into a post. `basis` is the legal ground (an election, a street order) and is shown on the roster.

    Refused: oneself; a term that ends before it starts or lasts over five years; a post that excludes one held at the
    same time (R2.21); the same post twice.
    """
    if by == person_id:
        raise rules.NotByYourself
    rules.check_term(starts_at, ends_at)
    ensure_body(session, community_id, kind=post.body)
    overlapping = session.scalars(
        select(Office).where(
            Office.community_id == community_id,
            Office.person_id == person_id,
            Office.starts_at < ends_at,
            Office.ends_at > starts_at,
        )
    ).all()
    if any(office.post == post for office in overlapping):
        raise rules.AlreadyHolds(wanted=rules.title(post))
    rules.check_exclusion((office.post for office in overlapping), post)
    office = Office(
        community_id=community_id,
        body_kind=post.body,
        post_kind=post.kind,
        person_id=person_id,
        starts_at=starts_at,
        ends_at=ends_at,
        basis=basis,
        granted_by=by,
        granted_at=now,
    )
    session.add(office)
    session.flush()
    return office


def end(session: Session, community_id: str, *, office_id: str, basis: str, by: str, now: datetime) -> Office:
    """End an office now; the powers are gone the same second."""
    office = get(session, Office, community_id, office_id, lock=True)
    if office.ends_at <= now:
        raise AlreadyEnded
    office.ends_at = now
    office.end_basis, office.ended_by, office.ended_at = basis, by, now
    session.flush()
    return office


def posts_held(session: Session, community_id: str, person_id: str, now: datetime) -> frozenset[Post]:
    """The posts this person holds at this moment, in this community."""
    rows = session.execute(
        select(Office.body_kind, Office.post_kind).where(
            Office.community_id == community_id,
            Office.person_id == person_id,
            Office.starts_at <= now,
            Office.ends_at > now,
        )
    )
    return frozenset(Post(body, kind) for body, kind in rows)


def holders(session: Session, community_id: str, *, posts: frozenset[Post], now: datetime) -> Sequence[OfficeHolder]:
    """Who is in any of these posts at this moment."""
    return [holder for holder in roster(session, community_id, now=now) if holder.office.post in posts]


def roster(session: Session, community_id: str, *, now: datetime, past: bool = False) -> Sequence[OfficeHolder]:
    """Offices of the community with their people: those of this moment in the order of posts, or (`past`) those that
    ended, latest first.
    """
    query = select(Office, Person).join(Person, Person.id == Office.person_id)
    query = query.where(Office.community_id == community_id)
    query = query.where(Office.ends_at <= now) if past else query.where(Office.ends_at > now, Office.starts_at <= now)
    query = query.order_by(Office.ends_at.desc() if past else Office.starts_at, Office.id)
    found = [OfficeHolder(office, person) for office, person in session.execute(query)]
    return found if past else sorted(found, key=lambda holder: POSTS.index(holder.office.post))


def communities_served(session: Session, person_id: str, now: datetime) -> frozenset[str]:
    """The ids of the communities in which this person holds an office at this moment."""
    return frozenset(
        session.scalars(
            select(Office.community_id).where(
                Office.person_id == person_id, Office.starts_at <= now, Office.ends_at > now
            )
        )
    )

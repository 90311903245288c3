"""Granting and ending offices, and asking who holds what. Powers follow from these rows and the date alone."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import Person
from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.posts import POSTS, Post
from hoa.offices import places, relationships, rules
from hoa.offices.changes.held import still
from hoa.offices.rules import Place, Seat
from hoa.offices.tables import Body, BodyChange, Office


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


def bodies(session: Session, community_id: str) -> Sequence[Body]:
    """The community's bodies in the order of posts."""
    order = list(rules.BODIES)
    rows = session.scalars(select(Body).where(Body.community_id == community_id))
    return sorted(rows, key=lambda body: order.index(body.kind))


def body_of(session: Session, community_id: str, kind: str) -> Body:
    """The body of this kind, or NotFound."""
    return _body(session, community_id, kind)


def _body(session: Session, community_id: str, kind: str, *, lock: bool = False) -> Body:
    query = select(Body).where(Body.community_id == community_id, Body.kind == kind)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound
    return row


def describe_body(
    session: Session,
    community_id: str,
    *,
    kind: str,
    basis: str,
    by: str | None,
    now: datetime,
    name: str | None = None,
    seats: int | None = None,
    legal_form: str | None = None,
    since: date | None = None,
) -> Body:
    """Set what is given of a body; each change is kept with what it rests on, because the number of seats decides
    quorum and majority of its meetings (R2.9). Seats cannot fall below the number of people who sit there now or are
    already named.
    """
    ensure_body(session, community_id, kind=kind)
    body = _body(session, community_id, kind, lock=True)
    if seats:
        rules.check_enough(kind, relationships.seats(session, community_id, since=now), planned=seats)
    wanted = {"name": name, "seats": seats, "legal_form": legal_form, "since": since}
    for field, value in wanted.items():
        before = getattr(body, field)
        if value is None or value == before:
            continue
        session.add(
            BodyChange(
                community_id=community_id,
                body_kind=kind,
                field=field,
                before="" if before is None else str(before),
                after=str(value),
                basis=basis,
                changed_by=by,
                changed_at=now,
            )
        )
        setattr(body, field, value)
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
    place: Place = rules.NOWHERE,
) -> Office:
    """Put a person into a post. `basis` is the legal ground (an election, a street order) and is shown on the roster;
    `place` says where a building post is.

    Refused: oneself; a term that ends before it starts or lasts too long; a post that excludes one held at the same
    time by the person, a spouse or a direct relative, or a tie to the property company (R2.3, R2.21); the same post
    twice; a second chair; more members than planned seats; a place that the register does not know.
    """
    if by == person_id:
        raise rules.NotByYourself
    years = pack_choice.current(session, community_id, day=today(now)).number("committee_term_max_years")
    rules.check_term(starts_at, ends_at, years=years)
    rules.check_place(post, place)
    found = places.checked(session, community_id, place)
    ensure_body(session, community_id, kind=post.body)
    # Two who appoint at the same time are asked one after the other: both look at the same seats.
    body = _body(session, community_id, post.body, lock=True)
    wanted = Seat(person_id, post, starts_at, ends_at, found)
    seats = relationships.seats(session, community_id, since=starts_at)
    if any(
        seat.person == person_id and (seat.post, seat.place) == (post, found) for seat in rules.within(wanted, seats)
    ):
        raise rules.AlreadyHolds(wanted=rules.title(post))
    for conflict in rules.conflicts(wanted, seats, relationships.ties(session, community_id)):
        raise conflict.refusal
    rules.check_sole(wanted, seats)
    rules.check_seats(wanted, seats, planned=body.seats)
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
        **found._asdict(),
    )
    session.add(office)
    session.flush()
    return office


def end(
    session: Session,
    community_id: str,
    *,
    office_id: str,
    basis: str,
    by: str,
    now: datetime,
    at: datetime | None = None,
) -> Office:
    """End an office now; the powers are gone the same second. `at` is the moment, not later than now, since which they
    had gone already: that of a resignation that came into effect (`changes.held`).
    """
    office = get(session, Office, community_id, office_id, lock=True)
    if office.ends_at <= now:
        raise AlreadyEnded
    office.ends_at = now if at is None else min(at, now)
    office.end_basis, office.ended_by, office.ended_at = basis, by, now
    session.flush()
    return office


def posts_held(session: Session, community_id: str, person_id: str, now: datetime) -> frozenset[Post]:
    """The posts this person holds at this moment, in this community; none that has been resigned or is suspended."""
    rows = session.execute(
        select(Office.body_kind, Office.post_kind).where(
            Office.community_id == community_id,
            Office.person_id == person_id,
            Office.starts_at <= now,
            Office.ends_at > now,
            still(now),
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
    return (
        found
        if past
        else sorted(found, key=lambda holder: (POSTS.index(holder.office.post), holder.office.place.order))
    )


def in_force(session: Session, community_id: str, *, now: datetime) -> Sequence[OfficeHolder]:
    """Offices held now and those that begin later, by their first day."""
    query = select(Office, Person).join(Person, Person.id == Office.person_id)
    query = query.where(Office.community_id == community_id, Office.ends_at > now)
    return [OfficeHolder(*row) for row in session.execute(query.order_by(Office.starts_at, Office.id))]


def offices_of(session: Session, community_id: str, person_id: str) -> Sequence[Office]:
    """Every office this person ever held or will hold here, the latest first."""
    query = select(Office).where(Office.community_id == community_id, Office.person_id == person_id)
    return session.scalars(query.order_by(Office.starts_at.desc(), Office.id)).all()


def communities_served(session: Session, person_id: str, now: datetime) -> frozenset[str]:
    """The ids of the communities in which this person holds an office at this moment."""
    return frozenset(
        session.scalars(
            select(Office.community_id).where(
                Office.person_id == person_id, Office.starts_at <= now, Office.ends_at > now
            )
        )
    )

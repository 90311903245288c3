"""How many of a body's planned members are left, and who they are (rules.md R2.13)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import Person
from hoa.offices import service
from hoa.offices.changes.rules import ALTERNATE, ELECTED, Standing
from hoa.offices.tables import Body, Office


class Member(NamedTuple):
    """A person with their offices in one body, the first in the order of posts leading; `seat` unless they are only
    alternates."""

    person: Person
    body_kind: str
    offices: tuple[Office, ...]

    @property
    def seat(self) -> bool:
        return any(office.post_kind != ALTERNATE for office in self.offices)

    @property
    def ends_at(self) -> datetime:
        return max(office.ends_at for office in self.offices)


def of(session: Session, community_id: str, body_kind: str, *, now: datetime) -> Standing:
    """Planned and sitting members of a body, in heads."""
    planned = session.scalar(select(Body.seats).where(Body.community_id == community_id, Body.kind == body_kind)) or 0
    sitting = sum(one.seat for one in members(session, community_id, body_kind, now=now))
    return Standing(planned, sitting)


def all_bodies(session: Session, community_id: str, *, now: datetime) -> list[tuple[str, Standing]]:
    """Every elected body that has or plans members."""
    found = [(kind, of(session, community_id, kind, now=now)) for kind in ELECTED]
    return [(kind, standing) for kind, standing in found if standing.planned or standing.sitting]


def members(session: Session, community_id: str, body_kind: str, *, now: datetime) -> Sequence[Member]:
    """Members and alternates of this moment."""
    rows: dict[str, tuple[Person, list[Office]]] = {}
    for office, person in service.roster(session, community_id, now=now):
        if office.body_kind == body_kind:
            rows.setdefault(person.id, (person, []))[1].append(office)
    return [Member(person, body_kind, tuple(offices)) for person, offices in rows.values()]


def member(session: Session, community_id: str, body_kind: str, person_id: str, *, now: datetime) -> Member | None:
    """One person's offices in a body now; None when they hold none."""
    found = (one for one in members(session, community_id, body_kind, now=now) if one.person.id == person_id)
    return next(found, None)


def memberships(session: Session, community_id: str, person_id: str, *, now: datetime) -> list[Member]:
    """The elected bodies in which this person sits or is an alternate."""
    found = (member(session, community_id, kind, person_id, now=now) for kind in ELECTED)
    return [one for one in found if one is not None]

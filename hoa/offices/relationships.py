"""Who is whose spouse or relative, and who works for the property company: declared, with evidence, from a day to a
day (R2.3, R2.21). What follows from it is `rules.conflicts`; here it is kept, ended and asked for.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import Person
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import Post
from hoa.offices import rules
from hoa.offices.rules import KINSHIP, Conflict, Seat, Tie, TieKind
from hoa.offices.tables import Office, Relationship


class NotOneself(Refusal):
    message = N_("配偶或直系亲属必须是另一个人")


class OtherMissing(Refusal):
    message = N_("请写明另一方是谁；配偶或直系亲属不在平台上的，只声明“受雇或有利害关系”即可")


class OtherNotNeeded(Refusal):
    message = N_("受雇于物业服务企业或与它有利害关系，只声明本人，不写另一方")


class AlreadyDeclared(Refusal):
    message = N_("这项关系已经声明过，现在有效，不必再写一次")


class BeginsLater(Refusal):
    message = N_("关系的开始日期不能在今天以后")


class EndsBeforeItBegan(Refusal):
    message = N_("结束日期不能早于关系开始的 %(since)s；声明有误的，结束日期写成开始那天")


class AlreadyOver(Refusal):
    message = N_("这项关系已经登记结束了")


class OwnRelationship(Refusal):
    message = N_("关系到您本人的声明，请由另一位有权办理的人结束")


class NoGrounds(Refusal):
    message = N_("请写明依据和看过的材料（材料名称和存放地点，不上传复印件）")


class Named(NamedTuple):
    """A relationship with its people. `other` is None for the property company."""

    row: Relationship
    person: Person
    other: Person | None


class Clash(NamedTuple):
    """Two things that do not go together: an office, and what stands against it. `other` is None where only a
    declaration does."""

    office: Office
    other: Office | None
    conflict: Conflict


def declare(
    session: Session,
    community_id: str,
    *,
    kind: TieKind,
    person_id: str,
    other_id: str | None = None,
    since: date,
    basis: str,
    evidence: str,
    by: str,
    now: datetime,
) -> Relationship:
    """Write down a relationship that holds from `since` on, until it is ended.

    What one of two relatives declares binds the declarer alone (`Tie.binds`); the other confirms it by declaring the
    same, or an authority declares it for both. It takes no office from anybody: a declaration that makes two sitting
    offices incompatible shows up in `clashes`, and those who may end one of them are told.
    """
    if kind in KINSHIP and other_id is None:
        raise OtherMissing
    if kind not in KINSHIP and other_id is not None:
        raise OtherNotNeeded
    if person_id == other_id:
        raise NotOneself
    if since > today(now):
        raise BeginsLater
    if not basis.strip() or not evidence.strip():
        raise NoGrounds
    pair = {person_id, other_id}
    for row in _rows(session, community_id):
        same = row.kind == kind and {row.person_id, row.other_id} == pair and row.tie.binds in (None, by)
        if same and (row.until is None or row.until > since):
            raise AlreadyDeclared
    row = Relationship(
        community_id=community_id,
        kind=kind.value,
        person_id=person_id,
        other_id=other_id,
        since=since,
        basis=basis.strip(),
        evidence=evidence.strip(),
        declared_by=by,
        declared_at=now,
    )
    session.add(row)
    session.flush()
    return row


def end(
    session: Session, community_id: str, *, relationship_id: str, until: date, basis: str, by: str, now: datetime
) -> Relationship:
    """The relationship is over from `until` on; with `until` its first day it never held (declared by mistake).

    Not by the two it is about: whoever stands in the way of an office must not be the one to say that they do not.
    """
    row = get(session, Relationship, community_id, relationship_id, lock=True)
    if by in (row.person_id, row.other_id):
        raise OwnRelationship
    if row.ended_at is not None:
        raise AlreadyOver
    if until < row.since:
        raise EndsBeforeItBegan(since=row.since.isoformat())
    if not basis.strip():
        raise NoGrounds
    row.until = until
    row.end_basis, row.ended_by, row.ended_at = basis.strip(), by, now
    session.flush()
    return row


def conflicts(
    session: Session, community_id: str, person_id: str, post: Post, now: datetime, *, until: datetime | None = None
) -> tuple[Conflict, ...]:
    """What keeps this person from holding `post` at `now`, or in any part of the time from `now` to `until`.

    Each conflict's `refusal` says the rule and the two posts. Show it to whoever decides about the post, and to
    nobody else: it tells who is related to whom.
    """
    wanted = Seat(person_id, post, now, until or now + timedelta(seconds=1))
    return rules.conflicts(wanted, seats(session, community_id, since=now), ties(session, community_id))


def seats(session: Session, community_id: str, *, since: datetime) -> list[Seat]:
    """Every office that is held at `since` or begins later."""
    query = select(Office).where(Office.community_id == community_id, Office.ends_at > since)
    return [office.seat for office in session.scalars(query.order_by(Office.starts_at, Office.id))]


def ties(session: Session, community_id: str) -> list[Tie]:
    """Everything that was declared in this community."""
    return [row.tie for row in _rows(session, community_id)]


def clashes(session: Session, community_id: str, *, now: datetime) -> list[Clash]:
    """Offices held now or later that do not go together, each pair once, with the reason."""
    query = select(Office).where(Office.community_id == community_id, Office.ends_at > now)
    offices = session.scalars(query.order_by(Office.starts_at, Office.id)).all()
    declared = ties(session, community_id)
    by_id = {office.id: office for office in offices}
    found: dict[frozenset[str], Clash] = {}
    for office in offices:
        # What is past of a term is past: only what still overlaps from now on can be mended.
        rest = office.seat._replace(starts_at=max(office.starts_at, now))
        others = [seat for seat in (one.seat for one in offices) if seat.office != office.id]
        for conflict in rules.conflicts(rest, others, declared):
            key = frozenset({office.id, conflict.office or f"{conflict.tie}:{conflict.person}"})
            found.setdefault(key, Clash(office, by_id.get(conflict.office), conflict))
    return list(found.values())


def listed(session: Session, community_id: str, *, of: str | None = None) -> Sequence[Named]:
    """What was declared in this community (about one person), the latest first, with the people's names."""
    rows = [row for row in _rows(session, community_id) if of is None or of in (row.person_id, row.other_id)]
    ids = {row.person_id for row in rows} | {row.other_id for row in rows if row.other_id}
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    found = [Named(row, people[row.person_id], people[row.other_id] if row.other_id else None) for row in rows]
    return found[::-1]


def _rows(session: Session, community_id: str) -> Sequence[Relationship]:
    query = select(Relationship).where(Relationship.community_id == community_id)
    return session.scalars(query.order_by(Relationship.declared_at, Relationship.id)).all()

"""Who owned which unit on a day: the register as a list of shares needs it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from finance.shares.rules.runs import Holder, ListUnit
from finance.shares.tables import ShareChoice
from hoa.community.rules import Kind
from hoa.community.service import get_community
from hoa.community.tables import Owner, Ownership, Unit
from hoa.kernel.clock import today


def units_on(
    session: Session, community_id: str, *, day: date, choices: Mapping[str, ShareChoice]
) -> tuple[ListUnit, ...]:
    """Every exclusive part with its owners on a day, in the register's order, unsold ones of the developer included
    (民法典 283). Parking spaces stand on it where the rules of procedure count them, as they do for votes (R1.15).
    """
    parking = get_community(session, community_id).parking_counts
    holders = _holders_on(session, community_id, day)
    found = []
    for unit in session.scalars(select(Unit).where(Unit.community_id == community_id).order_by(Unit.position)):
        gone = unit.removed_at is not None and today(unit.removed_at) <= day
        if gone or (unit.use is Kind.PARKING and not parking):
            continue
        choice = choices.get(unit.id)
        found.append(
            ListUnit(
                unit_id=unit.id,
                code=unit.code,
                label=unit.label,
                area=unit.area,
                holders=tuple(holders.get(unit.id, ())),
                excluded_because=choice.basis if choice is not None and choice.excluded else "",
                payee_id=choice.payee_id if choice is not None else None,
            )
        )
    return tuple(found)


def _holders_on(session: Session, community_id: str, day: date) -> dict[str, list[Holder]]:
    query = (
        select(Ownership.unit_id, Owner.id, Owner.name, Ownership.share)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, *_on(day))
        .order_by(Owner.id)
    )
    found: dict[str, list[Holder]] = defaultdict(list)
    for unit_id, owner_id, name, share in session.execute(query):
        found[unit_id].append(Holder(owner_id=owner_id, name=name, share=share))
    return found


def owners_on(session: Session, community_id: str, *, unit_id: str, day: date) -> Sequence[Owner]:
    """The owners of one unit on a day."""
    query = (
        select(Owner)
        .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
        .where(Ownership.community_id == community_id, Ownership.unit_id == unit_id, *_on(day))
    )
    return session.scalars(query.order_by(Owner.id)).all()


def units_of(session: Session, community_id: str, owners: Collection[str], *, day: date) -> set[str]:
    """Ids of the units that any of these owners had on a day."""
    query = select(Ownership.unit_id).where(
        Ownership.community_id == community_id, Ownership.owner_id.in_(owners), *_on(day)
    )
    return set(session.scalars(query))


def owners_of_person(session: Session, community_id: str, person_id: str) -> Sequence[Owner]:
    """The register's owners for whom this account acts, also of what they have sold."""
    query = select(Owner).where(Owner.community_id == community_id, Owner.person_id == person_id)
    return session.scalars(query.order_by(Owner.id)).all()


def names(session: Session, community_id: str, owner_ids: Collection[str]) -> dict[str, str]:
    """The names of owners, by id."""
    query = select(Owner.id, Owner.name).where(Owner.community_id == community_id, Owner.id.in_(owner_ids))
    return {row.id: row.name for row in session.execute(query)}


def _on(day: date) -> tuple[ColumnElement[bool], ...]:
    return Ownership.since <= day, or_(Ownership.until.is_(None), Ownership.until > day)

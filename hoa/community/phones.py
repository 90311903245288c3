"""What the register knows of phones, for whoever comes in by one (rules.md R7.5): the phone in the register is V1.

A phone that several owners of one community gave says nothing about which of them is holding it: they come in by their
letters or at the desk.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from hoa.community.rules import IdentityLevel
from hoa.community.sealing import phone_digest
from hoa.community.tables import Community, Owner, Ownership
from hoa.ports.keys import Keys


def _owners(session: Session, keys: Keys, phone: str) -> Iterator[Owner]:
    """Of each community the person who gave this phone and owns something there now (more than one row when the
    register could not tell that they are the same)."""
    for community_id in session.scalars(select(Community.id).order_by(Community.code)):
        owns = exists().where(
            Ownership.community_id == Owner.community_id, Ownership.owner_id == Owner.id, Ownership.until.is_(None)
        )
        query = (
            select(Owner)
            .where(Owner.community_id == community_id, Owner.phone_key == phone_digest(keys, community_id, phone))
            .where(Owner.organisation.is_(False), owns)
            .order_by(Owner.id)
        )
        found = session.scalars(query).all()
        if len({owner.name for owner in found}) == 1:
            yield from found


def name_by_phone(session: Session, keys: Keys, phone: str) -> str | None:
    """The name that the register has for whoever holds this phone; None when it knows nobody by it."""
    return next((owner.name for owner in _owners(session, keys, phone)), None)


def phone_proven(session: Session, keys: Keys, *, phone: str, person_id: str, now: datetime) -> None:
    """The person holds the phone: they act for its owners from now on, at V1, unless somebody does already."""
    for owner in _owners(session, keys, phone):
        if owner.person_id not in (None, person_id):
            continue
        owner.person_id = person_id
        session.execute(
            update(Ownership)
            .where(Ownership.community_id == owner.community_id, Ownership.owner_id == owner.id)
            .where(Ownership.until.is_(None), Ownership.level == IdentityLevel.V0.value)
            .values(level=IdentityLevel.V1.value, checked_at=now)
        )
    session.flush()

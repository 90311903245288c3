"""Who may stand, sit or sign for an elector today: for the desks where officials meet owners in person."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hoa.community import activation
from hoa.community.rules import Capacity
from hoa.community.tables import Owner, Ownership
from hoa.kernel.errors import N_, NotFound, Refusal
from voting.service import entries
from voting.tables import Assembly, RollEntry, RollUnit


class NoSuchRoom(Refusal):
    message = N_("本次会议的名册上没有“%(room)s”。请照名册写，例如 1栋1单元101 或 1-1-101")
    status = 404


class Seat(NamedTuple):
    """An owner of the elector's rooms and how surely their account is theirs (R7.5)."""

    owner: Owner
    level: str


def elector_of_room(session: Session, assembly: Assembly, room: str) -> RollEntry:
    """The elector on today's roll to whom this room belongs."""
    unit = activation.find_unit(session, assembly.community_id, room)
    if unit is not None:
        query = select(RollUnit.elector).where(
            RollUnit.community_id == assembly.community_id,
            RollUnit.assembly_id == assembly.id,
            RollUnit.unit_id == unit.id,
        )
        for elector in session.scalars(query):
            try:
                return entries.on_roll(session, assembly, elector)
            except entries.NotOnTheRoll:
                continue
    raise NoSuchRoom(room=room[:30])


def seats(session: Session, assembly: Assembly, elector: str, *, day: date) -> Sequence[Seat]:
    """The present owners of the elector's rooms, by name."""
    units = select(RollUnit.unit_id).where(
        RollUnit.community_id == assembly.community_id,
        RollUnit.assembly_id == assembly.id,
        RollUnit.elector == elector,
    )
    query = (
        select(Owner, Ownership.level)
        .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
        .where(
            Owner.community_id == assembly.community_id,
            Ownership.unit_id.in_(units),
            Ownership.since <= day,
            or_(Ownership.until.is_(None), Ownership.until > day),
        )
        .order_by(Owner.name, Owner.id, Ownership.level)
    )
    # The highest level of an owner's rooms comes last and stays.
    return list({owner.id: Seat(owner, level) for owner, level in session.execute(query)}.values())


def seat(session: Session, assembly: Assembly, elector: str, owner_id: str, *, day: date) -> Seat:
    """One owner of the elector's rooms."""
    found = next((one for one in seats(session, assembly, elector, day=day) if one.owner.id == owner_id), None)
    if found is None:
        raise NotFound
    return found


def represented(
    session: Session, assembly: Assembly, elector: str, *, person_id: str, day: date
) -> tuple[str, Capacity] | None:
    """Whom this account acts for as guardian or authorised person, and as which (R1.19); None in person."""
    for one in seats(session, assembly, elector, day=day):
        if one.owner.person_id == person_id and one.owner.capacity:
            return one.owner.name, Capacity(one.owner.capacity)
    return None


def rooms(entry: RollEntry) -> str:
    """The rooms of an elector, as people read them."""
    return "、".join(str(unit["unit"]) for unit in entry.units)

"""What `hoa verify` looks for in the register: rows that no rule of ours could have written."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import sealing
from hoa.community.rules import IdentityLevel
from hoa.community.tables import Owner, Ownership, Unit
from hoa.kernel.errors import Refusal
from hoa.platform import Platform


def verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    """A sentence for each row that contradicts itself: areas, certificates, and checks in person by fewer than two."""
    return [
        *_areas(session, community_id),
        *_owners(platform, session, community_id),
        *_levels(session, community_id),
    ]


def _areas(session: Session, community_id: str) -> list[str]:
    units = session.scalars(select(Unit).where(Unit.community_id == community_id))
    return [
        f"unit {unit.code}: the area that counts is not the {unit.areas.basis} area"
        for unit in units
        if unit.area != unit.areas.counted or unit.area_basis != unit.areas.basis or unit.area <= 0
    ]


def _owners(platform: Platform, session: Session, community_id: str) -> list[str]:
    """A certificate that does not open, or opens to another one than the owner is known by, was put there by hand."""
    found: list[str] = []
    query = select(Owner).where(Owner.community_id == community_id, Owner.identifier_sealed.is_not(None))
    for owner in session.scalars(query):
        try:
            number = sealing.open_identifier(platform.keys, community_id, owner.id, owner.identifier_sealed or b"")
            right = sealing.owner_digest(platform.keys, community_id, "number:" + number) == owner.key
        except Refusal:
            right = False
        if not right:
            found.append(f"owner {owner.id}: the sealed certificate is not this owner's")
    return found


def _levels(session: Session, community_id: str) -> list[str]:
    checked = select(Ownership).where(Ownership.community_id == community_id, Ownership.level == IdentityLevel.V2.value)
    return [
        f"ownership {ownership.id}: V2 needs two different officers"
        for ownership in session.scalars(checked)
        if len(set(ownership.checked_by)) < 2
    ]

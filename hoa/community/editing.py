"""Changing one unit without a workbook: its areas and status, or its owners from a day on.

The same comparison and the same writer as an import, so a form and a workbook leave the same rows behind. Each change
names the paper that it rests on, and stays in the unit's history beside who made it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import sealing
from hoa.community.difference import UnitState, compare
from hoa.community.entries import OwnerEntry, UnitEntry
from hoa.community.imports import RegisterMoved
from hoa.community.rules import Areas, Kind, Status
from hoa.community.service import get_community
from hoa.community.tables import Building, Owner, Ownership, Unit
from hoa.community.writing import Source, Writer
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys

BASIS = N_("变更依据")


class NoBasis(Refusal):
    message = N_("请写明这次变更依据的文件，例如“不动产权证 渝(2026)…号”；没有保存")


class NothingChanged(Refusal):
    message = N_("与名册上的内容相同，没有改动")


class RemovedUnit(Refusal):
    message = N_("这个专有部分已移出名册，不能修改；请用名册文件重新列入")
    status = 409


class NobodyLeft(Refusal):
    message = N_("过户以后至少要有一位业主：请填写买方，或者留下原业主")


class WrongDay(Refusal):
    message = N_("过户日期应在 %(first)s 与今天之间，请改正")


class Details(NamedTuple):
    """What a unit is: its use, its status, and its three areas in 0.01 m² (None: as before)."""

    kind: Kind
    status: Status
    areas: Areas
    note: str


class _Before(NamedTuple):
    """A unit as it stands, as rows and as a workbook would write it."""

    unit: Unit
    building: str
    owned: Sequence[tuple[Ownership, Owner]]

    @property
    def entry(self) -> UnitEntry:
        unit = self.unit
        return UnitEntry(
            sheet="",
            row=0,
            building=self.building,
            entrance=unit.entrance,
            room=unit.room,
            code=unit.code,
            label=unit.label,
            kind=unit.use,
            status=unit.delivery,
            areas=unit.areas,
            owners=tuple(_kept(ownership, owner) for ownership, owner in self.owned),
            note=unit.note,
        )


def _kept(ownership: Ownership, owner: Owner) -> OwnerEntry:
    return OwnerEntry(owner.name, organisation=owner.organisation, share=ownership.share, number=owner.id)


def change(
    session: Session,
    keys: Keys,
    community_id: str,
    unit_id: str,
    details: Details,
    *,
    basis: str,
    version: int,
    by: str,
    now: datetime,
) -> None:
    """Change areas, use, status or note. Which area counts follows from the three (R1.12)."""
    before = _before(session, community_id, unit_id, version)
    after = replace(
        before.entry, kind=details.kind, status=details.status, areas=details.areas, note=details.note.strip()
    )
    _write(session, keys, before, after, basis=basis, source=Source(None, by), now=now)


def transfer(
    session: Session,
    keys: Keys,
    community_id: str,
    unit_id: str,
    *,
    staying: Sequence[str],
    joining: Sequence[OwnerEntry],
    day: date,
    basis: str,
    version: int,
    by: str,
    now: datetime,
) -> None:
    """Owners change on `day`: those of `staying` (owners' ids) keep what they reached, the others' ownership ends, and
    `joining` begin (R1.16).
    """
    before = _before(session, community_id, unit_id, version)
    first = max((ownership.since for ownership, _ in before.owned), default=date.min)
    if not first <= day <= today(now):
        raise WrongDay(first=first.isoformat())
    owners = tuple(_kept(ownership, owner) for ownership, owner in before.owned if owner.id in staying)
    if not owners and not joining:
        raise NobodyLeft
    after = replace(before.entry, owners=(*owners, *joining))
    _write(session, keys, before, after, basis=basis, source=Source(None, by, day=day), now=now)


def _before(session: Session, community_id: str, unit_id: str, version: int) -> _Before:
    """The unit as the form showed it; refused when the register has moved on since."""
    community = get_community(session, community_id, lock=True)
    if community.register_version != version:
        raise RegisterMoved
    unit = get(session, Unit, community_id, unit_id)
    if unit.removed_at is not None:
        raise RemovedUnit
    query = (
        select(Ownership, Owner)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, Ownership.unit_id == unit_id, Ownership.until.is_(None))
        .order_by(Owner.name, Owner.id)
    )
    owned = [(ownership, owner) for ownership, owner in session.execute(query)]
    return _Before(unit, get(session, Building, community_id, unit.building_id).name, owned)


def _write(
    session: Session, keys: Keys, before: _Before, after: UnitEntry, *, basis: str, source: Source, now: datetime
) -> None:
    if len(basis.strip()) < 2:
        raise NoBasis
    community = get_community(session, before.unit.community_id)
    known = {owner.id: owner.key for _, owner in before.owned}
    standing = _state(keys, community.id, before, known)
    wanted = sealing.unit_state(keys, community.id, after, known)
    difference = compare([standing], [wanted], parking_counts=community.parking_counts)
    if not difference.changed:
        raise NothingChanged
    writer = Writer(session, keys, community, source, now)
    writer.log(before.unit.id, BASIS, "", basis.strip())
    writer.write(difference, {after.code: after})
    community.register_version += 1
    session.flush()


def _state(keys: Keys, community_id: str, before: _Before, known: dict[str, str]) -> UnitState:
    """The unit as it stands, with the phones that the register has: a form that says nothing of them keeps them."""
    state = sealing.unit_state(keys, community_id, before.entry, known)
    phones = {owner.key: owner.phone_key for _, owner in before.owned}
    return replace(state, owners=tuple(replace(one, phone_key=phones[one.key]) for one in state.owners))

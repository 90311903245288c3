"""Writing a comparison into the register in bulk: ten thousand units in a few seconds."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from hoa.community import cells, sealing
from hoa.community.difference import Difference, OwnerState, UnitState
from hoa.community.entries import OwnerEntry, UnitEntry
from hoa.community.rules import Areas, IdentityLevel
from hoa.community.tables import (
    ActivationCode,
    Building,
    Community,
    Owner,
    Ownership,
    RegisterChange,
    Unit,
)
from hoa.db import Base
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys

ROWS_AT_ONCE = 1000
ADDED = N_("新增专有部分")
REMOVED = N_("不再列入登记")
RETURNED = N_("重新列入登记")


class Source(NamedTuple):
    """Where a change comes from: a workbook or an officer's form. `day` is when owners change, if not today."""

    batch_id: str | None
    by: str | None
    remove_missing: bool = False
    day: date | None = None


class Writer:
    """Collects rows and inserts them in bulk: ten thousand units in a few seconds."""

    def __init__(self, session: Session, keys: Keys, community: Community, source: Source, now: datetime) -> None:
        self.session = session
        self.keys = keys
        self.id = community.id
        self.source = source
        self.now = now
        self.day = source.day or today(now)
        self.buildings = self._map(Building.key, Building.id, Building.community_id)
        self.owners = {row.key: row for row in session.scalars(select(Owner).where(Owner.community_id == community.id))}
        self.new_owners: dict[str, str] = {}
        self.rows: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)

    def _map(self, key: Any, value: Any, community: Any) -> dict[str, str]:
        return {row[0]: row[1] for row in self.session.execute(select(key, value).where(community == self.id))}

    def write(self, difference: Difference, entries: Mapping[str, UnitEntry]) -> None:
        """Write what differs; `entries` are the workbook's units by code."""
        standing = {unit.code: unit for unit in self.session.scalars(select(Unit).where(Unit.community_id == self.id))}
        last = self.session.scalar(select(func.max(Unit.position)).where(Unit.community_id == self.id)) or 0
        for position, state in enumerate(difference.added, start=last + 1):
            self._add(state, entries[state.code], standing.get(state.code), position)
            if len(self.rows[Unit]) >= ROWS_AT_ONCE:
                self.insert()
        for change in difference.changed:
            unit = standing[change.after.code]
            self._fill(unit, change.after)
            for field in change.fields:
                self.log(unit.id, field.name, field.before, field.after, words=field.words)
            self._set_owners(unit.id, change.after, entries[change.after.code])
        if self.source.remove_missing:
            for state in difference.missing:
                self._remove(standing[state.code])
        self.insert()

    def insert(self) -> None:
        """Write what has been collected, parents first; called often enough that memory stays flat."""
        self.session.flush()
        for table in (Building, Owner, Unit, Ownership, RegisterChange):
            if self.rows[table]:
                # The table rather than the class: the rows need no object each.
                self.session.execute(insert(Base.metadata.tables[table.__tablename__]), self.rows[table])
                self.rows[table].clear()

    def _add(self, state: UnitState, entry: UnitEntry, former: Unit | None, position: int) -> None:
        if former is not None:
            former.removed_at = None
            former.position = position
            self._fill(former, state)
            self.log(former.id, RETURNED, "", state.label)
            self._set_owners(former.id, state, entry)
            return
        unit_id = new_id()
        self.rows[Unit].append(
            {
                "community_id": self.id,
                "id": unit_id,
                "code": state.code,
                "position": position,
                "added_at": self.now,
                **self._columns(state),
            }
        )
        self.log(unit_id, ADDED, "", state.label)
        for owner_state, owner in zip(state.owners, entry.owners, strict=True):
            self._own(unit_id, owner_state, owner)

    def _columns(self, state: UnitState) -> dict[str, Any]:
        areas: Areas = state.areas
        return {
            "building_id": self._building(state.building),
            "entrance": state.entrance,
            "room": state.room,
            "label": state.label,
            "kind": state.kind.value,
            "status": state.status.value,
            "area_registered": areas.registered,
            "area_surveyed": areas.surveyed,
            "area_contract": areas.contract,
            "area": areas.counted,
            "area_basis": areas.basis.value,
            "note": state.note,
        }

    def _fill(self, unit: Unit, state: UnitState) -> None:
        for name, value in self._columns(state).items():
            setattr(unit, name, value)

    def _building(self, name: str) -> str:
        key = cells.key(name, cells.BUILDING_SUFFIXES)
        if key not in self.buildings:
            self.buildings[key] = new_id()
            self.rows[Building].append({"community_id": self.id, "id": self.buildings[key], "key": key, "name": name})
        return self.buildings[key]

    def _set_owners(self, unit_id: str, state: UnitState, entry: UnitEntry) -> None:
        """End the ownerships that the file no longer names, begin the new ones; who stays keeps the level reached."""
        query = select(Ownership, Owner.key).join(
            Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id)
        )
        query = query.where(Ownership.community_id == self.id, Ownership.unit_id == unit_id, Ownership.until.is_(None))
        standing = {key: ownership for ownership, key in self.session.execute(query)}
        wanted = {owner.key for owner in state.owners}
        for key, ownership in standing.items():
            if key not in wanted:
                self._end(ownership)
        for owner_state, owner in zip(state.owners, entry.owners, strict=True):
            if owner_state.key in standing:
                standing[owner_state.key].share = owner_state.share or standing[owner_state.key].share
                self._owner(owner_state, owner)
            else:
                self._own(unit_id, owner_state, owner)

    def _own(self, unit_id: str, state: OwnerState, owner: OwnerEntry) -> None:
        owner_id, level = self._owner(state, owner)
        self.rows[Ownership].append(
            {
                "community_id": self.id,
                "id": new_id(),
                "unit_id": unit_id,
                "owner_id": owner_id,
                "share": state.share,
                "since": self.day,
                "until": None,
                "recorded_at": self.now,
                "level": level.value,
                "checked_by": [],
                "checked_at": None,
            }
        )

    def _owner(self, state: OwnerState, owner: OwnerEntry) -> tuple[str, IdentityLevel]:
        """The owner's id, and the level a new ownership starts with: V1 when an account is bound to this owner."""
        row = self.owners.get(state.key)
        if row is not None:
            row.name = state.name
            if owner.phone and row.phone_key != state.phone_key:
                row.phone_key = state.phone_key
                row.phone_sealed = sealing.seal_phone(self.keys, self.id, row.id, owner.phone)
            return row.id, IdentityLevel.V1 if row.person_id else IdentityLevel.V0
        if state.key not in self.new_owners:
            self._new_owner(state, owner)
        return self.new_owners[state.key], IdentityLevel.V0

    def _new_owner(self, state: OwnerState, owner: OwnerEntry) -> None:
        owner_id = new_id()
        sealed = sealing.seal_identifier(self.keys, self.id, owner_id, owner.identifier) if owner.identifier else None
        phone = sealing.seal_phone(self.keys, self.id, owner_id, owner.phone) if owner.phone else None
        self.new_owners[state.key] = owner_id
        self.rows[Owner].append(
            {
                "community_id": self.id,
                "id": owner_id,
                "key": state.key,
                "name": state.name,
                "organisation": state.organisation,
                "identifier_sealed": sealed,
                "phone_key": state.phone_key,
                "phone_sealed": phone,
                "person_id": None,
                "added_at": self.now,
            }
        )

    def _remove(self, unit: Unit) -> None:
        unit.removed_at = self.now
        self.log(unit.id, REMOVED, unit.label, "")
        query = select(Ownership).where(
            Ownership.community_id == self.id, Ownership.unit_id == unit.id, Ownership.until.is_(None)
        )
        for ownership in self.session.scalars(query):
            self._end(ownership)

    def _end(self, ownership: Ownership) -> None:
        """The ownership ends, and so do the letters that could still be used for it."""
        ownership.until = self.day
        codes = select(ActivationCode).where(
            ActivationCode.community_id == self.id,
            ActivationCode.unit_id == ownership.unit_id,
            ActivationCode.owner_id == ownership.owner_id,
            ActivationCode.used_at.is_(None),
            ActivationCode.revoked_at.is_(None),
        )
        for code in self.session.scalars(codes):
            code.revoked_at = self.now

    def log(self, unit_id: str, field: str, before: str, after: str, *, words: bool = False) -> None:
        """One line of the unit's history, written with the rest."""
        self.rows[RegisterChange].append(
            {
                "community_id": self.id,
                "id": new_id(),
                "unit_id": unit_id,
                "batch_id": self.source.batch_id,
                "at": self.now,
                "by": self.source.by,
                "field": field,
                "before": before,
                "after": after,
                "words": words,
            }
        )

"""A workbook's way into the register: read → compare → look at it → confirm → written whole, or not at all."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from hoa.community import cells, sealing, sheet
from hoa.community.difference import Difference, OwnerState, UnitState, compare
from hoa.community.entries import OwnerEntry, Problem, Reading, UnitEntry
from hoa.community.rules import AreaBasis, Areas, IdentityLevel, Totals
from hoa.community.service import get_community
from hoa.community.tables import (
    ActivationCode,
    Building,
    Community,
    ImportBatch,
    Owner,
    Ownership,
    RegisterChange,
    Unit,
)
from hoa.community.workbook import WorkbookRefused
from hoa.db import Base, get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from hoa.ports.keys import Keys

SHOWN = 200
ROWS_AT_ONCE = 1000
ADDED = N_("新增专有部分")
REMOVED = N_("不再列入登记")
RETURNED = N_("重新列入登记")
READING, READY, SAME, FAULTY, IMPORTING, DONE = "reading", "ready", "same", "faulty", "importing", "done"
Progress = Callable[[int, int], None]


class RegisterMoved(Refusal):
    message = N_("登记在预览之后又有变动，这次没有导入；请重新预览后再确认")
    status = 409


class NotReady(Refusal):
    message = N_("这份文件现在不能导入：请先改正错误，或等待预览完成")
    status = 409


@dataclass(frozen=True)
class Plan:
    """A file as read, beside the register as it stood at `version`."""

    reading: Reading
    states: Sequence[UnitState]
    difference: Difference
    version: int


def load_states(session: Session, community_id: str) -> list[UnitState]:
    """The register as it stands, in the form in which a file is compared with it."""
    owners: dict[str, list[OwnerState]] = defaultdict(list)
    query = (
        select(Ownership.unit_id, Ownership.share, Owner.key, Owner.name, Owner.organisation, Owner.phone_key)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, Ownership.until.is_(None))
    )
    for unit_id, share, key, name, organisation, phone_key in session.execute(query):
        owners[unit_id].append(OwnerState(key, name, organisation, phone_key, share))
    rows = session.execute(
        select(Unit, Building.name)
        .join(Building, (Building.community_id == Unit.community_id) & (Building.id == Unit.building_id))
        .where(Unit.community_id == community_id, Unit.removed_at.is_(None))
        .order_by(Unit.position)
    )
    return [
        UnitState(
            code=unit.code,
            building=building,
            entrance=unit.entrance,
            room=unit.room,
            label=unit.label,
            kind=unit.use,
            status=unit.delivery,
            areas=unit.areas,
            owners=tuple(owners[unit.id]),
            note=unit.note,
        )
        for unit, building in rows
    ]


def read_file(path: Path, *, basis: AreaBasis, progress: Progress = lambda _done, _total: None) -> Reading:
    """Read a workbook; one that cannot be read at all is a reading with one error and no place in it."""
    try:
        return sheet.read(path, basis=basis, progress=progress)
    except WorkbookRefused as refusal:
        return Reading((), (Problem(None, None, None, refusal.message, refusal.params),), ())


def plan(session: Session, keys: Keys, community: Community, reading: Reading) -> Plan:
    """Compare what was read with the register as it stands."""
    found = session.execute(select(Owner.id, Owner.key).where(Owner.community_id == community.id))
    known = {owner_id: key for owner_id, key in found}  # noqa: C416 - dict() of rows has no types
    states = [sealing.unit_state(keys, community.id, entry, known) for entry in reading.units]
    difference = compare(load_states(session, community.id), states, parking_counts=community.parking_counts)
    return Plan(reading, states, difference, community.register_version)


# ------------------------------------------------------------------------------------------------------- the batch


def begin(
    session: Session,
    platform: Platform,
    community_id: str,
    *,
    data: bytes,
    file_name: str,
    basis: AreaBasis,
    by: str | None,
    now: datetime,
) -> ImportBatch:
    """Keep the file and a row for it, in state `reading`."""
    batch_id = new_id()
    batch = ImportBatch(
        community_id=community_id,
        id=batch_id,
        file_name=cells.text(file_name[-120:], limit=120),
        file_sha256=hashlib.sha256(data).hexdigest(),
        file_key=platform.files.put(sealing.seal_file(platform.keys, community_id, batch_id, data)),
        basis=basis.value,
        state=READING,
        asked_by=by,
        asked_at=now,
    )
    session.add(batch)
    session.flush()
    return batch


def read_batch(platform: Platform, community_id: str, batch_id: str, progress: Progress) -> None:
    """Read a batch's file and write its preview; reading it again gives the same preview."""
    with platform.database.reading() as session:
        batch = get(session, ImportBatch, community_id, batch_id)
        community = get_community(session, community_id)
        reading = _read_stored(platform, batch, progress)
        made = plan(session, platform.keys, community, reading)
    with platform.database.writing(seconds=30) as session:
        batch = get(session, ImportBatch, community_id, batch_id, lock=True)
        if batch.state in (IMPORTING, DONE):
            return
        batch.preview = preview(made)
        batch.register_version = made.version
        batch.state = _state(made)


def _state(made: Plan) -> str:
    if made.reading.errors:
        return FAULTY
    return READY if made.difference.changes_anything(remove_missing=True) else SAME


def _read_stored(platform: Platform, batch: ImportBatch, progress: Progress) -> Reading:
    with NamedTemporaryFile(suffix=".xlsx") as copy:
        sealed = platform.files.get(batch.file_key)
        copy.write(sealing.open_file(platform.keys, batch.community_id, batch.id, sealed))
        copy.flush()
        return read_file(Path(copy.name), basis=AreaBasis(batch.basis), progress=progress)


def preview(made: Plan) -> dict[str, Any]:
    """What the preview page shows: totals, counts, the first changes of each sort, every problem."""
    difference = made.difference
    return {
        "file": _totals_json(made.reading.totals()),
        "before": _totals_json(difference.before),
        "keeping": _totals_json(difference.after_keeping),
        "removing": _totals_json(difference.after_removing),
        "added": len(difference.added),
        "changed": len(difference.changed),
        "missing": len(difference.missing),
        "unchanged": difference.unchanged,
        "added_shown": [_unit_json(state) for state in difference.added[:SHOWN]],
        "missing_shown": [_unit_json(state) for state in difference.missing[:SHOWN]],
        "changed_shown": [
            {
                "label": change.after.label,
                "fields": [[f.name, f.before, f.after, f.words] for f in change.fields],
            }
            for change in difference.changed[:SHOWN]
        ],
        "errors": [problem.kept() for problem in made.reading.errors],
        "warnings": [problem.kept() for problem in made.reading.warnings],
    }


def _totals_json(totals: Totals) -> dict[str, int]:
    return {"units": totals.units, "area": totals.area, "heads": totals.heads}


def _unit_json(state: UnitState) -> dict[str, Any]:
    return {"label": state.label, "area": state.areas.counted, "owners": [owner.name for owner in state.owners]}


def confirm(session: Session, community_id: str, batch_id: str, *, remove_missing: bool) -> ImportBatch:
    """Ask for a previewed batch to be written; a second confirmation changes nothing."""
    batch = get(session, ImportBatch, community_id, batch_id, lock=True)
    if batch.state in (IMPORTING, DONE):
        return batch
    if batch.state != READY or batch.preview is None:
        raise NotReady
    if get_community(session, community_id).register_version != batch.register_version:
        raise RegisterMoved
    batch.state = IMPORTING
    batch.remove_missing = remove_missing
    session.flush()
    return batch


def import_batch(platform: Platform, community_id: str, batch_id: str, progress: Progress) -> None:
    """Write a confirmed batch. Done twice it writes once; whatever goes wrong, nothing of it is written."""
    with platform.database.reading() as session:
        batch = get(session, ImportBatch, community_id, batch_id)
        if batch.state == DONE:
            return
        community = get_community(session, community_id)
        reading = _read_stored(platform, batch, lambda done, total: progress(done, 2 * total))
        made = plan(session, platform.keys, community, reading)
    try:
        with platform.database.writing(seconds=30) as session:
            batch = get(session, ImportBatch, community_id, batch_id, lock=True)
            if batch.state != DONE:
                write(session, platform.keys, community_id, batch, made, now=platform.now())
    except RegisterMoved:
        with platform.database.writing(seconds=30) as session:
            get(session, ImportBatch, community_id, batch_id, lock=True).state = READING
        read_batch(platform, community_id, batch_id, progress)
        raise


# --------------------------------------------------------------------------------------------------------- writing


def write(session: Session, keys: Keys, community_id: str, batch: ImportBatch, made: Plan, *, now: datetime) -> None:
    """Bring the register to what the plan says, in one transaction, and close the batch.

    Refused when the register has moved on since the plan was made, or when the file has errors.
    """
    if made.reading.errors:
        raise NotReady
    community = get_community(session, community_id, lock=True)
    if community.register_version != made.version:
        raise RegisterMoved
    if made.difference.changes_anything(remove_missing=batch.remove_missing):
        _Writer(session, keys, community, batch, now).write(made)
        community.register_version += 1
    batch.state = DONE
    batch.ended_at = now
    session.flush()


class _Writer:
    """Collects rows and inserts them in bulk: ten thousand units in a few seconds."""

    def __init__(self, session: Session, keys: Keys, community: Community, batch: ImportBatch, now: datetime) -> None:
        self.session = session
        self.keys = keys
        self.id = community.id
        self.batch = batch
        self.now = now
        self.day = today(now)
        self.buildings = self._map(Building.key, Building.id, Building.community_id)
        self.owners = {row.key: row for row in session.scalars(select(Owner).where(Owner.community_id == community.id))}
        self.new_owners: dict[str, str] = {}
        self.rows: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)

    def _map(self, key: Any, value: Any, community: Any) -> dict[str, str]:
        return {row[0]: row[1] for row in self.session.execute(select(key, value).where(community == self.id))}

    def write(self, made: Plan) -> None:
        difference = made.difference
        entries = {entry.code: entry for entry in made.reading.units}
        standing = {unit.code: unit for unit in self.session.scalars(select(Unit).where(Unit.community_id == self.id))}
        last = self.session.scalar(select(func.max(Unit.position)).where(Unit.community_id == self.id)) or 0
        for position, state in enumerate(difference.added, start=last + 1):
            self._add(state, entries[state.code], standing.get(state.code), position)
            if len(self.rows[Unit]) >= ROWS_AT_ONCE:
                self._insert()
        for change in difference.changed:
            unit = standing[change.after.code]
            self._fill(unit, change.after)
            for field in change.fields:
                self._log(unit.id, field.name, field.before, field.after, words=field.words)
            self._set_owners(unit.id, change.after, entries[change.after.code])
        if self.batch.remove_missing:
            for state in difference.missing:
                self._remove(standing[state.code])
        self._insert()

    def _insert(self) -> None:
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
            self._log(former.id, RETURNED, "", state.label)
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
        self._log(unit_id, ADDED, "", state.label)
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
        self._log(unit.id, REMOVED, unit.label, "")
        query = select(Ownership).where(
            Ownership.community_id == self.id, Ownership.unit_id == unit.id, Ownership.until.is_(None)
        )
        for ownership in self.session.scalars(query):
            self._end(ownership)

    def _end(self, ownership: Ownership) -> None:
        """The ownership ends today, and so do the letters that could still be used for it."""
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

    def _log(self, unit_id: str, field: str, before: str, after: str, *, words: bool = False) -> None:
        self.rows[RegisterChange].append(
            {
                "community_id": self.id,
                "id": new_id(),
                "unit_id": unit_id,
                "batch_id": self.batch.id,
                "at": self.now,
                "by": self.batch.asked_by,
                "field": field,
                "before": before,
                "after": after,
                "words": words,
            }
        )

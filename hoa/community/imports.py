"""A workbook's way into the register: read → compare → look at it → confirm → written whole, or not at all."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import cells, sealing, sheet
from hoa.community.difference import Difference, OwnerState, UnitState, compare
from hoa.community.entries import Problem, Reading
from hoa.community.rules import AreaBasis, Totals
from hoa.community.service import get_community
from hoa.community.tables import (
    Building,
    Community,
    ImportBatch,
    Owner,
    Ownership,
    Unit,
)
from hoa.community.workbook import WorkbookRefused
from hoa.community.writing import Source, Writer
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from hoa.ports.keys import Keys

SHOWN = 200
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
        entries = {entry.code: entry for entry in made.reading.units}
        source = Source(batch.id, batch.asked_by, remove_missing=batch.remove_missing)
        Writer(session, keys, community, source, now).write(made.difference, entries)
        community.register_version += 1
    batch.state = DONE
    batch.ended_at = now
    session.flush()

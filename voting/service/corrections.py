"""Corrections of the roll as officers make them: by room numbers and with the paper they rest on; and what was
corrected so far, for everybody to read (R1.20; voting-record.md 3)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.tables import Unit
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.platform import Platform
from hoa.ports.keys import Keys
from hoa.ports.uploads import Upload
from voting.rules.thresholds import NOTHING, Share
from voting.service import log, packages, proposals, roll_changes
from voting.service.keys import place
from voting.service.roll_changes import Change
from voting.tables import Assembly, AssemblyFile, LogEntry, Proposal, RollEntry

PAPER = "roll-paper"
REASON_LENGTH = range(2, 501)


class Sort(StrEnum):
    """The four corrections that occur."""

    AREA = "area"
    TRANSFER = "transfer"
    MERGE = "merge"
    SPLIT = "split"


class UnknownRoom(Refusal):
    message: ClassVar[str] = N_("房屋登记里没有 %(room)s，请按名册上的写法填写，例如 1栋1单元101")


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明更正的理由（2 至 500 字），它会公开")


class NoOtherRooms(Refusal):
    message: ClassVar[str] = N_("请填写另外的房号，一行一个：合并要写与哪些合并，分开要写把哪些分出来")


class NotOneOwners(Refusal):
    message: ClassVar[str] = N_("%(room)s 与 %(unit)s 在名册上不是同一位业主，不能这样分开")


class Request(NamedTuple):
    """What an officer fills in. `area` in 0.01 m²; `rooms` as the roll names them."""

    sort: Sort
    room: str
    rooms: Sequence[str] = ()
    area: int | None = None
    ballots_go_apart: bool = False


def propose(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    request: Request,
    *,
    reason: str,
    paper: str | None,
    subject: str,
    by: str,
    now: datetime,
) -> Proposal:
    """Put a correction up for two officials' signatures; it is in force when both have signed."""
    if len(reason.strip()) not in REASON_LENGTH:
        raise NoReason
    change = _change(session, assembly, request)
    # Ballots that are accepted and not in the log yet go before the change that hands them on.
    log.only_sequencer(session, assembly, wait=True)
    log.sequence_ballots(session, keys, assembly, batch=None)
    entry = roll_changes.compose(
        session,
        keys,
        assembly,
        before=change.before,
        after=change.after,
        reason=reason.strip(),
        now=now,
        paper=paper,
    )
    return proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=subject)


def _change(session: Session, assembly: Assembly, request: Request) -> Change:
    unit_id = _unit(session, assembly, request.room)
    if request.sort is Sort.AREA:
        assert request.area is not None
        return roll_changes.area_corrected(session, assembly, unit_id=unit_id, area=request.area)
    if request.sort is Sort.TRANSFER:
        to = (
            roll_changes.holder(session, assembly, _unit(session, assembly, request.rooms[0]))
            if request.rooms
            else None
        )
        return roll_changes.transferred(session, assembly, unit_id=unit_id, to=to)
    if not request.rooms:
        raise NoOtherRooms
    elector = roll_changes.holder(session, assembly, unit_id)
    others = {room: _unit(session, assembly, room) for room in request.rooms}
    if request.sort is Sort.MERGE:
        holders = [roll_changes.holder(session, assembly, other) for other in others.values()]
        electors = list(dict.fromkeys([elector, *holders]))
        if len(electors) == 1:
            raise roll_changes.NothingToChange
        return roll_changes.merged(session, assembly, electors=electors)
    own = {held.unit_id for held in roll_changes.held(session, assembly, elector)}
    for room, other in others.items():
        if other not in own:
            raise NotOneOwners(room=room, unit=request.room)
    return roll_changes.split(
        session, assembly, elector=elector, apart=others.values(), ballots_go_apart=request.ballots_go_apart
    )


def _unit(session: Session, assembly: Assembly, room: str) -> str:
    """A unit by the name that the roll uses, or by its code."""
    wanted = room.strip()[:60]
    query = select(Unit.id).where(
        Unit.community_id == assembly.community_id,
        Unit.removed_at.is_(None),
        (Unit.label == wanted) | (Unit.code == wanted.upper()),
    )
    found = session.scalars(query).first()
    if found is None:
        raise UnknownRoom(room=wanted)
    return found


# ---------------------------------------------------------------------------------------- the paper it rests on


def keep_paper(platform: Platform, session: Session, assembly: Assembly, upload: Upload, *, now: datetime) -> str:
    """Seal and keep a registry's or court's document; its SHA-256 goes into the entry."""
    digest = hashlib.sha256(upload.data).hexdigest()
    sealed = platform.keys.seal(PAPER, upload.data, _paper_place(assembly, digest))
    packages.keep(session, platform.files, assembly, kind=PAPER, source=digest, data=sealed, now=now)
    return digest


def open_paper(platform: Platform, session: Session, assembly: Assembly, digest: str) -> bytes:
    """The document as it was uploaded, for those who may see names."""
    kept: AssemblyFile | None = packages.kept(session, assembly, PAPER, digest)
    if kept is None:
        raise NotFound
    return platform.keys.open(PAPER, platform.files.get(kept.sha256), _paper_place(assembly, digest))


def _paper_place(assembly: Assembly, digest: str) -> bytes:
    return place(assembly.community_id, assembly.id, PAPER, digest)


# ------------------------------------------------------------------------------------------ what was corrected so far


class Correction(NamedTuple):
    """A correction in the log: when, why, on which paper, who signed, and heads and area before and after."""

    at: datetime
    reason: str
    paper: str | None
    signers: Sequence[str]
    before: Share
    after: Share
    rooms_before: Sequence[str]
    rooms_after: Sequence[str]


def made(session: Session, keys: Keys, assembly: Assembly) -> Sequence[Correction]:
    """Every correction in the log's order."""
    query = select(LogEntry).where(
        LogEntry.community_id == assembly.community_id,
        LogEntry.assembly_id == assembly.id,
        LogEntry.type == "roll-change",
    )
    return [_told(session, keys, assembly, row) for row in session.scalars(query.order_by(LogEntry.seq))]


def _told(session: Session, keys: Keys, assembly: Assembly, row: LogEntry) -> Correction:
    assert row.body is not None
    entry: Mapping[str, Any] = json.loads(log.entry_bytes(keys, assembly, row.type, row.leaf, row.body))
    mine = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    before = session.scalars(select(RollEntry).where(*mine, RollEntry.leaf.in_(entry["before"]))).all()
    return Correction(
        parse_stamp(entry["time"]),
        entry["reason"],
        entry["paper"],
        [signer["person"] for signer in entry["by"]],
        sum((Share(one.heads, one.area) for one in before), NOTHING),
        sum((Share(one["heads"], one["area"]) for one in entry["after"]), NOTHING),
        [_rooms(one.units) for one in before],
        [_rooms(one["units"]) for one in entry["after"]],
    )


def _rooms(units: Sequence[Mapping[str, Any]]) -> str:
    return "、".join(str(unit["unit"]) for unit in units)

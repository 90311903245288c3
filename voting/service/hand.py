"""Sheets in hand at the cut-off: counted, listed in one `paper-received` entry, and only those may still be keyed
(voting-record.md 2; docs/audit-package.md 5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.life import State
from voting.service import entries, proposals, sheets
from voting.service.entrance import Entrance
from voting.tables import Assembly, LogEntry, PaperScan, PaperSheet, Proposal

SUBJECT = "paper-received"


class NotCounting(Refusal):
    message: ClassVar[str] = N_("截止收票以后、封票以前才清点在手的选票")
    status: ClassVar[int] = 409


class CountedBefore(Refusal):
    message: ClassVar[str] = N_("在手选票已经清点并写入日志，只能一次，不能再改")
    status: ClassVar[int] = 409


class CountWaits(Refusal):
    message: ClassVar[str] = N_("清点结果正在等待两人签名。要改动，请先撤回")
    status: ClassVar[int] = 409


class InHandAlready(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 已经清点过了")
    status: ClassVar[int] = 409


class StillToKey(Refusal):
    message: ClassVar[str] = N_("在手的选票还有 %(count)s 张没有录完（%(serials)s 等），录完并签名后才能封票")
    status: ClassVar[int] = 409


def counted(session: Session, assembly: Assembly) -> Sequence[PaperSheet]:
    """The sheets counted so far, the latest first."""
    found = sheets.of(session, assembly, PaperSheet.in_hand_at.is_not(None))
    return sorted(found, key=lambda sheet: (sheet.in_hand_at, sheet.serial), reverse=True)


def is_logged(session: Session, assembly: Assembly) -> bool:
    """Whether the `paper-received` entry is in the log."""
    mine = (LogEntry.community_id == assembly.community_id, LogEntry.assembly_id == assembly.id)
    return session.scalar(select(LogEntry.id).where(*mine, LogEntry.type == "paper-received").limit(1)) is not None


def waiting(session: Session, assembly: Assembly) -> Proposal | None:
    """The list that waits for its signatures."""
    found = proposals.about(session, assembly, SUBJECT)
    return next((row for row in found if row.state == proposals.WAITING), None)


def _may_count(session: Session, assembly: Assembly) -> None:
    if assembly.step is not State.CUT_OFF:
        raise NotCounting
    if is_logged(session, assembly):
        raise CountedBefore
    if waiting(session, assembly) is not None:
        raise CountWaits


def add(session: Session, assembly: Assembly, typed: str, *, by: str, now: datetime) -> PaperSheet:
    """One sheet that lies on the table."""
    _may_count(session, assembly)
    sheet = sheets.find_live(session, assembly, typed, lock=True)
    if sheet.in_hand_at is not None:
        raise InHandAlready(serial=sheet.serial)
    sheet.in_hand_at, sheet.in_hand_by = now, by
    session.flush()
    return sheet


def add_scanned(session: Session, assembly: Assembly, *, by: str, now: datetime) -> int:
    """Every live sheet whose scan was uploaded before acceptance ended: they came back in time."""
    _may_count(session, assembly)
    in_time = select(PaperScan.serial).where(
        PaperScan.community_id == assembly.community_id,
        PaperScan.assembly_id == assembly.id,
        PaperScan.uploaded_at < assembly.ends_at,
        PaperScan.dropped_at.is_(None),
        PaperScan.serial.is_not(None),
    )
    found = [
        sheet
        for sheet in sheets.of(session, assembly, PaperSheet.serial.in_(in_time), PaperSheet.in_hand_at.is_(None))
        if sheet.live
    ]
    for sheet in found:
        sheet.in_hand_at, sheet.in_hand_by = now, by
    session.flush()
    return len(found)


def remove(session: Session, assembly: Assembly, typed: str) -> PaperSheet:
    """A sheet that was listed by mistake."""
    _may_count(session, assembly)
    sheet = sheets.find(session, assembly, typed, lock=True)
    sheet.in_hand_at = sheet.in_hand_by = None
    session.flush()
    return sheet


def propose(session: Session, keys: Keys, assembly: Assembly, *, by: str, now: datetime) -> Proposal:
    """The list as one entry that two people sign. An empty list is an answer too: no paper was in hand."""
    _may_count(session, assembly)
    serials = sorted(sheet.serial for sheet in counted(session, assembly))
    assert assembly.manifest_hash is not None
    entry = record.paper_received_entry(assembly.manifest_hash, serials=serials, time=now)
    return proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=SUBJECT)


def withdraw(session: Session, assembly: Assembly, *, now: datetime) -> None:
    """Take the list back before it is in the log."""
    found = waiting(session, assembly)
    if found is not None:
        proposals.drop(session, assembly.community_id, found.id, reason="withdrawn", now=now)


def unkeyed(session: Session, keys: Keys, assembly: Assembly) -> list[str]:
    """Serials that were in hand and of which no ballot stands in the log: to be keyed before the log is sealed."""
    return [
        sheet.serial
        for sheet in sheets.of(session, assembly, PaperSheet.received.is_not(None), PaperSheet.replaced_by.is_(None))
        if sheets.standing(session, keys, assembly, sheet.serial, sheet.elector) is None
    ]


def _check(given: Entrance) -> None:
    if is_logged(given.session, given.assembly):
        raise CountedBefore
    for serial in given.entry["serials"]:
        sheets.find_live(given.session, given.assembly, serial)


entries.CHECKS |= {"paper-received": _check}
entries.EFFECTS |= {"paper-received": sheets.received}

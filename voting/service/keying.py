"""Keying paper ballots by two clerks apart; a third settles where they differ (rules.md R1.35, R1.38).

Each reads the scan without the other's marks, which are sealed like ballots. Equal readings become a ballot that two
officials sign; defects become rulings once the ballot is in the log. A void opens a new round for the same sheet.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules import paper, record
from voting.rules.life import State
from voting.rules.officials import Role
from voting.rules.paper import Keyed, Stage
from voting.service import casting, entries, proposals, scans, sheets, to_sign
from voting.service.keys import BALLOT, place
from voting.tables import Assembly, BallotMark, Official, PaperKeying, PaperScan, PaperSheet, Proposal

FIRST, SECOND, SETTLED = 1, 2, 3


class NoScan(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 还没有扫描件：先上传扫描件，再由两名工作人员分别录入")
    status: ClassVar[int] = 409


class NotToKey(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 现在不能录入：可能刚有人录完，请刷新页面查看")
    status: ClassVar[int] = 409


class KeyedByYou(Refusal):
    message: ClassVar[str] = N_("这张选票您已经录入过，须由另一名工作人员再录一次")
    status: ClassVar[int] = 409


class ScanChangedByYou(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 的扫描件换过，现在这张是您放上的：由另外两名工作人员或计票人对照录入")
    status: ClassVar[int] = 403


class NothingToSettle(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 没有等待裁定的差异")
    status: ClassVar[int] = 409


class NeedsAThird(Refusal):
    message: ClassVar[str] = N_("两人录入不一致时，须由第三人裁定，录入过的人不能裁定自己的录入")
    status: ClassVar[int] = 403


class NotForYou(Refusal):
    message: ClassVar[str] = N_("扫描件会露出选择，只有正在录入、裁定或认定这张选票的人可以看")
    status: ClassVar[int] = 403


class NotLogged(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 还没有写入日志，不能作废或认定")
    status: ClassVar[int] = 409


class NotStopped(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 没有需要重新提交或重新录入的内容")
    status: ClassVar[int] = 409


class Standing(NamedTuple):
    """A sheet with everything that decides what may be done with it next."""

    sheet: PaperSheet
    stage: Stage
    scan: PaperScan | None
    keyings: Sequence[PaperKeying]
    ballot: Proposal | None
    # Scans of it that were set aside for another one.
    earlier: Sequence[PaperScan] = ()

    @property
    def people(self) -> frozenset[str]:
        """Who keyed it in this round."""
        return frozenset(row.person_id for row in self.keyings)

    @property
    def leaf(self) -> str | None:
        return self.ballot.leaf if self.ballot is not None and self.stage is Stage.LOGGED else None


def subject(sheet: PaperSheet) -> str:
    """What the ballot, its void and its rulings of the sheet's present round are proposed about."""
    return f"{sheet.id}.{sheet.round}"


def standings(session: Session, assembly: Assembly, found: Sequence[PaperSheet]) -> list[Standing]:
    """Where these sheets stand, with a handful of queries for all of them."""
    keyings: dict[tuple[str, int], list[PaperKeying]] = defaultdict(list)
    mine = (PaperKeying.community_id == assembly.community_id, PaperKeying.assembly_id == assembly.id)
    for row in session.scalars(select(PaperKeying).where(*mine).order_by(PaperKeying.place)):
        keyings[row.serial, row.round].append(row)
    ballots: dict[str, list[Proposal]] = defaultdict(list)
    here = (Proposal.community_id == assembly.community_id, Proposal.assembly_id == assembly.id)
    for proposal in session.scalars(select(Proposal).where(*here, Proposal.kind == "ballot", Proposal.subject != "")):
        ballots[proposal.subject].append(proposal)
    void = _void(session, assembly)
    shown, before = scans.scanned(session, assembly), scans.earlier(session, assembly)
    return [
        _standing(
            sheet, shown.get(sheet.serial), keyings[sheet.serial, sheet.round], ballots[subject(sheet)], void
        )._replace(earlier=before.get(sheet.serial, ()))
        for sheet in found
    ]


def standing(session: Session, assembly: Assembly, sheet: PaperSheet) -> Standing:
    """Where one sheet stands."""
    return standings(session, assembly, [sheet])[0]


def _void(session: Session, assembly: Assembly) -> frozenset[str]:
    query = select(BallotMark.ballot).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.kind == "void",
    )
    return frozenset(session.scalars(query))


def _standing(
    sheet: PaperSheet,
    scan: PaperScan | None,
    keyings: Sequence[PaperKeying],
    ballots: Sequence[Proposal],
    void: frozenset[str],
) -> Standing:
    rank = (proposals.APPENDED, proposals.WAITING, proposals.DROPPED)
    ballot = min(ballots, key=lambda row: (rank.index(row.state), -row.made_at.timestamp()), default=None)
    return Standing(sheet, _stage(sheet, scan, len(keyings), ballot, void), scan, keyings, ballot)


def _stage(
    sheet: PaperSheet, scan: PaperScan | None, keyed: int, ballot: Proposal | None, void: frozenset[str]
) -> Stage:
    if sheet.replaced_by is not None:
        return Stage.DEAD
    if sheet.entry is None:
        return Stage.PREPARED
    if ballot is not None:
        if ballot.state == proposals.APPENDED:
            return Stage.VOIDED if ballot.leaf in void else Stage.LOGGED
        return Stage.TO_SIGN if ballot.state == proposals.WAITING else Stage.STOPPED
    if keyed == 0:
        return Stage.SCANNED if scan else Stage.ISSUED
    return Stage.KEYED_ONCE if keyed == FIRST else Stage.DIFFERS


# ------------------------------------------------------------------------------------------------------------ keying


def changed_scan(here: Standing, official: Official) -> bool:
    """Whether this person put the present scan in the place of an earlier one: then others key it, and see both."""
    return bool(here.earlier) and here.scan is not None and here.scan.put_by == official.person_id


def may_key(here: Standing, official: Official) -> bool:
    """Whether this person may key the sheet now: a clerk who neither keyed it in this round nor changed its scan. Where
    a scan was changed there may be too few such clerks, so counters key as well.
    """
    able = (Role.CLERK, Role.COUNTER) if here.earlier else (Role.CLERK,)
    if official.role not in able or here.scan is None or changed_scan(here, official):
        return False
    fresh = here.stage in (Stage.SCANNED, Stage.VOIDED)
    return fresh or (here.stage is Stage.KEYED_ONCE and official.person_id not in here.people)


def may_settle(here: Standing, official: Official) -> bool:
    """Whether this person may settle a difference: any official who did not key the sheet."""
    return here.stage is Stage.DIFFERS and official.person_id not in here.people


def key_in(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    typed: str,
    *,
    official: Official,
    reading: Keyed,
    now: datetime,
) -> Standing:
    """One clerk's reading. With the second one that equals the first, the ballot is proposed for two signatures."""
    sheet = sheets.find_live(session, assembly, typed, lock=True)
    here = standing(session, assembly, sheet)
    _check_time(assembly, sheet, now)
    if here.scan is None:
        raise NoScan(serial=sheet.serial)
    if here.stage is Stage.KEYED_ONCE and official.person_id in here.people:
        raise KeyedByYou
    if changed_scan(here, official):
        raise ScanChangedByYou(serial=sheet.serial)
    if not may_key(here, official):
        raise NotToKey(serial=sheet.serial)
    if here.stage is Stage.VOIDED:
        sheet.round += 1
        here = here._replace(keyings=())
    _keep(session, keys, assembly, here, official, reading, place_=len(here.keyings) + 1, now=now)
    if here.keyings and opened(keys, assembly, here.keyings[0]) == reading:
        _propose(session, keys, assembly, here, reading, by=official.person_id, now=now)
    return standing(session, assembly, sheet)


def settle(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    typed: str,
    *,
    official: Official,
    reading: Keyed,
    now: datetime,
) -> Standing:
    """The third person's reading decides; who it was stays on record."""
    sheet = sheets.find_live(session, assembly, typed, lock=True)
    here = standing(session, assembly, sheet)
    _check_time(assembly, sheet, now)
    if here.stage is not Stage.DIFFERS:
        raise NothingToSettle(serial=sheet.serial)
    if not may_settle(here, official):
        raise NeedsAThird
    _keep(session, keys, assembly, here, official, reading, place_=SETTLED, now=now)
    _propose(session, keys, assembly, here, reading, by=official.person_id, now=now)
    return standing(session, assembly, sheet)


def _check_time(assembly: Assembly, sheet: PaperSheet, now: datetime) -> None:
    """Keying lasts from the opening to the cut-off, and for sheets in hand until the close."""
    if assembly.step is State.CUT_OFF:
        if sheet.received is None:
            raise sheets.NotInHand(serial=sheet.serial)
    elif assembly.step is not State.OPEN or not assembly.opens_at <= now < assembly.ends_at:
        raise casting.NotOpen


def _keep(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    here: Standing,
    official: Official,
    reading: Keyed,
    *,
    place_: int,
    now: datetime,
) -> None:
    assert here.scan is not None
    row = PaperKeying(
        id=new_id(),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        serial=here.sheet.serial,
        round=here.sheet.round,
        place=place_,
        person_id=official.person_id,
        name=official.name,
        scan=here.scan.sha256,
        marks=b"",
        keyed_at=now,
    )
    row.marks = keys.seal(BALLOT, canonical.encode(reading.value), _place(row))
    session.add(row)
    session.flush()


def _place(row: PaperKeying) -> bytes:
    return place(row.community_id, row.assembly_id, "keying", row.id)


def opened(keys: Keys, assembly: Assembly, row: PaperKeying) -> Keyed:
    """What somebody keyed, out of its envelope."""
    assert row.assembly_id == assembly.id
    return paper.keyed(json.loads(keys.open(BALLOT, row.marks, _place(row))))


def decisive(keys: Keys, assembly: Assembly, here: Standing) -> Keyed | None:
    """The reading that the ballot was made from: the third person's, or the one that two share."""
    if here.ballot is None or not here.keyings:
        return None
    return opened(keys, assembly, here.keyings[-1])


def _propose(
    session: Session, keys: Keys, assembly: Assembly, here: Standing, reading: Keyed, *, by: str, now: datetime
) -> Proposal:
    assert here.scan is not None
    entry = casting.keyed_entry(
        session,
        assembly,
        elector=here.sheet.elector,
        choices=reading.marks,
        channel="paper",
        evidence={"serial": here.sheet.serial, "scan": here.scan.sha256},
        now=now,
    )
    return proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=subject(here.sheet))


def again(
    session: Session, keys: Keys, assembly: Assembly, typed: str, *, official: Official, now: datetime
) -> Standing:
    """Propose the same ballot anew after its proposal was dropped."""
    sheet = sheets.find_live(session, assembly, typed, lock=True)
    here = standing(session, assembly, sheet)
    reading = decisive(keys, assembly, here)
    if here.stage is not Stage.STOPPED or reading is None:
        raise NotStopped(serial=sheet.serial)
    _propose(session, keys, assembly, here, reading, by=official.person_id, now=now)
    return standing(session, assembly, sheet)


def key_anew(session: Session, assembly: Assembly, typed: str, *, now: datetime) -> Standing:
    """Throw away what was keyed, before it is in the log, and begin again; the readings stay on record."""
    sheet = sheets.find_live(session, assembly, typed, lock=True)
    here = standing(session, assembly, sheet)
    if here.stage not in (Stage.KEYED_ONCE, Stage.DIFFERS, Stage.TO_SIGN, Stage.STOPPED, Stage.VOIDED):
        raise NotStopped(serial=sheet.serial)
    if here.stage is Stage.TO_SIGN and here.ballot is not None:
        proposals.drop(session, assembly.community_id, here.ballot.id, reason="keyed anew", now=now)
    sheet.round += 1
    session.flush()
    return standing(session, assembly, sheet)


# -------------------------------------------------------------------------------------------------- voids and rulings


def propose_void(
    session: Session, keys: Keys, assembly: Assembly, typed: str, *, reason: str, by: str, now: datetime
) -> Proposal:
    """Take a ballot out that was keyed wrongly; two people sign, then the sheet may be keyed again."""
    here = _logged(session, assembly, typed)
    waiting = _waiting(session, assembly, here, "void")
    if waiting:
        return waiting[0]
    assert assembly.manifest_hash is not None
    assert here.leaf is not None
    entry = record.void_entry(assembly.manifest_hash, leaf=here.leaf, reason=reason, time=now)
    return proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=subject(here.sheet))


def due_rulings(session: Session, keys: Keys, assembly: Assembly, here: Standing) -> list[tuple[str, str]]:
    """(motion or `*`, reason) of defects that were keyed and on which nobody has ruled or been asked to sign."""
    reading = decisive(keys, assembly, here)
    if here.leaf is None or reading is None:
        return []
    ruled = {mark.motion for mark in entries.marks(session, assembly, here.leaf) if mark.kind == "invalid"}
    asked = {proposals.opened(keys, row)["motion"] for row in _waiting(session, assembly, here, "ruling")}
    done = ruled | asked
    return [(motion, why) for motion, why in paper.rulings(reading) if not done & {motion, paper.ALL_MOTIONS}]


def propose_rulings(
    session: Session, keys: Keys, assembly: Assembly, typed: str, *, by: str, now: datetime
) -> list[Proposal]:
    """Every defect that was keyed as a ruling for two signatures (R1.35)."""
    here = _logged(session, assembly, typed)
    return [
        propose_ruling(session, keys, assembly, typed, motion=motion, reason=reason, by=by, now=now)
        for motion, reason in due_rulings(session, keys, assembly, here)
    ]


def propose_ruling(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    typed: str,
    *,
    motion: str,
    reason: str,
    by: str,
    now: datetime,
) -> Proposal:
    """The ballot is invalid for a motion, or for all of them."""
    here = _logged(session, assembly, typed)
    assert assembly.manifest_hash is not None
    assert here.leaf is not None
    entry = record.ruling_entry(
        assembly.manifest_hash, leaf=here.leaf, motion=motion, ruling="invalid", reason=reason, time=now
    )
    return proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=subject(here.sheet))


def _logged(session: Session, assembly: Assembly, typed: str) -> Standing:
    sheet = sheets.find(session, assembly, typed, lock=True)
    here = standing(session, assembly, sheet)
    if here.leaf is None:
        raise NotLogged(serial=sheet.serial)
    return here


def _waiting(session: Session, assembly: Assembly, here: Standing, kind: str) -> list[Proposal]:
    found = proposals.about(session, assembly, subject(here.sheet))
    return [row for row in found if row.kind == kind and row.state == proposals.WAITING]


def check_may_see(session: Session, keys: Keys, assembly: Assembly, here: Standing, official: Official) -> None:
    """Refuse a look at the scan to whoever has nothing to do with this sheet now."""
    if not _may_see(session, keys, assembly, here, official):
        raise NotForYou


def _may_see(session: Session, keys: Keys, assembly: Assembly, here: Standing, official: Official) -> bool:
    if here.stage in (Stage.TO_SIGN, Stage.STOPPED):
        # The scan tells what the keyed ballot tells, so the same people see both.
        return to_sign.sees_ballots(session, assembly, official.person_id)
    if here.stage is Stage.LOGGED:
        asked = _waiting(session, assembly, here, "ruling") or _waiting(session, assembly, here, "void")
        return bool(asked or due_rulings(session, keys, assembly, here))
    return may_key(here, official) or may_settle(here, official)


def counts(found: Sequence[Standing]) -> Mapping[Stage, int]:
    """How many sheets are at each stage."""
    made: dict[Stage, int] = dict.fromkeys(Stage, 0)
    for here in found:
        made[here.stage] += 1
    return made


def tasks(found: Sequence[Standing], official: Official) -> list[Standing]:
    """What this person may key or settle now."""
    return [here for here in found if may_key(here, official) or may_settle(here, official)]


def waiting_for(session: Session, assembly: Assembly, person_id: str) -> int | None:
    """How many sheets this official may key or settle now; None for whoever has nothing to do with paper here."""
    if "paper" not in assembly.open_channels or assembly.step not in (State.NOTICED, State.OPEN, State.CUT_OFF):
        return None
    official = proposals.official(session, assembly, person_id)
    number = len(tasks(standings(session, assembly, sheets.of(session, assembly)), official))
    return number if number or official.role == Role.CLERK else None


def history(session: Session, assembly: Assembly, sheet: PaperSheet) -> Sequence[Any]:
    """Who keyed this sheet when, all rounds, without what they read."""
    query = select(PaperKeying).where(
        PaperKeying.community_id == assembly.community_id,
        PaperKeying.assembly_id == assembly.id,
        PaperKeying.serial == sheet.serial,
    )
    return session.scalars(query.order_by(PaperKeying.round, PaperKeying.place)).all()

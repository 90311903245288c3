"""Paper sheets: prepared for electors, alive from the entry that a clerk signed, dead when another replaces them
(rules.md R1.28, R1.33; docs/audit-package.md 5 and 5.2).

What the log says of serials is kept in `PaperSheet`, in the transaction that appends the entry.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from hoa.community.tables import Building, Unit
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules import paper, record
from voting.rules.life import State
from voting.service import casting, entries, proposals
from voting.service.entrance import Entrance
from voting.tables import Assembly, Ballot, BallotMark, PaperSheet, RollEntry, RollRemoval, RollUnit


class NoPaper(Refusal):
    message: ClassVar[str] = N_("本次会议没有纸质投票这种方式，不能制作选票。公告后要增加，须由两人签名并告知全体业主")
    status: ClassVar[int] = 409


class NotIssuing(Refusal):
    message: ClassVar[str] = N_("只有公告以后、截止以前可以制作和补发选票")
    status: ClassVar[int] = 409


class NoSuchSheet(Refusal):
    message: ClassVar[str] = N_("本次会议没有编号为 %(serial)s 的选票：可能是别次会议的，请核对票面上的会议编号")
    status: ClassVar[int] = 404


class NotIssuedYet(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 还没有签发：先由一名工作人员签名，才能发出和录入")
    status: ClassVar[int] = 409


class SheetDead(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 已作废：已补发 %(by)s，只能收、录补发的这一张")
    status: ClassVar[int] = 409


class SheetUsed(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 已经录入并写入日志。录错了先作废那一票，再重新录入")
    status: ClassVar[int] = 409


class NotThisElectors(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 不是发给这位业主的，没有写入日志")
    status: ClassVar[int] = 409


class SerialTaken(Refusal):
    message: ClassVar[str] = N_("编号 %(serial)s 已经用过，没有写入日志。请重新制作这张选票")
    status: ClassVar[int] = 409


class NotInHand(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 不在截止时清点的在手选票里，截止以后不能再录入")
    status: ClassVar[int] = 409


class HasASheet(Refusal):
    message: ClassVar[str] = N_("这位业主已有一张选票（%(serial)s）。遗失或损坏的，请在那张票的页面上补发")
    status: ClassVar[int] = 409


class IssuedAlready(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 已经签发，不能撤回；遗失或损坏的可以补发")
    status: ClassVar[int] = 409


class Place(NamedTuple):
    """Where an elector's sheet is carried to: the building and position of its first unit in the register's order."""

    building_id: str
    position: int


class InBuilding(NamedTuple):
    """How far a building's sheets are. `electors` on the roll; the others count sheets."""

    building_id: str
    name: str
    electors: int
    prepared: int
    live: int


def places(session: Session, assembly: Assembly) -> dict[str, Place]:
    """The place of every elector that is on the roll today."""
    gone = exists().where(
        RollRemoval.community_id == RollUnit.community_id,
        RollRemoval.assembly_id == RollUnit.assembly_id,
        RollRemoval.elector == RollUnit.elector,
    )
    query = (
        select(RollUnit.elector, Unit.building_id, Unit.position)
        .join(Unit, and_(Unit.community_id == RollUnit.community_id, Unit.id == RollUnit.unit_id))
        .where(RollUnit.community_id == assembly.community_id, RollUnit.assembly_id == assembly.id, ~gone)
        .order_by(Unit.position)
    )
    found: dict[str, Place] = {}
    for elector, building_id, position in session.execute(query):
        found.setdefault(elector, Place(building_id, position))
    return found


def of(session: Session, assembly: Assembly, *also: Any) -> Sequence[PaperSheet]:
    """Sheets in the order in which they are carried; further conditions narrow them."""
    mine = (PaperSheet.community_id == assembly.community_id, PaperSheet.assembly_id == assembly.id)
    query = select(PaperSheet).where(*mine, *also).order_by(PaperSheet.position, PaperSheet.made_at, PaperSheet.id)
    return session.scalars(query).all()


def roll_of(session: Session, assembly: Assembly, electors: Iterable[str] | None = None) -> dict[str, RollEntry]:
    """Roll entries by elector (None: all that ever were)."""
    mine = (RollEntry.community_id == assembly.community_id, RollEntry.assembly_id == assembly.id)
    query = select(RollEntry).where(*mine)
    if electors is not None:
        query = query.where(RollEntry.elector.in_(list(electors)))
    return {row.elector: row for row in session.scalars(query)}


def buildings(session: Session, assembly: Assembly) -> list[InBuilding]:
    """Every building of the roll with the state of its sheets."""
    found = places(session, assembly)
    names = session.execute(
        select(Building.id, Building.name).where(Building.community_id == assembly.community_id)
    ).all()
    sheets = of(session, assembly, PaperSheet.replaced_by.is_(None))
    order = {place.building_id: place.position for place in sorted(found.values(), key=lambda p: -p.position)}
    return [
        InBuilding(
            building_id=building_id,
            name=name,
            electors=sum(place.building_id == building_id for place in found.values()),
            prepared=sum(sheet.building_id == building_id and sheet.entry is None for sheet in sheets),
            live=sum(sheet.building_id == building_id and sheet.live for sheet in sheets),
        )
        for building_id, name in sorted(names, key=lambda row: order.get(row[0], 0))
        if building_id in order
    ]


def find(session: Session, assembly: Assembly, typed: str, *, lock: bool = False) -> PaperSheet:
    """The sheet whose serial was typed or scanned; refused with what is wrong with it."""
    serial = paper.read_serial(typed)
    mine = (PaperSheet.community_id == assembly.community_id, PaperSheet.assembly_id == assembly.id)
    query = select(PaperSheet).where(*mine, PaperSheet.serial == serial)
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NoSuchSheet(serial=serial)
    return found


def find_live(session: Session, assembly: Assembly, typed: str, *, lock: bool = False) -> PaperSheet:
    """A sheet that may be delivered, taken back and keyed."""
    sheet = find(session, assembly, typed, lock=lock)
    if sheet.replaced_by is not None:
        raise SheetDead(serial=sheet.serial, by=sheet.replaced_by)
    if sheet.entry is None:
        raise NotIssuedYet(serial=sheet.serial)
    return sheet


def may_issue(assembly: Assembly) -> None:
    """Refuse where no sheet may be made."""
    if assembly.step not in (State.NOTICED, State.OPEN):
        raise NotIssuing
    if "paper" not in assembly.open_channels:
        raise NoPaper


def wanting(
    session: Session, assembly: Assembly, *, building_id: str | None = None, elector: str | None = None
) -> list[str]:
    """Electors without a sheet that is prepared or alive, in the order of their flats."""
    held = {sheet.elector for sheet in of(session, assembly, PaperSheet.replaced_by.is_(None))}
    return [
        found
        for found, place in sorted(places(session, assembly).items(), key=lambda pair: (pair[1].position, pair[0]))
        if found not in held and building_id in (None, place.building_id) and elector in (None, found)
    ]


def prepare(
    session: Session, keys: Keys, assembly: Assembly, electors: Sequence[str], *, by: str | None, now: datetime
) -> list[PaperSheet]:
    """A sheet for each elector, and the proposal that a clerk signs before it is printed. Who has one is left out, so
    that a job may begin again."""
    may_issue(assembly)
    found = places(session, assembly)
    held = {sheet.elector for sheet in of(session, assembly, PaperSheet.replaced_by.is_(None))}
    made = []
    for elector in electors:
        if elector in held or elector not in found:
            continue
        sheet = _new(session, assembly, elector, found[elector], replaces=None, by=by, now=now)
        entry = record.issue_entry(_identity(assembly), serial=sheet.serial, elector=elector, time=now)
        proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=sheet.id)
        made.append(sheet)
    return made


def reissue(
    session: Session, keys: Keys, assembly: Assembly, sheet: PaperSheet, *, by: str | None, now: datetime
) -> PaperSheet:
    """A new sheet in place of a lost one, which dies when a clerk has signed; until then it still counts."""
    may_issue(assembly)
    if not sheet.live:
        find_live(session, assembly, sheet.serial)
    if standing(session, keys, assembly, sheet.serial, sheet.elector):
        raise SheetUsed(serial=sheet.serial)
    for other in of(session, assembly, PaperSheet.replaces == sheet.serial, PaperSheet.entry.is_(None)):
        if any(row.state == proposals.WAITING for row in proposals.about(session, assembly, other.id)):
            return other
    place = Place(sheet.building_id, sheet.position)
    fresh = _new(session, assembly, sheet.elector, place, replaces=sheet.serial, by=by, now=now)
    entry = record.reissue_entry(
        _identity(assembly), serial=fresh.serial, replaces=sheet.serial, elector=sheet.elector, time=now
    )
    proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=fresh.id)
    return fresh


def _new(
    session: Session,
    assembly: Assembly,
    elector: str,
    place: Place,
    *,
    replaces: str | None,
    by: str | None,
    now: datetime,
) -> PaperSheet:
    serial = paper.new_serial()
    while of(session, assembly, PaperSheet.serial == serial):
        serial = paper.new_serial()
    return _keep(session, assembly, serial, elector, place, replaces=replaces, by=by, now=now)


def _keep(
    session: Session,
    assembly: Assembly,
    serial: str,
    elector: str,
    place: Place,
    *,
    replaces: str | None,
    by: str | None,
    now: datetime,
) -> PaperSheet:
    sheet = PaperSheet(
        id=new_id(),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        serial=serial,
        elector=elector,
        building_id=place.building_id,
        position=place.position,
        replaces=replaces,
        made_by=by,
        made_at=now,
        round=1,
    )
    session.add(sheet)
    session.flush()
    return sheet


def _identity(assembly: Assembly) -> str:
    assert assembly.manifest_hash is not None
    return assembly.manifest_hash


def withdraw(session: Session, assembly: Assembly, sheet: PaperSheet, *, now: datetime) -> None:
    """Forget a sheet that nobody has signed for."""
    if sheet.entry is not None:
        raise IssuedAlready(serial=sheet.serial)
    for row in proposals.about(session, assembly, sheet.id):
        if row.state == proposals.WAITING:
            proposals.drop(session, assembly.community_id, row.id, reason="withdrawn", now=now)
    session.delete(sheet)
    session.flush()


# ----------------------------------------------------------------------------------------- what ballots a serial has


def standing(session: Session, keys: Keys, assembly: Assembly, serial: str, elector: str) -> str | None:
    """The leaf of the ballot that was keyed from this sheet and is not void.

    A sheet passes on with the roll (`roll_changes`): what was keyed from it before is among its elector's ballots or
    the inherited ones.
    """
    inherited = roll_of(session, assembly, [elector]).get(elector)
    mine = (Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    whose = (Ballot.elector == elector) | Ballot.leaf.in_(list(inherited.inherited) if inherited else [])
    void = exists().where(
        BallotMark.community_id == Ballot.community_id,
        BallotMark.assembly_id == Ballot.assembly_id,
        BallotMark.ballot == Ballot.leaf,
        BallotMark.kind == "void",
    )
    for row in session.scalars(select(Ballot).where(*mine, whose, Ballot.channel == "paper", ~void)):
        entry = casting.opened(keys, assembly.community_id, assembly.id, row.leaf, row.entry)
        if entry["evidence"]["serial"] == serial:
            return row.leaf
    return None


# ------------------------------------------------------------------------------------ what the log asks and changes


def _row(given: Entrance, serial: str) -> PaperSheet | None:
    found = of(given.session, given.assembly, PaperSheet.serial == serial)
    return found[0] if found else None


def _check_issue(given: Entrance) -> None:
    row = _row(given, given.entry["serial"])
    if row is not None and (row.entry is not None or row.elector != given.entry["elector"]):
        raise SerialTaken(serial=row.serial)


def _check_reissue(given: Entrance) -> None:
    old = _row(given, given.entry["replaces"])
    if old is None:
        raise NoSuchSheet(serial=given.entry["replaces"])
    _is_live(old, given.entry["elector"])
    if standing(given.session, given.keys, given.assembly, old.serial, old.elector):
        raise SheetUsed(serial=old.serial)
    _check_issue(given)


def _is_live(row: PaperSheet, elector: str) -> None:
    if row.replaced_by is not None:
        raise SheetDead(serial=row.serial, by=row.replaced_by)
    if row.entry is None:
        raise NotIssuedYet(serial=row.serial)
    if row.elector != elector:
        raise NotThisElectors(serial=row.serial)


def _issue(given: Entrance) -> None:
    serial, elector = given.entry["serial"], given.entry["elector"]
    row = _row(given, serial)
    if row is None:
        place = places(given.session, given.assembly)[elector]
        replaces = given.entry.get("replaces")
        row = _keep(given.session, given.assembly, serial, elector, place, replaces=replaces, by=None, now=given.now)
    row.entry = given.leaf
    given.session.flush()


def _reissue(given: Entrance) -> None:
    old = _row(given, given.entry["replaces"])
    assert old is not None
    _issue(given)
    old.replaced_by = given.entry["serial"]
    given.session.flush()


def _check_ballot(given: Entrance) -> None:
    """A paper ballot's evidence: a live serial of this elector that no standing ballot has used, and in hand at the
    cut-off when it comes after it."""
    serial = given.entry["evidence"]["serial"]
    row = _row(given, serial)
    if row is None:
        raise NoSuchSheet(serial=serial)
    _is_live(row, given.entry["elector"])
    if standing(given.session, given.keys, given.assembly, serial, row.elector):
        raise SheetUsed(serial=serial)
    if given.assembly.step is State.CUT_OFF and row.received is None:
        raise NotInHand(serial=serial)


def received(given: Entrance) -> None:
    """The effect of `paper-received`: these sheets may still be keyed."""
    serials = given.entry["serials"]
    for row in of(given.session, given.assembly, PaperSheet.serial.in_(serials)):
        row.received = given.leaf
    given.session.flush()


entries.CHECKS |= {"issue": _check_issue, "reissue": _check_reissue}
entries.EFFECTS |= {"issue": _issue, "reissue": _reissue}
entries.KEYED_CHECKS["paper"] = _check_ballot

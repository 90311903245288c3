"""The ledger of deliveries (rules.md R1.29, R1.33): how and when the ballot reached each elector, signed by a clerk;
and where each elector's ballot stands, without what it says.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hoa.kernel import canonical
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.life import State
from voting.rules.paper import METHODS
from voting.service import casting, entries, proposals, sheets
from voting.service.entrance import Entrance
from voting.tables import (
    Assembly,
    Ballot,
    BallotMark,
    Delivery,
    PaperScan,
    PaperSheet,
    Proposal,
    RollEntry,
)

WITH_SHEET = frozenset({"in-person", "post", "posted"})


class NotDelivering(Refusal):
    message: ClassVar[str] = N_("只有公告以后、截止以前登记送达")
    status: ClassVar[int] = 409


class UnknownMethod(Refusal):
    message: ClassVar[str] = N_("请选择送达方式")


class DeliveredWhen(Refusal):
    message: ClassVar[str] = N_("送达时间应在公告之后、现在以前，请核对")


class NoWitness(Refusal):
    message: ClassVar[str] = N_("请写明经办人、见证人或挂号信号码，将来查得到")


class NobodyToDeliver(Refusal):
    message: ClassVar[str] = N_("没有需要登记的：这一幢的选票都已登记送达，或者还没有签发")
    status: ClassVar[int] = 409


class DeliveredBefore(Refusal):
    message: ClassVar[str] = N_("这位业主的选票已经登记送达了")
    status: ClassVar[int] = 409


def of(session: Session, assembly: Assembly, *also: ColumnElement[bool]) -> Sequence[Delivery]:
    """Deliveries in the order in which they were recorded."""
    mine = (Delivery.community_id == assembly.community_id, Delivery.assembly_id == assembly.id)
    return session.scalars(select(Delivery).where(*mine, *also).order_by(Delivery.recorded_at, Delivery.id)).all()


def _check_open(assembly: Assembly) -> None:
    if assembly.step not in (State.NOTICED, State.OPEN):
        raise NotDelivering


def record_some(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    electors: Sequence[str],
    *,
    method: str,
    delivered: datetime,
    note: str,
    by: str,
    now: datetime,
) -> list[Delivery]:
    """Record the same delivery for several electors and propose its entries; who has this delivery is left out."""
    _check_open(assembly)
    if method not in METHODS:
        raise UnknownMethod
    if not note.strip():
        raise NoWitness
    if not _noticed(assembly) <= delivered <= now:
        raise DeliveredWhen
    live = {sheet.elector: sheet.serial for sheet in sheets.of(session, assembly) if sheet.live}
    known = {(row.elector, row.method, row.serial) for row in of(session, assembly)}
    rows = []
    for elector in electors:
        serial = live.get(elector) if method in WITH_SHEET else None
        if (elector, method, serial) in known:
            continue
        row = _row(assembly, elector, serial, method, delivered, note.strip(), by, now)
        session.add(row)
        session.flush()
        _propose(session, keys, assembly, row, by=by, now=now)
        rows.append(row)
    if not rows:
        raise DeliveredBefore if len(electors) == 1 else NobodyToDeliver
    return rows


def _noticed(assembly: Assembly) -> datetime:
    assert assembly.manifest is not None
    return parse_stamp(canonical.decode(assembly.manifest)["times"]["noticed"])


def _row(
    assembly: Assembly,
    elector: str,
    serial: str | None,
    method: str,
    delivered: datetime,
    note: str,
    by: str | None,
    now: datetime,
) -> Delivery:
    return Delivery(
        id=new_id(),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        elector=elector,
        serial=serial,
        method=method,
        delivered_at=delivered,
        note=note,
        recorded_by=by,
        recorded_at=now,
    )


def _propose(
    session: Session, keys: Keys, assembly: Assembly, row: Delivery, *, by: str | None, now: datetime
) -> Proposal:
    assert assembly.manifest_hash is not None
    entry = record.delivery_entry(
        assembly.manifest_hash,
        elector=row.elector,
        serial=row.serial,
        method=row.method,
        delivered=row.delivered_at,
        time=now,
    )
    return proposals.propose(session, keys, assembly, entry, by=by, now=now, subject=row.id)


def to_deliver(session: Session, assembly: Assembly, building_id: str, *, method: str) -> list[str]:
    """Electors of a building whose sheet is not delivered yet. What is `posted` in the area is for those whom nothing
    has reached (指导规则 22), so whoever has a delivery of any kind is left out there."""
    rows = of(session, assembly)
    any_way = {row.elector for row in rows}
    sheets_out = {(row.elector, row.serial) for row in rows}
    if method == "posted":
        found = sheets.places(session, assembly).items()
        here = sorted((place.position, elector) for elector, place in found if place.building_id == building_id)
        return [elector for _, elector in here if elector not in any_way]
    held = sheets.of(session, assembly, PaperSheet.building_id == building_id, PaperSheet.replaced_by.is_(None))
    if method not in WITH_SHEET:
        raise UnknownMethod
    return [sheet.elector for sheet in held if sheet.live and (sheet.elector, sheet.serial) not in sheets_out]


# --------------------------------------------------------------------------------------------------------- by login


def unseen(session: Session, assembly: Assembly, *, person_id: str, day: date) -> list[str]:
    """The electors that this person acts for and of whom no login is recorded yet."""
    if assembly.step not in (State.NOTICED, State.OPEN):
        return []
    mine = [found.elector for found in casting.standings(session, assembly, person_id=person_id, day=day)]
    if not mine:
        return []
    known = {row.elector for row in of(session, assembly, Delivery.method == "login", Delivery.elector.in_(mine))}
    return [elector for elector in mine if elector not in known]


def seen(session: Session, assembly: Assembly, *, person_id: str, now: datetime, day: date) -> list[Delivery]:
    """An owner who has signed in opened the notice: collected here until a clerk signs (R1.29)."""
    rows = [
        _row(assembly, elector, None, "login", now, "", None, now)
        for elector in unseen(session, assembly, person_id=person_id, day=day)
    ]
    session.add_all(rows)
    session.flush()
    return rows


def collected(session: Session, assembly: Assembly) -> list[Delivery]:
    """Logins that no proposal speaks about yet."""
    mine = (Proposal.community_id == assembly.community_id, Proposal.assembly_id == assembly.id)
    asked = set(
        session.scalars(
            select(Proposal.subject).where(*mine, Proposal.kind == "delivery", Proposal.state != proposals.DROPPED)
        )
    )
    rows = of(session, assembly, Delivery.method == "login", Delivery.entry.is_(None))
    return [row for row in rows if row.id not in asked]


def submit_collected(session: Session, keys: Keys, assembly: Assembly, *, by: str, now: datetime) -> int:
    """Propose an entry for every login collected so far."""
    _check_open(assembly)
    rows = collected(session, assembly)
    for row in rows:
        _propose(session, keys, assembly, row, by=by, now=now)
    return len(rows)


# -------------------------------------------------------------------------------------------------------- the log


def _check(given: Entrance) -> None:
    serial = given.entry["serial"]
    if serial is None:
        return
    sheet = sheets.find_live(given.session, given.assembly, serial)
    if sheet.elector != given.entry["elector"]:
        raise sheets.NotThisElectors(serial=serial)


def _effect(given: Entrance) -> None:
    found = of(given.session, given.assembly, Delivery.id == given.subject)
    if found:
        row = found[0]
    else:
        delivered = parse_stamp(given.entry["delivered"])
        elector, serial, method = (given.entry[name] for name in ("elector", "serial", "method"))
        row = _row(given.assembly, elector, serial, method, delivered, "", None, given.now)
        given.session.add(row)
    row.entry = given.leaf
    given.session.flush()


entries.CHECKS |= {"delivery": _check}
entries.EFFECTS |= {"delivery": _effect}


# ------------------------------------------------------------------------------------------------------ the ledger


class Line(NamedTuple):
    """One elector's ballot: issued → delivered → returned → valid or invalid (R1.33). Never what it says."""

    elector: str
    rooms: str
    area: int
    serial: str | None
    issued: bool
    deliveries: Sequence[Delivery]
    waiting: int
    returned: bool
    valid: bool | None

    @property
    def state(self) -> str:
        if self.valid is not None:
            return "valid" if self.valid else "invalid"
        if self.returned:
            return "returned"
        if self.deliveries:
            return "delivered"
        return "issued" if self.issued else "none"


STATES: Mapping[str, str] = {
    "none": N_("尚未送达"),
    "issued": N_("已签发"),
    "delivered": N_("已送达"),
    "returned": N_("已投票或交回"),
    "valid": N_("有效"),
    "invalid": N_("无效"),
}


def ledger(session: Session, assembly: Assembly) -> list[Line]:
    """Every elector on the roll, in the order of their flats."""
    places = sheets.places(session, assembly)
    roll = sheets.roll_of(session, assembly)
    held = {row.elector: row for row in sheets.of(session, assembly, PaperSheet.replaced_by.is_(None))}
    logged: dict[str, list[Delivery]] = defaultdict(list)
    waiting: dict[str, int] = defaultdict(int)
    for row in of(session, assembly):
        if row.entry is None:
            waiting[row.elector] += 1
        else:
            logged[row.elector].append(row)
    verdicts = _verdicts(session, assembly, roll)
    back = _back(session, assembly)
    lines = []
    for elector, _place in sorted(places.items(), key=lambda pair: (pair[1].position, pair[0])):
        entry, sheet = roll[elector], held.get(elector)
        valid = verdicts.get(elector)
        lines.append(
            Line(
                elector=elector,
                rooms="、".join(str(unit["unit"]) for unit in entry.units),
                area=entry.area,
                serial=sheet.serial if sheet else None,
                issued=sheet is not None and sheet.live,
                deliveries=logged[elector],
                waiting=waiting[elector],
                returned=valid is not None or (sheet is not None and sheet.serial in back),
                valid=valid,
            )
        )
    return lines


def _back(session: Session, assembly: Assembly) -> set[str]:
    """Serials of sheets that came back: scanned, or counted in hand."""
    mine = (PaperScan.community_id == assembly.community_id, PaperScan.assembly_id == assembly.id)
    scanned = set(session.scalars(select(PaperScan.serial).where(*mine, PaperScan.serial.is_not(None))))
    return {serial for serial in scanned if serial} | {
        sheet.serial for sheet in sheets.of(session, assembly, PaperSheet.in_hand_at.is_not(None))
    }


def _verdicts(session: Session, assembly: Assembly, roll: Mapping[str, RollEntry]) -> dict[str, bool]:
    """Of electors with a ballot that is not void, in any channel: whether one of their ballots is good."""
    mine = (Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    marks: dict[str, set[str]] = defaultdict(set)
    query = select(BallotMark.ballot, BallotMark.kind).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.motion == "*",
    )
    for leaf, kind in session.execute(query):
        marks[leaf].add(kind)
    whose: dict[str, str] = {leaf: entry.elector for entry in roll.values() for leaf in entry.inherited}
    verdicts: dict[str, bool] = {}
    for leaf, elector in session.execute(select(Ballot.leaf, Ballot.elector).where(*mine)):
        if "void" in marks[leaf]:
            continue
        owner = whose.get(leaf, elector)
        good = not marks[leaf] & {"invalid", "proxy-refused"}
        verdicts[owner] = verdicts.get(owner, False) or good
    return verdicts


def search(lines: Sequence[Line], *, words: str = "", state: str = "") -> list[Line]:
    """Lines whose rooms or serial hold the words, and that are at this state."""
    wanted = words.strip().casefold().replace(" ", "")
    return [
        line
        for line in lines
        if (not wanted or wanted in line.rooms.casefold() or wanted in (line.serial or "").casefold())
        and state in ("", line.state)
    ]


def totals(lines: Sequence[Line]) -> dict[str, int]:
    """How many electors got how far; who got further is counted at the earlier steps too."""
    return {
        "electors": len(lines),
        "issued": sum(line.issued for line in lines),
        "delivered": sum(bool(line.deliveries) for line in lines),
        "returned": sum(line.returned for line in lines),
        "invalid": sum(line.valid is False for line in lines),
    }

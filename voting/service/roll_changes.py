"""Corrections of a frozen roll (docs/audit-package.md 5.3; rules.md R1.20): composed here, signed by two officials, and
then the roll.

Use: one of `area_corrected`, `split`, `merged`, `transferred` (or your own `Change`) says who goes and who comes;
`compose` makes the entry of it; `proposals.propose` and two signatures bring it into the log. An elector that comes is
always a new one, so that no ballot of before can be taken for one of after.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from heapq import merge
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hoa.community.tables import Unit
from hoa.kernel.clock import stamp
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.counting import NO_PREVIOUS
from voting.rules.thresholds import NOTHING, Share
from voting.service import casting
from voting.service.entrance import Entrance, NotOnTheRoll, on_roll, removed
from voting.service.keys import SALT, roll_place, row_id
from voting.tables import Assembly, Ballot, PaperSheet, RollEntry, RollRemoval, RollUnit


class RollMoved(Refusal):
    message: ClassVar[str] = N_(
        "名册在这之后又更正过，这一条对不上现在的名册，没有写入日志。请撤下它，按现在的名册重新拟定"
    )
    status: ClassVar[int] = 409


class TotalsChange(Refusal):
    message: ClassVar[str] = N_(
        "开始表决以后，更正前后的人数和面积必须相等：更正前 %(heads)s 人 %(area)s 平方米，"
        "更正后 %(new_heads)s 人 %(new_area)s 平方米。有不动产登记或者法院文书的，请附上文书"
    )


class NobodyTakesOver(Refusal):
    message: ClassVar[str] = N_("更正前的每一位业主，票和选票纸都要写明归更正后的哪一位，而且只能归一位")


class NoUnitLeft(Refusal):
    message: ClassVar[str] = N_("更正后的每一位业主至少要有一套面积大于零的房屋")


class UnitTaken(Refusal):
    message: ClassVar[str] = N_("%(unit)s 在名册上属于另一位业主，请把那位业主也写进这次更正")
    status: ClassVar[int] = 409


class UnitUnknown(Refusal):
    message: ClassVar[str] = N_("%(unit)s 不在房屋登记里，或者登记后改过名字，请先核对房屋登记再更正名册")


class ClockWentBack(Refusal):
    message: ClassVar[str] = N_("业主 %(elector)s 的票时间先后颠倒（服务器时钟曾被调回），这位业主的名册不能更正")
    status: ClassVar[int] = 409


class NothingToChange(Refusal):
    message: ClassVar[str] = N_("更正前后没有不同，不需要更正")


class Held(NamedTuple):
    """A unit as the roll has it. `area` in 0.01 m²."""

    unit_id: str
    label: str
    area: int


class NewElector(NamedTuple):
    """An elector of the roll after a change: its units by id, with the area that counts (0.01 m²), and the electors
    whose ballots and paper sheets it takes over (none: it begins without)."""

    units: Sequence[tuple[str, int]]
    sources: Sequence[str] = ()


class Change(NamedTuple):
    """Who goes and who comes."""

    before: Sequence[str]
    after: Sequence[NewElector]


# --------------------------------------------------------------------------------------------------- the usual changes


def holder(session: Session, assembly: Assembly, unit_id: str) -> str:
    """The elector who has this unit on the roll today."""
    query = select(RollUnit.elector).where(
        RollUnit.community_id == assembly.community_id,
        RollUnit.assembly_id == assembly.id,
        RollUnit.unit_id == unit_id,
    )
    found = set(session.scalars(query)) - removed(session, assembly)
    if not found:
        raise NotOnTheRoll(elector=unit_id)
    return found.pop()


def held(session: Session, assembly: Assembly, elector: str) -> list[Held]:
    """An elector's units with the names and areas of the roll."""
    row = on_roll(session, assembly, elector)
    ids = _unit_ids(session, assembly, [unit["unit"] for unit in row.units])
    return [Held(ids[unit["unit"]], unit["unit"], unit["area"]) for unit in row.units]


def area_corrected(session: Session, assembly: Assembly, *, unit_id: str, area: int) -> Change:
    """The same elector with another area (0.01 m²) for one unit; ballots and sheets stay with it."""
    elector = holder(session, assembly, unit_id)
    units = [
        (unit.unit_id, area if unit.unit_id == unit_id else unit.area) for unit in held(session, assembly, elector)
    ]
    return Change([elector], [NewElector(units, [elector])])


def split(
    session: Session, assembly: Assembly, *, elector: str, apart: Iterable[str], ballots_go_apart: bool = False
) -> Change:
    """Two electors out of one: the units `apart` become one of their own. The ballots stay with the rest, or go with
    the part, as the notice of the correction says."""
    own, away = held(session, assembly, elector), set(apart)
    parts = [[unit for unit in own if (unit.unit_id in away) is gone] for gone in (False, True)]
    sources: list[list[str]] = [[], [elector]] if ballots_go_apart else [[elector], []]
    return Change([elector], [NewElector(_areas(part), source) for part, source in zip(parts, sources, strict=True)])


def merged(session: Session, assembly: Assembly, *, electors: Sequence[str]) -> Change:
    """One elector out of several who turn out to be one owner (R1.13); their ballots become one chain."""
    units = [unit for elector in electors for unit in held(session, assembly, elector)]
    return Change(list(electors), [NewElector(_areas(units), list(electors))])


def transferred(session: Session, assembly: Assembly, *, unit_id: str, to: str | None) -> Change:
    """A unit goes to another elector of the roll, or (`to` None) to one who was not on it. Who keeps other units keeps
    the ballots; who has none left leaves the roll, and the ballots go where the unit goes."""
    giver = holder(session, assembly, unit_id)
    if giver == to:
        raise NothingToChange
    own = held(session, assembly, giver)
    moved = [unit for unit in own if unit.unit_id == unit_id]
    rest = [unit for unit in own if unit.unit_id != unit_id]
    taker = [] if to is None else [to]
    theirs = [unit for elector in taker for unit in held(session, assembly, elector)]
    receiver = NewElector(_areas([*theirs, *moved]), [*taker, *([] if rest else [giver])])
    return Change([giver, *taker], [*([NewElector(_areas(rest), [giver])] if rest else []), receiver])


def _areas(units: Iterable[Held]) -> list[tuple[str, int]]:
    return [(unit.unit_id, unit.area) for unit in units]


# ---------------------------------------------------------------------------------------------------------- the entry


def compose(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    *,
    before: Sequence[str],
    after: Sequence[NewElector],
    reason: str,
    now: datetime,
    paper: str | None = None,
) -> dict[str, Any]:
    """The `roll-change` entry, ready for `proposals.propose`.

    `before`: electors who leave the roll; `after`: those who come (`NewElector`: unit ids with areas in 0.01 m², and
    from whom they take over ballots and sheets); `paper`: the SHA-256 (hex) of a registry's or court's document, needed
    from the opening on when heads or area change. Refused when a unit belongs to somebody else.
    """
    rows = {one.elector: one for one in (on_roll(session, assembly, elector) for elector in before)}
    if sorted(source for part in after for source in part.sources) != sorted(rows):
        raise NobodyTakesOver
    names = _labels(session, assembly, [unit_id for part in after for unit_id, _ in part.units])
    electors = [(new_id(), part) for part in after]
    assert assembly.manifest_hash is not None
    return record.roll_change_entry(
        assembly.manifest_hash,
        before=[row.leaf for row in rows.values()],
        after=[
            record.roll_row(elector, [(names[unit_id], area) for unit_id, area in part.units])
            for elector, part in electors
        ],
        heirs=[
            record.Heir(elector, part.sources, joined(session, keys, assembly, part.sources))
            for elector, part in electors
        ],
        reason=reason,
        paper=paper,
        time=now,
    )


def renewed(
    session: Session, keys: Keys, assembly: Assembly, entry: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The same change after one of its electors voted meanwhile: the new ballot is inherited too."""
    heirs = [{**heir, "ballots": joined(session, keys, assembly, heir["from"])} for heir in entry["heirs"]]
    return {**entry, "heirs": heirs, "time": stamp(now), "nonce": record.fresh()}


def joined(session: Session, keys: Keys, assembly: Assembly, electors: Iterable[str]) -> list[str]:
    """All ballots of these electors in order of acceptance: each chain's own order, by time between chains."""
    chains = [_chain(session, keys, assembly, elector) for elector in sorted(electors)]
    return [leaf for _, leaf in merge(*chains, key=lambda ballot: ballot[0])]


def _chain(session: Session, keys: Keys, assembly: Assembly, elector: str) -> list[tuple[str, str]]:
    """An elector's ballots in chain order, as (time, leaf)."""
    mine = (Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    inherited = on_roll(session, assembly, elector).inherited
    own = {row.previous: row for row in session.scalars(select(Ballot).where(*mine, Ballot.elector == elector))}
    rows = {row.leaf: row for row in session.scalars(select(Ballot).where(*mine, Ballot.leaf.in_(inherited)))}
    ordered = [rows[leaf] for leaf in inherited]
    previous = ordered[-1].leaf if ordered else NO_PREVIOUS
    while (row := own.pop(previous, None)) is not None:
        ordered.append(row)
        previous = row.leaf
    community_id, assembly_id = assembly.community_id, assembly.id
    times = [casting.opened(keys, community_id, assembly_id, row.leaf, row.entry)["time"] for row in ordered]
    if times != sorted(times):
        raise ClockWentBack(elector=elector)
    return [(time, row.leaf) for time, row in zip(times, ordered, strict=True)]


# -------------------------------------------------------------------------------------------------- check and effect


def check(given: Entrance) -> None:
    """Refuse a change that does not fit the roll as it is now."""
    session, assembly, entry = given.session, given.assembly, given.entry
    before = _before(given)
    gone = [row.elector for row in before]
    if not all(row["units"] and all(unit["area"] > 0 for unit in row["units"]) for row in entry["after"]):
        raise NoUnitLeft
    if sorted(source for heir in entry["heirs"] for source in heir["from"]) != sorted(gone):
        raise NobodyTakesOver
    _same_totals(given, before)
    labels = [unit["unit"] for row in entry["after"] for unit in row["units"]]
    ids = _unit_ids(session, assembly, labels)
    taken = select(RollUnit.unit_id, RollUnit.elector).where(
        RollUnit.community_id == assembly.community_id,
        RollUnit.assembly_id == assembly.id,
        RollUnit.unit_id.in_(ids.values()),
    )
    elsewhere = removed(session, assembly) | set(gone)
    others = {unit_id for unit_id, elector in session.execute(taken) if elector not in elsewhere}
    for label in labels:
        if ids[label] in others or labels.count(label) > 1:
            raise UnitTaken(unit=label)
    for heir in entry["heirs"]:
        if joined(session, given.keys, assembly, heir["from"]) != heir["ballots"]:
            raise casting.ChainMoved


def _before(given: Entrance) -> list[RollEntry]:
    """The roll entries that go; all of them must be on the roll today."""
    mine = (RollEntry.community_id == given.assembly.community_id, RollEntry.assembly_id == given.assembly.id)
    rows = given.session.scalars(select(RollEntry).where(*mine, RollEntry.leaf.in_(given.entry["before"]))).all()
    if len(rows) != len(given.entry["before"]) or removed(given.session, given.assembly, [row.elector for row in rows]):
        raise RollMoved
    return list(rows)


def _same_totals(given: Entrance, before: Sequence[RollEntry]) -> None:
    """From the opening on heads and area stay, unless a registry's or a court's paper says otherwise."""
    then = sum((Share(row.heads, row.area) for row in before), NOTHING)
    now = sum((Share(row["heads"], row["area"]) for row in given.entry["after"]), NOTHING)
    if given.now >= given.assembly.opens_at and given.entry["paper"] is None and then != now:
        raise TotalsChange(
            heads=then.heads,
            area=f"{then.area / 100:.2f}",
            new_heads=now.heads,
            new_area=f"{now.area / 100:.2f}",
        )


def apply(given: Entrance) -> None:
    """Write the roll as it is from here on: removals, new entries with their sealed salts, whose the units are. Live
    paper sheets go with the ballots."""
    session, keys, assembly, entry = given.session, given.keys, given.assembly, given.entry
    common = {"community_id": assembly.community_id, "assembly_id": assembly.id}
    for row in _before(given):
        removal = removal_id(keys, assembly.id, row.elector, given.leaf)
        session.add(RollRemoval(id=removal, elector=row.elector, entry=given.leaf, **common))
    inherited = {heir["elector"]: heir["ballots"] for heir in entry["heirs"]}
    for value in entry["after"]:
        labels = [unit["unit"] for unit in value["units"]]
        unit_ids = list(_unit_ids(session, assembly, labels).values())
        leaf, elector = record.leaf(value).hex(), value["elector"]
        place = roll_place(assembly, elector, unit_ids)
        session.add(
            RollEntry(
                id=roll_id(keys, assembly.id, leaf, given.leaf, inherited[elector]),
                elector=elector,
                heads=value["heads"],
                area=value["area"],
                units=value["units"],
                salt=keys.seal(SALT, bytes.fromhex(value["salt"]), place),
                leaf=leaf,
                entry=given.leaf,
                inherited=inherited[elector],
                **common,
            )
        )
        session.flush()
        session.add_all(
            RollUnit(id=row_id(keys, assembly.id, "unit", unit_id, elector), unit_id=unit_id, elector=elector, **common)
            for unit_id in unit_ids
        )
    _sheets_follow(given)
    session.flush()


def _sheets_follow(given: Entrance) -> None:
    for heir in given.entry["heirs"]:
        given.session.execute(
            update(PaperSheet)
            .where(
                PaperSheet.community_id == given.assembly.community_id,
                PaperSheet.assembly_id == given.assembly.id,
                PaperSheet.elector.in_(heir["from"]),
                PaperSheet.replaced_by.is_(None),
            )
            .values(elector=heir["elector"])
        )


def roll_id(keys: Keys, assembly_id: str, leaf: str, entry: str | None, inherited: Sequence[str]) -> str:
    """The fingerprint of a roll row: of what it says, which change brought it, and what it inherited."""
    since = () if entry is None and not inherited else (entry or "", *inherited)
    return row_id(keys, assembly_id, "roll", leaf, *since)


def removal_id(keys: Keys, assembly_id: str, elector: str, entry: str) -> str:
    return row_id(keys, assembly_id, "removal", elector, entry)


def _unit_ids(session: Session, assembly: Assembly, labels: Sequence[str]) -> dict[str, str]:
    """The ids of units by the names that the roll uses; one that is still in the register goes before one removed."""
    query = select(Unit.label, Unit.id).where(Unit.community_id == assembly.community_id, Unit.label.in_(labels))
    query = query.order_by(Unit.removed_at.is_(None), Unit.id)
    found: dict[str, str] = {row.label: row.id for row in session.execute(query)}
    for label in labels:
        if label not in found:
            raise UnitUnknown(unit=label)
    return found


def _labels(session: Session, assembly: Assembly, unit_ids: Sequence[str]) -> dict[str, str]:
    query = select(Unit.id, Unit.label).where(Unit.community_id == assembly.community_id, Unit.id.in_(unit_ids))
    found: dict[str, str] = {row.id: row.label for row in session.execute(query)}
    for unit_id in unit_ids:
        if unit_id not in found:
            raise UnitUnknown(unit=unit_id)
    return found

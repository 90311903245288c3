"""Who has voted, by building, floor and door, for those who knock on doors; never what anybody chose. It ends at the
cut-off, and every look is written down (experience.md; voting-record.md 2, 9).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community import sealing
from hoa.community.tables import Building, Unit
from hoa.kernel import masking
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.ports.keys import Keys
from voting.rules.life import State
from voting.rules.places import Turnout, public, spot
from voting.service import messages, voters
from voting.service.entrance import on_roll
from voting.tables import Assembly, DoorVisit, RollUnit, TurnoutLook

NOTE_LENGTH = 200
LOOSE_COLUMNS = 4


class Result(StrEnum):
    """What a visit came to; whether somebody will vote, never how."""

    AWAY = "away"
    PROMISED = "promised"
    REFUSED = "refused"
    PAPER = "paper"
    OTHER = "other"


RESULT_TITLES = {
    Result.AWAY: N_("不在家"),
    Result.PROMISED: N_("已答应"),
    Result.REFUSED: N_("拒绝"),
    Result.PAPER: N_("要纸票"),
    Result.OTHER: N_("其他"),
}


class OnlyWhileOpen(Refusal):
    message: ClassVar[str] = N_("上门名单只在表决期间使用；表决没有开始或者已经截止，名单已关闭")
    status: ClassVar[int] = 409


class UnknownResult(Refusal):
    message: ClassVar[str] = N_("请选择上门的结果；备注最多 200 字，不要写对方选了什么")


class Cell(NamedTuple):
    """A door: its unit, and whether its elector has voted."""

    label: str
    door: str
    elector: str
    voted: bool


class Block(NamedTuple):
    """An entrance of a building as a picture: floors from the top, doors in columns; loose units in rows of four."""

    building: str
    entrance: str
    doors: Sequence[str]
    floors: Sequence[tuple[int | None, Sequence[Cell | None]]]

    @property
    def cells(self) -> Sequence[Cell]:
        return [cell for _, row in self.floors for cell in row if cell is not None]


class _Place(NamedTuple):
    unit: Unit
    building: str
    elector: str


def demand_open(assembly: Assembly, *, now: datetime) -> None:
    if assembly.step is not State.OPEN or now >= assembly.ends_at:
        raise OnlyWhileOpen


def look(session: Session, assembly: Assembly, *, person_id: str, page: str, now: datetime) -> None:
    """Write down who looks."""
    session.add(
        TurnoutLook(
            id=new_id(),
            community_id=assembly.community_id,
            assembly_id=assembly.id,
            person_id=person_id,
            page=page,
            at=now,
        )
    )
    session.flush()


def looks(session: Session, assembly: Assembly, *, limit: int) -> Sequence[TurnoutLook]:
    """Who looked, the latest first."""
    query = select(TurnoutLook).where(
        TurnoutLook.community_id == assembly.community_id, TurnoutLook.assembly_id == assembly.id
    )
    return session.scalars(query.order_by(TurnoutLook.at.desc(), TurnoutLook.id).limit(limit)).all()


def _places(session: Session, assembly: Assembly) -> list[_Place]:
    """Every unit of today's roll, in the register's order."""
    query = (
        select(Unit, Building.name, RollUnit.elector)
        .join(Building, (Building.community_id == Unit.community_id) & (Building.id == Unit.building_id))
        .join(RollUnit, (RollUnit.community_id == Unit.community_id) & (RollUnit.unit_id == Unit.id))
        .where(RollUnit.community_id == assembly.community_id, RollUnit.assembly_id == assembly.id)
        .order_by(Unit.position)
    )
    there = voters.on_roll(session, assembly)
    return [_Place(unit, building, elector) for unit, building, elector in session.execute(query) if elector in there]


def blocks(session: Session, assembly: Assembly) -> Sequence[Block]:
    """The buildings as pictures."""
    done = voters.voted(session, assembly)
    grouped: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    rooms: dict[str, str] = {}
    for place in _places(session, assembly):
        cell = Cell(place.unit.label, spot(place.unit.room).door, place.elector, place.elector in done)
        grouped[place.building, place.unit.entrance].append(cell)
        rooms[place.unit.label] = place.unit.room
    return [_block(building, entrance, cells, rooms) for (building, entrance), cells in grouped.items()]


def _block(building: str, entrance: str, cells: Sequence[Cell], rooms: Mapping[str, str]) -> Block:
    by_floor: dict[int, dict[str, Cell]] = defaultdict(dict)
    loose: list[Cell] = []
    for cell in cells:
        floor = spot(rooms[cell.label]).floor
        if floor is None or cell.door in by_floor[floor]:
            loose.append(cell)
        else:
            by_floor[floor][cell.door] = cell
    doors = sorted({cell.door for row in by_floor.values() for cell in row.values()})
    floors: list[tuple[int | None, Sequence[Cell | None]]] = [
        (floor, [by_floor[floor].get(door) for door in doors])
        for floor in sorted(by_floor, reverse=True)
        if by_floor[floor]
    ]
    floors += [(None, loose[at : at + LOOSE_COLUMNS]) for at in range(0, len(loose), LOOSE_COLUMNS)]
    return Block(building, entrance, doors, floors)


def by_building(session: Session, assembly: Assembly) -> Sequence[Turnout]:
    """Turnout by building as of the last hour, as far as the public may have it; an elector with units in several
    buildings stands with its first.
    """
    done = voters.voted(session, assembly, until=assembly.turnout_at)
    home: dict[str, str] = {}
    for place in _places(session, assembly):
        home.setdefault(place.elector, place.building)
    names = dict.fromkeys(home.values())
    return public(
        Turnout(
            name,
            sum(1 for where in home.values() if where == name),
            sum(1 for elector, where in home.items() if where == name and elector in done),
        )
        for name in names
    )


# ------------------------------------------------------------------------------------------------------ the door list


class Door(NamedTuple):
    """An elector that has not voted: where, whom to ask for (masked), and what earlier visits came to."""

    elector: str
    building: str
    entrance: str
    floor: int | None
    rooms: str
    people: Sequence[tuple[str, str]]
    unreachable: bool
    visits: Sequence[DoorVisit]


def unvoted(session: Session, keys: Keys, assembly: Assembly, *, day: date) -> Sequence[Door]:
    """Those who have not voted: first whom no message reached, then by building, entrance and floor."""
    left = voters.on_roll(session, assembly) - voters.voted(session, assembly)
    places: dict[str, list[_Place]] = defaultdict(list)
    for place in _places(session, assembly):
        places[place.elector].append(place)
    owners = voters.owners(session, assembly, left, day=day)
    visits, failed = _visits(session, assembly), messages.unreached(session, assembly)
    doors = []
    for elector in places:
        if elector not in left:
            continue
        first, people, reached = places[elector][0], [], False
        for owner in owners.get(elector, ()):
            phone = voters.phone_of(session, keys, owner)
            recipient = sealing.phone_digest(keys, assembly.community_id, phone) if phone else owner.id
            reached = reached or (phone is not None and recipient not in failed)
            people.append((masking.name(owner.name), masking.phone(phone) if phone else ""))
        doors.append(
            Door(
                elector,
                first.building,
                first.unit.entrance,
                spot(first.unit.room).floor,
                "、".join(place.unit.label for place in places[elector]),
                people,
                not reached,
                visits.get(elector, ()),
            )
        )
    return sorted(doors, key=lambda door: not door.unreachable)


def _visits(session: Session, assembly: Assembly) -> Mapping[str, Sequence[DoorVisit]]:
    query = select(DoorVisit).where(
        DoorVisit.community_id == assembly.community_id, DoorVisit.assembly_id == assembly.id
    )
    found: dict[str, list[DoorVisit]] = defaultdict(list)
    for visit in session.scalars(query.order_by(DoorVisit.at.desc(), DoorVisit.id)):
        found[visit.elector].append(visit)
    return found


def door(session: Session, keys: Keys, assembly: Assembly, elector: str, *, day: date) -> Door:
    """One elector of the list; nothing where it has voted meanwhile."""
    found = next((one for one in unvoted(session, keys, assembly, day=day) if one.elector == elector), None)
    if found is None:
        raise NotFound
    return found


def visit(
    session: Session, assembly: Assembly, *, elector: str, result: str, note: str, by: str, now: datetime
) -> DoorVisit:
    """Write down what a visit came to."""
    demand_open(assembly, now=now)
    if result not in tuple(Result) or len(note) > NOTE_LENGTH:
        raise UnknownResult
    on_roll(session, assembly, elector)
    row = DoorVisit(
        id=new_id(),
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        elector=elector,
        by=by,
        result=result,
        note=note.strip(),
        at=now,
    )
    session.add(row)
    session.flush()
    return row

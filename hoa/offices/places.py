"""Where building posts are: the buildings, entrances and floors that the register knows."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.tables import Building, Unit
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.rooms import spot
from hoa.offices.rules import NOWHERE, Place

Entrances = Mapping[str, Sequence[int]]


class UnknownBuilding(Refusal):
    message = N_("业主名册里没有楼栋“%(building)s”，现有：%(known)s；请先导入业主名册，或者照名册的写法填写")


class UnknownEntrance(Refusal):
    message = N_("业主名册里%(building)s没有单元“%(entrance)s”，现有：%(known)s")


class UnknownFloor(Refusal):
    message = N_("业主名册里%(building)s %(entrance)s 没有第“%(floor)s”层，现有：%(known)s")


def buildings(session: Session, community_id: str) -> Mapping[str, Entrances]:
    """The buildings of the register in its order, each with its entrances and their floors, lowest first.

    A floor is what the room numbers say (1203 is on the twelfth); shops and garages say none.
    """
    query = (
        select(Building.name, Unit.entrance, Unit.room)
        .join(Building, (Building.community_id == Unit.community_id) & (Building.id == Unit.building_id))
        .where(Unit.community_id == community_id, Unit.removed_at.is_(None))
        .order_by(Unit.position)
    )
    found: dict[str, dict[str, set[int]]] = {}
    for building, entrance, room in session.execute(query):
        floors = found.setdefault(building, {}).setdefault(entrance, set())
        floor = spot(room).floor
        if floor is not None:
            floors.add(floor)
    return {
        building: {entrance: sorted(floors) for entrance, floors in entrances.items()}
        for building, entrances in found.items()
    }


def checked(session: Session, community_id: str, place: Place) -> Place:
    """The place as the register names it; refused where the register has no such building, entrance or floor."""
    if not place.building:
        return NOWHERE
    known = buildings(session, community_id)
    if place.building not in known:
        raise UnknownBuilding(building=place.building[:20], known="、".join(known) or "—")
    entrances = known[place.building]
    if place.entrance and place.entrance not in entrances:
        known_entrances = "、".join(entrance for entrance in entrances if entrance) or "—"
        raise UnknownEntrance(building=place.building, entrance=place.entrance[:20], known=known_entrances)
    if place.floor:
        floors = [str(floor) for floor in entrances[place.entrance]]
        if place.floor not in floors:
            raise UnknownFloor(
                building=place.building,
                entrance=place.entrance,
                floor=place.floor[:20],
                known="、".join(floors) or "—",
            )
    return place

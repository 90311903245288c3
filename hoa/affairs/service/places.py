"""Places with a QR poster of their own: scanning it opens the page to report with the place filled in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.tables import Place, Suggestion
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.offices import places as register
from hoa.offices.rules import Place as Where

CODE_LENGTH = 8
MOST_NAME = 30


class PlaceNameMissing(Refusal):
    message = N_("请给点位起个名字，例如“1栋电梯厅”“北门岗亭”")


class PlaceNameTooLong(Refusal):
    message = N_("点位名称写了 %(length)s 个字，最多 %(most)s 个字，请写短一些")


class PlaceExists(Refusal):
    message = N_("已经有叫“%(name)s”的点位了，请换一个名字，免得认错")


class PosterOutdated(Refusal):
    message = N_("这个二维码的点位已经停用。请从本小区的“码上提”直接提交，写明位置即可")
    status = 404


def places(session: Session, community_id: str) -> Sequence[Place]:
    """The places in use, as one walks: building, entrance, floor, name."""
    query = select(Place).where(Place.community_id == community_id, Place.removed_at.is_(None))
    rows = session.scalars(query).all()
    return sorted(rows, key=lambda row: (len(row.building), row.building, row.entrance, row.floor or 0, row.name))


def find_by_code(session: Session, community_id: str, code: str) -> Place:
    """The place of a scanned poster; one that is no longer used says so, another community's does not exist."""
    query = select(Place).where(Place.community_id == community_id, Place.code == code)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    if row.removed_at is not None:
        raise PosterOutdated
    return row


def add(
    session: Session,
    community_id: str,
    *,
    name: str,
    building: str = "",
    entrance: str = "",
    floor: int | None = None,
    by: str,
    now: datetime,
) -> Place:
    """A new place; its code is drawn at random, so that nobody reports from a wall by counting."""
    name = name.strip()
    if not name:
        raise PlaceNameMissing
    if len(name) > MOST_NAME:
        raise PlaceNameTooLong(length=len(name), most=MOST_NAME)
    if any(row.name == name for row in places(session, community_id)):
        raise PlaceExists(name=name)
    where = checked(session, community_id, building, entrance, floor)
    row = Place(
        community_id=community_id,
        code=new_id()[:CODE_LENGTH],
        name=name,
        building=where.building,
        entrance=where.entrance,
        floor=int(where.floor) if where.floor else None,
        added_at=now,
        added_by_id=by,
    )
    session.add(row)
    session.flush()
    return row


def name_of(session: Session, row: Suggestion) -> str:
    """What the place is called whose poster was scanned, in use or not; empty without one."""
    return get(session, Place, row.community_id, row.place_id).name if row.place_id else ""


def remove(session: Session, community_id: str, place_id: str, *, now: datetime) -> Place:
    """Take a place out of use; what was reported there keeps it."""
    row = get(session, Place, community_id, place_id, lock=True)
    row.removed_at = row.removed_at or now
    session.flush()
    return row


def checked(session: Session, community_id: str, building: str, entrance: str, floor: int | None) -> Where:
    """Building, entrance and floor as the register names them; refused where it has no such place."""
    return register.checked(session, community_id, Where(building, entrance, "" if floor is None else str(floor)))

"""Where a unit is in its building, read from its room number."""

import re
from typing import NamedTuple

_ROOM = re.compile(r"\D*(\d{1,2})(\d{2})\D*\Z")


class Spot(NamedTuple):
    """Floor and door; without a floor where the number does not tell one (shops, garages)."""

    floor: int | None
    door: str


def spot(room: str) -> Spot:
    """1203 is door 03 on the twelfth floor; S01 or 7 have no floor."""
    match = _ROOM.match(room)
    return Spot(int(match[1]), match[2]) if match else Spot(None, room)

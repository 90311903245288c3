"""Where a unit is in its building, read from its room number; and which buildings' turnout may be public."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

FEWEST = 5
_ROOM = re.compile(r"\D*(\d{1,2})(\d{2})\D*\Z")


class Spot(NamedTuple):
    """Floor and door; without a floor where the number does not tell one (shops, garages)."""

    floor: int | None
    door: str


def spot(room: str) -> Spot:
    """1203 is door 03 on the twelfth floor; S01 or 7 have no floor."""
    match = _ROOM.match(room)
    return Spot(int(match[1]), match[2]) if match else Spot(None, room)


class Turnout(NamedTuple):
    """Electors of a building and how many of them have voted. `name` is empty for buildings told together."""

    name: str
    electors: int
    voted: int


def public(buildings: Iterable[Turnout]) -> Sequence[Turnout]:
    """Buildings that may be told apart: fewer than five electors are told together with others, and never so that the
    rest follows from a difference (voting-record.md 9).
    """
    rows = list(buildings)
    shown = [row for row in rows if row.electors >= FEWEST]
    together = [row for row in rows if row.electors < FEWEST]
    while together and shown and sum(row.electors for row in together) < FEWEST:
        smallest = min(shown, key=lambda row: row.electors)
        shown.remove(smallest)
        together.append(smallest)
    if not together:
        return shown
    rest = Turnout("", sum(row.electors for row in together), sum(row.voted for row in together))
    return [*shown, rest] if rest.electors >= FEWEST else shown

"""Which buildings' turnout may be public; where a unit is in its building is read from its room number."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hoa.kernel.rooms import Spot, spot

__all__ = ["FEWEST", "Spot", "Turnout", "public", "spot"]

FEWEST = 5


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

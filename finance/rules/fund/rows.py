"""A line of a statement as data, and how sums follow from the lines above them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Look(StrEnum):
    """How a line stands on the page: a heading without figures, a line, one that is subtracted, a sum."""

    HEAD = "head"
    LINE = "line"
    LESS = "less"
    SUM = "sum"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line: `key` is what data and addresses call it, `name` its name in the standard, a message id.

    `roles` count here. `of` are the keys that a sum adds (a line that is subtracted counts against it), `less` those
    it takes away.
    """

    key: str
    name: str
    look: Look = Look.LINE
    roles: tuple[str, ...] = field(default=())
    of: tuple[str, ...] = field(default=())
    less: tuple[str, ...] = field(default=())


def head(key: str, name: str) -> Row:
    return Row(key=key, name=name, look=Look.HEAD)


def line(key: str, name: str, *roles: str) -> Row:
    return Row(key=key, name=name, roles=roles)


def less(key: str, name: str, *roles: str) -> Row:
    return Row(key=key, name=name, look=Look.LESS, roles=roles)


def total(key: str, name: str, *of: str, less: tuple[str, ...] = ()) -> Row:
    return Row(key=key, name=name, look=Look.SUM, of=of, less=less)


def places(rows: Iterable[Row]) -> dict[str, str]:
    """Which line each role counts in."""
    return {role: row.key for row in rows for role in row.roles}


def added_up(rows: Sequence[Row], figures: Mapping[str, int]) -> dict[str, int]:
    """The figures of all lines: those given, and the sums over them in the order of the rows."""
    looks = {row.key: row.look for row in rows}
    found: dict[str, int] = {}
    for row in rows:
        if row.look is Look.HEAD:
            continue
        if row.look is not Look.SUM:
            found[row.key] = figures.get(row.key, 0)
            continue
        added = sum(-found[key] if looks[key] is Look.LESS else found[key] for key in row.of)
        found[row.key] = added - sum(found[key] for key in row.less)
    return found


def made_of(rows: Sequence[Row], key: str) -> dict[str, int]:
    """The lines that a figure is made of in the end, with 1 for those it adds and -1 for those it takes away."""
    by_key = {row.key: row for row in rows}
    row = by_key[key]
    if row.look is not Look.SUM:
        return {key: 1}
    found: dict[str, int] = {}
    for part in (*row.of, *row.less):
        sign = -1 if part in row.less or by_key[part].look is Look.LESS else 1
        found.update({leaf: sign * weight for leaf, weight in made_of(rows, part).items()})
    return found

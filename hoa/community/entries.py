"""What a register workbook says, unit by unit, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hoa.community.rules import Areas, Holding, Kind, Status, Totals, totals


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and how to mend it: a message id with parameters, at a cell such as F10."""

    sheet: str | None
    row: int | None
    column: str | None
    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message

    def as_json(self) -> dict[str, Any]:
        """The problem in Chinese, for `--json` and files."""
        return {"sheet": self.sheet, "row": self.row, "column": self.column, "message": str(self)}

    def kept(self) -> dict[str, Any]:
        """The problem as a row keeps it, so that each reader sees it in their language."""
        params = {key: str(value) for key, value in self.params.items()}
        place = {"sheet": self.sheet, "row": self.row, "column": self.column}
        return {**place, "message": self.message, "params": params}


@dataclass(frozen=True, slots=True)
class OwnerEntry:
    """An owner as written beside a unit. `identifier` is normalised; None where the register has none.

    `number` is the owner's id in our own exports, which show no certificate and still come back as the same owners.
    """

    name: str
    identifier: str | None = None
    organisation: bool = False
    phone: str | None = None
    share: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """One exclusive part as written. `code` identifies it however it was written; areas are in 0.01 m²."""

    sheet: str
    row: int
    building: str
    entrance: str
    room: str
    code: str
    label: str
    kind: Kind
    status: Status
    areas: Areas
    owners: tuple[OwnerEntry, ...]
    note: str = ""


def owner_key(owner: OwnerEntry, unit_code: str) -> str:
    """Who is the same owner: by certificate, else our own number, else name and phone, else within this unit only."""
    if owner.identifier:
        return "number:" + owner.identifier
    if owner.number:
        return "row:" + owner.number
    if owner.phone:
        return f"phone:{owner.name}:{owner.phone}"
    return f"unit:{owner.name}:{unit_code}"


def settled(units: Sequence[UnitEntry]) -> tuple[UnitEntry, ...]:
    """The same owner under the same name and phone everywhere: the first that the file gives.

    A developer's rows name a different salesman's phone each; without this the owner would change with every row.
    """
    first: dict[str, tuple[str, str | None]] = {}
    for unit in units:
        for owner in unit.owners:
            name, phone = first.get(owner_key(owner, unit.code), (owner.name, None))
            first[owner_key(owner, unit.code)] = (name, phone or owner.phone)
    return tuple(
        replace(unit, owners=tuple(_as_first(owner, *first[owner_key(owner, unit.code)]) for owner in unit.owners))
        for unit in units
    )


def _as_first(owner: OwnerEntry, name: str, phone: str | None) -> OwnerEntry:
    return owner if (owner.name, owner.phone) == (name, phone) else replace(owner, name=name, phone=phone)


def holding(entry: UnitEntry) -> Holding:
    """The entry as the counting of heads sees it, before any row exists."""
    keys = {owner_key(owner, entry.code): owner.organisation for owner in entry.owners}
    return Holding(
        unit=entry.code,
        label=entry.label,
        kind=entry.kind,
        status=entry.status,
        area=entry.areas.counted,
        owners=frozenset(keys),
        companies=frozenset(key for key, organisation in keys.items() if organisation),
    )


@dataclass(frozen=True)
class Reading:
    """A workbook as read. It may be imported only when there is no error; warnings are for people to look at."""

    units: Sequence[UnitEntry]
    errors: Sequence[Problem]
    warnings: Sequence[Problem]

    def totals(self, *, parking_counts: bool = False) -> Totals:
        return totals([holding(entry) for entry in self.units], parking_counts=parking_counts)

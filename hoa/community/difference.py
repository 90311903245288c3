"""What a workbook would change in the register, shown before anything is written. Pure: states in, changes out.

Both sides are `UnitState`s: of the register as it stands and of the file as read. Owners are compared by an opaque key
(a keyed digest), so that comparing needs no certificate number in the clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hoa.community.rules import KIND_WORDS, STATUS_WORDS, Areas, Holding, Kind, Status, Totals, totals
from hoa.kernel.area import show
from hoa.kernel.errors import N_


@dataclass(frozen=True, slots=True)
class OwnerState:
    """An owner of a unit: `key` says who, `phone_key` which phone, without showing either."""

    key: str
    name: str
    organisation: bool = False
    phone_key: str | None = None
    share: str | None = None


@dataclass(frozen=True, slots=True)
class UnitState:
    """One exclusive part; areas in 0.01 m²."""

    code: str
    building: str
    entrance: str
    room: str
    label: str
    kind: Kind
    status: Status
    areas: Areas
    owners: tuple[OwnerState, ...]
    note: str = ""

    def holding(self) -> Holding:
        return Holding(
            unit=self.code,
            label=self.label,
            kind=self.kind,
            status=self.status,
            area=self.areas.counted,
            owners=frozenset(owner.key for owner in self.owners),
            companies=frozenset(owner.key for owner in self.owners if owner.organisation),
        )


@dataclass(frozen=True)
class FieldChange:
    """One property of a unit before and after. Texts; `words` says that they are message ids to be translated."""

    name: str
    before: str
    after: str
    words: bool = False


@dataclass(frozen=True)
class UnitChange:
    """A unit that is in both, and what differs; the owners on both sides say whose ownership ends or begins."""

    before: UnitState
    after: UnitState
    fields: tuple[FieldChange, ...]

    @property
    def transfers(self) -> bool:
        """Whether the set of owners changes: then identity levels start again (R7.5)."""
        return {owner.key for owner in self.before.owners} != {owner.key for owner in self.after.owners}


@dataclass(frozen=True)
class Difference:
    """Everything that importing would do. `missing` are units of the register that the file does not name."""

    added: tuple[UnitState, ...]
    changed: tuple[UnitChange, ...]
    missing: tuple[UnitState, ...]
    unchanged: int
    before: Totals
    after_keeping: Totals
    after_removing: Totals

    def changes_anything(self, *, remove_missing: bool) -> bool:
        return bool(self.added or self.changed or (remove_missing and self.missing))

    def after(self, *, remove_missing: bool) -> Totals:
        return self.after_removing if remove_missing else self.after_keeping


AREA_NAMES = (
    ("registered", N_("不动产登记面积")),
    ("surveyed", N_("实测面积")),
    ("contract", N_("合同面积")),
)


def compare(register: Sequence[UnitState], file: Sequence[UnitState], *, parking_counts: bool = False) -> Difference:
    """The difference between the register and a file, in the order of the file."""
    standing = {state.code: state for state in register}
    file = [_with_known_areas(standing.get(state.code), state) for state in file]
    named = {state.code for state in file}
    added = tuple(state for state in file if state.code not in standing)
    changed = tuple(
        change for state in file if state.code in standing and (change := _change(standing[state.code], state))
    )
    missing = tuple(state for state in register if state.code not in named)
    removing = _totals(file, parking_counts)
    merged: Mapping[str, UnitState] = {**standing, **{state.code: state for state in file}}
    return Difference(
        added=added,
        changed=changed,
        missing=missing,
        unchanged=len(file) - len(added) - len(changed),
        before=_totals(register, parking_counts),
        after_keeping=_totals(tuple(merged.values()), parking_counts) if missing else removing,
        after_removing=removing,
    )


def _totals(states: Sequence[UnitState], parking_counts: bool) -> Totals:
    return totals([state.holding() for state in states], parking_counts=parking_counts)


def _change(before: UnitState, after: UnitState) -> UnitChange | None:
    fields: list[FieldChange] = []
    if before.label != after.label:
        fields.append(FieldChange(N_("房号"), before.label, after.label))
    if before.kind is not after.kind:
        fields.append(FieldChange(N_("用途"), KIND_WORDS[before.kind], KIND_WORDS[after.kind], words=True))
    if before.status is not after.status:
        fields.append(FieldChange(N_("交付状态"), STATUS_WORDS[before.status], STATUS_WORDS[after.status], words=True))
    for attribute, name in AREA_NAMES:
        old, new = getattr(before.areas, attribute), getattr(after.areas, attribute)
        if new != old and new is not None:
            fields.append(FieldChange(name, show(old) if old is not None else "", show(new)))
    fields.extend(_owner_changes(before, after))
    if before.note != after.note:
        fields.append(FieldChange(N_("备注"), before.note, after.note))
    return UnitChange(before, after, tuple(fields)) if fields else None


def _owner_changes(before: UnitState, after: UnitState) -> list[FieldChange]:
    old = {owner.key: owner for owner in before.owners}
    new = {owner.key: owner for owner in after.owners}
    names = (_names(before), _names(after))
    if old.keys() != new.keys() or names[0] != names[1]:
        return [FieldChange(N_("业主"), *names)]
    found: list[FieldChange] = []
    if any(new[key].phone_key and new[key].phone_key != old[key].phone_key for key in old):
        found.append(FieldChange(N_("联系电话"), N_("原号码"), N_("新号码"), words=True))
    shares = ["、".join(new_or_old[key].share or "" for key in sorted(old)).strip("、") for new_or_old in (old, new)]
    if shares[1] and shares[0] != shares[1]:
        found.append(FieldChange(N_("共有份额"), shares[0], shares[1]))
    return found


def _names(state: UnitState) -> str:
    return "、".join(sorted(owner.name for owner in state.owners))


def _with_known_areas(before: UnitState | None, after: UnitState) -> UnitState:
    """A file that does not know an area says nothing about it: it is not an order to forget."""
    if before is None:
        return after
    known = Areas(
        registered=before.areas.registered if after.areas.registered is None else after.areas.registered,
        surveyed=before.areas.surveyed if after.areas.surveyed is None else after.areas.surveyed,
        contract=before.areas.contract if after.areas.contract is None else after.areas.contract,
    )
    return replace(after, areas=known)

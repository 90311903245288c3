"""Who counts as one head, with how much area, and why.

民法典 278; 建筑物区分所有权司法解释 8 and 9; rules.md R1.12 to R1.18.

Pure: what the register holds comes in as `Holding`, what the law makes of it goes out as `Elector`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hoa.kernel.errors import N_


class Kind(StrEnum):
    """用途 of a 专有部分."""

    FLAT = "flat"
    SHOP = "shop"
    PARKING = "parking"
    OTHER = "other"


class Status(StrEnum):
    """交付状态: what decides whether a part still counts as the developer's (司法解释 9)."""

    UNSOLD = "unsold"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"


class AreaBasis(StrEnum):
    """What an area rests on; the register of title goes before the survey, the survey before the contract (R1.12)."""

    REGISTERED = "registered"
    SURVEYED = "surveyed"
    CONTRACT = "contract"


class IdentityLevel(StrEnum):
    """How surely a person is the owner (rules.md R7.5); compare with `reaches`."""

    V0 = "V0"
    V1 = "V1"
    V2 = "V2"
    V3 = "V3"

    def reaches(self, needed: IdentityLevel) -> bool:
        return self.value >= needed.value


class Capacity(StrEnum):
    """As what an account acts for an owner who does not act in person (R1.19)."""

    SELF = ""
    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"


CAPACITY_WORDS: Mapping[Capacity, str] = {
    Capacity.SELF: N_("业主本人"),
    Capacity.GUARDIAN: N_("监护人"),
    Capacity.REPRESENTATIVE: N_("授权代表"),
}
KIND_WORDS: Mapping[Kind, str] = {
    Kind.FLAT: N_("住宅"),
    Kind.SHOP: N_("商铺"),
    Kind.PARKING: N_("车位"),
    Kind.OTHER: N_("其他用房"),
}
STATUS_WORDS: Mapping[Status, str] = {
    Status.UNSOLD: N_("未售"),
    Status.UNDELIVERED: N_("已售未交付"),
    Status.DELIVERED: N_("已交付"),
}
BASIS_WORDS: Mapping[AreaBasis, str] = {
    AreaBasis.REGISTERED: N_("不动产登记"),
    AreaBasis.SURVEYED: N_("实测"),
    AreaBasis.CONTRACT: N_("合同"),
}
LEVEL_WORDS: Mapping[IdentityLevel, str] = {
    IdentityLevel.V0: N_("尚未核验"),
    IdentityLevel.V1: N_("手机号码与房号相符"),
    IdentityLevel.V2: N_("两名工作人员当面核验证件"),
    IdentityLevel.V3: N_("官方接口核验"),
}


@dataclass(frozen=True, slots=True)
class Areas:
    """The three areas of a unit, in 0.01 m²; None where nobody has recorded one."""

    registered: int | None = None
    surveyed: int | None = None
    contract: int | None = None

    @property
    def basis(self) -> AreaBasis:
        """R1.12: registered, else surveyed, else contract."""
        if self.registered is not None:
            return AreaBasis.REGISTERED
        return AreaBasis.SURVEYED if self.surveyed is not None else AreaBasis.CONTRACT

    @property
    def counted(self) -> int:
        """The area that counts, in 0.01 m²; 0 when none is recorded."""
        return self.registered or self.surveyed or self.contract or 0


@dataclass(frozen=True, slots=True)
class Holding:
    """One unit as the counting of heads sees it. `owners` are ids; `area` is in 0.01 m²."""

    unit: str
    label: str
    kind: Kind
    status: Status
    area: int
    owners: frozenset[str]
    companies: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sentence:
    """A message id with its parameters: pure code gives it, templates speak it."""

    message: str
    params: Mapping[str, object]

    def __str__(self) -> str:
        return self.message % self.params


@dataclass(frozen=True)
class Elector:
    """One head: who it is, with which units and how much area (0.01 m²), and why."""

    id: str
    owners: frozenset[str]
    units: tuple[Holding, ...]
    developer: bool
    why: tuple[Sentence, ...]
    heads: int = 1

    @property
    def area(self) -> int:
        return sum(unit.area for unit in self.units)


@dataclass(frozen=True)
class Totals:
    """The two denominators of 民法典 278, and what they are made of. Areas in 0.01 m²."""

    units: int
    area: int
    heads: int
    developer_units: int
    developer_area: int
    coowned_units: int

    @property
    def reachable_without_developer(self) -> bool:
        """Whether two thirds of area and of heads can take part when the developer stays away (R1.14)."""
        heads = self.heads - (1 if self.developer_units else 0)
        return 3 * (self.area - self.developer_area) >= 2 * self.area and 3 * heads >= 2 * self.heads


def is_developers(holding: Holding) -> bool:
    """Unsold, and sold but not delivered, still count as the developer's (司法解释 9)."""
    return holding.status is not Status.DELIVERED


def developer_owners(holdings: Iterable[Holding]) -> frozenset[str]:
    """Who the developer is: the owner of what is unsold; where nothing is, the companies named on undelivered parts."""
    unsold: set[str] = set()
    undelivered: set[str] = set()
    for holding in holdings:
        if holding.status is Status.UNSOLD:
            unsold |= holding.owners
        elif holding.status is Status.UNDELIVERED:
            undelivered |= holding.owners & holding.companies
    return frozenset(unsold or undelivered)


def electors(holdings: Sequence[Holding], *, parking_counts: bool = False) -> tuple[Elector, ...]:
    """The heads of a community, sorted by id.

    All parts of the developer are one head; all parts of an identical set of owners are one head (R1.13, R1.17, R1.18).
    Parking counts only where the assembly's rules say so, and never makes a second head of the same owner (R1.15).
    """
    developer = developer_owners(holdings)
    groups = _grouped(holdings, developer, parking_counts=parking_counts)
    made = (_elector(owners, units, developer) for owners, units in groups.items())
    return tuple(sorted(made, key=lambda elector: elector.id))


def _grouped(
    holdings: Sequence[Holding], developer: frozenset[str], *, parking_counts: bool
) -> Mapping[frozenset[str], list[Holding]]:
    """The units of each head, by its set of owners."""
    groups: dict[frozenset[str], list[Holding]] = defaultdict(list)
    parking: list[Holding] = []
    for holding in holdings:
        if holding.kind is Kind.PARKING and not is_developers(holding):
            parking.append(holding)
        elif holding.kind is not Kind.PARKING or parking_counts:
            groups[_group(holding, developer)].append(holding)
    if parking_counts:
        for stall in parking:
            groups[_head_of_parking(stall, groups)].append(stall)
    return groups


def _group(holding: Holding, developer: frozenset[str]) -> frozenset[str]:
    if is_developers(holding):
        return developer
    # A unit without a recorded owner is still a part of the area, and nobody else's head.
    return holding.owners or frozenset({"unit:" + holding.unit})


def _head_of_parking(stall: Holding, groups: Mapping[frozenset[str], list[Holding]]) -> frozenset[str]:
    """The head a stall joins: its own owners', else the one head to which all its owners belong."""
    if stall.owners in groups:
        return stall.owners
    wider = [owners for owners in groups if stall.owners and stall.owners < owners]
    return wider[0] if len(wider) == 1 else stall.owners or frozenset({"unit:" + stall.unit})


def elector_id(owners: Iterable[str]) -> str:
    """The same owners are the same elector, whatever they own and in whatever order they are written."""
    return hashlib.sha256("\n".join(sorted(owners)).encode()).hexdigest()[:20]


def _elector(owners: frozenset[str], units: list[Holding], developer: frozenset[str]) -> Elector:
    units.sort(key=lambda unit: unit.label)
    theirs = any(is_developers(unit) for unit in units) or (bool(owners) and owners == developer)
    people = frozenset(owner for owner in owners if not owner.startswith("unit:"))
    return Elector(
        id=elector_id(owners or {"developer"}),
        owners=people,
        units=tuple(units),
        developer=theirs,
        why=tuple(_reasons(people, units, developer=theirs)),
    )


def _reasons(owners: frozenset[str], units: Sequence[Holding], *, developer: bool) -> Iterable[Sentence]:
    """Why these units are one head with this area, in sentences an owner can check against the law."""
    if developer:
        message = N_("建设单位未售和已售未交付的 %(units)s 个专有部分合计按一人计算（司法解释第九条），面积全部计入")
        yield Sentence(message, {"units": len(units)})
    elif len(units) > 1:
        message = N_("同一业主的 %(units)s 个专有部分按一人计算（司法解释第九条），面积相加")
        yield Sentence(message, {"units": len(units)})
    else:
        yield Sentence(N_("一个专有部分按一人计算（司法解释第九条）"), {})
    if len(owners) > 1 and not developer:
        message = N_("由 %(owners)s 人共有，合计仍是一人、一票，由共有人推选一人表决，面积全部计入")
        yield Sentence(message, {"owners": len(owners)})
    if any(unit.kind is Kind.PARKING for unit in units):
        yield Sentence(N_("议事规则规定车位面积计入，但同一业主不因车位多算一人"), {})
    if not owners:
        yield Sentence(N_("尚未登记业主，登记后方可表决，面积仍计入总面积"), {})


def totals(holdings: Sequence[Holding], *, parking_counts: bool = False) -> Totals:
    """The sums over all exclusive parts, sold or not (司法解释 8)."""
    counted = [holding for holding in holdings if parking_counts or holding.kind is not Kind.PARKING]
    developers = [holding for holding in counted if is_developers(holding)]
    return Totals(
        units=len(counted),
        area=sum(holding.area for holding in counted),
        heads=len(_grouped(holdings, developer_owners(holdings), parking_counts=parking_counts)),
        developer_units=len(developers),
        developer_area=sum(holding.area for holding in developers),
        coowned_units=sum(1 for holding in counted if len(holding.owners) > 1),
    )

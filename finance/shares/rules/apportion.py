"""Dividing common revenue by exclusive areas, to the fen (rules.md R4.5; 民法典 283). PURE.

Largest remainder, ties by the unit's code: anybody who knows the amount and the areas gets the same fen.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hoa.kernel import area, money
from hoa.kernel.errors import N_, Refusal

MOST_AREAS = 5_000
# A comma or a line end parts two areas; a comma inside a number ("1,089.50") would be two areas, and is refused below.
_BETWEEN = re.compile(r"[,，;；、\s]+")


class NothingToShare(Refusal):
    message: ClassVar[str] = N_("金额不能是零，请写要分的总金额")


class NoAreas(Refusal):
    message: ClassVar[str] = N_("请写每户的专有部分面积，用逗号或换行分开，例如 89.50, 100.20, 120.30")


class TooManyAreas(Refusal):
    message: ClassVar[str] = N_("一次最多算 %(most)s 户，请分开核对")


class BadArea(Refusal):
    """Which of the areas is wrong, and the parser's own reason."""

    message: ClassVar[str] = N_("第 %(number)s 个面积“%(text)s”不能用：要大于零，小数最多两位，例如 89.50")


@dataclass(frozen=True, kw_only=True)
class UnitArea:
    """A unit by its code, with its exclusive area in 0.01 m²."""

    code: str
    area: int


@dataclass(frozen=True, kw_only=True)
class UnitShare:
    """What a unit gets, in fen, and how it came about: `floor_fen` is the share cut off, `extra` whether one of the
    left-over fen went to it.
    """

    code: str
    area: int
    amount_fen: int
    floor_fen: int

    @property
    def extra(self) -> bool:
        return self.amount_fen != self.floor_fen


def apportion(total_fen: int, units: Sequence[UnitArea]) -> tuple[UnitShare, ...]:
    """The share of each unit, in the order given. A negative total mirrors the positive one (a reversal)."""
    ranked = sorted(units, key=lambda unit: unit.code)
    amounts = money.apportion(total_fen, [unit.area for unit in ranked])
    by_code = dict(zip((unit.code for unit in ranked), amounts, strict=True))
    whole = sum(unit.area for unit in units)
    return tuple(
        UnitShare(
            code=unit.code,
            area=unit.area,
            amount_fen=by_code[unit.code],
            floor_fen=cut_off(total_fen, unit.area, whole),
        )
        for unit in units
    )


def cut_off(total_fen: int, area_centi: int, whole_centi: int) -> int:
    """A share without the part below one fen, towards zero, so that a reversal mirrors it."""
    share = abs(total_fen) * area_centi // whole_centi
    return share if total_fen >= 0 else -share


def exact(total_fen: int, area_centi: int, whole_centi: int) -> str:
    """The share in yuan with six decimals, cut off: what an owner's own calculator shows."""
    micro = abs(total_fen) * area_centi * 10_000 // whole_centi
    sign = "-" if total_fen < 0 else ""
    return f"{sign}{micro // 1_000_000}.{micro % 1_000_000:06d}"


def read_areas(text: str) -> tuple[UnitArea, ...]:
    """Areas as somebody types them, numbered in their order."""
    parts = [part for part in _BETWEEN.split(text.strip()) if part]
    if not parts:
        raise NoAreas
    if len(parts) > MOST_AREAS:
        raise TooManyAreas(most=MOST_AREAS)
    return tuple(UnitArea(code=f"{number:06d}", area=_read(number, part)) for number, part in enumerate(parts, start=1))


def _read(number: int, text: str) -> int:
    try:
        return area.parse(text)
    except Refusal:
        raise BadArea(number=number, text=text[:30]) from None


def calculate(amount: str, areas: str) -> tuple[int, tuple[UnitShare, ...]]:
    """The public calculator: the amount in fen, and the shares in the order of the areas."""
    total = money.parse(amount)
    if total == 0:
        raise NothingToShare
    return total, apportion(total, read_areas(areas))


def co_owners(shares: Iterable[str | None]) -> tuple[int, ...] | None:
    """The weights of co-owners whose shares the register states and that make one whole; None where it does not say
    (共同共有, or figures that do not add up): then one payee is named for all.
    """
    parts = [_fraction(share) for share in shares]
    stated = [part for part in parts if part is not None]
    if len(stated) != len(parts) or sum(stated) != 1:
        return None
    whole = 1
    for part in stated:
        whole *= part.denominator
    return tuple(int(part * whole) for part in stated)


def _fraction(text: str | None) -> Fraction | None:
    """`1/3`, `50%`, `0.25`; None for anything else."""
    said = (text or "").strip().replace("％", "%").replace("／", "/")
    percent = said.endswith("%")
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,9}|/[1-9]\d{0,8})?", said.removesuffix("%"), re.ASCII):
        return None
    part = Fraction(said.removesuffix("%")) / (100 if percent else 1)
    return part if 0 < part <= 1 else None

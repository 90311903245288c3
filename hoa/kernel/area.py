"""Floor area: an integer number of 0.01 m² everywhere (rules.md R1.6), so that thresholds are exact."""

from __future__ import annotations

import re

from hoa.kernel import numerals
from hoa.kernel.errors import N_, Refusal

# NFKC turns ㎡ and m² into m2.
_UNIT = re.compile(r"(?:m2|M2|m\^2|平方米|平米|平方)\Z")


class NotAnArea(Refusal):
    message = N_("“%(text)s” 不是面积，请写成 89.50 这样的数字，单位为平方米")


class AreaTooPrecise(Refusal):
    message = N_("面积 “%(text)s” 的小数超过两位，请按产权证改为两位小数")


class AreaOutOfRange(Refusal):
    message = N_("面积 “%(text)s” 不合理：必须大于零且小于一千万平方米")


def parse(value: str | int | float) -> int:
    """Hundredths of a square metre: ``89.50``, ``89.50㎡``, ``８９．５ 平方米``, or a number from a spreadsheet."""
    text = str(value)[:60]
    try:
        centi = numerals.hundredths(_UNIT.sub("", numerals.plain(value)) if isinstance(value, str) else value)
    except numerals.NotAFigure:
        raise NotAnArea(text=text) from None
    except numerals.TooPrecise:
        raise AreaTooPrecise(text=text) from None
    except numerals.TooLarge:
        raise AreaOutOfRange(text=text) from None
    if not 0 < centi < 1_000_000_000:
        raise AreaOutOfRange(text=text)
    return centi


def show(centi: int) -> str:
    """``46,112.00 m²``."""
    return f"{numerals.grouped(centi)} m²"


def plain(centi: int) -> str:
    """``46112.00``: for files that other programs read."""
    return numerals.grouped(centi).replace(",", "")

"""Reading a decimal figure with at most two places into an integer number of hundredths; money and area share it."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

LIMIT = 2**53  # what canonical JSON can carry
_FIGURE = re.compile(r"([-+]?)(\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.(\d*))?\Z", re.ASCII)


class NotAFigure(ValueError):
    """No decimal figure."""


class TooPrecise(ValueError):
    """More than two decimal places."""


class TooLarge(ValueError):
    """More hundredths than canonical JSON can carry."""


def plain(text: str) -> str:
    """Half-width characters, one kind of minus, no white space (also none in the middle)."""
    folded = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    return "".join(folded.split())


def hundredths(value: str | int | float) -> int:
    """``"1,234.5"``, ``1234.5`` or ``1234`` as 123450; a number from a spreadsheet counts as the sheet displays it."""
    if isinstance(value, bool):
        raise NotAFigure
    if isinstance(value, str):
        return _of_text(plain(value))
    if isinstance(value, int):
        return _within(value * 100)
    text = format(value, ".15g")  # what a spreadsheet shows: binary dust in the 16th digit is not a third decimal place
    if "n" in text:  # nan, inf
        raise NotAFigure
    return _of_text(format(Decimal(text), "f"))


def _of_text(text: str) -> int:
    match = _FIGURE.match(text)
    if match is None:
        raise NotAFigure
    sign, whole, decimals = match[1], match[2].replace(",", ""), match[3] or ""
    if len(decimals) > 2:
        raise TooPrecise
    amount = int(whole) * 100 + int(decimals.ljust(2, "0"))
    return _within(-amount if sign == "-" else amount)


def _within(amount: int) -> int:
    if not -LIMIT < amount < LIMIT:
        raise TooLarge
    return amount


def grouped(amount: int) -> str:
    """``123456`` hundredths as ``1,234.56``."""
    whole, rest = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole:,}.{rest:02d}"

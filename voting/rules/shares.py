"""Reading `67/6666.67`, heads and area, as people type it at a command or on the page that does the sum for anyone."""

from typing import ClassVar

from hoa.kernel import numerals
from hoa.kernel.errors import N_, Refusal
from voting.rules.thresholds import Share


class NotAShare(Refusal):
    message: ClassVar[str] = N_("“%(text)s” 看不懂：请写成 人数/面积，例如 67/6666.67（面积单位平方米，最多两位小数）")


def parse(text: str) -> Share:
    """Heads and area (0.01 m²) from one text."""
    heads, slash, area = text.partition("/")
    if not slash:
        raise NotAShare(text=text[:60])
    return from_fields(heads, area)


def from_fields(heads: str, area: str) -> Share:
    """Heads and area (0.01 m²) from two texts, as a form sends them."""
    shown = f"{heads[:30]}/{area[:30]}"
    count = numerals.plain(heads)
    if not count.isascii() or not count.isdigit() or len(count) > 9:
        raise NotAShare(text=shown)
    try:
        return Share(int(count), numerals.hundredths(area))
    except ValueError:
        raise NotAShare(text=shown) from None

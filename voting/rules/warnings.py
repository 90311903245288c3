"""Words in a motion that suggest another matter than the one chosen (rules.md R1.8): a warning, the convener
decides."""

from typing import NamedTuple

from voting.rules.matters import MATTERS, Matter

KEYWORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("经营", "出租", "广告", "车位", "充电桩", "改变用途", "基站", "快递柜"), "M8"),
    (("续筹", "筹集"), "M6"),
    (("改建", "重建", "加装"), "M7"),
    (("选举", "更换委员", "罢免"), "M3"),
    (("选聘", "解聘"), "M4"),
)


class MatterWarning(NamedTuple):
    """The word that was found and the matter it usually belongs to."""

    word: str
    suggested: Matter


def keyword_warnings(matter: Matter, text: str) -> tuple[MatterWarning, ...]:
    """One warning per other matter that the motion's words suggest, with the first word that suggests it."""
    found = []
    for words, code in KEYWORDS:
        word = next((word for word in words if word in text), None)
        if word is not None and code != matter.code:
            found.append(MatterWarning(word, MATTERS[code]))
    return tuple(found)

"""Words in a motion that suggest another matter than the one chosen (rules.md R1.8), and motions that mix two matters
(R1.7): warnings, the convener decides."""

import re
from typing import NamedTuple

from voting.rules.matters import MATTERS, Matter

KEYWORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("经营", "出租", "租赁", "广告", "车位", "停车收费", "充电桩", "改变用途", "基站", "快递柜", "自动售货"),
        "M8",
    ),
    (("续筹", "筹集"), "M6"),
    (("改建", "重建", "加装"), "M7"),
    (("选举", "更换委员", "罢免"), "M3"),
    (("选聘", "解聘", "续聘"), "M4"),
    (("使用维修资金", "动用维修资金"), "M5"),
)
# Using or sharing out what common parts brought in: an ordinary matter of its own (R1.7, 民法典 283).
SPENDING = (
    "分红",
    "分配",
    "发放",
    "返还业主",
    "抵扣物业费",
    "补贴物业费",
    "收益用于",
    "收入用于",
    "收益使用",
    "所得用于",
)
_SENTENCE = re.compile(r"[^。；;！!？?\n]*[。；;！!？?\n]?")


class MatterWarning(NamedTuple):
    """The word that was found and the matter it usually belongs to."""

    word: str
    suggested: Matter


class Mixed(NamedTuple):
    """A motion that asks two questions: the words that show it, and what the second part would be."""

    words: tuple[str, str]
    second: Matter
    first_body: str
    second_body: str


def keyword_warnings(matter: Matter, text: str) -> tuple[MatterWarning, ...]:
    """One warning per other matter that the motion's words suggest, with the first word that suggests it."""
    return tuple(MatterWarning(word, MATTERS[code]) for word, code in _found(text) if code != matter.code)


def mixed(matter: Matter, title: str, body: str) -> Mixed | None:
    """Whether a motion decides two things with different majorities at once: starting an operation and using what it
    brings in, or two matters of which one needs three quarters. With how it could be taken apart, sentence by sentence.
    """
    text = f"{title}\n{body}"
    spending = next((word for word in SPENDING if word in text), None)
    found = {code: word for word, code in _found(text)}
    if spending and "M8" in found:
        return _apart(matter, body, (found["M8"], spending), MATTERS["M9"], SPENDING)
    own = next((word for words, code in KEYWORDS if code == matter.code for word in words if word in text), None)
    for code, word in found.items():
        other = MATTERS[code]
        if own is not None and other.majority is not matter.majority:
            words = next(words for words, key in KEYWORDS if key == code)
            return _apart(matter, body, (own, word), other, words)
    return None


def _found(text: str) -> list[tuple[str, str]]:
    """(word, matter's code) of every matter whose words occur."""
    firsts = ((next((word for word in words if word in text), None), code) for words, code in KEYWORDS)
    return [(word, code) for word, code in firsts if word is not None]


def _apart(matter: Matter, body: str, shown: tuple[str, str], second: Matter, words: tuple[str, ...]) -> Mixed | None:
    """Sentences with the second matter's words go to the second motion; where that leaves one empty, both keep all."""
    if second.code == matter.code:
        second, words = MATTERS["M8"], KEYWORDS[0][0]
    sentences = [sentence for sentence in _SENTENCE.findall(body) if sentence]
    theirs = [sentence for sentence in sentences if any(word in sentence for word in words)]
    ours = [sentence for sentence in sentences if sentence not in theirs]
    if not theirs or not "".join(ours).strip():
        return Mixed(shown, second, body, body)
    return Mixed(shown, second, "".join(ours).strip(), "".join(theirs).strip())

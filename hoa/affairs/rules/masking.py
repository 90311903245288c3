"""What must not go public inside a text somebody wrote: phones, ID and card numbers, doors, plates, addresses, the
reporter's own name (trust.md 20, experience.md). Pure.

It proposes and the desk confirms, so it rather hides a number too many than one too few; dates, amounts and the labels
of suggestions stay readable.
"""

import re
from collections.abc import Iterable
from re import Match

from hoa.kernel import masking

_SPOKEN = "〇零一二三四五六七八九幺"
_DIGIT = rf"[\d{_SPOKEN}]"
# What people put between digits, three of it at most: spaces of all widths, hyphens, dots, brackets, nothing visible.
_GAP = r"[\s\-‐-―.·・_/()（）\u200b-\u200d\u2060]{0,3}"
_NARROW = r"[\s\-‐-―·・\u200b-\u200d\u2060]"
_NUMERAL = r"(?:\d{1,3}|[A-Za-z]\d{0,2}|[一二三四五六七八九十]{1,3})"

_EMAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")
_PLATE = re.compile(
    r"([京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z])([·\s]?[A-Z\d]{5,6})(?![A-Z\d])",
    re.IGNORECASE,
)
# A mobile number in one piece; an ID number or a card, however it is cut in pieces; a mobile number in pieces; any
# other number of seven digits or more in groups of three or more, or digit by digit.
_ONE_PIECE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_LONG = re.compile(rf"(?<!{_DIGIT}){_DIGIT}(?:{_GAP}{_DIGIT}){{14,}}(?:{_GAP}[Xx](?![A-Za-z]))?")
_MOBILE = re.compile(
    rf"(?<!{_DIGIT})(?:(?:\+|00)?86{_GAP})?([1１一幺]{_GAP}[3-9３-９三四五六七八九](?:{_GAP}{_DIGIT}){{9}})(?!{_DIGIT})"
)
_RUN = re.compile(
    rf"(?<![\d*{_SPOKEN}])(?:{_DIGIT}{{7,}}|{_DIGIT}{{3,}}(?:{_NARROW}{{1,3}}{_DIGIT}{{3,}})+"
    rf"|{_DIGIT}(?:{_NARROW}{_DIGIT}){{6,}})(?![\d*{_SPOKEN}])"
)
# Days and labels of suggestions, one after the other, perhaps with an hour: no number of anybody's.
_DAY = r"(?:(?:19|20)\d\d[\-/.])?(?:0?[1-9]|1[0-2])[\-/.](?:0?[1-9]|[12]\d|3[01])"
_HARMLESS = re.compile(rf"(?:(?:{_DAY}|20\d\d-\d{{3,4}}|20\d\d){_GAP})+(?:\d{{1,2}})?")
_COUNTED = r"\s*(?:[多余万亿几]|元|块|平|㎡|米|年|月|天|日|号楼|个|人|户|台|次|件|位|名|分钟|小时|度|升|吨|条|%|％)"
_AMOUNT = re.compile(r"\s*(?:万|亿)?(?:元|块|平方|㎡)")
_TITLES = re.compile(
    "先生|女士|小姐|太太|老师|师傅|阿姨|叔叔|大爷|大妈|大叔|大婶|大姐|大哥|婆婆|爷爷|奶奶|同志|业主|住户|居民|邻居|经理|主任"
    "|书记|医生|老板|匿名|不详"
)

# A door: after its building (and entrance, and floor), or after its entrance, or by its own word.
_BUILDING = rf"{_NUMERAL}\s*(?:幢|栋|座|号楼|[#＃]楼?)"
_ENTRANCE = rf"{_NUMERAL}\s*(?:单元|梯|门)"
_FLOOR = rf"{_NUMERAL}\s*[楼层]"
_MORE = rf"(?:\s*[、,，和及与跟/]\s*{_DIGIT}{{3,5}}(?![\d*{_SPOKEN}])(?!{_COUNTED}))*"
_DOOR_WORD = r"\s*(?:室|房|号房|号(?!楼|线|机|梯))"
_DOORS = (
    re.compile(
        rf"((?:{_BUILDING}\s*[-—,，]?\s*)?{_ENTRANCE}\s*[-—,，]?\s*(?:{_FLOOR}\s*[-—,，]?\s*)?)"
        rf"({_DIGIT}{{3,5}}{_MORE}|{_DIGIT}{{1,2}}(?={_DOOR_WORD}))(?![\d*{_SPOKEN}])"
    ),
    re.compile(
        rf"({_BUILDING}\s*[-—,，]?\s*(?:{_FLOOR}\s*[-—,，]?\s*)?)"
        rf"({_DIGIT}{{3,5}}(?!{_COUNTED}){_MORE}|{_DIGIT}{{1,2}}(?={_DOOR_WORD}))(?![\d*{_SPOKEN}])"
    ),
    re.compile(rf"()(?<!{_DIGIT})({_DIGIT}{{3,5}}{_MORE})(?=\s*(?:室|房|号房|号房间|房间))"),
    re.compile(
        rf"((?<![\d\-.])\d{{1,2}}\s?[-—–]\s?(?:\d{{1,2}}\s?[-—–]\s?)?)(\d{{3,5}}{_MORE})(?![\d*\-.])(?!{_COUNTED})"
    ),
)
_NUMBER = re.compile(rf"{_DIGIT}+")


def mask(text: str, *, names: Iterable[str] = ()) -> str:
    """`text` as it may be published; `names` are known to be the reporter's (and are looked for without the surname
    too, as neighbours call each other).
    """
    text = _EMAIL.sub(_stars, text)
    for name, shown in _called(names):
        text = shown.join(re.split(_spaced(name), text, flags=re.IGNORECASE))
    text = _ONE_PIECE.sub(lambda match: masking.phone(_digits(match[0])), text)
    text = _LONG.sub(lambda match: match[0] if _HARMLESS.fullmatch(match[0]) else _stars(match), text)
    text = _MOBILE.sub(lambda match: masking.phone(_digits(match[1])), text)
    text = _RUN.sub(_run, text)
    text = _PLATE.sub(lambda match: match[1] + _stars_for(match[2]), text)
    for door in _DOORS:
        text = door.sub(lambda match: match[1] + _NUMBER.sub(_door, match[2]), text)
    return text


def _called(names: Iterable[str]) -> list[tuple[str, str]]:
    """What to look for and what stands there then, the longest first. A surname alone is no secret: masked names
    show it.
    """
    found = dict[str, str]()
    for name in names:
        plain = " ".join(name.split()) if name.isascii() else "".join(name.split())
        for part in plain.split(" ") if name.isascii() else (plain[1:], plain[2:]):
            found.setdefault(part, "*" * len(part))
        found[plain] = masking.name(plain)
    kept = [(name, shown) for name, shown in found.items() if len(name) >= 2 and not _TITLES.fullmatch(name)]
    return sorted(kept, key=lambda pair: (-len(pair[0]), pair[0]))


def _spaced(name: str) -> str:
    """A Chinese name is the same with spaces inside; one in letters stands alone: Li is not in light."""
    if name.isascii():
        return r"(?<![A-Za-z])" + r"\s+".join(re.escape(part) for part in name.split(" ")) + r"(?![A-Za-z])"
    return r"\s*".join(re.escape(character) for character in name)


def _stars_for(text: str) -> str:
    return "*" * sum(character.isalnum() for character in text)


def _stars(match: Match[str]) -> str:
    return _stars_for(match[0])[:18]


def _digits(text: str) -> str:
    """The digits of a number however it was written."""
    spoken = {character: str(number) for number, character in enumerate("零一二三四五六七八九")} | {
        "〇": "0",
        "幺": "1",
    }
    return "".join(spoken.get(c) or str(int(c)) for c in text if c in spoken or c.isdecimal())


def _run(match: Match[str]) -> str:
    found = match[0]
    amount = found.isdecimal() and len(found) <= 9 and _AMOUNT.match(match.string, match.end())
    return found if amount or _HARMLESS.fullmatch(found) else masking.phone(_digits(found))


def _door(match: Match[str]) -> str:
    """1203 → 12**, as `hoa.kernel.masking.room` does it; spoken digits too."""
    number = match[0]
    return masking.room(number) if number.isdecimal() else number[:-2] + "**"

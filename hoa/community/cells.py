"""Single cells of a register: what people really type, made regular, or a Refusal that says how to mend it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from typing import Any

from hoa.community.rules import Kind, Status
from hoa.kernel import area, identifiers
from hoa.kernel.errors import N_, Refusal

NAME_LIMIT = 120
TEXT_LIMIT = 60
_SEPARATORS = re.compile(r"[、/|,，;；\n]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_ORGANISATION = re.compile(
    r"公司|银行|支行|分行|集团|合作社|委员会|中心|学校|医院|酒店|基金会|政府|事务所|有限|合伙|[厂局社会所站]$"
)
_DOCUMENT = re.compile(r"[A-Z]{1,2}[0-9]{6,10}(?:\([0-9A-Z]\))?\Z")
_TENS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_CHINESE_NUMBER = re.compile(r"([一二三四五六七八九])?(十)?([一二三四五六七八九])?\Z")

_KIND_WORDS = {
    Kind.FLAT: "住宅 住房 公寓 别墅 成套住宅",
    Kind.SHOP: "商铺 商业 门面 店铺 商业用房 商服 商业服务",
    Kind.PARKING: "车位 车库 停车位 地下车位 产权车位",
    Kind.OTHER: "其他 其他用房 非住宅 办公 写字楼 办公用房 仓库 储藏室",
}
_STATUS_WORDS = {
    Status.UNSOLD: "未售 未售出 待售 未出售 尚未出售 在售",
    Status.UNDELIVERED: "已售未交付 已售未交 已售未交房 已售待交付 未交付 未交房",
    Status.DELIVERED: "已交付 交付 已交房 已售已交付 已售已交房 已入住 已接房 已收房",
}
KINDS = {word: kind for kind, words in _KIND_WORDS.items() for word in words.split()}
STATUSES = {word: status for status, words in _STATUS_WORDS.items() for word in words.split()}


class IsFormula(Refusal):
    message = N_("这一格是公式，不能作为依据；请复制该列，再“选择性粘贴为数值”后重新上传")


class IsCellError(Refusal):
    message = N_("这一格是错误值 %(text)s，请改成正确的内容")


class IsDate(Refusal):
    message = N_("这一格被表格软件当成了日期；请把该列设为“文本”后重新填写")


class IsNoText(Refusal):
    message = N_("这一格的内容 %(text)s 看不懂，请改成文字或数字")


class TooLong(Refusal):
    message = N_("这一格太长了：最多 %(limit)s 个字")


class UnknownKind(Refusal):
    message = N_("用途“%(text)s”不认识，请改成：住宅、商铺、车位、其他")


class UnknownStatus(Refusal):
    message = N_("交付状态“%(text)s”不认识，请改成：已交付、已售未交付、未售")


class NoStatus(Refusal):
    message = N_("没有填写交付状态，请填写：已交付、已售未交付、未售")


class NoArea(Refusal):
    message = N_("没有填写面积，请按产权证填写，例如 89.50")


class NumericIdentifier(Refusal):
    message = N_("证件号码被存成了数字，末几位已经丢失；请把该列设为“文本”，再对照证件重新填写")


def value_of(cell: Any) -> object:
    """The plain value of a cell: text, number or None; formulas, dates and error values are refused."""
    value = cell.value
    kind = getattr(cell, "data_type", "n")
    if value is None:
        return None
    if kind == "f" or (isinstance(value, str) and value.startswith("=")):
        raise IsFormula
    if kind == "e":
        raise IsCellError(text=str(value)[:20])
    if isinstance(value, datetime | date | time):
        raise IsDate
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise IsNoText(text=str(value)[:20])
    return value


def text(value: object, limit: int = TEXT_LIMIT) -> str:
    """A label as people mean it: half-width, trimmed, single spaces; 301.0 is 301."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", str(value)))
    found = " ".join(folded.split())
    if len(found) > limit:
        raise TooLong(limit=limit)
    return found


def place(value: object) -> str:
    """A building, entrance or room: a label without any space, Chinese dashes made plain."""
    return re.sub(r"[‐-―−]", "-", text(value)).replace(" ", "")


def name(value: str) -> str:
    """A person's or company's name: spaces inside a Chinese name are not part of it."""
    found = unicodedata.normalize("NFC", _INVISIBLE.sub("", value))
    found = "".join(chr(ord(c) - 0xFEE0) if "Ａ" <= c <= "ｚ" or "０" <= c <= "９" else c for c in found)
    words = found.split()
    chinese = any(character >= "㐀" for character in found)
    found = ("" if chinese else " ").join(words)
    if len(found) > NAME_LIMIT:
        raise TooLong(limit=NAME_LIMIT)
    return found


def listed(value: object) -> tuple[str, ...]:
    """Several people in one cell, joined by 、 or / or a comma; empty pieces fall away."""
    if value is None:
        return ()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return tuple(piece for piece in (part.strip() for part in _SEPARATORS.split(str(value))) if piece)


def has_private_characters(value: str) -> bool:
    """Characters that only one computer's font knows (造字); elsewhere they print as a blank."""
    return _PRIVATE_USE.search(value) is not None


def looks_like_organisation(value: str) -> bool:
    return _ORGANISATION.search(value) is not None


def identifier(piece: str, owner: str) -> tuple[str, bool]:
    """A certificate's number, normalised, and whether it is an organisation's; the owner's name decides the advice."""
    company = looks_like_organisation(owner)
    parsers = (identifiers.id_number, identifiers.credit_code)
    first: Refusal | None = None
    for parse in reversed(parsers) if company else parsers:
        try:
            return parse(piece), parse is identifiers.credit_code
        except Refusal as refusal:
            first = first or refusal
    folded = place(piece).upper()
    if not company and _DOCUMENT.match(folded):  # passports and permits of people from elsewhere
        return folded, False
    assert first is not None
    raise first


def kind(value: object) -> Kind:
    found = place(value)
    if found not in KINDS:
        raise UnknownKind(text=found)
    return KINDS[found]


def status(value: object) -> Status:
    found = place(value)
    if not found:
        raise NoStatus
    if found not in STATUSES:
        raise UnknownStatus(text=found)
    return STATUSES[found]


def square_metres(value: object) -> int:
    """An area in 0.01 m²."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise NoArea
    assert isinstance(value, str | int | float)
    return area.parse(value)


def _plain_number(label: str) -> str:
    """一 → 1, 十二 → 12, 二十三 → 23; anything else as it is."""
    match = _CHINESE_NUMBER.match(label)
    if not label or match is None or (match[1] and match[3] and not match[2]):
        return label
    tens = (_TENS.get(match[1] or "", 1) if match[2] else 0) * 10
    ones = _TENS.get(match[3] or "", 0) if match[2] else _TENS.get(match[1] or match[3] or "", 0)
    return str(tens + ones)


def key(label: str, suffixes: str) -> str:
    """What identifies a place however it is written: 1栋, 1幢, 一号楼 and 01 栋 are the same building."""
    stripped = re.sub(rf"(?:{suffixes})\Z", "", label.upper())
    found = _plain_number(stripped or label.upper())
    return found.lstrip("0") or found if found.isascii() and found.isdigit() else found


BUILDING_SUFFIXES = "号楼栋|号楼|楼栋|栋|幢|座|楼|#"
ENTRANCE_SUFFIXES = "单元|门|#"
ROOM_SUFFIXES = "室|号房|房|号|#"


def unit_code(building: str, entrance: str, room: str) -> str:
    """The code of a unit, one per unit of a community: `1-2-301`, `商业-S01`."""
    parts = (key(building, BUILDING_SUFFIXES), key(entrance, ENTRANCE_SUFFIXES), key(room, ROOM_SUFFIXES))
    return "-".join(part for part in parts if part)


def unit_label(building: str, entrance: str, room: str) -> str:
    """How a unit is called on screen and paper: `1栋2单元301`; a dash where two figures would run together."""
    label = ""
    for part in (building, entrance, room):
        label += ("-" if label and part and label[-1].isascii() and part[0].isascii() else "") + part
    return label

"""Canonical JSON: one byte string per value, so that a hash or a signature means the same thing to every reader.

UTF-8 without BOM; object keys ``[a-z0-9_-]{1,64}`` in ascending order; no white space; integers only, |n| < 2^53;
strings in NFC without lone surrogates, escaped only where JSON demands it (quote, backslash, and control characters:
five by their letter, the others as ``\\u00xx``); ``true``, ``false`` and ``null`` as in JSON. A reader re-encodes what
it read and compares. Paths in errors read like ``$.choices.m1`` or ``$[3].units``.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hoa.kernel.errors import N_, Refusal

INTEGER_LIMIT = 2**53
DEPTH_LIMIT = 64
_KEY = re.compile(r"[a-z0-9_-]{1,64}\Z")


class NotCanonical(Refusal):
    """The value or the bytes break a rule of canonical JSON; subclasses say which one."""

    message = N_("数据在 %(path)s 处不符合规范 JSON")


class NotJson(NotCanonical):
    message = N_("数据在 %(path)s 处不是规范 JSON：第 %(position)s 个字节附近无法解析，请使用未经改动的原文件")


class NotUtf8(NotCanonical):
    message = N_("数据在 %(path)s 处不是 UTF-8 编码（第 %(position)s 个字节），请使用未经改动的原文件")


class HasByteOrderMark(NotCanonical):
    message = N_("数据在 %(path)s 处以字节顺序标记（BOM）开头，规范 JSON 不允许")


class KeyRefused(NotCanonical):
    message = N_("%(path)s 中的键 %(key)s 不允许：只能用 1 至 64 个小写字母、数字、下划线或连字符")


class KeyTwice(NotCanonical):
    message = N_("%(path)s 中的键 %(key)s 出现了两次")


class NotAnInteger(NotCanonical):
    message = N_("%(path)s 的数 %(value)s 不是整数，规范 JSON 只允许整数")


class IntegerTooLarge(NotCanonical):
    message = N_("%(path)s 的整数超出范围：绝对值必须小于 2 的 53 次方")


class NotNormalized(NotCanonical):
    message = N_("%(path)s 的文字没有按 Unicode NFC 规范化")


class LoneSurrogate(NotCanonical):
    message = N_("%(path)s 的文字含有不完整的字符（单独的代理码）")


class TypeRefused(NotCanonical):
    message = N_("%(path)s 的类型 %(type)s 不能写入规范 JSON")


class TooDeep(NotCanonical):
    message = N_("%(path)s 嵌套过深：最多 %(limit)s 层")


class NotReproduced(NotCanonical):
    message = N_("数据在 %(path)s 处重新编码后与原文不同（空格、键的顺序或转义写法），自第 %(position)s 个字节起")


class LineNotEnded(NotCanonical):
    message = N_("数据在 %(path)s 处没有以换行符结束")


class _Pairs:
    """The members of an object as read, before duplicates could silently win over one another."""

    __slots__ = ("members",)

    def __init__(self, members: list[tuple[str, Any]]) -> None:
        self.members = members


class _Number:
    """A number's text that is no integer in range; refused where its path is known."""

    __slots__ = ("refusal", "text")

    def __init__(self, text: str, refusal: type[NotCanonical]) -> None:
        self.text = text
        self.refusal = refusal


def _integer(text: str) -> int | _Number:
    # int() of thousands of digits is slow and capped by the interpreter: the length alone already says no.
    return int(text) if len(text) <= 17 else _Number(text[:20], IntegerTooLarge)


def _fraction(text: str) -> _Number:
    return _Number(text[:20], NotAnInteger)


# The scanner runs in C; strict keeps raw control characters out.
_scan = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_integer, parse_float=_fraction, parse_constant=_fraction, strict=True
).decode
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _text(value: str, path: str) -> str:
    if value.isascii():
        return value
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise LoneSurrogate(path=path)
    if not unicodedata.is_normalized("NFC", value):
        raise NotNormalized(path=path)
    return value


def _members(pairs: Iterable[tuple[Any, Any]], path: str, depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str) or not _KEY.match(key):
            raise KeyRefused(path=path, key=ascii(key)[:80])
        if key in result:
            raise KeyTwice(path=path, key=key)
        # Most members are plain short ASCII text: asking here saves a call and a path for each of them.
        if type(value) is str and value.isascii():
            result[key] = value
        else:
            result[key] = _checked(value, f"{path}.{key}", depth + 1)
    return result


def _checked(value: Any, path: str, depth: int) -> Any:
    """A plain copy of ``value`` in which every rule holds."""
    if depth > DEPTH_LIMIT:
        raise TooDeep(path=path[:200], limit=DEPTH_LIMIT)
    if isinstance(value, str):
        return _text(value, path)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -INTEGER_LIMIT < value < INTEGER_LIMIT:
            raise IntegerTooLarge(path=path)
        return int(value)
    if isinstance(value, _Pairs):
        return _members(value.members, path, depth)
    if isinstance(value, Mapping):
        return _members(value.items(), path, depth)
    if isinstance(value, list | tuple):
        return [_checked(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, _Number):
        raise value.refusal(path=path, value=value.text)
    if isinstance(value, float):
        raise NotAnInteger(path=path, value=repr(value))
    raise TypeRefused(path=path, type=type(value).__name__)


def encode(value: Any) -> bytes:
    """The canonical bytes of a value made of dict, list, tuple, str, int, bool and None."""
    return _write(_checked(value, "$", 0)).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, lower-case hex."""
    return hashlib.sha256(encode(value)).hexdigest()


def decode(data: bytes, *, path: str = "$") -> Any:
    """The value of canonical bytes; anything that would not be written the same way is refused."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise HasByteOrderMark(path=path)
    try:
        value = _checked(_scan(data.decode()), path, 0)
    except UnicodeDecodeError as error:
        raise NotUtf8(path=path, position=error.start + 1) from None
    except json.JSONDecodeError as error:
        raise NotJson(path=path, position=len(error.doc[: error.pos].encode(errors="replace")) + 1) from None
    except RecursionError:
        raise TooDeep(path=path, limit=DEPTH_LIMIT) from None
    again = _write(value).encode()
    if again != data:
        raise NotReproduced(path=path, position=_first_difference(again, data) + 1)
    return value


def _first_difference(left: bytes, right: bytes) -> int:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def encode_lines(values: Iterable[Any]) -> bytes:
    """JSONL: one canonical value a line, every line ended by LF, also the last."""
    return b"".join(encode(value) + b"\n" for value in values)


def decode_lines(data: bytes) -> Iterator[Any]:
    """The values of JSONL bytes, one by one; errors name the line (``line 3 $.units``)."""
    if data and not data.endswith(b"\n"):
        raise LineNotEnded(path=f"line {data.count(10) + 1}")
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        yield decode(line, path=f"line {number} $")

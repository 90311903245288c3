#!/usr/bin/env python3
"""Recompute the result of an owners' assembly from its audit package (format hoa-assembly/1), trusting nobody.

    python3 verify.py PACKAGE [--assembly HASH] [--receipt FILE] [--head FILE] [--json]

One file, Python 3.9 or later, standard library only, no network. It shares no code with the platform that wrote the
package: it is a second implementation of docs/audit-package.md, whose section numbers are the rule numbers printed
here. Exit status: 0 everything holds, 1 something fails (member, line and rule are named), 2 wrong usage.

不信任任何一方：本程序只用 Python 标准库，离线重算业主大会表决记录包中的一切。
退出码 0 表示全部成立，1 表示有不成立之处并指明位置，2 表示用法错误。
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

FORMAT = "hoa-assembly/1"
ZERO = "0" * 64  # `previous` of an elector's first ballot
MEMBERS = (
    "counted.jsonl",
    "log.jsonl",
    "manifest.json",
    "package.json",
    "roll.jsonl",
    "signatures.jsonl",
    "tally.json",
    "tree-heads.jsonl",
    "verify.py",
)
MAX_PACKAGE, MAX_DOCUMENT, MAX_LINE, MAX_NOTE = 512 << 20, 4 << 20, 8 << 20, 64 << 10
MAX_HEADS, MAX_MOTIONS, MAX_SIGNERS = 100_000, 1_000, 16
OPTIONS = ("agree", "oppose", "abstain", "blank")
SPECIAL_MATTERS = ("M6", "M7", "M8")
NEVER_SILENT = ("M3", *SPECIAL_MATTERS)  # R1.34: matters on which nobody's silence counts, whatever the notice says
# 民法典 278: the floor that no rule pack may lower (rules R1.1 to R1.3): numerator, denominator, strict.
NATIONAL = {"quorum": (2, 3, False), "ordinary": (1, 2, True), "special": (3, 4, False)}
UNAUTHENTIC = ("forged", "not-on-roll")  # R1.35: outside the base in both evaluations
INVALID_REASONS = ("unsigned", "multiple-choice", "duplicate", "late", "altered", "no-authority", *UNAUTHENTIC)
OPEN_TYPES = ("notice", "extend", "channel-added", "key-change", "cutoff", "close")


# ------------------------------------------------------------------------------------------------ what is reported


@dataclass(frozen=True)
class Failure:
    """The first thing that does not hold: where, by which rule (section of the specification), in two languages."""

    member: str
    line: int  # from 1; 0 for a member that has no lines
    rule: str
    english: str
    chinese: str


@dataclass
class Verdict:
    ok: bool
    verdict: str
    kind: str = ""
    assembly: str = ""
    title: str = ""
    failures: list[Failure] = field(default_factory=list)
    motions: list[dict[str, Any]] = field(default_factory=list)  # tally.json's, recomputed
    elections: list[dict[str, Any]] = field(default_factory=list)  # tally.json's, recomputed
    log: dict[str, Any] = field(default_factory=dict)  # {size, root} of the close head
    sample: list[str] = field(default_factory=list)  # whom the sample drew, from a full package
    receipt: dict[str, Any] | None = None  # {status, detail}


class Broken(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.english)
        self.failure = failure


@dataclass(frozen=True)
class Place:
    member: str
    line: int = 0

    def fail(self, rule: str, message: str, *values: object) -> NoReturn:
        english, chinese = message.format(*values), CHINESE[message].format(*values)
        raise Broken(Failure(self.member, self.line, rule, english, chinese))

    def need(self, holds: bool, rule: str, message: str, *values: object) -> None:
        if not holds:
            self.fail(rule, message, *values)


# ------------------------------------------------------------------------------------ 1. canonical JSON and shapes


def _whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) >= 1 << 53:
        raise ValueError("integer out of range")
    return int(digits)


def _refuse(text: str) -> NoReturn:
    raise ValueError(text + " is not an integer")


_DECODER = json.JSONDecoder(parse_float=_refuse, parse_int=_whole, parse_constant=_refuse)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value if isinstance(value, list) else [*value.keys(), *value.values()]:
            yield from _strings(inner)


def read_canonical(raw: bytes, place: Place) -> Any:
    """Decode, encode again and compare: catches white space, order, duplicate keys, escapes, fractions, surrogates."""
    try:
        text = raw.decode("utf-8")
        value = _DECODER.decode(text)
        same = _ENCODER.encode(value) == text
        if same and not text.isascii() and not unicodedata.is_normalized("NFC", text):
            same = all(unicodedata.is_normalized("NFC", part) for part in _strings(value))
    except (ValueError, RecursionError):
        same = False
    if not same:
        place.fail("1", "this is not canonical JSON")
    return value


def _time(value: str) -> bool:
    if len(value) != 25 or value[10] != "T" or value[19:] != "+08:00":
        return False
    return datetime.fromisoformat(value).isoformat() == value


def _text(value: Any, shortest: int = 1) -> bool:
    return isinstance(value, str) and shortest <= len(value) <= 20_000


def _text_or_empty(value: Any) -> bool:
    return _text(value, 0)


def one_of(*allowed: Any) -> Callable[[Any], bool]:
    return lambda value: type(value) in (str, bool, type(None)) and value in allowed


def whole(lowest: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and value >= lowest


def or_null(shape: Any) -> Callable[[Any], bool]:
    return lambda value: value is None or misfit(value, shape) is None


HASH = re.compile("[0-9a-f]{64}").fullmatch
HEX16 = re.compile("[0-9a-f]{32}").fullmatch
SIGNATURE = re.compile("[0-9a-f]{128}").fullmatch
ID = re.compile("[A-Za-z0-9._-]{1,64}").fullmatch
KEY_NAME = re.compile("[a-z0-9_-]{1,64}").fullmatch
ED_KEY = re.compile("ed25519:[0-9a-f]{16}").fullmatch
P256_KEY = re.compile("p256:[0-9a-f]{16}").fullmatch
FLAG = one_of(True, False)
CHANNEL = one_of("meeting", "online", "paper", "proxy")


def misfit(value: Any, shape: Any) -> str | None:
    """Where `value` departs from `shape` (a dict of fields, a one-element list, or a test), or None if it fits."""
    if type(shape) is dict:
        if type(value) is not dict:
            return ""
        if value.keys() != shape.keys():
            return "." + str(min(value.keys() ^ shape.keys()))
        for name, inner in shape.items():
            bad = misfit(value[name], inner)
            if bad is not None:
                return f".{name}{bad}"
        return None
    if type(shape) is list:
        if type(value) is not list:
            return ""
        for index, item in enumerate(value):
            bad = misfit(item, shape[0])
            if bad is not None:
                return f"[{index}]{bad}"
        return None
    try:
        return None if shape(value) else ""
    except (TypeError, ValueError):
        return ""


def need_shape(value: Any, shape: Any, place: Place, rule: str) -> None:
    bad = misfit(value, shape)
    if bad is not None:
        shown = bad.lstrip(".")[:80].encode("ascii", "backslashreplace").decode() or "value"
        place.fail(rule, "{} is missing, unknown or not of the specified form", shown)


def without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key != name}


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf_hash(raw: bytes) -> bytes:
    return hashlib.sha256(b"\0" + raw).digest()


class Tree:
    """RFC 9162's Merkle tree, leaf by leaf: the complete subtrees, largest first; any prefix's root costs log n."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        size = self.size
        while size & 1:
            leaf = sha256(b"\1" + self._peaks.pop() + leaf)
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> str:
        if not self._peaks:
            return sha256(b"").hex()
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = sha256(b"\1" + peak + root)
        return root.hex()


def root_of(leaves: list[bytes]) -> str:
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


# --------------------------------------------------------------------------- 1. signatures: Ed25519 and ECDSA P-256
# Only public values are handled here, so nothing needs to run in constant time.

Point = tuple[int, ...]
Add = Callable[[Point, Point], Point]


def _windows(add: Add, zero: Point, point: Point) -> list[list[Point]]:
    """Multiples 0..15 of 16^i times the point: then any multiple of it is 64 additions."""
    table = []
    for _ in range(64):
        row = [zero]
        for _ in range(15):
            row.append(add(row[-1], point))
        table.append(row)
        point = add(row[-1], point)
    return table


def _times(add: Add, zero: Point, table: list[list[Point]], factor: int) -> Point:
    total = zero
    for row in table:
        total = add(total, row[factor & 15])
        factor >>= 4
    return total


ED_P = 2**255 - 19
ED_L = 2**252 + 27742317777372353535851937790883648493
ED_D = -121665 * pow(121666, ED_P - 2, ED_P) % ED_P
ED_ZERO: Point = (0, 1, 1, 0)


def _ed_add(a: Point, b: Point) -> Point:
    """Addition on the twisted Edwards curve in extended coordinates (RFC 8032, 5.1.4)."""
    t = (a[1] - a[0]) * (b[1] - b[0]) % ED_P
    u = (a[1] + a[0]) * (b[1] + b[0]) % ED_P
    v = 2 * ED_D * a[3] * b[3] % ED_P
    w = 2 * a[2] * b[2] % ED_P
    e, f, g, h = u - t, w - v, w + v, u + t
    return (e * f % ED_P, g * h % ED_P, f * g % ED_P, e * h % ED_P)


def _ed_point(raw: bytes) -> Point | None:
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(ED_D * y * y + 1, ED_P - 2, ED_P) % ED_P
    x = pow(square, (ED_P + 3) // 8, ED_P)
    if (x * x - square) % ED_P:
        x = x * pow(2, (ED_P - 1) // 4, ED_P) % ED_P
    if y >= ED_P or (x * x - square) % ED_P or (x == 0 and sign):
        return None
    x = ED_P - x if x & 1 != sign else x
    return (x, y, 1, x * y % ED_P)


@lru_cache(maxsize=64)
def _ed_table(raw: bytes) -> list[list[Point]] | None:
    point = _ed_point(raw)
    return None if point is None else _windows(_ed_add, ED_ZERO, point)


ED_BASE = (4 * pow(5, ED_P - 2, ED_P) % ED_P).to_bytes(32, "little")


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032, 5.1.7: S·B − k·A must encode to R."""
    base, key = _ed_table(ED_BASE), _ed_table(public) if len(public) == 32 else None
    s = int.from_bytes(signature[32:], "little")
    if base is None or key is None or len(signature) != 64 or s >= ED_L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ED_L
    x, y, z, t = _times(_ed_add, ED_ZERO, key, k)
    x, y, z, _ = _ed_add(_times(_ed_add, ED_ZERO, base, s), (-x % ED_P, y, z, -t % ED_P))
    inverse = pow(z, ED_P - 2, ED_P)
    x, y = x * inverse % ED_P, y * inverse % ED_P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
P256_BASE = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
P256_ZERO: Point = (0, 1, 0)


def _p256_add(a: Point, b: Point) -> Point:
    """The complete addition law for a = −3 in projective coordinates: no special cases."""
    xx, yy, zz = a[0] * b[0], a[1] * b[1], a[2] * b[2]
    xy, yz, xz = a[0] * b[1] + a[1] * b[0], a[1] * b[2] + a[2] * b[1], a[0] * b[2] + a[2] * b[0]
    w = 3 * (xz - P256_B * zz) % P256_P
    q = 3 * (P256_B * xz - 3 * zz - xx) % P256_P
    u, v, r = (yy + w) % P256_P, (yy - w) % P256_P, 3 * (xx - zz) % P256_P
    return ((xy * u - yz * q) % P256_P, (u * v + r * q) % P256_P, (yz * v + xy * r) % P256_P)


@lru_cache(maxsize=64)
def _p256_table(raw: bytes) -> list[list[Point]] | None:
    x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    on_curve = (y * y - (x * x * x - 3 * x + P256_B)) % P256_P == 0
    if len(raw) != 65 or raw[0] != 4 or x >= P256_P or y >= P256_P or not on_curve:
        return None
    return _windows(_p256_add, P256_ZERO, (x, y, 1))


def p256_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """ECDSA with SHA-256 (FIPS 186-5): the x of (z/s)·G + (r/s)·Q must be r."""
    base, key = _p256_table(P256_BASE), _p256_table(public)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if base is None or key is None or len(signature) != 64 or not (0 < r < P256_N and 0 < s < P256_N):
        return False
    w = pow(s, P256_N - 2, P256_N)
    z = int.from_bytes(sha256(message), "big")
    left = _times(_p256_add, P256_ZERO, base, z * w % P256_N)
    x, _, z = _p256_add(left, _times(_p256_add, P256_ZERO, key, r * w % P256_N))
    return bool(z) and x * pow(z, P256_P - 2, P256_P) % P256_P % P256_N == r


def key_id(algorithm: str, public: bytes) -> str:
    return algorithm + ":" + sha256(public).hex()[:16]


def signature_holds(kind: str, signed: dict[str, Any], key: str, public: bytes, signature: str) -> bool:
    """A signature over an object; the key id names the algorithm."""
    message = (f"{FORMAT}/{kind}\n").encode() + canonical(signed)
    holds = ed25519_holds if key.startswith("ed25519:") else p256_holds
    return holds(public, message, bytes.fromhex(signature))


# ------------------------------------------------------------------------------------------------- 2. the zip file

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_DATE = 0x0021  # 1980-01-01


def _local_header(name: bytes, content: bytes) -> bytes:
    size, check = len(content), zlib.crc32(content)
    return _LOCAL.pack(0x04034B50, 20, 0, 0, 0, _DATE, check, size, size, len(name), 0) + name


def _central_header(name: bytes, content: bytes, offset: int) -> bytes:
    size, check, mode = len(content), zlib.crc32(content), 0o100644 << 16
    return (
        _CENTRAL.pack(*(0x02014B50, 0x0314, 20, 0, 0, 0, _DATE, check, size, size, len(name), 0, 0, 0, 0, mode, offset))
        + name
    )


def read_container(data: bytes) -> dict[str, bytes]:
    """Walk the file, rebuilding each header from name and content, and compare byte for byte."""
    members: dict[str, bytes] = {}
    directory, offset = [], 0
    for member in MEMBERS:
        name, place = member.encode(), Place(member)
        start = offset + _LOCAL.size + len(name)
        size = int.from_bytes(data[offset + 22 : offset + 26], "little")
        content = data[start : start + size]
        if len(content) != size or data[offset:start] != _local_header(name, content):
            place.fail("2", "the member is missing, or its zip header and content disagree")
        if member.endswith((".json", ".py")) and size > MAX_DOCUMENT:
            place.fail("2", "the member is larger than 4 MiB")
        members[member] = content
        directory.append((member, _central_header(name, content, offset)))
        offset = start + size
    begin = offset
    for member, header in directory:
        end = offset + len(header)
        if data[offset:end] != header:
            Place(member).fail("2", "an extra member, or a wrong directory record")
        offset = end
    end_record = _END.pack(0x06054B50, 0, 0, len(MEMBERS), len(MEMBERS), offset - begin, begin, 0)
    if data[offset:] != end_record:
        Place("zip end record").fail("2", "the end of the zip file is not as specified")
    return members


def lines_of(data: bytes, member: str) -> Iterator[tuple[Place, bytes]]:
    start, number = 0, 0
    while start < len(data):
        number += 1
        place = Place(member, number)
        end = data.find(b"\n", start)
        if end < 0:
            place.fail("1", "the last line does not end in a line feed")
        if end - start > MAX_LINE:
            place.fail("2", "the line is longer than 8 MiB")
        yield place, data[start:end]
        start = end + 1


# ------------------------------------------------------------------------------------------------ 9. package.json

PACKAGE = {
    "format": one_of(FORMAT),
    "kind": one_of("public", "full"),
    "assembly": HASH,
    "members": [{"name": one_of(*MEMBERS), "sha256": HASH, "size": whole(0)}],
    "key": ED_KEY,
    "signature": SIGNATURE,
}


def read_package(members: dict[str, bytes]) -> dict[str, Any]:
    place = Place("package.json")
    package: dict[str, Any] = read_canonical(members["package.json"], place)
    need_shape(package, PACKAGE, place, "9")
    listed = [item["name"] for item in package["members"]]
    if listed != [name for name in MEMBERS if name != "package.json"]:
        place.fail("9", "the list of members is not that of section 2")
    for item in package["members"]:
        content = members[item["name"]]
        if item["sha256"] != sha256(content).hex() or item["size"] != len(content):
            _blame(package, item, members)
    if package["assembly"] != sha256(members["manifest.json"]).hex():
        place.fail("9", "assembly is not the SHA-256 of manifest.json")
    return package


def _blame(package: dict[str, Any], item: dict[str, Any], members: dict[str, bytes]) -> NoReturn:
    """A member and its record in package.json disagree: name the one that was changed."""
    name = item["name"]
    if name == "manifest.json":  # its hash stands in package.json twice
        honest = item["sha256"] == package["assembly"] and item["sha256"] != sha256(members[name]).hex()
    else:
        honest = _signed_by_any_record_key(package, members)
    if honest:
        Place(name).fail("9", "its SHA-256 is not the one in package.json")
    Place("package.json").fail("9", "it matches neither {} nor its own signature", name)


def _signed_by_any_record_key(package: dict[str, Any], members: dict[str, bytes]) -> bool:
    """Does package.json still carry a signature of some record key found inside?"""
    found = re.findall(rb'"public":"([0-9a-f]{64})"', members["manifest.json"])
    found += re.findall(rb'"id":"ed25519:[0-9a-f]{16}","public":"([0-9a-f]{64})"', members["log.jsonl"])
    for public in {bytes.fromhex(raw.decode()) for raw in found[:1000]}:
        if key_id("ed25519", public) == package["key"]:
            return signature_holds(
                "package", without(package, "signature"), package["key"], public, package["signature"]
            )
    return False


# ----------------------------------------------------------------------------------------------- 3. manifest.json

FRACTION = {"numerator": whole(1), "denominator": whole(1), "strict": FLAG}
PLATFORM_KEY = {"id": ED_KEY, "purpose": one_of("log", "receipt", "record"), "public": HASH}
PERSON_KEY = {"id": P256_KEY, "person": _text, "public": re.compile("04[0-9a-f]{128}").fullmatch}
MOTION = {
    "code": KEY_NAME,
    "title": _text,
    "text": _text,
    "matter": one_of("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9"),
    "class": one_of("ordinary", "special"),
    "article": _text,
    "documents": [{"title": _text, "sha256": HASH}],
}
# What an election may be ranked by, and the matters that its candidates' motions may stand under.
RANKS = {"heads-area-lot": ("heads", "area"), "area-heads-lot": ("area", "heads")}
ELECTION_MATTERS = {
    "owners_committee": ("M3",),
    "supervisory_committee": ("M9",),
    "self_management_committee": ("M3", "M9"),
}
ELECTION = {
    "code": KEY_NAME,
    "title": _text,
    "body": one_of(*ELECTION_MATTERS),
    "seats": whole(1),
    "minimum": whole(1),
    "alternates": whole(0),
    "approve_at_most": whole(1),
    "rank": one_of(*RANKS),
    "motions": [KEY_NAME],
}
MANIFEST = {
    "format": one_of(FORMAT),
    "host": re.compile("[a-z0-9.-]{1,253}").fullmatch,
    "community": {"code": ID, "name": _text},
    "code": ID,
    "title": _text,
    "convener": _text,
    "channels": [CHANNEL],
    "counting": one_of("first", "last"),
    "silent_rule": one_of("none", "follow-majority"),
    "proxy_cap": whole(1),
    "times": {"noticed": _time, "opens": _time, "closes": _time},
    "extension": or_null({"clause": _text, "latest": _time}),
    "clauses": [{"clause": _text, "document": HASH}],
    "rules": {
        "pack": ID,
        "version": _text,
        "source": _text,
        "verified": FLAG,
        "quorum": FRACTION,
        "ordinary": FRACTION,
        "special": FRACTION,
    },
    "body": one_of("choices"),
    "motions": [MOTION],
    "roll_root": HASH,
    "totals": {"heads": whole(1), "area": whole(1)},
    "keys": {
        "platform": [PLATFORM_KEY],
        "witnesses": [_text],
        "counters": [PERSON_KEY],
        "scrutineers": [PERSON_KEY],
        "clerks": [PERSON_KEY],
    },
}


def read_manifest(raw: bytes) -> dict[str, Any]:
    place = Place("manifest.json")
    manifest: dict[str, Any] = read_canonical(raw, place)
    elects = type(manifest) is dict and "elections" in manifest
    need_shape(manifest, {**MANIFEST, "elections": [ELECTION]} if elects else MANIFEST, place, "3")
    channels, times, motions = manifest["channels"], manifest["times"], manifest["motions"]
    good = channels == sorted(set(channels)) and len(channels) > 0
    place.need(good, "3", "channels are not sorted and distinct")
    good = times["noticed"] < times["opens"] < times["closes"]
    place.need(good, "3", "notice, opening and closing are not in this order")
    codes = {motion["code"] for motion in motions}
    good = 0 < len(motions) == len(codes) <= MAX_MOTIONS
    place.need(good, "3", "motions are missing, too many or share a code")
    for motion in motions:
        good = motion["class"] == "special" or motion["matter"] not in SPECIAL_MATTERS
        place.need(good, "3", "a matter of class 3/4 is noticed as ordinary")
    cited = manifest["silent_rule"] == "none" or len(manifest["clauses"]) > 0
    place.need(cited, "3", "the rule for silent owners cites no clause")
    if elects:
        _need_elections(manifest["elections"], {motion["code"]: motion["matter"] for motion in motions}, place)
    _need_floor(manifest["rules"], place)
    _need_keys(manifest["keys"], place)
    return manifest


def _need_elections(elections: list[dict[str, Any]], matters: dict[str, str], place: Place) -> None:
    codes = {election["code"] for election in elections}
    place.need(0 < len(elections) == len(codes), "3", "elections are missing or share a code")
    named = [code for election in elections for code in election["motions"]]
    place.need(len(named) == len(set(named)), "3", "a candidate stands twice")
    for election in elections:
        candidates = election["motions"]
        known = all(matters.get(code) in ELECTION_MATTERS[election["body"]] for code in candidates)
        place.need(known, "3", "a candidate of election {} has no motion on its matter", election["code"])
        good = election["minimum"] <= election["seats"] and election["approve_at_most"] <= len(candidates)
        place.need(good, "3", "the numbers of election {} do not fit together", election["code"])


def _need_floor(rules: dict[str, Any], place: Place) -> None:
    for name, (top, bottom, strict) in NATIONAL.items():
        own = rules[name]
        left, right = own["numerator"] * bottom, top * own["denominator"]
        good = own["numerator"] <= own["denominator"] and (
            left > right or (left == right and (own["strict"] or not strict))
        )
        place.need(good, "3", "threshold {} is under that of the Civil Code", name)


def _need_keys(keys: dict[str, Any], place: Place) -> None:
    purposes = sorted(key["purpose"] for key in keys["platform"])
    place.need(purposes == ["log", "receipt", "record"], "3", "the platform's keys are not one per purpose")
    people = keys["counters"] + keys["scrutineers"] + keys["clerks"]
    for key in keys["platform"] + people:
        place.need(names_itself(key), "1", "a key id does not belong to its key")
    distinct = len({key["id"] for key in people}) == len({key["person"] for key in people}) == len(people)
    place.need(distinct, "3", "a person or a key appears twice")
    counters, scrutineers = len(keys["counters"]), len(keys["scrutineers"])
    place.need(
        counters == scrutineers == 0 or (counters >= 2 and scrutineers >= 1),
        "3",
        "two counters and one scrutineer are needed",
    )


def names_itself(key: dict[str, Any]) -> bool:
    return bool(key["id"] == key_id(key["id"].split(":")[0], bytes.fromhex(key["public"])))


# ------------------------------------------------------------------------------------------------- 4. roll.jsonl

ROLL_ENTRY = {
    "elector": ID,
    "heads": lambda value: type(value) is int and value == 1,
    "area": whole(1),
    "units": [{"unit": _text, "area": whole(1)}],
    "salt": HEX16,
}


class Roll:
    """Electors with their weight, as the log changes them."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[str, int, tuple[str, ...]]] = {}  # leaf: elector, area, units
        self.leaf_of: dict[str, str] = {}  # elector: leaf
        self._units: dict[str, str] = {}  # unit: elector

    def add(self, entry: dict[str, Any], leaf: str, place: Place, rule: str) -> None:
        units = tuple(part["unit"] for part in entry["units"])
        if not units or list(units) != sorted(set(units)):
            place.fail(rule, "the units are missing, unsorted or repeated")
        if entry["area"] != sum(part["area"] for part in entry["units"]):
            place.fail(rule, "the area is not the sum of the units'")
        if entry["elector"] in self.leaf_of:
            place.fail(rule, "elector {} is on the roll twice", entry["elector"])
        for unit in units:
            if unit in self._units:
                place.fail(rule, "a unit belongs to two electors")
            self._units[unit] = entry["elector"]
        self.entries[leaf] = (entry["elector"], entry["area"], units)
        self.leaf_of[entry["elector"]] = leaf

    def remove(self, leaf: str) -> tuple[str, int]:
        elector, area, units = self.entries.pop(leaf)
        del self.leaf_of[elector]
        for unit in units:
            del self._units[unit]
        return elector, area

    def summary(self) -> dict[str, Any]:
        area = sum(entry[1] for entry in self.entries.values())
        root = root_of([bytes.fromhex(leaf) for leaf in sorted(self.entries)])
        return {"root": root, "heads": len(self.entries), "area": area}

    def weights(self) -> dict[str, int]:
        return {elector: self.entries[leaf][1] for elector, leaf in self.leaf_of.items()}


def read_leaf_line(raw: bytes, place: Place) -> str:
    """A line of a public member: the leaf hash as a JSON string."""
    if len(raw) != 66 or raw[:1] != b'"' or raw[-1:] != b'"' or not HASH(raw[1:-1].decode("latin-1")):
        place.fail("2", "this line is not a leaf hash")
    return raw[1:-1].decode()


def read_sorted(data: bytes, member: str, shape: Any, rule: str, full: bool) -> Iterator[tuple[Place, str, Any]]:
    """Lines of roll or counted rows in the order of their leaves: (place, leaf, entry or None in a public package)."""
    last = ""
    for place, raw in lines_of(data, member):
        entry = None
        if full:
            entry = read_canonical(raw, place)
            need_shape(entry, shape, place, rule)
        leaf = leaf_hash(raw).hex() if full else read_leaf_line(raw, place)
        if leaf <= last:
            place.fail(rule, "lines are not sorted by leaf hash")
        last = leaf
        yield place, leaf, entry


def read_roll(data: bytes, manifest: dict[str, Any], full: bool) -> Roll:
    roll, leaves = Roll(), []
    for place, leaf, entry in read_sorted(data, "roll.jsonl", ROLL_ENTRY, "4", full):
        leaves.append(bytes.fromhex(leaf))
        if entry is not None:
            roll.add(entry, leaf, place, "4")
    place, totals = Place("roll.jsonl"), manifest["totals"]
    if len(leaves) != totals["heads"] or root_of(leaves) != manifest["roll_root"]:
        place.fail("4", "this is not the roll of the notice (heads or root differ)")
    if full and roll.summary()["area"] != totals["area"]:
        place.fail("4", "the areas do not sum to the notice's total")
    return roll


# -------------------------------------------------------------------------------------------------- 5. log.jsonl

_COMMON = {
    "type": _text,
    "assembly": HASH,
    "nonce": HEX16,
    "time": _time,
    "by": [{"person": _text, "key": P256_KEY, "signature": SIGNATURE}],
}
_HEIR = {"elector": ID, "from": [ID], "ballots": [HASH]}
ENTRIES: dict[str, dict[str, Any]] = {
    "notice": {},
    "issue": {"serial": ID, "elector": ID},
    "reissue": {"serial": ID, "replaces": ID, "elector": ID},
    "delivery": {
        "elector": ID,
        "serial": or_null(ID),
        "method": one_of("in-person", "post", "sms", "login", "posted"),
        "delivered": _time,
    },
    "ballot": {"elector": ID, "previous": HASH, "channel": CHANNEL, "evidence": lambda value: type(value) is dict},
    "void": {"leaf": HASH, "reason": one_of("wrong-elector", "keying-error")},
    "ruling": {
        "leaf": HASH,
        "motion": _text,
        "ruling": one_of("invalid", "proxy-accepted", "proxy-refused"),
        "reason": _text_or_empty,
    },
    "roll-change": {"before": [HASH], "after": [ROLL_ENTRY], "heirs": [_HEIR], "reason": _text, "paper": or_null(HASH)},
    "extend": {"until": _time, "reason": _text},
    "channel-added": {"channel": CHANNEL, "reason": _text},
    "key-change": {
        "role": one_of("log", "receipt", "record", "counter", "scrutineer", "clerk"),
        "old": or_null(_text),
        "key": lambda value: type(value) is dict,
        "reason": _text,
    },
    "paper-received": {"serials": [ID]},
    "cutoff": {"cause": one_of("scheduled", "decided"), "reason": _text_or_empty},
    "close": {},
}
SIGNERS = {"notice": 0, "issue": 1, "reissue": 1, "delivery": 1, "cutoff": 0, "close": 0}  # others: 2
BEFORE_CUTOFF = ("issue", "reissue", "delivery", "roll-change", "extend", "channel-added")
EVIDENCE: dict[str, dict[str, Any]] = {
    "online": {},
    "meeting": {"desk": _text},
    "paper": {"serial": ID, "scan": HASH},
    "proxy": {"authority": HASH, "agent": _text, "instruction": _text},
}
ASSISTED = {"helper": _text}  # online, somebody at the owner's side
SIGNERS_OF_CHANNEL = {"online": 0, "meeting": 2, "paper": 2, "proxy": 0}


def choices_shape(manifest: dict[str, Any]) -> dict[str, Any]:
    return {motion["code"]: one_of(*OPTIONS) for motion in manifest["motions"]}


class Ballot:
    """What the rest of the program needs of a ballot entry; `options` is what the body's reader made of the body."""

    __slots__ = ("accepted", "agent", "channel", "elector", "index", "invalid", "options", "over", "time", "void")

    def __init__(
        self, index: int, entry: dict[str, Any], options: dict[str, str], over: frozenset[str] = frozenset()
    ) -> None:
        self.index, self.elector, self.channel = index, entry["elector"], entry["channel"]
        self.time, self.options, self.over = entry["time"], options, over
        self.agent: str | None = entry["evidence"].get("agent")
        self.void: str | None = None  # the reason
        self.invalid: dict[str, str] = {}  # motion or "*": reason
        self.accepted: bool | None = None  # a proxy's ballot: ruled accepted or refused

    @property
    def good(self) -> bool:
        return self.accepted is not False and "*" not in self.invalid

    def invalid_for(self, motion: str) -> str | None:
        refused = "no-authority" if self.accepted is False else None
        too_many = "multiple-choice" if motion in self.over else None
        return self.invalid.get(motion) or self.invalid.get("*") or refused or too_many


def over_vote(elections: list[dict[str, Any]], options: dict[str, str]) -> frozenset[str]:
    """Section 5.2: the candidates of every election in which the ballot agrees to more of them than noticed."""
    over: set[str] = set()
    for election in elections:
        agreed = [code for code in election["motions"] if options[code] == "agree"]
        if len(agreed) > election["approve_at_most"]:
            over.update(election["motions"])
    return frozenset(over)


class Chain:
    """An elector's ballots: `base` inherited by a roll change, then the log's, by the ballot they follow."""

    def __init__(self, base: list[str]) -> None:
        self.base = base
        self.after: dict[str, str] = {}  # previous: leaf

    def order(self) -> list[str]:
        result = list(self.base)
        last = result[-1] if result else ZERO
        while last in self.after and len(result) <= len(self.base) + len(self.after):
            last = self.after[last]
            result.append(last)
        return result

    def loose(self) -> list[str]:
        """Ballots that the chain does not reach."""
        return sorted(set(self.after.values()) - set(self.order()))


class Log:
    """Reads the log once, line by line, and keeps the state that the rules of section 5 speak about."""

    def __init__(self, manifest: dict[str, Any], assembly: str, roll: Roll, full: bool) -> None:
        self.manifest, self.assembly, self.roll, self.full = manifest, assembly, roll, full
        self.elections: list[dict[str, Any]] = manifest.get("elections", [])
        self.opening = roll.summary() if full else {"root": manifest["roll_root"], **manifest["totals"]}
        self.digests: list[bytes] = []
        self.root = ""  # of all of them, once the tree heads are read
        self.first_ballot: int | None = None
        self.cutoff: int | None = None
        self.cutoff_time = ""
        self.closed: str | None = None  # time of `close`
        self.closes: str = manifest["times"]["closes"]
        self.channels = set(manifest["channels"])
        self.people: dict[str, tuple[str, str, bytes]] = {}  # key id: role, person, public
        self.platform: dict[str, list[tuple[int, str, bytes]]] = {}  # purpose: (from size, key id, public), rising
        self.live: dict[str, str] = {}  # paper serial: elector
        self.serials: set[str] = set()  # ever issued
        self.used: dict[str, str] = {}  # serial: leaf of the last paper ballot with it
        self.delivered: set[str] = set()
        self.received: set[str] | None = None
        self.ballots: dict[str, Ballot] = {}
        self.chains: dict[str, Chain] = {}
        self.shapes = {name: {**_COMMON, **extra} for name, extra in ENTRIES.items()}
        self.shapes["ballot"][manifest["body"]] = choices_shape(manifest)
        keys = manifest["keys"]
        for key in keys["platform"]:
            self.platform[key["purpose"]] = [(0, key["id"], bytes.fromhex(key["public"]))]
        for role in ("counter", "scrutineer", "clerk"):
            for key in keys[role + "s"]:
                self.people[key["id"]] = (role, key["person"], bytes.fromhex(key["public"]))

    # -- the loop

    def read(self, data: bytes) -> None:
        for place, raw in lines_of(data, "log.jsonl"):
            self._position_of_any(place)
            if raw[:1] == b'"' and not self.full:
                place.need(len(self.digests) > 0, "5", "the first entry is not the notice")
                self.digests.append(bytes.fromhex(read_leaf_line(raw, place)))
                continue
            digest = leaf_hash(raw)
            self._entry(read_canonical(raw, place), digest.hex(), place)
            self.digests.append(digest)
        if self.closed is None:
            Place("log.jsonl").fail("5", "the log does not end with close")
        if self.full:
            self._at_close()

    def _position_of_any(self, place: Place) -> None:
        if self.closed is not None:
            place.fail("5", "an entry follows close")

    def _entry(self, entry: Any, leaf: str, place: Place) -> None:
        kind = entry.get("type") if type(entry) is dict else None
        if type(kind) is not str or kind not in self.shapes:
            place.fail("5", "this is not an entry of a known type")
        if not self.full and kind not in OPEN_TYPES:
            place.fail("5.1", "a public package must not open this entry")
        need_shape(entry, self.shapes[kind], place, "5")
        if entry["assembly"] != self.assembly:
            place.fail("5", "the entry belongs to another assembly")
        if (kind == "notice") != (not self.digests):
            place.fail("5", "the notice must be the first entry, and only the first")
        if kind in BEFORE_CUTOFF and self.cutoff is not None:
            place.fail("5", "{} after the cut-off", kind)
        self._signers(entry, self._signers_needed(entry), place)
        if kind == "ballot":
            self._ballot(entry, leaf, place)
        else:
            getattr(self, "_" + kind.replace("-", "_"))(entry, place)

    def _signers_needed(self, entry: dict[str, Any]) -> int:
        if entry["type"] == "ballot":
            return SIGNERS_OF_CHANNEL[entry["channel"]]
        if entry["type"] == "cutoff" and entry["cause"] == "decided":
            return 2
        return SIGNERS.get(entry["type"], 2)

    def _signers(self, entry: dict[str, Any], needed: int, place: Place) -> None:
        by = entry["by"]
        if not by and not needed:
            return
        keys = [item["key"] for item in by]
        if keys != sorted(set(keys)) or len({item["person"] for item in by}) != len(by) or len(by) > MAX_SIGNERS:
            place.fail("5", "signers are unsorted, repeated or too many")
        if len(by) < needed:
            place.fail("5", "{} signers are needed, {} signed", needed, len(by))
        signed = without(entry, "by")
        for item in by:
            role, person, public = self.people.get(item["key"], ("", "", b""))
            if not role or person != item["person"]:
                place.fail("5", "a signer is not among the assembly's people")
            if not signature_holds("entry", signed, item["key"], public, item["signature"]):
                place.fail("5", "a personal signature does not hold")

    # -- entries

    def _notice(self, entry: dict[str, Any], place: Place) -> None:
        if entry["time"] != self.manifest["times"]["noticed"]:
            place.fail("5", "the time is not that of the notice")

    def _issue(self, entry: dict[str, Any], place: Place) -> None:
        self._on_roll(entry["elector"], place)
        if entry["serial"] in self.serials:
            place.fail("5", "the serial was issued before")
        self.serials.add(entry["serial"])
        self.live[entry["serial"]] = entry["elector"]

    def _reissue(self, entry: dict[str, Any], place: Place) -> None:
        if self.live.get(entry["replaces"]) != entry["elector"]:
            place.fail("5", "the serial replaced is not a live one of this elector")
        self._issue(entry, place)
        del self.live[entry["replaces"]]

    def _delivery(self, entry: dict[str, Any], place: Place) -> None:
        self._on_roll(entry["elector"], place)
        if entry["serial"] is not None and self.live.get(entry["serial"]) != entry["elector"]:
            place.fail("5", "the serial delivered is not a live one of this elector")
        self.delivered.add(entry["elector"])

    def _on_roll(self, elector: str, place: Place) -> None:
        if elector not in self.roll.leaf_of:
            place.fail("5", "elector {} is not on the roll", elector)

    def _ballot(self, entry: dict[str, Any], leaf: str, place: Place) -> None:
        elector, channel = entry["elector"], entry["channel"]
        self._on_roll(elector, place)
        if channel not in self.channels:
            place.fail("5.2", "channel {} was not noticed", channel)
        assisted = channel == "online" and entry["evidence"] != {}
        need_shape(entry["evidence"], ASSISTED if assisted else EVIDENCE[channel], place, "5.2")
        if entry["time"] < self.manifest["times"]["opens"]:
            place.fail("5.2", "the ballot is earlier than the opening")
        if channel == "paper":
            self._paper(entry, leaf, place)
        elif entry["time"] >= self.closes:
            place.fail("5.2", "the ballot is later than the closing time")
        elif self.cutoff is not None:
            place.fail("5.2", "only paper in hand may follow the cut-off")
        chain = self.chains.setdefault(elector, Chain([]))
        if entry["previous"] in chain.after or leaf in self.ballots:
            place.fail("5.2", "two ballots of {} follow the same one", elector)
        chain.after[entry["previous"]] = leaf
        options = entry[self.manifest["body"]]
        over = over_vote(self.elections, options) if self.elections else frozenset()
        self.ballots[leaf] = Ballot(len(self.digests), entry, options, over)
        if self.first_ballot is None:
            self.first_ballot = len(self.digests)

    def _paper(self, entry: dict[str, Any], leaf: str, place: Place) -> None:
        serial = entry["evidence"]["serial"]
        if self.live.get(serial) != entry["elector"]:
            place.fail("5.2", "the serial is not a live one of this elector")
        if serial in self.used and self.ballots[self.used[serial]].void is None:
            place.fail("5.2", "the serial has been used")
        if self.cutoff is not None and serial not in (self.received or ()):
            place.fail("5.2", "this paper was not in hand at the cut-off")
        self.used[serial] = leaf

    def _target(self, entry: dict[str, Any], place: Place) -> Ballot:
        target = self.ballots.get(entry["leaf"])
        if target is None or target.void is not None:
            place.fail("5", "its target is not an earlier ballot that stands")
        return target

    def _void(self, entry: dict[str, Any], place: Place) -> None:
        self._target(entry, place).void = entry["reason"]

    def _ruling(self, entry: dict[str, Any], place: Place) -> None:
        target, motion, reason = self._target(entry, place), entry["motion"], entry["reason"]
        if motion != "*" and motion not in target.options:
            place.fail("5.4", "there is no such motion")
        if entry["ruling"] == "invalid":
            if reason not in INVALID_REASONS:
                place.fail("5.4", "this is not a reason of invalidity")
            if motion in target.invalid or "*" in target.invalid:
                place.fail("5.4", "this was ruled before")
            target.invalid[motion] = reason
            return
        if target.channel != "proxy" or motion != "*" or target.accepted is not None:
            place.fail("5.4", "not a proxy's ballot, or ruled before")
        target.accepted = entry["ruling"] == "proxy-accepted"

    def _extend(self, entry: dict[str, Any], place: Place) -> None:
        allowed = self.manifest["extension"]
        if allowed is None or not self.closes < entry["until"] <= allowed["latest"]:
            place.fail("5", "the notice does not allow this extension")
        self.closes = entry["until"]

    def _channel_added(self, entry: dict[str, Any], place: Place) -> None:
        if entry["channel"] in self.channels:
            place.fail("5", "the channel was open already")
        self.channels.add(entry["channel"])

    def _key_change(self, entry: dict[str, Any], place: Place) -> None:
        role, old, key = entry["role"], entry["old"], entry["key"]
        platform = role in self.platform
        need_shape(key, {"id": ED_KEY, "public": HASH} if platform else PERSON_KEY, place, "5.5")
        known = set(self.people) | {item[1] for keys in self.platform.values() for item in keys}
        if not names_itself(key) or key["id"] in known:
            place.fail("5.5", "the new key is known already or misnamed")
        public = bytes.fromhex(key["public"])
        current = self.platform[role][-1][1] if platform else old if self.people.get(old, ("",))[0] == role else None
        if old != current:
            place.fail("5.5", "the key replaced is not in force")
        if platform:
            self.platform[role].append((len(self.digests) + 1, key["id"], public))
            return
        self.people.pop(old, None)
        if key["person"] in {person for _, person, _ in self.people.values()}:
            place.fail("5.5", "the person has a key already")
        self.people[key["id"]] = (role, key["person"], public)

    def _paper_received(self, entry: dict[str, Any], place: Place) -> None:
        serials = entry["serials"]
        if self.cutoff is None or self.received is not None or serials != sorted(set(serials)):
            place.fail("5", "paper-received must follow the cut-off, once, sorted")
        self.received = set(serials)

    def _cutoff(self, entry: dict[str, Any], place: Place) -> None:
        if self.cutoff is not None or entry["time"] < self.closes:
            place.fail("5", "a second cut-off, or one before the closing time")
        self.cutoff = len(self.digests)
        self.cutoff_time = entry["time"]

    def _close(self, entry: dict[str, Any], place: Place) -> None:
        if self.cutoff is None or entry["time"] < self.cutoff_time:
            place.fail("5", "close does not follow the cut-off")
        self.closed = entry["time"]

    # -- 5.3

    def _roll_change(self, entry: dict[str, Any], place: Place) -> None:
        before, after, heirs = entry["before"], entry["after"], entry["heirs"]
        leaves = [leaf_hash(canonical(item)).hex() for item in after]
        if not before or not after or before != sorted(set(before)) or leaves != sorted(set(leaves)):
            place.fail("5.3", "before or after is empty or unsorted")
        if not set(before) <= self.roll.entries.keys():
            place.fail("5.3", "an entry replaced is not on the roll")
        gone = [self.roll.remove(old) for old in before]
        for item, own in zip(after, leaves):
            self.roll.add(item, own, place, "5.3")
        same = len(gone) == len(after) and sum(area for _, area in gone) == sum(item["area"] for item in after)
        if entry["time"] >= self.manifest["times"]["opens"] and not same and entry["paper"] is None:
            place.fail("5.3", "totals change after the opening without a paper")
        sources = [elector for heir in heirs for elector in heir["from"]]
        good = [heir["elector"] for heir in heirs] == sorted(item["elector"] for item in after)
        good = good and all(heir["from"] == sorted(heir["from"]) for heir in heirs)
        if not good or sorted(sources) != sorted(elector for elector, _ in gone):
            place.fail("5.3", "heirs do not match before and after")
        self._inherit(heirs, place)

    def _inherit(self, heirs: list[dict[str, Any]], place: Place) -> None:
        chains, receiver = {}, {}
        for heir in heirs:
            orders = [self._pop_chain(elector, place) for elector in heir["from"]]
            ranks = {ballot: (number, rank) for number, order in enumerate(orders) for rank, ballot in enumerate(order)}
            joined, seen, last = heir["ballots"], [0] * len(orders), ""
            good = len(joined) == len(ranks)
            for ballot in joined:
                number, rank = ranks.get(ballot, (0, -1))
                good = good and rank == seen[number] if ballot in ranks else False
                if not good or self.ballots[ballot].time < last:
                    place.fail("5.3", "the ballots are not joined in order of acceptance")
                seen[number], last = rank + 1, self.ballots[ballot].time
            if not good:
                place.fail("5.3", "a ballot is lost in the change")
            chains[heir["elector"]] = Chain(list(joined))
            receiver.update(dict.fromkeys(heir["from"], heir["elector"]))
        self.chains.update(chains)
        self.live = {serial: receiver.get(elector, elector) for serial, elector in self.live.items()}
        self.delivered = {receiver.get(elector, elector) for elector in self.delivered}

    def _pop_chain(self, elector: str, place: Place) -> list[str]:
        chain = self.chains.pop(elector, Chain([]))
        if chain.loose():
            place.fail("5.3", "a ballot before the change has no predecessor")
        return chain.order()

    # -- after the last line

    def _at_close(self) -> None:
        agents: dict[str, set[str]] = {}
        for ballot in self.ballots.values():
            if ballot.agent is None or ballot.void is not None:
                continue
            here = Place("log.jsonl", ballot.index + 1)
            if ballot.accepted is None:
                here.fail("5.4", "this proxy's ballot was neither accepted nor refused")
            agents.setdefault(ballot.agent, set()).update([ballot.elector] if ballot.accepted else [])
            if len(agents[ballot.agent]) > self.manifest["proxy_cap"]:
                here.fail("5.4", "an agent votes for more electors than noticed")
        for elector, chain in self.chains.items():
            simple = not chain.base and len(chain.after) == 1 and ZERO in chain.after  # nearly all of them
            loose = [] if simple else chain.loose()
            if loose:
                here = Place("log.jsonl", min(self.ballots[leaf].index for leaf in loose) + 1)
                here.fail("5.2", "previous does not lead to a ballot of {}", elector)

    def counts_for(self, elector: str) -> str | None:
        """Section 5.2, "What counts": the leaf of the ballot that speaks for this elector."""
        chain = self.chains.get(elector)
        standing = [leaf for leaf in chain.order() if self.ballots[leaf].void is None] if chain else []
        standing = [leaf for leaf in standing if self.ballots[leaf].good] or standing
        standing = [leaf for leaf in standing if self.ballots[leaf].agent is None] or standing
        if not standing:
            return None
        return standing[0] if self.manifest["counting"] == "first" else standing[-1]

    def key_at(self, purpose: str, size: int) -> tuple[str, bytes]:
        """The platform's key of this purpose for a log of `size` entries."""
        _, key, public = [item for item in self.platform[purpose] if item[0] <= size][-1]
        return key, public


# -------------------------------------------------------------------------------------------- 6. tree-heads.jsonl

HEAD = {
    "purpose": one_of("notice", "opening", "hourly", "cutoff", "close"),
    "time": _time,
    "note": lambda value: isinstance(value, str) and len(value.encode("utf-8")) <= MAX_NOTE,
}
_NOTE = re.compile("([^\n]+)\n(0|[1-9][0-9]{0,11})\n([A-Za-z0-9+/=]{44})\n\n((?:\u2014 [^ \n]+ [A-Za-z0-9+/=]+\n)+)")


def unbase64(text: str) -> bytes:
    """Strict: padded, and only the one spelling that an encoder writes; empty when it is anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def note_key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]


@dataclass(frozen=True)
class TreeHead:
    place: Place
    purpose: str
    time: str
    size: int
    root: str
    cosigned: tuple[int, ...]  # seconds since 1970, one per known witness
    body: bytes
    lines: tuple[bytes, ...]  # the log's signature line, then those of `cosigned`


class Heads:
    def __init__(self, manifest: dict[str, Any], assembly: str, log: Log) -> None:
        self.log = log
        self.origin = "{}/{}/{}".format(manifest["host"], manifest["community"]["code"], assembly)
        self.witnesses: dict[tuple[str, bytes], bytes] = {}
        self.heads: list[TreeHead] = []
        place = Place("manifest.json")
        for vkey in manifest["keys"]["witnesses"]:
            name, _, rest = vkey.partition("+")
            shown, _, encoded = rest.partition("+")
            raw = unbase64(encoded)
            keyid = note_key_id(name, 4, raw[1:])
            good = len(raw) == 33 and raw[0] == 4 and shown == keyid.hex() and name and not re.search(r"\s", name)
            place.need(bool(good), "6", "a witness's vkey is malformed")
            self.witnesses[name, keyid] = raw[1:]
        distinct = len({name for name, _ in self.witnesses}) == len(manifest["keys"]["witnesses"])
        place.need(distinct, "6", "two witnesses share a name")

    def parse(self, note: str, place: Place, purpose: str = "", time: str = "") -> TreeHead:
        """A note whose log signature holds, with the cosignatures of known witnesses."""
        match = _NOTE.fullmatch(note)
        root = unbase64(match.group(3)) if match else b""
        if match is None or match.group(1) != self.origin or len(root) != 32:
            place.fail("6", "this is not a tree head of this assembly")
        size, body = int(match.group(2)), note[: match.end(3) + 1].encode()
        key, public = self.log.key_at("log", size)
        cosigned: dict[str, int] = {}
        lines = []
        for number, line in enumerate(match.group(4).splitlines()):
            _, name, encoded = line.split(" ")
            raw = unbase64(encoded)
            keyid, signature = raw[:4], raw[4:]
            if number == 0:
                known = name == self.origin and keyid == note_key_id(name, 1, public)
                if not known or not ed25519_holds(public, body, signature):
                    place.fail("6", "the log's signature ({}) does not hold", key)
            elif (name, keyid) in self.witnesses:
                stamp = int.from_bytes(signature[:8], "big")
                message = b"cosignature/v1\ntime %d\n" % stamp + body
                good = name not in cosigned and ed25519_holds(self.witnesses[name, keyid], message, signature[8:])
                place.need(good, "6", "a witness's signature does not hold or is there twice")
                cosigned[name] = stamp
            else:
                continue
            lines.append(f"{line}\n".encode())
        return TreeHead(place, purpose, time, size, root.hex(), tuple(cosigned.values()), body, tuple(lines))

    def read(self, data: bytes) -> None:
        tree, last_time, last_size = Tree(), "", 0
        for place, raw in lines_of(data, "tree-heads.jsonl"):
            place.need(place.line <= MAX_HEADS, "2", "there are too many tree heads")
            head = read_canonical(raw, place)
            need_shape(head, HEAD, place, "6")
            found = self.parse(head["note"], place, head["purpose"], head["time"])
            size, root = found.size, found.root
            place.need(head["time"] >= last_time, "6", "the times go backwards")
            place.need(last_size <= size <= len(self.log.digests), "6", "the log shrank, or is cut")
            for digest in self.log.digests[last_size:size]:
                tree.add(digest)
            if tree.root() != root:
                place.fail("6", "its root is not the root of the log's first {} entries", size)
            self.heads.append(found)
            last_time, last_size = head["time"], size
        self._purposes()
        self.log.root = self.heads[-1].root

    def _purposes(self) -> None:
        place, log = Place("tree-heads.jsonl"), self.log
        named = [head for head in self.heads if head.purpose != "hourly"]
        good = [head.purpose for head in named] == ["notice", "opening", "cutoff", "close"]
        good = good and self.heads[0] is named[0] and self.heads[-1] is named[-1]
        place.need(good, "6", "notice, opening, cut-off and close heads are not in order")
        notice, opening, cutoff, close = named
        notice.place.need(notice.size == 1, "6", "the first head is not of size 1")
        early = log.first_ballot is None or opening.size <= log.first_ballot
        opening.place.need(early, "6", "a ballot stands before the opening head")
        ends = cutoff.size - 1 == log.cutoff
        cutoff.place.need(ends, "6", "its last entry is not the cut-off")
        whole_log = close.size == len(log.digests)
        close.place.need(whole_log, "6", "the close head does not cover the whole log")
        if self.witnesses:
            opened = datetime.fromisoformat(opening.time).timestamp()
            seen = any(stamp <= opened for stamp in notice.cosigned)
            notice.place.need(seen, "6", "no witness saw it before the opening")

    def witnessed_by(self, moment: str) -> bool:
        """Was the close head cosigned before totals were computed?"""
        latest = datetime.fromisoformat(moment).timestamp()
        return not self.witnesses or any(stamp <= latest for stamp in self.heads[-1].cosigned)

    def seeds(self, moment: str) -> set[str]:
        """Section 8.1: what a sample may be drawn by: the close head with one line that the platform cannot choose."""
        latest, close = datetime.fromisoformat(moment).timestamp(), self.heads[-1]
        lines = [line for stamp, line in zip(close.cosigned, close.lines[1:]) if stamp <= latest]
        return {sha256(close.body + line).hex() for line in (lines if self.witnesses else close.lines[:1])}

    def check_kept(self, note: str) -> None:
        place = Place("kept tree head")
        kept = self.parse(note, place)
        size, root = kept.size, kept.root
        place.need(size <= len(self.log.digests), "11", "the log is shorter than this head: it was cut")
        same = root_of(self.log.digests[:size]) == root
        place.need(same, "11", "the log differs from what this head covers: it was forked")


# ----------------------------------------------------------------------------------------------- 7. counted.jsonl

COUNTED = {"elector": ID, "counted": or_null(HASH), "salt": HEX16}


@dataclass(frozen=True)
class Counted:
    root: str
    rows: int
    leaves: frozenset[str]
    ballot_of: dict[str, str | None]  # elector: leaf; empty in a public package


def read_counted(data: bytes, log: Log) -> Counted:
    leaves, rows = [], {}
    for place, leaf, row in read_sorted(data, "counted.jsonl", COUNTED, "7", log.full):
        leaves.append(leaf)
        if row is None:
            continue
        elector = row["elector"]
        if elector in rows or elector not in log.roll.leaf_of:
            place.fail("7", "{} has two rows or is not on the final roll", elector)
        if row["counted"] != log.counts_for(elector):
            place.fail("7", "what is counted for {} is not what the log says", elector)
        rows[elector] = row["counted"]
    if log.full and rows.keys() != log.roll.leaf_of.keys():
        missing = min(log.roll.leaf_of.keys() - rows.keys())
        Place("counted.jsonl").fail("7", "there is no row for {}", missing)
    return Counted(root_of([bytes.fromhex(leaf) for leaf in leaves]), len(leaves), frozenset(leaves), rows)


# -------------------------------------------------------------------------------------------------- 8. tally.json


def _figure(public: bool) -> dict[str, Any]:
    return {"heads": whole(0), "area": or_null(whole(0)) if public else whole(0)}


EXACT = {"heads": whole(0), "area": whole(0)}
ROLL_TOTAL = {"root": HASH, **EXACT}
INEQUALITY = {
    "test": _text,
    "left_factor": whole(1),
    "left": or_null(whole(0)),
    "sign": one_of(">=", ">"),
    "right_factor": whole(1),
    "right": whole(0),
    "met": FLAG,
    "line": _text,
}
EVALUATION = {"participated": EXACT, "inequalities": [INEQUALITY], "quorum": FLAG, "passed": FLAG}


_CAST = one_of("agree", "oppose", "abstain", None)
WITH_SILENT = {"silent": EXACT, "follows": _CAST, **EVALUATION}


def _reasons(value: Any) -> bool:
    return type(value) is dict and all(key in INVALID_REASONS and not misfit(value[key], EXACT) for key in value)


def tally_shape(public: bool, silent_rule: str = "none", elects: bool = False) -> dict[str, Any]:
    options = dict.fromkeys((*OPTIONS, "not_agreed"), _figure(public))
    motion = {
        "motion": KEY_NAME,
        "matter": _text,
        "class": _text,
        "article": _text,
        "options": options,
        "invalid": {"heads": whole(0)} if public else {**EXACT, "excluded": EXACT, "reasons": _reasons},
        "without_invalid": EVALUATION,
        "with_invalid": EVALUATION,
        "outcome": one_of("passed", "failed", "review"),
    }
    if silent_rule != "none":
        motion["with_silent"] = or_null(WITH_SILENT)
    shape = {
        "format": one_of(FORMAT),
        "form": one_of("public" if public else "full"),
        "assembly": HASH,
        "time": _time,
        "log": {"size": whole(1), "root": HASH},
        "roll": {"opening": ROLL_TOTAL, "final": ROLL_TOTAL},
        "counted": {"root": HASH, "rows": whole(0)},
        "paper": {"issued": whole(0), "delivered": whole(0)},
        "ballots": dict.fromkeys(("logged", "counted", "superseded", "voided"), whole(0)),
        "sample": or_null({"seed": HASH, **dict.fromkeys(("size", "contacted", "confirmed", "denied"), whole(0))}),
        "motions": [motion],
    }
    if elects:
        ranked = {"motion": KEY_NAME, **_figure(public)}
        shape["elections"] = [
            {
                "election": KEY_NAME,
                "seed": HASH,
                "ranking": [ranked],
                "elected": [KEY_NAME],
                "alternates": [KEY_NAME],
                "vacant": whole(0),
                "outcome": one_of("complete", "valid", "shortfall", "review"),
            }
        ]
    return shape if public else {**shape, "public": HASH}


def _square_metres(centi: int) -> str:
    return f"{centi // 100}.{centi % 100:02d}"


def inequality(
    test: str, fraction: dict[str, Any], left: int | None, right: int, met_if_hidden: bool = False
) -> dict[str, Any]:
    """denominator × left against numerator × right, in integers (R1.6); a hidden left side keeps the stated truth."""
    show: Callable[[int], str] = _square_metres if test.endswith("area") else str
    top, bottom, strict = fraction["numerator"], fraction["denominator"], fraction["strict"]
    shown = "*" if left is None else show(left)
    met = met_if_hidden if left is None else bottom * left > top * right
    if left is not None and not strict:
        met = bottom * left >= top * right
    return {
        "test": test,
        "left_factor": bottom,
        "left": left,
        "sign": ">" if strict else ">=",
        "right_factor": top,
        "right": right,
        "met": met,
        "line": f"{bottom} × {shown} {'>' if strict else '≥'} {top} × {show(right)}",
    }


def evaluation(
    rules: dict[str, Any],
    kind: str,
    total: dict[str, Any],
    agree: dict[str, Any],
    participated: dict[str, int],
    met_if_hidden: bool = False,
) -> dict[str, Any]:
    """Quorum and agreement by heads and by area (民法典 278) for one base."""
    units, quorum = ("heads", "area"), rules["quorum"]
    tests = [inequality("quorum-" + unit, quorum, participated[unit], total[unit]) for unit in units]
    tests += [
        inequality("agree-" + unit, rules[kind], agree[unit], participated[unit], met_if_hidden) for unit in units
    ]
    met = [test["met"] for test in tests]
    return {"participated": participated, "inequalities": tests, "quorum": all(met[:2]), "passed": all(met)}


def outcome_of(evaluations: list[dict[str, Any]], with_silent: dict[str, Any] | None = None) -> str:
    """R1.35: both bases must agree; R1.34: what passes only with the silent is for lawyers to decide."""
    passed = [item["passed"] for item in evaluations]
    return "passed" if all(passed) else "review" if any([*passed, with_silent and with_silent["passed"]]) else "failed"


def leader(options: dict[str, Any]) -> str | None:
    """Section 8.2: the option that more heads and more area chose than each other one; None if there is none."""
    cast = OPTIONS[:3]
    for name in cast:
        others = [options[other] for other in cast if other != name]
        if all(options[name][unit] > other[unit] for other in others for unit in ("heads", "area")):
            return name
    return None


def count_silent(
    motion: dict[str, Any],
    rules: dict[str, Any],
    total: dict[str, Any],
    options: dict[str, Any],
    base: dict[str, int],
    silent: dict[str, int],
    follows: str | None,
    met_if_hidden: bool = False,
) -> dict[str, Any] | None:
    """R1.34: the third sum, with those who were reached and said nothing on the side of the majority."""
    if motion["matter"] in NEVER_SILENT:
        return None
    agree = options["agree"]
    if follows == "agree":
        hidden = agree["area"] is None
        agree = {
            "heads": agree["heads"] + silent["heads"],
            "area": None if hidden else agree["area"] + silent["area"],
        }
    base = base if follows is None else _plus(base, silent)
    sums = evaluation(rules, motion["class"], total, agree, base, met_if_hidden)
    return {"silent": silent, "follows": follows, **sums}


def _sum(figures: list[tuple[int, int]]) -> dict[str, int]:
    return {"heads": sum(heads for heads, _ in figures), "area": sum(area for _, area in figures)}


def _plus(first: dict[str, int], second: dict[str, int], sign: int = 1) -> dict[str, int]:
    return {unit: first[unit] + sign * second[unit] for unit in ("heads", "area")}


def count_motion(
    motion: dict[str, Any], log: Log, counted: Counted, weight: dict[str, int], total: dict[str, Any]
) -> dict[str, Any]:
    """A motion's part of the full tally, from the ballots."""
    code, by_option = motion["code"], {name: [0, 0] for name in OPTIONS}
    by_reason: dict[str, list[int]] = {}
    for elector, leaf in counted.ballot_of.items():
        if leaf is None:
            continue
        ballot = log.ballots[leaf]
        reason = ballot.invalid_for(code)
        cell = by_option[ballot.options[code]] if reason is None else by_reason.setdefault(reason, [0, 0])
        cell[0] += 1
        cell[1] += weight[elector]
    options = {name: _sum([(cell[0], cell[1])]) for name, cell in by_option.items()}
    options["not_agreed"] = _plus(_plus(options["oppose"], options["abstain"]), options["blank"])
    reasons = {name: _sum([(cell[0], cell[1])]) for name, cell in by_reason.items()}
    invalid = _sum([(item["heads"], item["area"]) for item in reasons.values()])
    excluded = _sum([(item["heads"], item["area"]) for name, item in reasons.items() if name in UNAUTHENTIC])
    base = _plus(options["agree"], options["not_agreed"])
    rules = log.manifest["rules"]
    bases = (base, _plus(_plus(base, invalid), excluded, -1))
    both = [evaluation(rules, motion["class"], total, options["agree"], one) for one in bases]
    third: dict[str, Any] = {}
    if log.manifest["silent_rule"] != "none":
        silent = [name for name, leaf in counted.ballot_of.items() if leaf is None and name in log.delivered]
        figure = _sum([(1, weight[name]) for name in silent])
        third["with_silent"] = count_silent(motion, rules, total, options, base, figure, leader(options))
    return {
        **third,
        "motion": code,
        "matter": motion["matter"],
        "class": motion["class"],
        "article": motion["article"],
        "options": options,
        "invalid": {**invalid, "excluded": excluded, "reasons": reasons},
        "without_invalid": both[0],
        "with_invalid": both[1],
        "outcome": outcome_of(both, third.get("with_silent")),
    }


# 8.5: who is elected. Figures in a public package may be null; then the order that it states cannot be refuted.


def goes_before(first: dict[str, Any], second: dict[str, Any], rank: str, seed: str) -> bool | None:
    """Does the first of two candidates who passed come first? None where an area that is not told would decide."""
    for unit in RANKS[rank]:
        mine, other = first[unit], second[unit]
        if mine is None or other is None:
            return None
        if mine != other:
            return bool(mine > other)
    lots = [sha256(bytes.fromhex(seed) + one["motion"].encode()) for one in (first, second)]
    return lots[0] < lots[1]


def in_rank(entries: list[dict[str, Any]], rank: str, seed: str) -> bool:
    """Does no later one come before an earlier one?"""
    pairs = ((first, second) for place, first in enumerate(entries) for second in entries[place + 1 :])
    return all(goes_before(first, second, rank, seed) is not False for first, second in pairs)


def could_unseat(disputed: dict[str, Any], passed: list[dict[str, Any]], election: dict[str, Any], seed: str) -> Any:
    """Would this candidate under review have a seat, had the motion passed? None where nobody outside can tell."""
    answers = [goes_before(one, disputed, election["rank"], seed) for one in passed]
    if answers.count(True) >= election["seats"]:
        return False
    return True if answers.count(True) + answers.count(None) < election["seats"] else None


def expected_election(
    election: dict[str, Any], motions: dict[str, dict[str, Any]], given: dict[str, Any]
) -> dict[str, Any]:
    """Section 8.5 for one election: everything but the seed, and what hidden areas leave open, follows from the
    motions."""
    place, seed, seats = Place("tally.json"), given["seed"], election["seats"]
    figures = {code: {"motion": code, **motions[code]["options"]["agree"]} for code in election["motions"]}
    passed = sorted(code for code in figures if motions[code]["outcome"] == "passed")
    order = [entry["motion"] for entry in given["ranking"]]
    same = sorted(order) == passed
    place.need(same, "8.5", "those ranked in election {} are not those who passed", election["code"])
    ranking = [figures[code] for code in order]
    ranked = in_rank(ranking, election["rank"], seed)
    place.need(ranked, "8.5", "the ranking of election {} does not follow from its figures", election["code"])
    elected = order[:seats]
    disputed = [figures[code] for code in figures if motions[code]["outcome"] == "review"]
    doubts = [could_unseat(one, ranking, election, seed) for one in disputed]
    said_review = given["outcome"] == "review"
    review = True in doubts or (None in doubts and said_review)
    enough = len(elected) >= election["minimum"] and 2 * len(elected) > seats
    plain = "complete" if len(elected) == seats else "valid" if enough else "shortfall"
    return {
        "election": election["code"],
        "seed": seed,
        "ranking": ranking,
        "elected": elected,
        "alternates": order[seats : seats + election["alternates"]],
        "vacant": seats - len(elected),
        "outcome": "review" if review else plain,
    }


def expected_elections(given: dict[str, Any], motions: list[dict[str, Any]], log: Log) -> dict[str, Any]:
    """The field `elections` of a tally; nothing for an assembly that elects nobody."""
    if not log.elections:
        return {}
    place, by_code = Place("tally.json"), {motion["motion"]: motion for motion in motions}
    named = [one["election"] for one in given["elections"]]
    same = named == [election["code"] for election in log.elections]
    place.need(same, "8.5", "its elections are not those of the notice")
    pairs = zip(log.elections, given["elections"])
    return {"elections": [expected_election(election, by_code, told) for election, told in pairs]}


def need_fair_lots(tally: dict[str, Any], heads: Heads) -> None:
    """One seed for all lots: the sample's, and one that the close head gives."""
    seeds = {one["seed"] for one in tally.get("elections", [])}
    fair = len(seeds) <= 1 and seeds <= heads.seeds(tally["time"])
    if seeds and tally["sample"] is not None:
        fair = fair and tally["sample"]["seed"] in seeds
    Place("tally.json").need(fair, "8.5", "the lot's seed does not follow from the close head, or is not the sample's")


def hidden_areas(heads: dict[str, int]) -> set[str]:
    """Section 8.3: whose area the public form does not show, from the heads per option."""
    rest = [name for name in ("blank", "abstain", "oppose") if heads[name] > 0]
    if 1 <= heads["agree"] <= 4:
        return {"agree", "not_agreed", *rest}
    hidden = {name for name in rest if heads[name] <= 4}
    while 1 <= sum(heads[name] for name in hidden) <= 4 and set(rest) > hidden:
        hidden.add(min((name for name in rest if name not in hidden), key=lambda name: heads[name]))
    return hidden


def public_form(tally: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    """What the public is told, from the full tally."""
    motions = []
    for motion in tally["motions"]:
        hidden = hidden_areas({name: motion["options"][name]["heads"] for name in OPTIONS})
        options = {
            name: {"heads": item["heads"], "area": None if name in hidden else item["area"]}
            for name, item in motion["options"].items()
        }
        shown = {**motion, "options": options, "invalid": {"heads": motion["invalid"]["heads"]}}
        for name in ("without_invalid", "with_invalid"):
            met = motion[name]["inequalities"][3]["met"]
            base, total = motion[name]["participated"], tally["roll"]["final"]
            shown[name] = evaluation(manifest["rules"], motion["class"], total, options["agree"], base, met)
        third = motion.get("with_silent")
        if third:
            base, met = motion["without_invalid"]["participated"], third["inequalities"][3]["met"]
            silent, follows = third["silent"], third["follows"]
            rules = manifest["rules"]
            shown["with_silent"] = count_silent(motion, rules, total, options, base, silent, follows, met)
        motions.append(shown)
    public = {**without(tally, "public"), "form": "public", "motions": motions}
    if "elections" in tally:
        told = {motion["motion"]: motion["options"]["agree"]["area"] for motion in motions}
        public["elections"] = [
            {**one, "ranking": [{**entry, "area": told[entry["motion"]]} for entry in one["ranking"]]}
            for one in tally["elections"]
        ]
    return public


def difference(own: Any, given: Any, path: str = "") -> str | None:
    """Where a given value departs from the recomputed one of the same shape: a path and both values."""
    if isinstance(own, dict) and isinstance(given, dict):
        pairs = [("." + name, own.get(name), given.get(name)) for name in sorted({*own, *given})]
    elif isinstance(own, list) and isinstance(given, list) and len(own) == len(given):
        pairs = [(f"[{number}]", *pair) for number, pair in enumerate(zip(own, given))]
    else:
        return None if own == given else f"{path.lstrip('.')}: {str(given)[:90]} / {str(own)[:90]}"
    found = (difference(mine, theirs, path + step) for step, mine, theirs in pairs)
    return next((item for item in found if item), None)


def expected_full(given: dict[str, Any], log: Log, counted: Counted) -> dict[str, Any]:
    weight, voided = log.roll.weights(), sum(ballot.void is not None for ballot in log.ballots.values())
    with_ballot = sum(leaf is not None for leaf in counted.ballot_of.values())
    logged, final = len(log.ballots), log.roll.summary()
    superseded = logged - with_ballot - voided
    motions = [count_motion(motion, log, counted, weight, final) for motion in log.manifest["motions"]]
    tally = {
        **{name: given[name] for name in ("format", "form", "time", "sample")},
        **_bindings(log, counted),
        "roll": {"opening": log.opening, "final": final},
        "paper": {"issued": len(set(log.live.values())), "delivered": len(log.delivered)},
        "ballots": {"logged": logged, "counted": with_ballot, "superseded": superseded, "voided": voided},
        "motions": motions,
        **expected_elections(given, motions, log),
    }
    return {**tally, "public": sha256(canonical(public_form(tally, log.manifest))).hex()}


def _bindings(log: Log, counted: Counted) -> dict[str, Any]:
    return {
        "assembly": log.assembly,
        "log": {"size": len(log.digests), "root": log.root},
        "counted": {"root": counted.root, "rows": counted.rows},
    }


def expected_public(given: dict[str, Any], log: Log, counted: Counted) -> dict[str, Any]:
    """The public form rebuilt from its own figures: sums, formulas, outcome and what is hidden must follow."""
    place, total, ballots = Place("tally.json"), given["roll"]["final"], given["ballots"]
    place.need(counted.rows == total["heads"], "7", "there is not one row per elector")
    motions = []
    for motion, shown in zip(log.manifest["motions"], given["motions"]):
        heads = {name: shown["options"][name]["heads"] for name in OPTIONS}
        hidden = hidden_areas(heads)
        wrong = [name for name, item in shown["options"].items() if (item["area"] is None) != (name in hidden)]
        place.need(not wrong, "8.3", "what is hidden is not what the rule hides")
        valid, invalid = sum(heads.values()), shown["invalid"]["heads"]
        base, wide = (shown[name]["participated"] for name in ("without_invalid", "with_invalid"))
        sums = shown["options"]["not_agreed"]["heads"] == valid - heads["agree"] and base["heads"] == valid
        sums = sums and valid + invalid == ballots["counted"] and valid <= wide["heads"] <= valid + invalid
        sums = sums and _areas_add_up(shown["options"], hidden, base["area"]) and base["area"] <= wide["area"]
        sums = sums and wide["area"] <= total["area"] and wide["heads"] <= total["heads"]
        place.need(sums, "8.2", "the figures of motion {} do not add up", motion["code"])
        both = []
        for name, one in (("without_invalid", base), ("with_invalid", wide)):
            met = [test["met"] for test in shown[name]["inequalities"]][3:]
            agree = shown["options"]["agree"]
            both.append(evaluation(log.manifest["rules"], motion["class"], total, agree, one, met == [True]))
        third = _public_silent(motion, shown, log, given, base) if log.manifest["silent_rule"] != "none" else {}
        motions.append(
            {
                **third,
                "motion": motion["code"],
                **{name: motion[name] for name in ("matter", "class", "article")},
                "options": shown["options"],
                "invalid": shown["invalid"],
                "without_invalid": both[0],
                "with_invalid": both[1],
                "outcome": outcome_of(both, third.get("with_silent")),
            }
        )
    superseded = ballots["logged"] - ballots["counted"] - ballots["voided"]
    return {
        **given,
        **_bindings(log, counted),
        "roll": {"opening": log.opening, "final": total},
        "ballots": {**ballots, "superseded": superseded},
        "motions": motions,
        **expected_elections(given, motions, log),
    }


def _public_silent(
    motion: dict[str, Any], shown: dict[str, Any], log: Log, given: dict[str, Any], base: dict[str, int]
) -> dict[str, Any]:
    """The third sum from the public figures; who was silent can be bounded, but only the full package can tell."""
    third, total, options = shown["with_silent"], given["roll"]["final"], shown["options"]
    if third is None or motion["matter"] in NEVER_SILENT:
        return {"with_silent": None}
    silent, follows = third["silent"], third["follows"]
    cast = [options[name] for name in OPTIONS[:3]]
    most = max(item["heads"] for item in cast)
    if any(item["area"] is None for item in cast):
        heads = [name for name in OPTIONS[:3] if options[name]["heads"] == most]
        good = follows is None or heads == [follows]
    else:
        good = follows == leader(options)
    good = good and silent["heads"] <= given["paper"]["delivered"]
    good = good and silent["heads"] <= total["heads"] - given["ballots"]["counted"]
    good = good and silent["area"] <= total["area"] - base["area"]
    good = good and all(silent == other["with_silent"]["silent"] for other in given["motions"] if other["with_silent"])
    Place("tally.json").need(good, "8.2", "the figures of motion {} do not add up", motion["code"])
    met = [test["met"] for test in third["inequalities"]][3:] == [True]
    return {"with_silent": count_silent(motion, log.manifest["rules"], total, options, base, silent, follows, met)}


def _areas_add_up(options: dict[str, Any], hidden: set[str], participated: int) -> bool:
    shown: dict[str, int] = {name: options[name]["area"] for name in (*OPTIONS, "not_agreed") if name not in hidden}
    if any(options[name]["heads"] == 0 and area for name, area in shown.items()):
        return False
    if "agree" in hidden:
        return True
    parts = sum(shown.get(name, 0) for name in OPTIONS[1:])
    complete = not hidden
    whole_rest = shown["not_agreed"]
    return shown["agree"] + whole_rest == participated and (parts == whole_rest if complete else parts < whole_rest)


def drawn(sample: dict[str, Any], counted: Counted) -> list[str]:
    """Who is in the sample, from a full package: those whose ballot hashes lowest together with the seed."""
    seed = bytes.fromhex(sample["seed"])
    voters = [(sha256(seed + bytes.fromhex(leaf)), elector) for elector, leaf in counted.ballot_of.items() if leaf]
    return [elector for _, elector in sorted(voters)[: sample["size"]]]


def read_tally(raw: bytes, log: Log, heads: Heads, counted: Counted) -> dict[str, Any]:
    place = Place("tally.json")
    tally: dict[str, Any] = read_canonical(raw, place)
    shape = tally_shape(not log.full, log.manifest["silent_rule"], bool(log.elections))
    need_shape(tally, shape, place, "8.1")
    place.need(tally["time"] >= str(log.closed), "8.1", "it was computed before the close")
    seen = heads.witnessed_by(tally["time"])
    place.need(seen, "6", "no witness cosigned the close head before the tally")
    same = len(tally["motions"]) == len(log.manifest["motions"])
    place.need(same, "8.1", "its motions are not those of the notice")
    need_fair_lots(tally, heads)
    expected = (expected_full if log.full else expected_public)(tally, log, counted)
    different = difference(expected, tally)
    if different is not None:
        place.fail("8", "stated / recomputed differ at {}", different)
    sample = tally["sample"]
    if sample is not None:
        good = sample["confirmed"] + sample["denied"] == sample["contacted"] <= sample["size"]
        good = good and 0 < sample["size"] <= tally["ballots"]["counted"]
        place.need(good, "8.1", "the sample's figures do not add up")
        fair = sample["seed"] in heads.seeds(tally["time"])
        place.need(fair, "8.1", "the sample's seed does not follow from the close head")
    return tally


# ------------------------------------------------------------------------------- 8.4 signatures.jsonl, 9. package

SIGNED = {
    "role": one_of("counter", "platform", "scrutineer"),
    "person": _text_or_empty,
    "key": _text,
    "signature": SIGNATURE,
}


def read_signatures(data: bytes, tally: dict[str, Any], log: Log) -> None:
    roles, last = [], ("", "")
    record, public = log.key_at("record", len(log.digests))
    for place, raw in lines_of(data, "signatures.jsonl"):
        line = read_canonical(raw, place)
        need_shape(line, SIGNED, place, "8.4")
        place.need((line["role"], line["key"]) > last, "8.4", "lines are unsorted or repeated")
        last = (line["role"], line["key"])
        if line["role"] == "platform":
            known, key = line["key"] == record and line["person"] == "", public
        else:
            role, person, key = log.people.get(line["key"], ("", "", b""))
            known = role == line["role"] and person == line["person"]
        place.need(known, "8.4", "the signer is not in force in this role")
        good = signature_holds("tally", tally, line["key"], key, line["signature"])
        place.need(good, "8.4", "the signature over tally.json does not hold")
        roles.append(line["role"])
    place, people = Place("signatures.jsonl"), log.manifest["keys"]["counters"]
    place.need(roles.count("platform") == 1, "8.4", "the platform's signature is missing")
    enough = not people or (roles.count("counter") >= 2 and roles.count("scrutineer") >= 1)
    place.need(enough, "8.4", "two counters and a scrutineer must sign")


def check_package_signature(package: dict[str, Any], log: Log) -> None:
    key, public = log.key_at("record", len(log.digests))
    signed = without(package, "signature")
    good = package["key"] == key and signature_holds("package", signed, key, public, package["signature"])
    Place("package.json").need(good, "9", "the platform's signature does not hold")


# ------------------------------------------------------------------------------------------------- 10. the receipt

RECEIPT = {
    "assembly": HASH,
    "leaf": HASH,
    "channel": CHANNEL,
    "time": _time,
    "due": _time,
    "key": ED_KEY,
    "signature": SIGNATURE,
}
RECEIPT_PLACE = Place("receipt")


def check_receipt(file: Any, log: Log, heads: Heads, counted: Counted) -> dict[str, Any]:
    """The promise of section 10: {status, detail}; a broken promise is a status, a worthless receipt a failure."""
    place = RECEIPT_PLACE
    known = type(file) is dict and file.keys() <= {"receipt", "entry", "row"}
    place.need(known, "10", "this is not a receipt file")
    need_shape(file.get("receipt"), RECEIPT, place, "10")
    receipt = file["receipt"]
    place.need(receipt["assembly"] == log.assembly, "10", "it belongs to another assembly")
    public = next((item[2] for item in log.platform["receipt"] if item[1] == receipt["key"]), b"")
    good = bool(public) and signature_holds(
        "receipt", without(receipt, "signature"), receipt["key"], public, receipt["signature"]
    )
    place.need(good, "10", "the platform's signature does not hold: it proves nothing")
    if "entry" in file:
        _check_own_entry(file["entry"], receipt, log)
    broken = _broken_promise(receipt, log, heads)
    if broken:
        return {"status": "promise-broken", "detail": broken}
    if log.full:
        return _full_status(receipt, log, counted)
    return _public_status(file, receipt, counted)


def _check_own_entry(entry: Any, receipt: dict[str, Any], log: Log) -> None:
    need_shape(entry, log.shapes["ballot"], RECEIPT_PLACE, "10")
    good = leaf_hash(canonical(entry)).hex() == receipt["leaf"]
    good = good and entry["channel"] == receipt["channel"] and entry["time"] == receipt["time"]
    RECEIPT_PLACE.need(good, "10", "the entry is not the one the receipt names")


def _broken_promise(receipt: dict[str, Any], log: Log, heads: Heads) -> str:
    digest = bytes.fromhex(receipt["leaf"])
    index = log.digests.index(digest) if digest in log.digests else len(log.digests)
    for head in heads.heads:
        if head.size <= index and (head.time > receipt["due"] or head.purpose == "close"):
            return f"tree head of {head.time}, size {head.size} (tree-heads.jsonl line {head.place.line})"
    return ""


def _full_status(receipt: dict[str, Any], log: Log, counted: Counted) -> dict[str, Any]:
    ballot = log.ballots.get(receipt["leaf"])
    if ballot is None or ballot.channel != receipt["channel"] or ballot.time != receipt["time"]:
        RECEIPT_PLACE.fail("10", "what the log holds is not what the receipt says")
    if ballot.void is not None:
        return {"status": "voided", "detail": ballot.void}
    is_counted = receipt["leaf"] in counted.ballot_of.values()
    reasons = {code: ballot.invalid_for(code) for code in ballot.options}
    ruled = [f"{code}: {reason}" for code, reason in reasons.items() if reason]
    if ruled:
        return {"status": "ruled-invalid", "detail": "; ".join(ruled)}
    return {"status": "counted" if is_counted else "superseded", "detail": f"log.jsonl line {ballot.index + 1}"}


def _public_status(file: dict[str, Any], receipt: dict[str, Any], counted: Counted) -> dict[str, Any]:
    if "row" not in file:
        return {"status": "included", "detail": "whether it counted needs your row or the full package"}
    row = file["row"]
    need_shape(row, COUNTED, RECEIPT_PLACE, "10")
    own = leaf_hash(canonical(row)).hex() in counted.leaves
    RECEIPT_PLACE.need(own, "10", "the row is not in the package")
    if row["counted"] == receipt["leaf"]:
        return {"status": "counted", "detail": ""}
    entry = file.get("entry")
    own = entry is None or entry["elector"] == row["elector"]
    RECEIPT_PLACE.need(own, "10", "the row is another elector's")
    return {"status": "superseded" if row["counted"] else "not-counted", "detail": str(row["counted"])}


# ---------------------------------------------------------------------------------------- 11. the whole, in order

ANCHORED = "VERIFIED"
UNANCHORED = "SELF-CONSISTENT ONLY, SIGNERS NOT AUTHENTICATED"
FAILED = "FAILED"
BROKEN_PROMISE = "PROMISE BROKEN"


def _read_file(path: str | Path, limit: int, name: str) -> bytes:
    file = Path(path)
    if not file.is_file():
        Place(name).fail("11", "there is no such file")
    with file.open("rb") as stream:
        data = stream.read(limit + 1)
    Place(name).need(len(data) <= limit, "2", "the file is larger than {} bytes", limit)
    return data


def _verify(path: str | Path, assembly: str | None, receipt: str | Path | None, head: str | Path | None) -> Verdict:
    members = read_container(_read_file(path, MAX_PACKAGE, "package"))
    package = read_package(members)
    full, identity = package["kind"] == "full", package["assembly"]
    manifest = read_manifest(members["manifest.json"])
    if assembly is not None and assembly.strip().lower() != identity:
        Place("manifest.json").fail("3", "this is not the assembly of the printed notice")
    roll = read_roll(members["roll.jsonl"], manifest, full)
    log = Log(manifest, identity, roll, full)
    log.read(members["log.jsonl"])
    heads = Heads(manifest, identity, log)
    heads.read(members["tree-heads.jsonl"])
    counted = read_counted(members["counted.jsonl"], log)
    tally = read_tally(members["tally.json"], log, heads, counted)
    read_signatures(members["signatures.jsonl"], tally, log)
    check_package_signature(package, log)
    if head is not None:
        heads.check_kept(_read_file(head, MAX_NOTE, "kept tree head").decode("utf-8", "replace"))
    verdict = Verdict(True, ANCHORED if assembly else UNANCHORED, package["kind"], identity, manifest["title"])
    verdict.motions, verdict.log = tally["motions"], tally["log"]
    verdict.elections = tally.get("elections", [])
    if tally["sample"] is not None and full:
        verdict.sample = drawn(tally["sample"], counted)
    if receipt is not None:
        _add_receipt(verdict, _read_file(receipt, MAX_DOCUMENT, "receipt"), log, heads, counted)
    return verdict


def _add_receipt(verdict: Verdict, raw: bytes, log: Log, heads: Heads, counted: Counted) -> None:
    try:
        file = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        RECEIPT_PLACE.fail("10", "the file is not JSON")
    verdict.receipt = check_receipt(file, log, heads, counted)
    if verdict.receipt["status"] == "promise-broken":
        verdict.ok, verdict.verdict = False, BROKEN_PROMISE
        english = "PROMISE BROKEN: the ballot is not covered by the " + verdict.receipt["detail"]
        chinese = "承诺未兑现：投票未被此树头覆盖：" + verdict.receipt["detail"]
        verdict.failures.append(Failure("receipt", 0, "10", english, chinese))


def verify_package(
    path: str | Path, assembly: str | None = None, receipt: str | Path | None = None, head: str | Path | None = None
) -> Verdict:
    """Everything section 11 lists, up to the first failure. Never raises: whatever the file holds is answered."""
    try:
        return _verify(path, assembly, receipt, head)
    except Broken as broken:
        return Verdict(False, FAILED, failures=[broken.failure])
    except (OSError, ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, MemoryError) as error:
        # A hostile file found a way past the shapes: that is a failure of the package, never a crash or a pass.
        english, chinese = f"the package cannot be read ({type(error).__name__})", "记录包无法读取"
        return Verdict(False, FAILED, failures=[Failure("package", 0, "11", english, chinese)])


# ----------------------------------------------------------------------------------------- the messages in Chinese

# What every failure says in Chinese; a test keeps it complete. 每种不成立之处的中文说明。
CHINESE = {
    "it matches neither {} nor its own signature": "与 {} 及自身签名均不符",
    "channels are not sorted and distinct": "投票渠道未排序或重复",
    "notice, opening and closing are not in this order": "公告、开始、截止时间顺序不对",
    "motions are missing, too many or share a code": "表决事项缺失、过多或编号重复",
    "the platform's keys are not one per purpose": "平台密钥不是每种用途一把",
    "a person or a key appears twice": "人员或密钥重复",
    "two counters and one scrutineer are needed": "至少需要两名计票人和一名监票人",
    "there is not one row per elector": "计票行数与名册人数不符",
    "it was computed before the close": "计票早于关闭",
    "no witness cosigned the close head before the tally": "计票之前没有见证人签署关闭树头",
    "its motions are not those of the notice": "表决事项与公告不符",
    "the platform's signature is missing": "缺少平台签名",
    "two counters and a scrutineer must sign": "须有两名计票人和一名监票人签署",
    "the platform's signature does not hold": "平台对 package.json 的签名不成立",
    "this is not a receipt file": "不是回执文件",
    "it belongs to another assembly": "回执属于另一次会议",
    "the platform's signature does not hold: it proves nothing": "平台签名不成立，回执不能作为证明",
    "the entry is not the one the receipt names": "所附投票记录与回执不符",
    "the row is not in the package": "所附计票行不在包中",
    "the row is another elector's": "所附计票行属于他人",
    "the file is larger than {} bytes": "文件超过 {} 字节",
    "this is not canonical JSON": "不是规范化的 JSON",
    "{} is missing, unknown or not of the specified form": "{} 缺失、多余或格式不对",
    "the end of the zip file is not as specified": "zip 文件结尾不符",
    "the list of members is not that of section 2": "成员清单与规定不符",
    "assembly is not the SHA-256 of manifest.json": "assembly 不是 manifest.json 的 SHA-256",
    "its SHA-256 is not the one in package.json": "其 SHA-256 与 package.json 所列不符",
    "elections are missing or share a code": "选举缺失或代号重复",
    "a candidate stands twice": "同一候选人列了两次",
    "a candidate of election {} has no motion on its matter": "选举 {} 的候选人没有对应类别的表决事项",
    "the numbers of election {} do not fit together": "选举 {} 的名额、最少人数或最多同意人数不相符",
    "those ranked in election {} are not those who passed": "选举 {} 排序的不是通过的候选人",
    "the ranking of election {} does not follow from its figures": "选举 {} 的排序与所列数字或抽签不符",
    "its elections are not those of the notice": "选举与公告不符",
    "the lot's seed does not follow from the close head, or is not the sample's": "抽签种子不出自关闭树头，或异于抽样",
    "the rule for silent owners cites no clause": "未投票从众的规则没有注明议事规则条款",
    "a matter of class 3/4 is noticed as ordinary": "应按四分之三表决的事项被列为一般事项",
    "threshold {} is under that of the Civil Code": "门槛 {} 低于民法典第二百七十八条",
    "a key id does not belong to its key": "密钥编号与公钥不符",
    "this line is not a leaf hash": "此行不是叶子哈希",
    "this is not the roll of the notice (heads or root differ)": "不是公告时的名册（人数或树根不同）",
    "the areas do not sum to the notice's total": "面积合计与公告不符",
    "two witnesses share a name": "见证人重名",
    "notice, opening, cut-off and close heads are not in order": "公告、开始、截止、关闭树头缺失或顺序不对",
    "the first head is not of size 1": "第一个树头的大小不是 1",
    "a ballot stands before the opening head": "开始树头之前已有投票",
    "its last entry is not the cut-off": "截止树头的最后一条不是 cutoff",
    "the close head does not cover the whole log": "关闭树头未覆盖整个日志",
    "the log is shorter than this head: it was cut": "日志比此树头短：已被截断",
    "the log differs from what this head covers: it was forked": "日志与此树头不符：已分叉",
    "there is no row for {}": "缺少 {} 的一行",
    "what is hidden is not what the rule hides": "隐去的面积与规则不符",
    "the figures of motion {} do not add up": "表决事项 {} 的数字不相符",
    "stated / recomputed differ at {}": "所列与重算不符：{}",
    "the sample's figures do not add up": "抽样核对数字不相符",
    "the sample's seed does not follow from the close head": "抽样种子不是由关闭树头得出的",
    "lines are unsorted or repeated": "各行未排序或重复",
    "the signer is not in force in this role": "签署人不具有此身份",
    "the signature over tally.json does not hold": "对 tally.json 的签名不成立",
    "what the log holds is not what the receipt says": "日志中的记录与回执所述不符",
    "there is no such file": "没有这个文件",
    "this is not the assembly of the printed notice": "不是所印公告的那次会议",
    "the member is missing, or its zip header and content disagree": "成员缺失，或其 zip 头与内容不符",
    "the member is larger than 4 MiB": "成员超过 4 MiB",
    "an extra member, or a wrong directory record": "有多余的成员，或 zip 目录记录不符",
    "the last line does not end in a line feed": "最后一行没有换行符",
    "the line is longer than 8 MiB": "此行超过 8 MiB",
    "the units are missing, unsorted or repeated": "专有部分缺失、未排序或重复",
    "the area is not the sum of the units'": "面积不等于各专有部分之和",
    "elector {} is on the roll twice": "业主 {} 在名册上出现两次",
    "lines are not sorted by leaf hash": "各行未按叶子哈希排序",
    "the log does not end with close": "日志没有以 close 结束",
    "an entry follows close": "close 之后还有记录",
    "this is not an entry of a known type": "不是已知类型的记录",
    "a public package must not open this entry": "公开包中不应公开此记录",
    "the entry belongs to another assembly": "记录属于另一次会议",
    "the notice must be the first entry, and only the first": "公告必须是且仅是第一条",
    "{} after the cut-off": "截止之后不应再有 {}",
    "signers are unsorted, repeated or too many": "签署人未排序、重复或过多",
    "{} signers are needed, {} signed": "需要 {} 人签署，只有 {} 人",
    "the time is not that of the notice": "时间与公告不符",
    "the serial was issued before": "票号此前已发出",
    "the serial replaced is not a live one of this elector": "被替换的票号不是该业主的有效票号",
    "the serial delivered is not a live one of this elector": "送达的票号不是该业主的有效票号",
    "elector {} is not on the roll": "业主 {} 不在名册上",
    "channel {} was not noticed": "未公告 {} 渠道",
    "the ballot is earlier than the opening": "投票早于开始时间",
    "two ballots of {} follow the same one": "业主 {} 的投票链分叉",
    "the serial is not a live one of this elector": "票号不是该业主的有效票号",
    "the serial has been used": "票号已使用",
    "this paper was not in hand at the cut-off": "截止时并未收到这张纸质票",
    "its target is not an earlier ballot that stands": "所指的不是此前有效的票",
    "there is no such motion": "没有这一表决事项",
    "not a proxy's ballot, or ruled before": "不是代理票，或此前已经认定",
    "the notice does not allow this extension": "公告不允许这样延期",
    "the channel was open already": "该渠道此前已开放",
    "the new key is known already or misnamed": "新密钥已存在或编号不符",
    "the key replaced is not in force": "被替换的密钥并非现行密钥",
    "the person has a key already": "该人员已有密钥",
    "paper-received must follow the cut-off, once, sorted": "paper-received 须在截止之后、仅一次且排序",
    "a second cut-off, or one before the closing time": "重复截止，或早于公告的截止时间",
    "close does not follow the cut-off": "close 不在截止之后",
    "before or after is empty or unsorted": "变更前后的名册项为空或未排序",
    "an entry replaced is not on the roll": "被替换的名册项不在名册上",
    "totals change after the opening without a paper": "开始投票后变更总数而无登记或司法文书",
    "heirs do not match before and after": "承接关系与变更前后不符",
    "a ballot before the change has no predecessor": "变更前的投票缺少前一张",
    "a witness's vkey is malformed": "见证人公钥格式不对",
    "this is not a tree head of this assembly": "不是本次会议的树头",
    "there are too many tree heads": "树头过多",
    "the times go backwards": "时间倒退",
    "the log shrank, or is cut": "日志变短或被截断",
    "no witness saw it before the opening": "开始之前没有见证人签名",
    "{} has two rows or is not on the final roll": "{} 有两行或不在最终名册上",
    "what is counted for {} is not what the log says": "{} 的计票与日志不符",
    "the file is not JSON": "文件不是 JSON",
    "a unit belongs to two electors": "同一专有部分属于两名业主",
    "the first entry is not the notice": "第一条不是公告",
    "a signer is not among the assembly's people": "签署人不在本次会议的人员名单内",
    "a personal signature does not hold": "个人签名不成立",
    "the ballot is later than the closing time": "投票晚于截止时间",
    "this is not a reason of invalidity": "不是规定的无效原因",
    "this was ruled before": "此前已经认定",
    "a ballot is lost in the change": "变更遗漏了投票",
    "this proxy's ballot was neither accepted nor refused": "代理票未被认定",
    "an agent votes for more electors than noticed": "代理人代理人数超过公告上限",
    "previous does not lead to a ballot of {}": "previous 不指向业主 {} 的投票",
    "its root is not the root of the log's first {} entries": "树根与日志前 {} 条不符",
    "only paper in hand may follow the cut-off": "截止之后只能录入已收到的纸质票",
    "the ballots are not joined in order of acceptance": "投票未按受理顺序合并",
    "the log's signature ({}) does not hold": "平台对树头的签名（{}）不成立",
    "a witness's signature does not hold or is there twice": "见证签名不成立或重复",
}


# ------------------------------------------------------------------------------------------------ the command line

_OUTCOMES = {"passed": "PASSED 通过", "failed": "NOT PASSED 未通过", "review": "NEEDS LEGAL REVIEW 需法律审查"}
_STANDINGS = {
    "complete": "COMPLETE 选齐",
    "valid": "VALID, SEATS VACANT 有效，尚有缺额",
    "shortfall": "SHORTFALL, NO COMMITTEE 未选足，不能成立",
    "review": "NEEDS LEGAL REVIEW 需法律审查",
}
_RECEIPTS = {
    "counted": "counted 已计入",
    "superseded": "superseded by another ballot of the same elector 被同一业主的另一张票取代",
    "voided": "voided 已作废",
    "ruled-invalid": "ruled invalid 被认定无效",
    "included": "in the log, unchanged 在日志中且未被改动",
    "not-counted": "in the log; nothing was counted for this elector 在日志中；该业主没有计入的票",
    "promise-broken": "PROMISE BROKEN 承诺未兑现",
}
_VERDICTS_ZH = {
    ANCHORED: "已核实",
    UNANCHORED: "仅自身一致，未核实签署人身份（请用公告上的会议编号加 --assembly）",
    FAILED: "不成立",
    BROKEN_PROMISE: "承诺未兑现",
}


def _report(verdict: Verdict) -> Iterator[str]:
    yield verdict.verdict
    yield _VERDICTS_ZH[verdict.verdict]
    for failure in verdict.failures:
        yield f"{failure.member}, line {failure.line}, rule {failure.rule}: {failure.english}"
        yield f"{failure.member} 第 {failure.line} 行，规则 {failure.rule}：{failure.chinese}"
    if verdict.assembly:
        yield f"assembly 会议 {verdict.assembly}  {verdict.title}  ({verdict.kind})"
        yield f"log 日志 size {verdict.log['size']} root {verdict.log['root']}"
    for motion in verdict.motions:
        yield "motion 表决事项 {} ({}, {}): {}".format(
            *(motion["motion"], motion["matter"], motion["class"]), _OUTCOMES[motion["outcome"]]
        )
        for name in ("without_invalid", "with_invalid", "with_silent"):
            for test in (motion.get(name) or {"inequalities": []})["inequalities"]:
                yield "  {}  {}: {}  {}".format(name, test["test"], test["line"], "yes 是" if test["met"] else "no 否")
    for election in verdict.elections:
        yield "election 选举 {}: {}  vacant 空缺 {}  lot 抽签种子 {}".format(
            *(election["election"], _STANDINGS[election["outcome"]], election["vacant"], election["seed"])
        )
        for number, entry in enumerate(election["ranking"], 1):
            place = "elected 当选" if entry["motion"] in election["elected"] else "not elected 未当选"
            place = "alternate 候补" if entry["motion"] in election["alternates"] else place
            area = "*" if entry["area"] is None else _square_metres(entry["area"])
            yield "  {} {}  {} heads 人  {} m²  {}".format(number, entry["motion"], entry["heads"], area, place)
    if verdict.sample:
        yield "sample 抽样 " + " ".join(verdict.sample)
    if verdict.receipt:
        yield "receipt 回执: {}  {}".format(_RECEIPTS[verdict.receipt["status"]], verdict.receipt["detail"])


def _printable(text: str) -> str:
    """One line stays one line: what the package says cannot move the cursor or forge a verdict."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="verify.py", description="Recompute an assembly's result from its audit package. 重算业主大会表决记录包。"
    )
    parser.add_argument("package", metavar="PACKAGE", help="the zip file, public or full 记录包")
    parser.add_argument("--assembly", metavar="HASH", help="the 64 digits of the printed notice 公告上的会议编号")
    parser.add_argument("--receipt", metavar="FILE", help="also check one owner's receipt 核对回执")
    parser.add_argument("--head", metavar="FILE", help="a tree head that somebody kept 核对留存的树头")
    parser.add_argument("--json", action="store_true", help="print one JSON value 输出 JSON")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if options.assembly is not None and not HASH(options.assembly.strip().lower()):
        parser.error("--assembly must be 64 hexadecimal digits 会议编号应为 64 位十六进制数字")
    for name in (options.package, options.receipt, options.head):
        if name is not None and not Path(name).is_file():
            parser.error(f"there is no file {_printable(name)} 没有这个文件")
    verdict = verify_package(options.package, options.assembly, options.receipt, options.head)
    if options.json:
        print(json.dumps(asdict(verdict), ensure_ascii=False, indent=1, sort_keys=True))
    else:
        print("\n".join(_printable(line) for line in _report(verdict)))
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())

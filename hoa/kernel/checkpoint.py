"""Signed tree heads in the C2SP formats tlog-checkpoint and cosignature/v1 (voting-record.md 6), so that existing
transparency tools can read them.

    body = origin "\\n" size "\\n" base64(root) "\\n"
    note = body "\\n" siglines       sigline = U+2014 " " name " " base64(keyid ‖ signature) "\\n"

The log signs the body; a witness signs ``"cosignature/v1\\ntime T\\n" ‖ body`` and puts the eight bytes of T before its
signature. Private keys stay with the caller: signing takes a callback.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hoa.kernel.errors import N_, Refusal

SIZE_LIMIT = 2**63
TIME_LIMIT = 2**63
SIGNATURE_BYTES = 64
_NAME = re.compile(r"[!-*,-~]{1,255}\Z")  # printable ASCII without space and "+"
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
_LINE = re.compile(r"\u2014 ([^ \n]+) ([A-Za-z0-9+/]+={0,2})\Z")

Sign = Callable[[bytes], bytes]


class BadName(Refusal):
    message = N_("名称 %(name)s 不能用于树头：只能用可见的 ASCII 字符，不含空格和加号")


class BadKeyText(Refusal):
    message = N_("验证公钥 %(key)s 写得不对：应为 名称+密钥编号+公钥，请从公告上重新抄录")


class BadNote(Refusal):
    message = N_("树头第 %(line)s 行不合格式，请使用未经改动的原文")


class BadTreeHeadSignature(Refusal):
    message = N_("树头上 %(name)s 的签名（密钥 %(key)s）不成立：内容或签名被改动过")


class KeyType(IntEnum):
    """The C2SP signature types in use: a log's plain Ed25519 and a witness's timestamped one."""

    LOG = 1
    WITNESS = 4


@dataclass(frozen=True)
class VerifierKey:
    """A public key under the name that it signs with."""

    name: str
    type: KeyType
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise BadName(name=ascii(self.name)[:80])
        if len(self.public) != 32:
            raise BadKeyText(key=self.name)

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart: SHA-256(name ‖ 0A ‖ type ‖ public)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes((self.type,)) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The vkey that is printed on notices: ``name+keyid+base64(type ‖ public)``."""
        encoded = base64.b64encode(bytes((self.type,)) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        try:
            name, key_id, encoded = text.split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            key = cls(name, KeyType(raw[0]), raw[1:])
        except (ValueError, IndexError):
            raise BadKeyText(key=ascii(text)[:160]) from None
        if key.key_id.hex() != key_id or key.text != text:
            raise BadKeyText(key=ascii(text)[:160])
        return key


@dataclass(frozen=True)
class Checkpoint:
    """What a tree head says: this log had ``size`` leaves with this root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not _NAME.match(self.origin):
            raise BadName(name=ascii(self.origin)[:80])
        if not 0 <= self.size < SIZE_LIMIT or len(self.root) != 32:
            raise BadNote(line=2 if len(self.root) == 32 else 3)

    @property
    def body(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


@dataclass(frozen=True)
class SignatureLine:
    """One signature as written, by whoever claims it."""

    name: str
    key_id: bytes
    blob: bytes

    @property
    def text(self) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.blob).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A checkpoint with the signatures that came with it, not yet verified."""

    checkpoint: Checkpoint
    signatures: tuple[SignatureLine, ...]

    @property
    def text(self) -> bytes:
        return self.checkpoint.body + b"\n" + "".join(line.text for line in self.signatures).encode()


@dataclass(frozen=True)
class Verified:
    """A known key whose signature holds; ``time`` (unix seconds) is what a witness vouched for."""

    key: VerifierKey
    time: int | None


def _witness_message(body: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % time + body


def sign_head(checkpoint: Checkpoint, key: VerifierKey, sign: Sign) -> SignatureLine:
    """The log's own signature line."""
    return SignatureLine(key.name, key.key_id, sign(checkpoint.body))


def cosign_head(checkpoint: Checkpoint, key: VerifierKey, sign: Sign, *, time: int) -> SignatureLine:
    """A witness's line; ``time`` in unix seconds."""
    if not 0 <= time < TIME_LIMIT:
        raise ValueError("a cosignature's time is a positive number of seconds")
    return SignatureLine(key.name, key.key_id, time.to_bytes(8) + sign(_witness_message(checkpoint.body, time)))


def parse(data: bytes) -> Note:
    """Read a note strictly: exactly three body lines, then at least one signature line."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadNote(line=data[: error.start].count(b"\n") + 1) from None
    lines = text.split("\n")
    if len(lines) < 6 or lines[-1]:
        raise BadNote(line=len(lines))
    if not _SIZE.match(lines[1]):
        raise BadNote(line=2)
    if lines[3]:
        raise BadNote(line=4)
    checkpoint = Checkpoint(lines[0], int(lines[1]), _base64(lines[2], line=3))
    return Note(checkpoint, tuple(_signature(line, number) for number, line in enumerate(lines[4:-1], start=5)))


def _base64(text: str, *, line: int) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(line=line) from None
    if base64.b64encode(data).decode() != text:  # stray bits in the last character
        raise BadNote(line=line)
    return data


def _signature(text: str, line: int) -> SignatureLine:
    match = _LINE.match(text)
    if match is None or not _NAME.match(match[1]):
        raise BadNote(line=line)
    raw = _base64(match[2], line=line)
    if len(raw) < 5:
        raise BadNote(line=line)
    return SignatureLine(match[1], raw[:4], raw[4:])


def verify(note: Note, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
    """The known keys that signed, each once. Unknown keys are ignored; a known key that fails rejects the note."""
    known: Mapping[tuple[str, bytes], VerifierKey] = {(key.name, key.key_id): key for key in keys}
    found: dict[VerifierKey, Verified] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            verified = _verified(note.checkpoint.body, line, key)
            found.setdefault(key, verified)
    return tuple(found.values())


def _verified(body: bytes, line: SignatureLine, key: VerifierKey) -> Verified:
    time = None
    message, signature = body, line.blob
    if key.type is KeyType.WITNESS:
        time = int.from_bytes(line.blob[:8])
        message, signature = _witness_message(body, time), line.blob[8:]
    try:
        if len(signature) != SIGNATURE_BYTES:
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise BadTreeHeadSignature(name=key.name, key=key.key_id.hex()) from None
    return Verified(key, time)

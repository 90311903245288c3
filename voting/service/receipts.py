"""Checking a receipt by the server (docs/audit-package.md 10). Whoever doubts the server runs `verify.py --receipt`."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from sqlalchemy.orm import Session

from hoa.kernel import canonical, signing
from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_, Refusal
from voting.rules import record
from voting.service import reading
from voting.service.keys import publics
from voting.tables import Assembly

MOST_BYTES = 1_000_000


class Status(StrEnum):
    """What becomes of a promise."""

    WAITING = "waiting"
    INCLUDED = "included"
    COUNTED = "counted"
    SUPERSEDED = "superseded"
    BROKEN = "promise-broken"


class NotAReceipt(Refusal):
    message: ClassVar[str] = N_("看不懂这份回执：请选择下载时得到的回执文件，不要改动内容")


class ForeignReceipt(Refusal):
    message: ClassVar[str] = N_("这份回执不属于本次会议，请在回执所写的会议页面核验")


class BadSignature(Refusal):
    message: ClassVar[str] = N_("回执上的签名不成立：内容被改动过，或者不是本平台出具的")


class Answer(NamedTuple):
    """What the server knows of a receipt's ballot."""

    status: Status
    leaf: str
    short_code: str
    time: datetime
    due: datetime
    seq: int | None


def check(session: Session, assembly: Assembly, data: bytes) -> Answer:
    """Look the receipt's promise up in the log."""
    promise = _promise(data)
    if promise["assembly"] != assembly.manifest_hash:
        raise ForeignReceipt
    # A receipt stays good when the key that signed it was replaced (docs/audit-package.md 5.5).
    known = [bytes.fromhex(public) for _, public in publics(assembly, "receipt")]
    public = next((public for public in known if record.key_id(public) == promise["key"]), None)
    signature = bytes.fromhex(promise["signature"])
    if public is None or not signing.verify_ed25519(
        public=public, signature=signature, message=signing.message("receipt", promise)
    ):
        raise BadSignature
    found = reading.find_leaf(session, assembly, promise["leaf"])
    return Answer(
        _status(found),
        promise["leaf"],
        record.short_code(promise["leaf"]),
        parse_stamp(promise["time"]),
        parse_stamp(promise["due"]),
        found.seq if found else None,
    )


def of_leaf(session: Session, assembly: Assembly, leaf: str) -> Status | None:
    """What became of a ballot by its leaf alone; None when nobody here knows it."""
    found = reading.find_leaf(session, assembly, leaf)
    return None if found is None else _status(found)


def _promise(data: bytes) -> dict[str, Any]:
    """The signed part of a receipt file."""
    try:
        if len(data) > MOST_BYTES:
            raise NotAReceipt
        promise = json.loads(data)["receipt"]
        if not isinstance(promise, dict):
            raise NotAReceipt
        members = {"assembly", "leaf", "channel", "time", "due", "key", "signature"}
        if set(promise) != members or not all(isinstance(value, str) for value in promise.values()):
            raise NotAReceipt
        canonical.encode(promise)
        parse_stamp(promise["time"]), parse_stamp(promise["due"]), bytes.fromhex(promise["signature"])
    except (canonical.NotCanonical, ValueError, KeyError, TypeError, RecursionError):
        raise NotAReceipt from None
    return {name: str(value) for name, value in promise.items()}


def _status(found: reading.Found | None) -> Status:
    """Our signature on a leaf that nobody here knows is a broken promise; before its head it waits."""
    if found is None:
        return Status.BROKEN
    if found.counted is not None:
        return Status.COUNTED if found.counted else Status.SUPERSEDED
    return Status.INCLUDED if found.covered else Status.WAITING

"""The two files of signing away from the browser: what waits, and the signatures made over it.

`to-sign.json` = `{format, key, items: [{id, kind, text}]}`: each item's `text` is the canonical object to sign, `kind`
the word that stands before it (`hoa.kernel.signing.message`). `signed.json` = `{format, key, signatures: [{id,
signature}]}`. The sign page's script posts the second form too, so that a browser and `hoa sign` are read alike.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

from hoa.kernel import canonical, signing
from hoa.kernel.errors import N_, Refusal

TO_SIGN, SIGNED = "hoa-to-sign/1", "hoa-signed/1"
KINDS = ("entry", "tally", "minutes")
MOST_BYTES = 8 * 1024 * 1024
_SIGNATURE = re.compile(rf"[0-9a-f]{{{2 * signing.P256_SIGNATURE_BYTES}}}\Z")


class NotAToSignFile(Refusal):
    message: ClassVar[str] = N_("这不是签名页下载的 to-sign.json，没有签名。请在签名页重新下载后再试")


class NotASignedFile(Refusal):
    message: ClassVar[str] = N_("这不是 hoa sign 写出的 signed.json，没有任何一条生效。请选择签好名的那个文件")


class Item(NamedTuple):
    """One object to sign. `text` is its canonical form."""

    id: str
    kind: str
    text: str

    @property
    def message(self) -> bytes:
        """The bytes that the signature is over."""
        return signing.message(self.kind, canonical.decode(self.text.encode()))


class ToSign(NamedTuple):
    """What waits for the holder of the key `key`."""

    key: str
    items: list[Item]


def write_to_sign(key: str, items: Iterable[Item]) -> bytes:
    return canonical.encode({"format": TO_SIGN, "key": key, "items": [item._asdict() for item in items]})


def read_to_sign(data: bytes) -> ToSign:
    """A file from the sign page; anything else is refused as a whole."""
    value = _object(data, TO_SIGN, NotAToSignFile)
    key, items = value.get("key"), value.get("items")
    if not isinstance(key, str) or not isinstance(items, list):
        raise NotAToSignFile
    found = [_item(item) for item in items]
    if len({item.id for item in found}) != len(found):
        raise NotAToSignFile
    return ToSign(key, found)


def _item(value: Any) -> Item:
    if not isinstance(value, dict) or set(value) != {"id", "kind", "text"}:
        raise NotAToSignFile
    item = Item(**value)
    if not all(isinstance(part, str) for part in item) or item.kind not in KINDS:
        raise NotAToSignFile
    try:
        decoded = canonical.decode(item.text.encode())
    except (Refusal, ValueError) as error:
        raise NotAToSignFile from error
    if not isinstance(decoded, dict):
        raise NotAToSignFile
    return item


def write_signed(key: str, signatures: Mapping[str, bytes]) -> bytes:
    made = [{"id": name, "signature": signature.hex()} for name, signature in signatures.items()]
    return canonical.encode({"format": SIGNED, "key": key, "signatures": made})


def read_signed(data: bytes) -> dict[str, bytes]:
    """Signatures by the id of what they sign, in the order of the file."""
    signatures = _object(data, SIGNED, NotASignedFile).get("signatures")
    if not isinstance(signatures, list):
        raise NotASignedFile
    found: dict[str, bytes] = {}
    for line in signatures:
        name, signature = (line.get("id"), line.get("signature")) if isinstance(line, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(signature, str) or not _SIGNATURE.match(signature):
            raise NotASignedFile
        found[name] = bytes.fromhex(signature)
    return found


def _object(data: bytes, file_format: str, refusal: type[Refusal]) -> dict[str, Any]:
    if len(data) > MOST_BYTES:
        raise refusal
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise refusal from error
    if not isinstance(value, dict) or value.get("format") != file_format:
        raise refusal
    return value

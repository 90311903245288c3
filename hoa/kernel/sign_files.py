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
PDF = "pdf"
KINDS = ("entry", "tally", "minutes", PDF)
MOST_BYTES = 8 * 1024 * 1024
DIGEST_BYTES = 32
# messageDigest (1.2.840.113549.1.9.4) with one octet string of 32 bytes, in DER.
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d01090431220420")
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
        if self.kind == PDF:
            return pdf_attributes(self.text)
        return signing.message(self.kind, canonical.decode(self.text.encode()))


def pdf_item(name: str, *, attributes: bytes, digest: str) -> Item:
    """A PDF's signature to be made: a CMS signature is over the DER of its signed attributes, which name the
    document's SHA-256 (RFC 5652, 5.4)."""
    text = canonical.encode({"attributes": attributes.hex(), "digest": digest}).decode()
    return Item(name, PDF, text)


def pdf_attributes(text: str) -> bytes:
    """The signed attributes in an item of kind `pdf`. They are signed without the word that stands before everything
    else, so they must be what they claim: a SET of attributes (it begins with 0x31, and no other signed object does)
    whose messageDigest is the digest beside it."""
    value = canonical.decode(text.encode())
    try:
        attributes, digest = bytes.fromhex(value["attributes"]), bytes.fromhex(value["digest"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotAToSignFile from error
    if attributes[:1] != b"\x31" or len(digest) != DIGEST_BYTES or attributes.count(_MESSAGE_DIGEST + digest) != 1:
        raise NotAToSignFile
    return attributes


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
    if item.kind == PDF:
        pdf_attributes(item.text)
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

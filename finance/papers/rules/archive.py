"""The year archive (会计档案) of a book, format `hoa-books-archive/1`: making it the same every time, and finding what
was changed in one (docs/books-archive.md).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from hoa.kernel import canonical, signing
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.zips import NotAZip, unzipped, zipped

FORMAT = "hoa-books-archive/1"
MANIFEST = "manifest.json"
KIND = "books-archive"
DOCUMENTS = "documents/"

Sign = Callable[[bytes], bytes]


class YearNotOver(Refusal):
    message: ClassVar[str] = N_("%(year)s 年还没有过完，年底以后才能归档")


class YearNotClosed(Refusal):
    message: ClassVar[str] = N_("%(month)s 还没有结账，全年结清以后才能归档")


class YearBeforeBook(Refusal):
    message: ClassVar[str] = N_("账从 %(opened)s 开始，%(year)s 年没有账")


class Fault(NamedTuple):
    """What is wrong with an archive: a message id with its parameters. `member` is the file in it."""

    member: str
    message: str
    params: Mapping[str, str]

    def __str__(self) -> str:
        return self.message % self.params


CHANGED = N_("%(member)s 被改动过：与清单里的指纹不符")
MISSING = N_("%(member)s 不见了：清单里有，包里没有")
EXTRA = N_("%(member)s 是多出来的：清单里没有")
UNREADABLE = N_("%(member)s 读不出来：格式不对")
REPACKED = N_("整个包被重新打包过：内容与清单相符，但不是平台写出的字节")
NOT_SIGNED = N_("清单的签名不对：清单被改动过，或者不是这个密钥签的")
FOREIGN = N_("清单是用本平台不认识的密钥 %(key)s 签的，无法确认是谁做的")
VOUCHER = N_("vouchers.jsonl 第 %(line)s 行的凭证与链上登记的指纹不符")
CHAIN = N_("chain.jsonl 第 %(line)s 行接不上前一行")
CHAIN_ENDS = N_("凭证链的首尾与清单不符")
NO_DOCUMENT = N_("凭证引用的单据 %(member)s 不在包里")


def build(members: Mapping[str, bytes], about: Mapping[str, Any], *, key: str, public: bytes, sign: Sign) -> bytes:
    """The archive's bytes. `about` says which book and year it is; the manifest lists every member."""
    index = manifest(members, about) | {"key": key, "public": public.hex()}
    signed = {**index, "signature": sign(signing.message(KIND, index)).hex()}
    return zipped({**members, MANIFEST: canonical.encode(signed)})


def manifest(members: Mapping[str, bytes], about: Mapping[str, Any]) -> dict[str, Any]:
    """What the archive is and what is in it, before anybody signs."""
    listed = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(members.items())
    ]
    return {**about, "format": FORMAT, "members": listed}


def read_manifest(data: bytes) -> dict[str, Any]:
    """The manifest of an archive, or a refusal."""
    try:
        index = canonical.decode(unzipped(data)[MANIFEST])
    except KeyError:
        raise NotAZip from None
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise NotAZip
    return index


def check(data: bytes, *, known: Mapping[str, bytes]) -> list[Fault]:
    """Everything that is wrong with an archive, member by member; empty when it is what the platform made. `known` are
    the platform's own keys by id.
    """
    members, index = unzipped(data), read_manifest(data)
    found: list[Fault] = []
    looks: tuple[tuple[str, Callable[[], Iterator[Fault]]], ...] = (
        (MANIFEST, lambda: _signature(index, known)),
        (MANIFEST, lambda: _listed(members, index)),
        ("vouchers.jsonl", lambda: _chain(members, index["chain"])),
    )
    for member, look in looks:
        try:
            found.extend(look())
        except (canonical.NotCanonical, KeyError, TypeError, AttributeError, ValueError):
            found.append(Fault(member, UNREADABLE, {"member": member}))
    if zipped(members) != data:
        found.append(Fault("", REPACKED, {}))
    return found


def _signature(index: Mapping[str, Any], known: Mapping[str, bytes]) -> Iterator[Fault]:
    unsigned = {name: value for name, value in index.items() if name != "signature"}
    public = known.get(index["key"])
    if public is None or public.hex() != index["public"]:
        yield Fault(MANIFEST, FOREIGN, {"key": ascii(index["key"])[1:-1][:80]})
        public = bytes.fromhex(index["public"])
    message = signing.message(KIND, unsigned)
    if not signing.verify_ed25519(public=public, signature=bytes.fromhex(index["signature"]), message=message):
        yield Fault(MANIFEST, NOT_SIGNED, {})


def _listed(members: Mapping[str, bytes], index: Mapping[str, Any]) -> Iterator[Fault]:
    listed = {one["name"]: one["sha256"] for one in index["members"]}
    for name in sorted({*listed, *members} - {MANIFEST}):
        if name not in members:
            yield Fault(name, MISSING, {"member": name})
        elif name not in listed:
            yield Fault(name, EXTRA, {"member": ascii(name)[1:-1][:120]})
        elif hashlib.sha256(members[name]).hexdigest() != listed[name]:
            yield Fault(name, CHANGED, {"member": name})


def _chain(members: Mapping[str, bytes], ends: Mapping[str, Any]) -> Iterator[Fault]:
    """Each line of `vouchers.jsonl` is the very text whose SHA-256 is the voucher's hash."""
    links = [canonical.decode(line) for line in members["chain.jsonl"].splitlines()]
    said = {link["hash"]: link for link in links}
    for number, (before, link) in enumerate(pairwise(links), start=2):
        if link["seq"] != before["seq"] + 1 or link["previous"] != before["hash"]:
            yield Fault("chain.jsonl", CHAIN, {"line": str(number)})
    if links and (links[0]["previous"], links[-1]["hash"]) != (ends["from"], ends["to"]):
        yield Fault("chain.jsonl", CHAIN_ENDS, {})
    kept = {name.rpartition("/")[2].partition(".")[0] for name in members if name.startswith(DOCUMENTS)}
    for number, line in enumerate(members["vouchers.jsonl"].splitlines(), start=1):
        voucher = canonical.decode(line)
        link = said.get(hashlib.sha256(line).hexdigest())
        if link is None or link["previous"] != voucher["previous"]:
            yield Fault("vouchers.jsonl", VOUCHER, {"line": str(number)})
        for digest in voucher["documents"]:
            if digest not in kept:
                yield Fault("vouchers.jsonl", NO_DOCUMENT, {"member": f"{DOCUMENTS}{digest}"})

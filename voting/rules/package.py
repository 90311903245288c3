"""The audit package as one zip file whose bytes follow from its content alone (docs/audit-package.md 2 and 9)."""

import hashlib
import io
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from hoa.kernel import canonical, signing
from voting.rules.record import FORMAT

Sign = Callable[[bytes], bytes]


class Form(StrEnum):
    """For everybody, or for supervisors, auditors and the street office."""

    PUBLIC = "public"
    FULL = "full"


def package(members: Mapping[str, bytes], *, form: Form, assembly: str, key: str, sign: Sign) -> bytes:
    """The zip of these members and a signed `package.json` that lists their hashes."""
    index: dict[str, Any] = {
        "format": FORMAT,
        "kind": form.value,
        "assembly": assembly,
        "members": [
            {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in sorted(members.items())
        ],
        "key": key,
    }
    signed = {**index, "signature": sign(signing.message("package", index)).hex()}
    return zipped({**members, "package.json": canonical.encode(signed)})


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip without anything that chance or the machine would decide: names in order, no time of making."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name, data in sorted(members.items()):
            info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()

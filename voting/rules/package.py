"""The audit package as one zip file whose bytes follow from its content alone (docs/audit-package.md 2 and 9)."""

import hashlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from hoa.kernel import canonical, signing
from hoa.kernel.zips import zipped
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

"""Papers of a preparation are kept sealed: the owners' roll is among them, and drafts are nobody's until published."""

import hashlib
from typing import NamedTuple

from hoa.ports.files import Files
from hoa.ports.keys import Keys
from hoa.ports.uploads import Upload

PURPOSE = "preparation-paper"


class Kept(NamedTuple):
    """The SHA-256 of a file as it may be read, and the key of its sealed copy."""

    sha256: str
    key: str


def keep(keys: Keys, files: Files, community_id: str, upload: Upload) -> Kept:
    """Seal the bytes and keep them; neither database nor files alone show them."""
    sha256 = hashlib.sha256(upload.data).hexdigest()
    return Kept(sha256, files.put(keys.seal(PURPOSE, upload.data, _place(community_id, sha256))))


def opened(keys: Keys, files: Files, community_id: str, *, sha256: str, key: str) -> bytes:
    """The bytes as they were sent."""
    return keys.open(PURPOSE, files.get(key), _place(community_id, sha256))


def _place(community_id: str, sha256: str) -> bytes:
    return f"{community_id}\n{sha256}".encode()

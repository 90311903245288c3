"""What is said about somebody's end of office, and the papers for it: sealed, opened only for those who decide."""

import hashlib
from typing import NamedTuple

from hoa.kernel.errors import NotFound
from hoa.offices.changes.tables import MemberChange
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.keys import Keys

SAID = "member-change"
PAPER = "member-change-paper"


class Paper(NamedTuple):
    """A paper's SHA-256, and the key of its sealed copy among the files."""

    sha256: str
    key: str


def seal_said(keys: Keys, community_id: str, change_id: str, text: str) -> bytes:
    return keys.seal(SAID, text.strip().encode(), f"{community_id}\n{change_id}".encode())


def said(keys: Keys, change: MemberChange) -> str:
    """The text of a resignation, or the explanation of a proposal; empty where the register proposed it."""
    if change.said_sealed is None:
        return ""
    return keys.open(SAID, change.said_sealed, f"{change.community_id}\n{change.id}".encode()).decode()


def keep(keys: Keys, files: Files, community_id: str, *, data: bytes, name: str) -> Paper:
    """Check, seal and keep a paper; database and files alone do not show it."""
    upload = uploads.checked(data, name)
    sha256 = hashlib.sha256(upload.data).hexdigest()
    return Paper(sha256, files.put(keys.seal(PAPER, upload.data, f"{community_id}\n{sha256}".encode())))


def open_paper(keys: Keys, files: Files, change: MemberChange) -> bytes:
    if not change.paper_key:
        raise NotFound
    return keys.open(PAPER, files.get(change.paper_key), f"{change.community_id}\n{change.paper_sha256}".encode())

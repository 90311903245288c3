"""The sample of recorded voters: which of those whose ballot counted are asked whether they cast it (voting-record.md
7; docs/audit-package.md 8.1).

The draw follows from the close head as a witness cosigned it, so nobody could know it while ballots could still be
added; and it sorts ballots by leaves that were in the log before, so nothing made afterwards can steer it.
"""

import hashlib
import math
from collections.abc import Mapping
from enum import StrEnum

from hoa.kernel.errors import N_

# The share of stuffed ballots for which the page says how likely the sample finds one: one in twenty.
STUFFED = 20


class Answer(StrEnum):
    """What an elector said when asked whether they voted."""

    CONFIRMED = "confirmed"
    DENIED = "denied"
    UNREACHABLE = "unreachable"


ANSWER_TITLES = {
    Answer.CONFIRMED: N_("本人投的"),
    Answer.DENIED: N_("本人没有投"),
    Answer.UNREACHABLE: N_("没有联系上"),
}


def seed(body: bytes, line: bytes) -> str:
    """The seed (hex) from the close note's body and one signature line under it: a witness's, or the log's own when
    the notice lists no witness."""
    return hashlib.sha256(body + line).hexdigest()


def drawn(seed_hex: str, ballots: Mapping[str, str], size: int) -> list[str]:
    """The electors of the first `size` counted ballots (elector → leaf) by SHA-256(seed ‖ leaf)."""
    start = bytes.fromhex(seed_hex)

    def place(elector: str) -> bytes:
        return hashlib.sha256(start + bytes.fromhex(ballots[elector])).digest()

    return sorted(ballots, key=place)[:size]


def chance_permille(voters: int, size: int) -> int:
    """How surely a sample of `size` finds at least one of a twentieth of stuffed ballots, in thousandths, cut off."""
    stuffed = -(-voters // STUFFED)
    if not voters or not stuffed:
        return 0
    whole = math.comb(voters, size)
    return (whole - math.comb(voters - stuffed, size)) * 1000 // whole

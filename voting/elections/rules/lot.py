"""The order in which candidates stand on list and ballot: drawn by lot, from a seed that nobody chose.

The seed is the hash of the published list. The list holds a word that each candidate wrote under their own undertaking
without seeing the others', so that neither a candidate nor the group could aim at a place; anybody can recompute the
order from the publication.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal

LOT_WORD_LENGTH = 20


class BadLotWord(Refusal):
    message: ClassVar[str] = N_("请写一个只有您知道的数字或词，1 到 %(most)s 个字，它参加抽签")


class Drawn(NamedTuple):
    """One line of the draw: the candidate's number and the digest (hex) that gives the place."""

    number: int
    digest: str


def check_word(word: str) -> str:
    found = word.strip()
    if not 0 < len(found) <= LOT_WORD_LENGTH:
        raise BadLotWord(most=LOT_WORD_LENGTH)
    return found


def draw(seed_hex: str, numbers: Iterable[int]) -> list[Drawn]:
    """Ascending SHA-256(seed ‖ number in ASCII digits). Leaving somebody out moves nobody else past another."""
    seed = bytes.fromhex(seed_hex)
    lines = [Drawn(number, hashlib.sha256(seed + str(number).encode()).hexdigest()) for number in set(numbers)]
    return sorted(lines, key=lambda line: line.digest)


def listed(*, election: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is published and hashed: the election's figures, and of each candidate number, name, channels, the hashes of
    statement, photo and undertaking, and the word for the lot. The order is that of nomination."""
    return {
        "election": dict(election),
        "candidates": [dict(one) for one in sorted(candidates, key=lambda one: int(one["number"]))],
    }

"""Which of an elector's ballots counts: the first or the last of its chain, as the notice said (voting-record.md 4;
rules.md R1.36).

Order is the chain's order, given by `previous`; neither the time on a ballot nor its place in the log decides
anything.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal

NO_PREVIOUS = "0" * 64


class Option(StrEnum):
    """What an owner may mark; a motion left unmarked is `blank`: it takes part and agrees to nothing (rules.md R1.5,
    R1.33)."""

    AGREE = "agree"
    OPPOSE = "oppose"
    ABSTAIN = "abstain"
    BLANK = "blank"


MARKS = (Option.AGREE, Option.OPPOSE, Option.ABSTAIN)
OPTION_TITLES = {
    Option.AGREE: N_("同意"),
    Option.OPPOSE: N_("反对"),
    Option.ABSTAIN: N_("弃权"),
    Option.BLANK: N_("未选"),
}


class Counting(StrEnum):
    """Which ballot of a chain counts."""

    FIRST = "first"
    LAST = "last"


class CastBallot(NamedTuple):
    """A ballot as the log has it: its leaf hash, who cast it, the leaf it follows, and a mark per motion code."""

    leaf: str
    elector: str
    previous: str
    choices: Mapping[str, str]

    def option(self, motion: str) -> Option:
        return Option(self.choices.get(motion, Option.BLANK))


class BrokenChain(Refusal):
    message: ClassVar[str] = N_("业主 %(elector)s 的票前后接不上，不能计票：日志可能被改动，请先核验")


def chains(ballots: Iterable[CastBallot]) -> dict[str, tuple[CastBallot, ...]]:
    """Every elector's ballots in chain order; a fork, a gap or a loop is refused, since nothing may be guessed here."""
    by_elector: dict[str, list[CastBallot]] = defaultdict(list)
    for ballot in ballots:
        by_elector[ballot.elector].append(ballot)
    return {elector: _ordered(elector, found) for elector, found in by_elector.items()}


def _ordered(elector: str, ballots: Sequence[CastBallot]) -> tuple[CastBallot, ...]:
    after = {ballot.previous: ballot for ballot in ballots}
    ordered = []
    previous = NO_PREVIOUS
    while (ballot := after.pop(previous, None)) is not None:
        ordered.append(ballot)
        previous = ballot.leaf
    if len(ordered) != len(ballots):
        raise BrokenChain(elector=elector)
    return tuple(ordered)


def counts(chain: Sequence[CastBallot], rule: Counting) -> CastBallot:
    """The one ballot of a chain that counts."""
    return chain[0] if rule is Counting.FIRST else chain[-1]


def counted(ballots: Iterable[CastBallot], rule: Counting) -> dict[str, CastBallot]:
    """The ballot that counts for each elector who cast one."""
    return {elector: counts(chain, rule) for elector, chain in chains(ballots).items()}

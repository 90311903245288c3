"""Which of an elector's ballots counts: the first or the last of its chain, as the notice said (voting-record.md 4;
rules.md R1.36).

Order is the chain's order, given by `previous`; neither the time on a ballot nor its place in the log decides
anything.
"""

from collections.abc import Container, Mapping, Sequence
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


_OPTIONS = {option.value: option for option in Option}
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
    """A ballot as the log has it: its leaf hash, who cast it, the leaf it follows, a mark per motion code, and the
    channel by which it came."""

    leaf: str
    elector: str
    previous: str
    choices: Mapping[str, str]
    channel: str = "online"

    def option(self, motion: str) -> Option:
        return _OPTIONS[self.choices.get(motion, "blank")]


class BrokenChain(Refusal):
    message: ClassVar[str] = N_("业主 %(elector)s 的票前后接不上，不能计票：日志可能被改动，请先核验")


def chain(elector: str, ballots: Sequence[CastBallot], inherited: Sequence[CastBallot] = ()) -> tuple[CastBallot, ...]:
    """An elector's ballots in chain order, after those `inherited` by a change of the roll; a fork, a gap or a loop is
    refused, since nothing may be guessed here."""
    if len(ballots) == 1 and not inherited and ballots[0].previous == NO_PREVIOUS:  # nearly everybody's
        return (ballots[0],)
    after = {ballot.previous: ballot for ballot in ballots}
    ordered = list(inherited)
    previous = ordered[-1].leaf if ordered else NO_PREVIOUS
    while (ballot := after.pop(previous, None)) is not None:
        ordered.append(ballot)
        previous = ballot.leaf
    if len(ordered) != len(inherited) + len(ballots):
        raise BrokenChain(elector=elector)
    return tuple(ordered)


def counts(
    ballots: Sequence[CastBallot], rule: Counting, *, void: Container[str] = (), bad: Container[str] = ()
) -> CastBallot | None:
    """The one ballot of a chain that counts: void ones are left out, then those that are wholly invalid if a good one
    is left, then proxies' if an own one is left; the first or the last of the rest (docs/audit-package.md 5.2)."""
    if len(ballots) == 1:  # nearly everybody's: nothing to choose from
        return None if ballots[0].leaf in void else ballots[0]
    standing = [ballot for ballot in ballots if ballot.leaf not in void]
    standing = [ballot for ballot in standing if ballot.leaf not in bad] or standing
    standing = [ballot for ballot in standing if ballot.channel != "proxy"] or standing
    if not standing:
        return None
    return standing[0] if rule is Counting.FIRST else standing[-1]


def counted(
    chains: Mapping[str, Sequence[CastBallot]],
    rule: Counting,
    *,
    void: Container[str] = (),
    bad: Container[str] = (),
) -> dict[str, CastBallot]:
    """The ballot that counts for each elector who has one."""
    found = {elector: counts(ballots, rule, void=void, bad=bad) for elector, ballots in chains.items()}
    return {elector: ballot for elector, ballot in found.items() if ballot is not None}

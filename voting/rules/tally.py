"""The tally as a pure function of roll, motions and counted ballots (rules.md 1.5; voting-record.md 7)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from voting.rules.counting import CastBallot, Option
from voting.rules.matters import Majority, Matter
from voting.rules.silent import WithSilent, with_silent
from voting.rules.thresholds import NOTHING, Decision, Outcome, Share, decide, outcome

# Wholly unauthentic ballots are nobody's participation, in either sum (rules.md R1.35).
UNAUTHENTIC = frozenset({"forged", "not-on-roll"})


class Question(NamedTuple):
    """A motion as far as counting needs it: its code on the ballot, its matter and the majority that was noticed."""

    code: str
    matter: Matter
    majority: Majority


class MotionTally(NamedTuple):
    """What the owners said on one motion, with R1.35's two sums: invalid ballots left out, and in the base only.

    `silent_rule` when the notice counts the silent with the majority (R1.34); `with_silent` is then the third sum, or
    None for a matter on which silence never counts.
    """

    question: Question
    roll: Share
    options: Mapping[Option, Share]
    invalid: Mapping[str, Share]
    without_invalid: Decision
    with_invalid: Decision
    outcome: Outcome
    silent_rule: bool = False
    with_silent: WithSilent | None = None

    @property
    def agreed(self) -> Share:
        return self.options[Option.AGREE]

    @property
    def not_agreed(self) -> Share:
        """未同意: opposed, abstained and blank together."""
        return sum((self.options[mark] for mark in Option if mark is not Option.AGREE), NOTHING)

    @property
    def participated(self) -> Share:
        """Everyone whose ballot is valid for this motion, blank marks included (R1.5)."""
        return self.agreed + self.not_agreed

    @property
    def excluded(self) -> Share:
        return sum((share for reason, share in self.invalid.items() if reason in UNAUTHENTIC), NOTHING)


def _total(shares: Collection[Share]) -> Share:
    """Summed by component: making a Share for every step is most of the work of a large count."""
    return Share(sum(share.heads for share in shares), sum(share.area for share in shares))


def tally(
    question: Question,
    *,
    roll: Mapping[str, Share],
    counted: Mapping[str, CastBallot],
    invalid: Mapping[str, str],
    silent: Share | None = None,
) -> MotionTally:
    """Count one motion (R1.4: each on its own).

    `roll` and `counted` are by elector; `invalid` gives the reason for each elector whose counted ballot was ruled
    invalid for this motion; `silent` are those who were reached and said nothing, None when the notice has no rule
    for them.
    """
    marked: dict[Option, list[Share]] = {option: [] for option in Option}
    refused: dict[str, Share] = defaultdict(lambda: NOTHING)
    for elector, ballot in counted.items():
        if elector in invalid:
            refused[invalid[elector]] += roll[elector]
        else:
            marked[ballot.option(question.code)].append(roll[elector])
    options = {option: _total(shares) for option, shares in marked.items()}
    whole = _total(roll.values())
    valid = sum(options.values(), NOTHING)
    in_base = sum((share for reason, share in refused.items() if reason not in UNAUTHENTIC), NOTHING)

    def decision(participated: Share) -> Decision:
        return decide(
            question.matter,
            roll=whole,
            participated=participated,
            agreed=options[Option.AGREE],
            majority=question.majority,
        )

    without, inside = decision(valid), decision(valid + in_base)
    third = None
    if silent is not None:
        third = with_silent(
            question.matter, question.majority, roll=whole, options=options, participated=valid, silent=silent
        )
    said = outcome(inside, without, third.decision if third else None)
    return MotionTally(question, whole, options, dict(refused), without, inside, said, silent is not None, third)

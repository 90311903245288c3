"""The tally as a pure function of the roll, the motions and the ballots that count (rules.md 1.5; voting-record.md
7)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from voting.rules.counting import CastBallot, Option
from voting.rules.matters import Matter
from voting.rules.thresholds import NOTHING, Decision, Outcome, Share, decide, outcome


class Question(NamedTuple):
    """A motion as far as counting needs it: its code on the ballot and its matter."""

    code: str
    matter: Matter


class MotionTally(NamedTuple):
    """What the owners said on one motion. `with_invalid` and `without_invalid` are R1.35's two sums."""

    question: Question
    roll: Share
    options: Mapping[Option, Share]
    invalid: Share
    with_invalid: Decision
    without_invalid: Decision
    outcome: Outcome

    @property
    def participated(self) -> Share:
        """Everyone whose ballot counts, blank marks included (R1.5)."""
        return sum(self.options.values(), NOTHING)


def tally(
    question: Question,
    *,
    roll: Mapping[str, Share],
    counted: Mapping[str, CastBallot],
    invalid: Iterable[str] = (),
) -> MotionTally:
    """Count one motion (R1.4: each on its own). `roll` and `counted` are by elector; `invalid` names electors whose
    counted ballot was ruled invalid for this motion: they add to the base in one of the two sums, and to no option in
    either."""
    outside = frozenset(invalid)
    whole = sum(roll.values(), NOTHING)
    options = dict.fromkeys(Option, NOTHING)
    refused = NOTHING
    for elector, ballot in counted.items():
        if elector in outside:
            refused += roll[elector]
        else:
            mark = ballot.option(question.code)
            options[mark] += roll[elector]
    valid = sum(options.values(), NOTHING)
    agreed = options[Option.AGREE]
    inside = decide(question.matter, roll=whole, participated=valid + refused, agreed=agreed)
    apart = decide(question.matter, roll=whole, participated=valid, agreed=agreed)
    return MotionTally(question, whole, options, refused, inside, apart, outcome(inside, apart))

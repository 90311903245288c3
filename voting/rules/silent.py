"""Counting those who were reached and said nothing with the majority (rules.md R1.34): off unless the notice says so.

Courts are divided over it (指导规则 26 第二项 against 民法典 278), so the decision of record stays the tally without
the silent; this third sum is published beside it, and where only it passes the outcome is "review".
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from voting.rules.counting import MARKS, Option
from voting.rules.matters import Majority, Matter
from voting.rules.thresholds import Decision, Share, decide


class SilentRule(StrEnum):
    """What the notice says of owners who were given the ballot and did not vote."""

    NONE = "none"
    FOLLOW_MAJORITY = "follow-majority"


# Elections and what three quarters must agree to: nobody's silence says anything there, whatever the notice says.
NEVER = frozenset({"M3", "M6", "M7", "M8"})


class WithSilent(NamedTuple):
    """The third sum: who was silent, whom they were counted with (None: no option led), and what follows."""

    silent: Share
    follows: Option | None
    participated: Share
    decision: Decision


def leader(options: Mapping[Option, Share]) -> Option | None:
    """The option that more heads and more area chose than each other one; None when there is no such option."""
    for mark in MARKS:
        others = [options[other] for other in MARKS if other is not mark]
        if all(options[mark].heads > other.heads and options[mark].area > other.area for other in others):
            return mark
    return None


def with_silent(
    matter: Matter,
    majority: Majority,
    *,
    roll: Share,
    options: Mapping[Option, Share],
    participated: Share,
    silent: Share,
) -> WithSilent | None:
    """One motion with the silent on the side of the majority; None for matters on which silence never counts.

    `participated` are the valid ballots; `silent` the electors with a delivery entry of whom no ballot counts.
    """
    if matter.code in NEVER:
        return None
    follows = leader(options)
    agreed, base = options[Option.AGREE], participated
    if follows is not None:
        base = participated + silent
    if follows is Option.AGREE:
        agreed = agreed + silent
    decision = decide(matter, roll=roll, participated=base, agreed=agreed, majority=majority)
    return WithSilent(silent, follows, base, decision)

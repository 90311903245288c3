"""An election inside an assembly: one motion a candidate, and out of those who passed the ones who are elected
(rules.md R2.5, R2.6; docs/audit-package.md 8.5).

Every candidate needs what any motion on the matter needs: quorum, and more than half of those who took part, by heads
and by area (民法典 278). Who passed is ranked by the noticed key; the first fill the seats, the next are alternates.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from hoa.kernel.errors import N_
from voting.rules.counting import Option
from voting.rules.thresholds import Outcome, Share

# A ballot that agrees to more candidates than it may says nothing about any of them (R1.35).
OVER_VOTE = "multiple-choice"


class Rank(StrEnum):
    """By what those who passed are ranked, as the notice says; what is still equal is drawn by lot."""

    HEADS = "heads-area-lot"
    AREA = "area-heads-lot"


RANK_TITLES: Mapping[Rank, str] = {
    Rank.HEADS: N_("同意人数多的在前；人数相同，同意面积大的在前；仍相同，公开抽签"),
    Rank.AREA: N_("同意面积大的在前；面积相同，同意人数多的在前；仍相同，公开抽签"),
}


class Contest(NamedTuple):
    """What is elected, as the notice freezes it. `minimum`: the fewest who make a lawful committee; `alternates`: the
    most alternates; `motions`: the candidates' motions in the drawn order."""

    code: str
    title: str
    body: str
    seats: int
    minimum: int
    alternates: int
    approve_at_most: int
    rank: Rank
    motions: tuple[str, ...]

    @property
    def value(self) -> dict[str, Any]:
        return {**self._asdict(), "rank": self.rank.value, "motions": list(self.motions)}


def contest(value: Mapping[str, Any]) -> Contest:
    """A contest from the manifest, whose form was checked when it was frozen (`voting.rules.contests`)."""
    given = {name: value[name] for name in Contest._fields}
    return Contest(**{**given, "rank": Rank(value["rank"]), "motions": tuple(value["motions"])})


# --------------------------------------------------------------------------------------------------- too many marks


def agreed_to(one: Contest, choices: Mapping[str, str]) -> int:
    """How many candidates of this election a ballot agrees to."""
    return sum(choices.get(motion) == Option.AGREE for motion in one.motions)


def over_voted(contests: Iterable[Contest], choices: Mapping[str, str]) -> frozenset[str]:
    """The motions for which a ballot is invalid because it agrees to more candidates than the notice allows: all of
    that election's, and of no other."""
    over = [one.motions for one in contests if agreed_to(one, choices) > one.approve_at_most]
    return frozenset(motion for motions in over for motion in motions)


# ------------------------------------------------------------------------------------------------------ who is elected


class Candidate(NamedTuple):
    """A candidate as counted: the motion, who agreed, and whether the motion passed."""

    motion: str
    agreed: Share
    outcome: Outcome


class Standing(StrEnum):
    """What an election comes to (R2.6)."""

    COMPLETE = "complete"
    VALID = "valid"
    SHORTFALL = "shortfall"
    REVIEW = "review"


class Elected(NamedTuple):
    """An election's outcome. `seed` (hex) is the lot's; `ranking` has everyone who passed, the first first."""

    contest: Contest
    seed: str
    ranking: tuple[Candidate, ...]
    elected: tuple[str, ...]
    alternates: tuple[str, ...]
    vacant: int
    outcome: Standing


def lot(seed: str, motion: str) -> bytes:
    """Where the public lot puts a candidate: the lowest comes first, and nobody could know it before the close."""
    return hashlib.sha256(bytes.fromhex(seed) + motion.encode()).digest()


def ranked(rank: Rank, seed: str, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Candidates by the noticed key; the order they are given in decides nothing."""

    def place(one: Candidate) -> tuple[int, int, bytes]:
        heads, area = one.agreed
        first, second = (heads, area) if rank is Rank.HEADS else (area, heads)
        return -first, -second, lot(seed, one.motion)

    return tuple(sorted(candidates, key=place))


def elect(one: Contest, seed: str, candidates: Collection[Candidate]) -> Elected:
    """Who is elected, who is an alternate, how many seats stay empty, and whether there is a committee.

    Only motions that passed are ranked. The outcome is `review` when some motions need legal review and, were all of
    them to pass, others would be elected: then the best of them would take a seat, and were only some to pass, no seat
    could change that does not change with all. Somebody under review who could at most become an alternate holds up
    nothing.
    """
    ranking = ranked(one.rank, seed, [item for item in candidates if item.outcome is Outcome.PASSED])
    elected = _first(one, ranking)
    perhaps = [item for item in candidates if item.outcome is not Outcome.FAILED]
    disputed = set(_first(one, ranked(one.rank, seed, perhaps))) != set(elected)
    rest = ranking[one.seats : one.seats + one.alternates]
    return Elected(
        contest=one,
        seed=seed,
        ranking=ranking,
        elected=elected,
        alternates=tuple(item.motion for item in rest),
        vacant=one.seats - len(elected),
        outcome=Standing.REVIEW if disputed else standing(one, len(elected)),
    )


def _first(one: Contest, ranking: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(item.motion for item in ranking[: one.seats])


def standing(one: Contest, elected: int) -> Standing:
    """Whether so many members make a committee: at least the legal minimum and more than half of the seats (R2.6)."""
    if elected >= one.seats:
        return Standing.COMPLETE
    return Standing.VALID if elected >= one.minimum and 2 * elected > one.seats else Standing.SHORTFALL


def stands(outcome: Standing) -> bool:
    """Whether this outcome gives the community a committee."""
    return outcome in (Standing.COMPLETE, Standing.VALID)


def tied(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether only the lot can have put two entries of a published ranking in their order; an area that is not told
    (None) leaves it open and is no tie."""
    known = first["area"] is not None and second["area"] is not None
    return known and (first["heads"], first["area"]) == (second["heads"], second["area"])

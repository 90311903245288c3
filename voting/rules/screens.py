"""How motions are put before people: one by one, and the candidates of an election together (rules.md R2.5).

An election is a motion per candidate (docs/audit-package.md 3); whoever marks it sees one question: whom to agree to,
up to so many. Online forms refuse more; paper is keyed as it was marked.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from voting.rules.counting import MARKS, Option
from voting.rules.election import Contest, contest


class Asked(Protocol):
    """A motion as far as a ballot needs it. Code and title are text; a mapped column is not `str` to a type checker."""

    @property
    def code(self) -> Any: ...

    @property
    def title(self) -> Any: ...


M = TypeVar("M", bound=Asked)


class Screen(NamedTuple, Generic[M]):
    """One question: a motion, or an election with its candidates in the drawn order."""

    motions: Sequence[M]
    election: Contest | None

    @property
    def code(self) -> str:
        """Of the election or the motion."""
        return self.election.code if self.election else str(self.motions[0].code)

    @property
    def title(self) -> str:
        return self.election.title if self.election else str(self.motions[0].title)

    @property
    def motion(self) -> M:
        """The one motion of a screen that is no election."""
        return self.motions[0]

    def marked(self, choices: Mapping[str, str]) -> list[tuple[Option, Sequence[M]]]:
        """Who or what was marked how, in the ballot's order; what has no mark is blank."""
        found = [(option, [one for one in self.motions if _mark(one, choices) is option]) for option in Option]
        return [(option, motions) for option, motions in found if motions]

    def which(self, values: Mapping[str, str], wanted: str | None) -> Sequence[M]:
        """The motions that have this value, such as an agent's instruction; None: those that have none."""
        return [motion for motion in self.motions if values.get(motion.code) == wanted]

    def agreed(self, choices: Mapping[str, str]) -> int:
        return sum(_mark(motion, choices) is Option.AGREE for motion in self.motions)

    def over(self, choices: Mapping[str, str]) -> int:
        """How many marks of agreement are too many; 0 for a screen that is no election."""
        return max(0, self.agreed(choices) - self.election.approve_at_most) if self.election else 0

    def unmarked(self, choices: Mapping[str, str]) -> Sequence[M]:
        return self.which(choices, None)


def screens(motions: Sequence[M], elections: Sequence[Mapping[str, Any]]) -> list[Screen[M]]:
    """The questions in the notice's order: an election stands where its first candidate does. A candidate who is not
    among `motions` (an agent's authority need not cover every one) is left out.
    """
    by_code = {motion.code: motion for motion in motions}
    contests = [contest(value) for value in elections]
    contest_of = {code: one for one in contests for code in one.motions}
    found: list[Screen[M]] = []
    shown: set[str] = set()
    for motion in motions:
        one = contest_of.get(motion.code)
        if one is None:
            found.append(Screen([motion], None))
        elif one.code not in shown:
            shown.add(one.code)
            found.append(Screen([by_code[code] for code in one.motions if code in by_code], one))
    return found


def _mark(motion: Asked, choices: Mapping[str, str]) -> Option:
    mark = choices.get(motion.code)
    return Option(mark) if mark in MARKS else Option.BLANK

"""Quorum and majority as integer inequalities: never a rounded percentage (民法典 278 第二款; rules.md R1.1–R1.6,
R1.35).

Areas are integers in 0.01 m², heads are integers; a threshold `n/d` of a base is met when `d × part ≥ n × base` (or
`>` for 过半数).
"""

from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal
from voting.rules.matters import Majority, Matter


class Share(NamedTuple):
    """How many heads and how much area (0.01 m²): a roll, those who took part, those who agreed."""

    heads: int
    area: int

    def __add__(self, other: object) -> "Share":
        if not isinstance(other, Share):
            return NotImplemented
        return Share(self.heads + other.heads, self.area + other.area)


NOTHING = Share(0, 0)


class Threshold(NamedTuple):
    """`numerator/denominator` of a base; `strict` for 过半数, which does not include the number itself (民法典
    1259)."""

    numerator: int
    denominator: int
    strict: bool

    def holds(self, part: int, base: int) -> bool:
        """Whether `part` reaches this share of `base`, by cross-multiplication."""
        left, right = self.denominator * part, self.numerator * base
        return left > right if self.strict else left >= right

    def least(self, base: int) -> int:
        """The smallest integer part that reaches this share of `base`."""
        quotient, rest = divmod(self.numerator * base, self.denominator)
        return quotient + 1 if self.strict or rest else quotient


QUORUM = Threshold(2, 3, strict=False)
MAJORITIES = {
    Majority.ORDINARY: Threshold(1, 2, strict=True),
    Majority.SPECIAL: Threshold(3, 4, strict=False),
}


class Measure(StrEnum):
    """The four tests of 民法典 278 第二款, named and ordered as the published tally has them."""

    QUORUM_HEADS = "quorum-heads"
    QUORUM_AREA = "quorum-area"
    AGREE_HEADS = "agree-heads"
    AGREE_AREA = "agree-area"

    @property
    def is_area(self) -> bool:
        return self in (Measure.QUORUM_AREA, Measure.AGREE_AREA)


class Inequality(NamedTuple):
    """One test with its numbers filled in. `part` and `base` are 0.01 m² for areas, heads otherwise."""

    measure: Measure
    part: int
    base: int
    threshold: Threshold
    holds: bool

    @property
    def missing(self) -> int:
        """How much more would have been enough, with this base; 0 when the test holds."""
        return 0 if self.holds else self.threshold.least(self.base) - self.part

    @property
    def left(self) -> int:
        """The left side: `left × part` is compared with `right × base`."""
        return self.threshold.denominator

    @property
    def right(self) -> int:
        return self.threshold.numerator

    @property
    def formula(self) -> str:
        """The sum as it is printed and can be done again by hand: `3 × 6666.67 ≥ 2 × 10000.00`."""
        return formula(self, figure(self.part, area=self.measure.is_area))


def formula(test: Inequality, part: str) -> str:
    """The printed sum with `part` as given: the public tally puts `*` for an area it must not tell."""
    sign = ">" if test.threshold.strict else "≥"
    return f"{test.left} × {part} {sign} {test.right} × {figure(test.base, area=test.measure.is_area)}"


def figure(value: int, *, area: bool) -> str:
    """Heads as they are, area (0.01 m²) with two decimals and no separators."""
    return f"{value // 100}.{value % 100:02d}" if area else str(value)


class Decision(NamedTuple):
    """What 民法典 278 says about one motion: did enough take part, did enough of them agree, and by which sums."""

    quorum: bool
    passed: bool
    article: str
    majority: Majority
    inequalities: tuple[Inequality, ...]

    def test(self, measure: Measure) -> Inequality:
        """The inequality of one measure."""
        return next(item for item in self.inequalities if item.measure is measure)


class ImpossibleShare(Refusal):
    """Numbers that no roll can give: refused instead of deciding on them."""

    message: ClassVar[str] = N_("数字对不上：参加的不能多于名册，同意的不能多于参加的（人数、面积都是），请核对")


class NegativeShare(Refusal):
    message: ClassVar[str] = N_("人数和面积不能是负数")


def decide(
    matter: Matter, *, roll: Share, participated: Share, agreed: Share, majority: Majority | None = None
) -> Decision:
    """Whether a motion on `matter` passed: quorum 2/3 of the roll and the matter's majority of those who took part,
    both by area and by heads (民法典 278 第二款). With nobody taking part there is no quorum and nothing passes."""
    _possible(roll=roll, participated=participated, agreed=agreed)
    needed = stricter(matter.majority, majority)
    of_participants = MAJORITIES[needed]
    tests = (
        _test(Measure.QUORUM_HEADS, participated.heads, roll.heads, QUORUM),
        _test(Measure.QUORUM_AREA, participated.area, roll.area, QUORUM),
        _test(Measure.AGREE_HEADS, agreed.heads, participated.heads, of_participants),
        _test(Measure.AGREE_AREA, agreed.area, participated.area, of_participants),
    )
    quorum = tests[0].holds and tests[1].holds and roll.heads > 0
    passed = quorum and tests[2].holds and tests[3].holds
    return Decision(quorum, passed, matter.article, needed, tests)


def stricter(lawful: Majority, chosen: Majority | None) -> Majority:
    """The majority that applies when the notice chose one: never less than the law's (rules.md R1.7)."""
    return Majority.SPECIAL if Majority.SPECIAL in (lawful, chosen) else Majority.ORDINARY


def _test(measure: Measure, part: int, base: int, threshold: Threshold) -> Inequality:
    return Inequality(measure, part, base, threshold, threshold.holds(part, base))


def _possible(*, roll: Share, participated: Share, agreed: Share) -> None:
    for share in (roll, participated, agreed):
        if share.heads < 0 or share.area < 0:
            raise NegativeShare
    for part, whole in ((participated, roll), (agreed, participated)):
        if part.heads > whole.heads or part.area > whole.area:
            raise ImpossibleShare


class Outcome(StrEnum):
    """What is announced. Invalid ballots are reckoned in and out of the base; only if both pass, the motion passed
    (R1.35)."""

    PASSED = "passed"
    FAILED = "failed"
    REVIEW = "review"


def outcome(with_invalid: Decision, without_invalid: Decision, with_silent: Decision | None = None) -> Outcome:
    """The robust rule of R1.35: no national rule says whether invalid ballots take part, so both sums must agree.
    What passes only with the silent counted (R1.34) is for lawyers to decide."""
    if with_invalid.passed and without_invalid.passed:
        return Outcome.PASSED
    if with_invalid.passed or without_invalid.passed or (with_silent is not None and with_silent.passed):
        return Outcome.REVIEW
    return Outcome.FAILED

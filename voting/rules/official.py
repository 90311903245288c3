"""The result of an official voting system, entered by hand beside its file (rules.md R1.28, R3.1): do the figures fit
together, and does what they say follow from 民法典 278?
"""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal
from voting.rules import thresholds
from voting.rules.matters import Majority, matter
from voting.rules.thresholds import Decision, Outcome, Share

PARTS = ("agree", "oppose", "abstain")


class MoreThanRoll(Refusal):
    message: ClassVar[str] = N_("“%(motion)s”：参加表决的不能多于名册（人数、面积都是），请对照文件核对")


class DoesNotAddUp(Refusal):
    message: ClassVar[str] = N_(
        "“%(motion)s”：同意、反对、弃权合计 %(heads)s 人，参加表决 %(participated)s 人（不含无效票），请核对"
    )


class AreaDoesNotAddUp(Refusal):
    message: ClassVar[str] = N_(
        "“%(motion)s”：同意、反对、弃权的面积加起来与参加表决的面积相差 %(difference)s 平方米，请对照文件核对"
    )


class SaidUnknown(Refusal):
    message: ClassVar[str] = N_("“%(motion)s”：请选择文件写明的结论是通过还是未通过")


class NoRoll(Refusal):
    message: ClassVar[str] = N_("“%(motion)s”：名册的人数和面积必须大于零，请对照文件核对")


class Figures(NamedTuple):
    """What the file says of one motion. `participated` leaves invalid ballots out; `invalid` counts them."""

    title: str
    text: str
    matter: str
    majority: Majority
    roll: Share
    participated: Share
    agree: Share
    oppose: Share
    abstain: Share
    invalid: Share
    said: str

    @property
    def value(self) -> dict[str, Any]:
        pairs = {
            name: getattr(self, name)._asdict()
            for name in ("roll", "participated", "agree", "oppose", "abstain", "invalid")
        }
        return {
            "title": self.title,
            "text": self.text,
            "matter": self.matter,
            "class": self.majority.value,
            "said": self.said,
            **pairs,
        }


def figures(value: Mapping[str, Any]) -> Figures:
    """Read what `Figures.value` wrote."""
    pairs = {name: Share(**value[name]) for name in ("roll", "participated", *PARTS, "invalid")}
    return Figures(
        title=value["title"],
        text=value["text"],
        matter=value["matter"],
        majority=Majority(value["class"]),
        said=value["said"],
        **pairs,
    )


def check(given: Figures) -> None:
    """Bounds and sums; anything that does not fit is a slip of the hand or a wrong file."""
    if given.said not in (Outcome.PASSED, Outcome.FAILED):
        raise SaidUnknown(motion=given.title)
    if given.roll.heads <= 0 or given.roll.area <= 0:
        raise NoRoll(motion=given.title)
    everybody = given.participated + given.invalid
    if everybody.heads > given.roll.heads or everybody.area > given.roll.area:
        raise MoreThanRoll(motion=given.title)
    total = given.agree + given.oppose + given.abstain
    if total.heads != given.participated.heads:
        raise DoesNotAddUp(motion=given.title, heads=total.heads, participated=given.participated.heads)
    if total.area != given.participated.area:
        difference = thresholds.figure(abs(total.area - given.participated.area), area=True)
        raise AreaDoesNotAddUp(motion=given.title, difference=difference)


class Judged(NamedTuple):
    """The sums of 民法典 278 over the file's figures, without and with the invalid ballots in the base (R1.35)."""

    figures: Figures
    without_invalid: Decision
    with_invalid: Decision

    @property
    def outcome(self) -> Outcome:
        return thresholds.outcome(self.with_invalid, self.without_invalid)

    @property
    def agrees(self) -> bool:
        """Whether our sums say what the file says; a result that needs review contradicts neither word of it."""
        return self.outcome is Outcome.REVIEW or self.outcome.value == self.figures.said


def judge(given: Figures) -> Judged:
    """What 民法典 278 makes of the figures."""

    def decided(participated: Share) -> Decision:
        return thresholds.decide(
            matter(given.matter),
            roll=given.roll,
            participated=participated,
            agreed=given.agree,
            majority=given.majority,
        )

    return Judged(given, decided(given.participated), decided(given.participated + given.invalid))

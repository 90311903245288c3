"""When an election's result gives offices (rules.md R2.6)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal
from voting.rules.election import Contest, Standing, standing, stands


class Role(StrEnum):
    """What a candidate came out of the election as; `elected` sorts behind `alternate`."""

    ELECTED = "elected"
    ALTERNATE = "alternate"


class UnderReview(Refusal):
    message: ClassVar[str] = N_("选举结果有候选人待法律审查，谁当选还不确定，不能办理就任")
    status: ClassVar[int] = 409


class NoCommittee(Refusal):
    message: ClassVar[str] = N_(
        "当选人数达不到法定人数或没有超过应选名额的一半，委员会没有产生，要补充选举，不能办理就任"
    )
    status: ClassVar[int] = 409


def check_stands(outcomes: Iterable[Standing], whole: Contest, members: int) -> None:
    """Refuse what gives the community no body. `whole` is the election of the full body; `members` are those who sit
    or won a seat in it or in the supplementary elections after it (R2.6): they need the legal minimum and more than
    half of all seats together."""
    if Standing.REVIEW in outcomes:
        raise UnderReview
    if not stands(standing(whole, members)):
        raise NoCommittee

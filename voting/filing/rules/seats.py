"""When an election's result gives offices (rules.md R2.6)."""

from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal
from voting.rules.election import Standing, stands


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


def check_stands(outcome: Standing) -> None:
    """Refuse a result that gives the community no committee."""
    if outcome is Standing.REVIEW:
        raise UnderReview
    if not stands(outcome):
        raise NoCommittee

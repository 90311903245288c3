"""The states of an election before its ballot, and of a candidate; which step follows which."""

from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal


class State(StrEnum):
    """From the call for candidates to the drafted assembly; what follows is the assembly's own life."""

    NOMINATION = "nomination"
    SCREENING = "screening"
    DISPLAY = "display"
    DRAFTED = "drafted"
    CANCELLED = "cancelled"


STATE_TITLES = {
    State.NOMINATION: N_("提名中"),
    State.SCREENING: N_("资格审查中"),
    State.DISPLAY: N_("候选人公示"),
    State.DRAFTED: N_("已编入业主大会"),
    State.CANCELLED: N_("已取消"),
}

# Screening goes back to nomination when too few may stand; a drafted ballot goes back to the list before its notice.
FOLLOWS = {
    State.NOMINATION: {State.SCREENING, State.CANCELLED},
    State.SCREENING: {State.NOMINATION, State.DISPLAY, State.CANCELLED},
    State.DISPLAY: {State.DRAFTED, State.CANCELLED},
    State.DRAFTED: {State.DISPLAY},
    State.CANCELLED: set[State](),
}


class CandidateState(StrEnum):
    NOMINATED = "nominated"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


CANDIDATE_TITLES = {
    CandidateState.NOMINATED: N_("待审查"),
    CandidateState.ACCEPTED: N_("审查通过"),
    CandidateState.REFUSED: N_("审查未通过"),
    CandidateState.WITHDRAWN: N_("本人已退出"),
}


class Channel(StrEnum):
    """How somebody was nominated (R2.4; Beijing 40)."""

    SELF = "self"
    JOINT = "joint"
    BRANCH = "branch"
    RESIDENTS = "residents"


CHANNEL_TITLES = {
    Channel.SELF: N_("业主自荐"),
    Channel.JOINT: N_("业主联名推荐"),
    Channel.BRANCH: N_("小区党支部推荐"),
    Channel.RESIDENTS: N_("居民委员会推荐"),
}


class WrongStep(Refusal):
    message: ClassVar[str] = N_("选举现在处于“%(state)s”，不能做这一步")
    status: ClassVar[int] = 409


def check_step(state: State, *allowed: State) -> None:
    """Refuse what belongs to another phase."""
    if state not in allowed:
        raise WrongStep(state=STATE_TITLES[state])


def check_follows(state: State, target: State) -> None:
    if target not in FOLLOWS[state]:
        raise WrongStep(state=STATE_TITLES[state])

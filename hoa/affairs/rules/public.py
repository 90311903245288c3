"""What the public may read of a suggestion's history. Pure.

Everybody sees every step and its day, for a clock that nobody can check is no promise. Of the reasons only those are
public that explain to everybody why nothing happens: why the clock stands still, and why a suggestion was not taken up;
they pass the mask. What a reporter wrote (reopening, withdrawing, rating), what was written to the reporter (progress
and answers, until they are published) and what offices wrote to each other is not (trust.md 20).
"""

from hoa.affairs.rules.states import Action, State
from hoa.kernel.errors import N_

REASONS = frozenset({Action.PAUSE, Action.REFUSE})
# Whom a step names: the unit to which it was given, or which acted.
NAMED = frozenset({Action.ASSIGN, Action.REASSIGN, Action.PAUSE, Action.PROGRESS, Action.ANSWER, Action.SUPERVISE})
NEXT: dict[State, str] = {
    State.RECEIVED: N_("接下来：分类并交给承办单位"),
    State.ASSIGNED: N_("接下来：承办单位反馈结果"),
    State.PAUSED: N_("接下来：恢复计时，继续办理"),
    State.ANSWERED: N_("接下来：提出诉求的人评价"),
    State.RATED: N_("接下来：隐去个人信息后公示"),
}


def reason_is_public(action: Action) -> bool:
    return action in REASONS

"""The suggestion loop as one state machine: 梳理 → 交办 → 督办 → 评价 → 公示 (rules.md 8: Bishan, Lüliang).

Every step has a name, an actor and a state that follows. Overdue is no state: it is what the clock says about an
assigned suggestion; a supervision letter and an escalation are steps that leave the state as it is.
"""

from collections.abc import Mapping
from enum import StrEnum

from hoa.kernel.errors import N_, Refusal


class State(StrEnum):
    RECEIVED = "received"  # 待梳理
    ASSIGNED = "assigned"  # 办理中
    PAUSED = "paused"  # 已中止计时
    ANSWERED = "answered"  # 待评价
    RATED = "rated"  # 已评价
    PUBLISHED = "published"  # 已公示
    MERGED = "merged"  # 已并入另一件
    REFUSED = "refused"  # 不予受理
    WITHDRAWN = "withdrawn"  # 已撤回


class Action(StrEnum):
    RECEIVE = "receive"
    ANSWER_AT_ONCE = "answer_at_once"  # 即办: triage itself answers
    ASSIGN = "assign"  # 交办 (代办, 上报)
    HAND_BACK = "hand_back"  # the handler says why it is not theirs; back to the desk
    REASSIGN = "reassign"  # the desk gives it to another handler; the clock runs on
    PROGRESS = "progress"  # 反馈进展
    PAUSE = "pause"
    RESUME = "resume"
    SUPERVISE = "supervise"  # 督办函
    ESCALATE = "escalate"
    REMIND = "remind"  # the platform reminds the handler before the last day, and once it has passed
    RECKON = "reckon"  # a year was announced: the provisional last day is counted again
    ANSWER = "answer"  # 反馈结果
    RATE = "rate"
    LAPSE = "lapse"  # nobody rated in time
    REOPEN = "reopen"
    CHECK = "check"  # 回访、实地验收
    PUBLISH = "publish"
    MERGE = "merge"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    CLUSTER = "cluster"  # 归入共性问题
    UNCLUSTER = "uncluster"  # it was put there by mistake
    RAISE = "raise"  # 共性问题上报
    DISCUSS = "discuss"  # became part of a topic
    PHOTO = "photo"  # pictures that came on their own


class Actor(StrEnum):
    REPORTER = "reporter"
    DESK = "desk"  # who sorts: the residents' committee's and the committee's people
    HANDLER = "handler"
    SUPERVISOR = "supervisor"  # supervisory committee, residents' committee, street
    CLOCK = "clock"  # the platform, on a day


class Sorting(StrEnum):
    """Triage's three classes (龙王沱: 即办 35, 代办 7, 上报 2)."""

    AT_ONCE = "at_once"  # 即办
    UNDERTAKEN = "undertaken"  # 代办
    REFERRED = "referred"  # 上报


class NotNow(Refusal):
    """The step does not fit how the suggestion stands; the page was probably old."""

    message = N_("这件诉求现在是“%(state)s”，不能做“%(action)s”；请刷新页面看看最新情况")
    status = 409


STATE_NAMES: Mapping[State, str] = {
    State.RECEIVED: N_("待梳理"),
    State.ASSIGNED: N_("办理中"),
    State.PAUSED: N_("计时中止"),
    State.ANSWERED: N_("待评价"),
    State.RATED: N_("已评价"),
    State.PUBLISHED: N_("已公示"),
    State.MERGED: N_("已合并"),
    State.REFUSED: N_("不予受理"),
    State.WITHDRAWN: N_("已撤回"),
}
ACTION_NAMES: Mapping[Action, str] = {
    Action.RECEIVE: N_("收到诉求"),
    Action.ANSWER_AT_ONCE: N_("即办答复"),
    Action.ASSIGN: N_("交办"),
    Action.HAND_BACK: N_("退回重新交办"),
    Action.REASSIGN: N_("改派"),
    Action.PROGRESS: N_("反馈进展"),
    Action.PAUSE: N_("中止计时"),
    Action.RESUME: N_("恢复计时"),
    Action.SUPERVISE: N_("发督办函"),
    Action.ESCALATE: N_("升级督办"),
    Action.REMIND: N_("提醒承办单位"),
    Action.RECKON: N_("重新计算期限"),
    Action.ANSWER: N_("反馈结果"),
    Action.RATE: N_("评价"),
    Action.LAPSE: N_("逾期未评价"),
    Action.REOPEN: N_("要求重办"),
    Action.CHECK: N_("回访验收"),
    Action.PUBLISH: N_("公示"),
    Action.MERGE: N_("合并"),
    Action.REFUSE: N_("不予受理"),
    Action.WITHDRAW: N_("撤回"),
    Action.CLUSTER: N_("归入共性问题"),
    Action.UNCLUSTER: N_("移出共性问题"),
    Action.RAISE: N_("共性问题上报"),
    Action.DISCUSS: N_("转为议题"),
    Action.PHOTO: N_("补照片"),
}
SORTING_NAMES: Mapping[Sorting, str] = {
    Sorting.AT_ONCE: N_("即办"),
    Sorting.UNDERTAKEN: N_("代办"),
    Sorting.REFERRED: N_("上报"),
}

# The state that follows; an action without one here leaves the state as it is.
_NEXT: Mapping[Action, State] = {
    Action.ANSWER_AT_ONCE: State.ANSWERED,
    Action.ASSIGN: State.ASSIGNED,
    Action.HAND_BACK: State.RECEIVED,
    Action.PAUSE: State.PAUSED,
    Action.RESUME: State.ASSIGNED,
    Action.ANSWER: State.ANSWERED,
    Action.RATE: State.RATED,
    Action.LAPSE: State.RATED,
    Action.REOPEN: State.ASSIGNED,
    Action.PUBLISH: State.PUBLISHED,
    Action.MERGE: State.MERGED,
    Action.REFUSE: State.REFUSED,
    Action.WITHDRAW: State.WITHDRAWN,
}
OPEN = frozenset({State.RECEIVED, State.ASSIGNED, State.PAUSED})
DONE = frozenset({State.ANSWERED, State.RATED, State.PUBLISHED})
_FROM: Mapping[Action, frozenset[State]] = {
    Action.ANSWER_AT_ONCE: frozenset({State.RECEIVED}),
    Action.ASSIGN: frozenset({State.RECEIVED}),
    Action.HAND_BACK: frozenset({State.ASSIGNED}),
    Action.REASSIGN: frozenset({State.ASSIGNED, State.PAUSED}),
    Action.PROGRESS: frozenset({State.ASSIGNED, State.PAUSED}),
    Action.PAUSE: frozenset({State.ASSIGNED}),
    Action.RESUME: frozenset({State.PAUSED}),
    Action.SUPERVISE: frozenset({State.ASSIGNED}),
    Action.ESCALATE: frozenset({State.ASSIGNED}),
    Action.REMIND: frozenset({State.ASSIGNED}),
    Action.RECKON: OPEN,
    Action.ANSWER: frozenset({State.ASSIGNED, State.PAUSED}),
    Action.RATE: frozenset({State.ANSWERED}),
    Action.LAPSE: frozenset({State.ANSWERED}),
    Action.REOPEN: frozenset({State.ANSWERED, State.RATED}),
    Action.CHECK: frozenset({State.ANSWERED, State.RATED, State.PUBLISHED}),
    Action.PUBLISH: frozenset({State.RATED}),
    Action.MERGE: frozenset({State.RECEIVED, State.ASSIGNED, State.PAUSED}),
    Action.REFUSE: frozenset({State.RECEIVED}),
    Action.WITHDRAW: frozenset({State.RECEIVED}),
    Action.CLUSTER: OPEN,
    Action.UNCLUSTER: OPEN,
    Action.RAISE: OPEN,
    Action.DISCUSS: OPEN | DONE,
    Action.PHOTO: OPEN | DONE,
}


def allowed(state: State, action: Action) -> bool:
    return state in _FROM.get(action, frozenset())


def follow(state: State, action: Action, *, handled: bool = True) -> State:
    """The state after `action`; NotNow when it does not fit. What nobody handles (`handled`) goes back to the desk
    when it is reopened: triage had answered it itself, or the unit is gone.
    """
    if not allowed(state, action):
        raise NotNow(state=STATE_NAMES[state], action=ACTION_NAMES[action])
    if action is Action.REOPEN and not handled:
        return State.RECEIVED
    return _NEXT.get(action, state)

"""The life of a finding (问题) and of a question (质询): who may take which step, and by when the next one is due.

One life for both (R2.23: query → reply → correction): the committee answers, the supervisors decide what the answer is
worth. PURE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import Calendar, Due

LONGEST = 2000
TITLE_LENGTH = 80


class Kind(StrEnum):
    FINDING = "finding"
    QUESTION = "question"


KIND_NAMES: Mapping[Kind, str] = {Kind.FINDING: N_("问题"), Kind.QUESTION: N_("质询")}


class State(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    ESCALATED = "escalated"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


STATE_NAMES: Mapping[State, str] = {
    State.OPEN: N_("等业主委员会答复"),
    State.ANSWERED: N_("已答复，等监督委员会认定"),
    State.ESCALATED: N_("已提请街道办事处处理"),
    State.ACCEPTED: N_("说明成立，办结"),
    State.CORRECTED: N_("已改正，办结"),
    State.WITHDRAWN: N_("监督委员会撤回"),
}
CLOSED = frozenset({State.ACCEPTED, State.CORRECTED, State.WITHDRAWN})


class Act(StrEnum):
    RAISE = "raise"
    SEEN = "seen"
    ANSWER = "answer"
    RETURN = "return"
    ACCEPT = "accept"
    CORRECT = "correct"
    ESCALATE = "escalate"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    PUBLISH = "publish"


ACT_NAMES: Mapping[Act, str] = {
    Act.RAISE: N_("提出"),
    Act.SEEN: N_("又在检查中发现"),
    Act.ANSWER: N_("业主委员会答复"),
    Act.RETURN: N_("退回重新答复"),
    Act.ACCEPT: N_("认定说明成立"),
    Act.CORRECT: N_("认定已改正"),
    Act.ESCALATE: N_("提请街道办事处处理"),
    Act.WITHDRAW: N_("撤回"),
    Act.REOPEN: N_("重新打开"),
    Act.PUBLISH: N_("向业主公开"),
}

_WAITING = frozenset({State.OPEN, State.ANSWERED, State.ESCALATED})
# From which states an act is possible, and the state it leads to.
MOVES: Mapping[Act, tuple[frozenset[State], State]] = {
    Act.ANSWER: (_WAITING, State.ANSWERED),
    Act.RETURN: (frozenset({State.ANSWERED}), State.OPEN),
    Act.ACCEPT: (frozenset({State.ANSWERED}), State.ACCEPTED),
    Act.CORRECT: (_WAITING, State.CORRECTED),
    Act.ESCALATE: (frozenset({State.OPEN, State.ANSWERED}), State.ESCALATED),
    Act.WITHDRAW: (_WAITING, State.WITHDRAWN),
    Act.REOPEN: (CLOSED, State.OPEN),
}
# These start the clock of the answer anew.
RESTARTS = frozenset({Act.RETURN, Act.REOPEN})
DECISIONS = (Act.ACCEPT, Act.CORRECT, Act.RETURN, Act.ESCALATE, Act.WITHDRAW, Act.REOPEN)


class NotNow(Refusal):
    message: ClassVar[str] = N_("现在不能办这一步：这一项的状态是“%(state)s”")
    status: ClassVar[int] = 409


class NoWords(Refusal):
    message: ClassVar[str] = N_("请写明内容或理由，最多 %(most)s 个字")


class NoTitle(Refusal):
    message: ClassVar[str] = N_("请写明是什么问题，最多 %(most)s 个字")


class NothingNamed(Refusal):
    message: ClassVar[str] = N_("认定已改正，要指明更正的凭证，或者写明是哪一份材料")


class DueInThePast(Refusal):
    message: ClassVar[str] = N_("期限 %(due)s 不能早于今天")


def after(act: Act, state: State) -> State:
    """The state that an act leads to, or NotNow."""
    allowed, target = MOVES[act]
    if state not in allowed:
        raise NotNow(state=STATE_NAMES[state])
    return target


def possible(state: State) -> tuple[Act, ...]:
    """What the supervisors may decide now."""
    return tuple(act for act in DECISIONS if state in MOVES[act][0])


def check_words(text: str) -> str:
    """What somebody says of a case: something, and not more than a page."""
    if not 0 < len(text.strip()) <= LONGEST:
        raise NoWords(most=LONGEST)
    return text.strip()


def check_title(text: str) -> str:
    if not 0 < len(text.strip()) <= TITLE_LENGTH:
        raise NoTitle(most=TITLE_LENGTH)
    return text.strip()


def answer_due(kind: Kind, start: date, calendar: Calendar, terms: "Terms") -> Due:
    """The last day for the committee's answer: working days, the first day not counted (民法典 201)."""
    days = terms.question_working_days if kind is Kind.QUESTION else terms.finding_working_days
    return calendar.due(start, days)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The clocks of supervision, from the rule pack."""

    question_working_days: int
    finding_working_days: int
    feedback_days: int


def is_late(state: State, due_on: date, day: date) -> bool:
    """Past its last day without an answer, or escalated and still not settled."""
    return state in (State.OPEN, State.ESCALATED) and day > due_on

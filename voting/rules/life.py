"""The life of an assembly: draft → noticed → open → cut off → closed → tallied → announced, never backwards
(voting-record.md 2)."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal


class State(StrEnum):
    """Where an assembly stands; each is reached exactly once, by one event with who, when and why."""

    DRAFT = "draft"
    NOTICED = "noticed"
    OPEN = "open"
    CUT_OFF = "cut-off"
    CLOSED = "closed"
    TALLIED = "tallied"
    ANNOUNCED = "announced"


ORDER = tuple(State)
STATE_TITLES = {
    State.DRAFT: N_("起草中"),
    State.NOTICED: N_("已公告，未开始"),
    State.OPEN: N_("正在表决"),
    State.CUT_OFF: N_("已截止，待封票"),
    State.CLOSED: N_("已封票，待计票"),
    State.TALLIED: N_("已计票，待公布"),
    State.ANNOUNCED: N_("已公布"),
}

STEP_TITLES = {
    State.DRAFT: N_("起草"),
    State.NOTICED: N_("公告"),
    State.OPEN: N_("开始表决"),
    State.CUT_OFF: N_("截止收票"),
    State.CLOSED: N_("封票"),
    State.TALLIED: N_("计票"),
    State.ANNOUNCED: N_("公布结果"),
}


class NotTheNextStep(Refusal):
    """Steps are taken in order and once; a second press of the same button finds the step already taken."""

    message: ClassVar[str] = N_("这一步现在不能做：会议目前的状态不允许，请刷新页面查看最新状态")
    status: ClassVar[int] = 409


class TooEarly(Refusal):
    message: ClassVar[str] = N_("还没有到公告写明的时间 %(due)s，这一步不能提前做")
    status: ClassVar[int] = 409


def successor(state: State) -> State | None:
    """The only state that may follow."""
    place = ORDER.index(state)
    return ORDER[place + 1] if place + 1 < len(ORDER) else None


def step(state: State, target: State) -> State:
    """Take one step: `target` must be what comes next, otherwise nothing happens and the step is refused."""
    if successor(state) is not target:
        raise NotTheNextStep(state=state.value, target=target.value)
    return target


def not_before(due: datetime, now: datetime) -> None:
    """Refuse what the notice promised for a later moment: opening and cut-off are what every owner was told."""
    if now < due:
        raise TooEarly(due=f"{due:%Y-%m-%d %H:%M}")


def due_step(
    state: State, *, opens: datetime, closes: datetime, now: datetime, held: bool = False, settled: bool = True
) -> State | None:
    """The step that the schedule asks for at `now`: opening, cut-off, then the close that seals the log; the rest is
    for people. A cut-off that is `held` after the clock jumped waits for people too, and so does the close while
    something is left to do by hand (`settled` False)."""
    if state is State.NOTICED and now >= opens:
        return State.OPEN
    if state is State.OPEN and now >= closes and not held:
        return State.CUT_OFF
    if state is State.CUT_OFF and settled:
        return State.CLOSED
    return None

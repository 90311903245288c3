"""The words of a preparation, and its steps as lines to be read: how long, whose turn, by which article."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from flask_babel import gettext

from hoa.kernel.errors import N_
from hoa.kernel.packs import RulePack
from hoa.offices.preparing.progress import Progress
from hoa.offices.preparing.rules.clock import State, Step, Turn
from hoa.offices.preparing.rules.trigger import Kind
from hoa.offices.preparing.tables import PreparationStep
from hoa.web.i18n import day as in_words

TITLES: Mapping[Kind, str] = {Kind.FIRST: N_("首次业主大会筹备"), Kind.RE_ELECTION: N_("换届筹备")}
GROUPS: Mapping[Kind, str] = {Kind.FIRST: N_("筹备组"), Kind.RE_ELECTION: N_("换届小组")}
STEPS: Mapping[str, str] = {
    "papers": N_("建设单位报送筹备资料"),
    "review": N_("核实筹备申请"),
    "report": N_("报告换届"),
    "form": N_("成立小组"),
    "members": N_("公告成员名单"),
    "publish": N_("公告筹备内容"),
    "assembly": N_("召开会议"),
}
OWN_STEPS: Mapping[tuple[Kind, str], str] = {
    (Kind.FIRST, "form"): N_("成立筹备组"),
    (Kind.FIRST, "assembly"): N_("召开首次业主大会会议"),
    (Kind.RE_ELECTION, "form"): N_("成立换届小组"),
    (Kind.RE_ELECTION, "assembly"): N_("召开换届选举会议"),
}
TURNS: Mapping[Turn, str] = {
    Turn.DEVELOPER: N_("建设单位"),
    Turn.COMMITTEE: N_("业主委员会"),
    Turn.STREET: N_("街道办事处"),
}
STATES: Mapping[State, tuple[str, str, str]] = {
    State.DONE: (N_("已完成"), "ok", "done"),
    State.DONE_LATE: (N_("已完成，超期"), "warn", "done"),
    State.LATE: (N_("已超期"), "error", "late"),
    State.NOW: (N_("正在办"), "ink", "now"),
    State.WAITING: (N_("还没到"), "plain", "todo"),
}
# Where a term comes from no rule pack.
FILING_ARTICLE = N_("《业主大会和业主委员会指导规则》第八条：建设单位按街道的要求及时报送")


class Line(NamedTuple):
    """A step as the page shows it. `kind` colours the word of its state, `mark` is its place on the timeline."""

    code: str
    title: str
    turn: str
    state: State
    word: str
    kind: str
    place: str
    clock: Sequence[str]
    basis: str
    taken: PreparationStep | None
    deadline: date | None
    late_by: int


def step_title(code: str, kind: Kind) -> str:
    return str(gettext(OWN_STEPS.get((kind, code), STEPS[code])))


def turn_name(turn: Turn, kind: Kind) -> str:
    return str(gettext(TURNS[turn] if turn in TURNS else GROUPS[kind]))


def line(found: Progress, step: Step, today: date) -> Line:
    """One step in words."""
    state = step.state(today)
    word, colour, place = STATES[state]
    left = step.days_left(today)
    return Line(
        code=step.code,
        title=step_title(step.code, found.row.what),
        turn=turn_name(step.turn, found.row.what),
        state=state,
        word=gettext(word),
        kind=colour,
        place=place,
        clock=list(_clock(step, state, today)),
        basis=basis(found.pack, step),
        taken=found.mark(step.code),
        deadline=step.deadline.day if step.deadline else None,
        late_by=-left if state is State.LATE and left is not None else 0,
    )


def lines(found: Progress, today: date) -> list[Line]:
    return [line(found, step, today) for step in found.steps]


def basis(pack: RulePack, step: Step) -> str:
    """The article: the rule pack's own source, as it stands there."""
    return pack.parameters[step.parameter].source if step.parameter else str(gettext(FILING_ARTICLE))


def _clock(step: Step, state: State, today: date) -> Sequence[str]:
    """How long, how much of it is gone, the last day; what a rest day means for it."""
    term = step.deadline
    if step.done_on is not None:
        done = gettext("%(day)s 完成", day=in_words(step.done_on))
        last = [gettext("最迟 %(day)s", day=in_words(term.day))] if term and state is State.DONE_LATE else []
        return [done, *last]
    if term is None:
        return [gettext("没有规定天数，应及时办理")]
    said: list[str] = []
    if term.since is not None and not term.forecast:
        said.append(gettext("%(total)s 天", total=(term.counted - term.since).days))
        said.append(gettext("已过 %(days)s 天", days=max(step.days_passed(today) or 0, 0)))
    said.append(gettext("最迟 %(day)s", day=in_words(term.day)))
    if term.forecast:
        said.append(gettext("按前面各步最迟的日子推算"))
    if term.day != term.counted:
        said.append(gettext("%(day)s 是休息日，顺延到下一个工作日（民法典第 203 条）", day=in_words(term.counted)))
    elif term.practical != term.day:
        said.append(gettext("这天是休息日，不顺延，请在 %(day)s 前办好", day=in_words(term.practical)))
    if term.provisional:
        said.append(gettext("放假安排还没有公布，日期可能变动"))
    return said

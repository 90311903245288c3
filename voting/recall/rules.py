"""How far a recall is, until when the member may answer, and what the motion says (rules.md R2.12). Pure."""

from datetime import date
from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal
from voting.rules.motion_templates import is_unfilled

# Reason and defence get the same room, so that neither is told at greater length than the other.
TEXT_LENGTH = 1500
OWNERS, MEMBERS = "owners", "members"
ALLOWED = "allowed"


class Stage(StrEnum):
    """How far a recall is."""

    COLLECTING = "collecting"
    DEFENDING = "defending"
    READY = "ready"
    DRAFTED = "drafted"
    DECIDED = "decided"
    LEFT = "left"
    LAPSED = "lapsed"


STAGES = {
    Stage.COLLECTING: N_("正在联名"),
    Stage.DEFENDING: N_("等本人申辩"),
    Stage.READY: N_("等起草表决"),
    Stage.DRAFTED: N_("已列入表决"),
    Stage.DECIDED: N_("已表决"),
    Stage.LEFT: N_("本人已离任"),
    Stage.LAPSED: N_("联名到期，提议失效"),
}


class TextTooLong(Refusal):
    message: ClassVar[str] = N_("请写明内容，最多 %(most)s 个字；理由和申辩的篇幅相同")


class BlankLeft(Refusal):
    message: ClassVar[str] = N_("文字里不能留空（＿），请填好或者删去")


class DefenceOver(Refusal):
    message: ClassVar[str] = N_("申辩的时间已于 %(day)s 结束")
    status: ClassVar[int] = 409


class AlreadyDefended(Refusal):
    message: ClassVar[str] = N_("申辩已经提交，会原文印在公告里，不能再改")
    status: ClassVar[int] = 409


class StillDefending(Refusal):
    message: ClassVar[str] = N_("要先听取本人申辩：本人提交以后，或者 %(day)s 过后，才能起草表决")
    status: ClassVar[int] = 409


class Facts(NamedTuple):
    """What decides how far a recall is. `collect_by` is the last day for signatures; `defence_by` the last day of
    defence, known once enough have signed.
    """

    reached: bool
    collect_by: date
    defence_by: date | None
    defended: bool
    drafted: bool
    decided: bool
    left: bool


def stage(facts: Facts, today: date) -> Stage:
    """The day after the last day of defence a motion may be drafted without an answer; before it only with one. A
    demand that too few have signed by its last day lapses, so that a feeble one stands in nobody's way.
    """
    if facts.decided:
        return Stage.DECIDED
    if facts.drafted:
        return Stage.DRAFTED
    if facts.left:
        return Stage.LEFT
    if not facts.reached or facts.defence_by is None:
        return Stage.LAPSED if today > facts.collect_by else Stage.COLLECTING
    return Stage.READY if facts.defended or today > facts.defence_by else Stage.DEFENDING


def check_text(text: str) -> None:
    """What everybody will read word for word: not empty, no longer than the other side's, no blank that would keep the
    notice back."""
    if not 0 < len(text.strip()) <= TEXT_LENGTH:
        raise TextTooLong(most=TEXT_LENGTH)
    if is_unfilled(text):
        raise BlankLeft


class Case(NamedTuple):
    """What the motion prints. `behind` says who demands it, `absences` the attendance where that is a reason."""

    body: str
    post: str
    name: str
    behind: str
    reason: str
    absences: str
    defence: str
    defence_by: date


def title(post: str, name: str) -> str:
    return f"罢免{post}{name}"


def words(case: Case) -> str:
    """The motion's text: both sides under headings of the same kind, in the order in which they spoke."""
    answer = case.defence.strip() or f"本人在 {case.defence_by.isoformat()} 以前没有提交书面申辩。"
    parts = [
        f"是否罢免{case.post}{case.name}？{case.behind}",
        "一、提议人的理由",
        case.reason.strip(),
        *([case.absences] if case.absences else []),
        "二、本人的申辩",
        answer,
        f"三、表决的效果：同意的达到法定多数，其在{case.body}的职务自结果公布时终止；没有达到的，任职照旧。",
    ]
    return "\n".join(parts)

"""督办函: when one may be sent, in whose name, and what it says until somebody words it otherwise. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from hoa.affairs.rules import wording
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import RESIDENTS_STAFF, STREET_OFFICER, SUPERVISORS, Post
from hoa.kernel.workdays import Calendar

# What is proposed: three working days more, as 13710 asks for a report within three.
ANSWER_WORKING_DAYS = 3
LONGEST_WORKING_DAYS = 10

LEVEL_NAMES: Mapping[int, str] = {1: N_("网格"), 2: N_("社区"), 3: N_("街道")}

_PROPERTY_MANAGER = "property_manager"
# What the letter rests on, the law first. 民法典 285 binds whoever manages the property; the rest is practice.
_LAW = "《中华人民共和国民法典》第二百八十五条：物业服务企业接受业主的监督，并及时答复业主对物业服务情况提出的询问"
_PRACTICE = {
    "ten": "“码上提”办理机制：梳理、交办、督办、评价、公示，交办后在规定的工作日内反馈办理结果（重庆市璧山区做法）",
    "13710": "“13710”工作法：逐级明确时限，逾期发督办函（山西省吕梁市做法）",
}
_DUTY = "首问负责、限时办结：一件诉求由一个单位负责到底（重庆市璧山区龙王沱做法）"


class LetterRunning(Refusal):
    message = N_("督办函 %(label)s 要求最迟 %(day)s 答复，还没有到期，不用再发一份")
    status = 409


class AnswerBy(Refusal):
    message = N_("答复期限应当在明天到 %(last)s 之间")
    status = 422


class Facts(NamedTuple):
    """What a proposed letter is made from."""

    handler: str
    label: str
    title: str
    received: date
    assigned: date
    due: date
    overdue: int
    answer_by: date
    again: int


def level_of(posts: frozenset[Post]) -> int:
    """In whose name: the street office's, the residents' committee's, or that of the supervisors in the compound."""
    if STREET_OFFICER in posts:
        return 3
    return 2 if RESIDENTS_STAFF in posts else 1


def sender(posts: frozenset[Post]) -> str:
    """The kind of the body whose seal the letter takes."""
    if STREET_OFFICER in posts:
        return STREET_OFFICER.body
    if RESIDENTS_STAFF in posts:
        return RESIDENTS_STAFF.body
    return next(iter(SUPERVISORS)).body


def basis(body: str, profile: str) -> Sequence[str]:
    """What is cited to this handler: the Civil Code to whoever manages the property, the practice to everybody."""
    practice = _PRACTICE["ten" if profile == "ten" else "13710"]
    return (_LAW, practice, _DUTY) if body == _PROPERTY_MANAGER else (practice, _DUTY)


def proposed_day(today: date, calendar: Calendar) -> date:
    return calendar.due(today, ANSWER_WORKING_DAYS).day


def check_day(answer_by: date, today: date, calendar: Calendar) -> None:
    last = calendar.due(today, LONGEST_WORKING_DAYS).day
    if not today < answer_by <= last:
        raise AnswerBy(last=last.isoformat())


def proposed(facts: Facts) -> str:
    """The letter's words, from what is on record."""
    again = f"此前已发督办函 {facts.again} 份，仍未办结。" if facts.again else ""
    return wording.answer(
        f"业主提出的诉求“{facts.title}”（编号 {facts.label}，{_day(facts.received)}收到），"
        f"{_day(facts.assigned)}交你单位办理，应当最迟在 {_day(facts.due)}反馈办理结果。"
        f"到今天已逾期 {facts.overdue} 个工作日，没有收到办理结果。{again}\n"
        f"请你单位接到本函后立即办理，最迟在 {_day(facts.answer_by)}书面答复："
        "一、没有按期办结的原因；二、采取的措施和办理结果；三、暂时办不了的，说明困难和具体的办结日期。\n"
        "逾期不答复的，将按网格、社区、街道逐级上报，办理情况向全体业主公示。"
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

"""What an audit at the end of a term or of a member's office looks at (离任审计, R2.14, rules.md 6.1). PURE."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal

LONGEST = 4000
NOTE_LENGTH = 500

# rules.md 6.1 (1)–(3), then the handover list of R2.14.
POINTS: Mapping[str, str] = {
    "income": N_("公共收益全部、及时入账"),
    "decisions": N_("决策程序和用印符合约定"),
    "executed": N_("决议已公布并执行"),
    "posted": N_("账目按时登记、账账相符"),
    "off_book": N_("没有侵占挪用、账外账、小金库"),
    "procedure": N_("收支的程序、金额、范围与决议一致"),
    "rectified": N_("以前发现的问题已整改"),
    "archives": N_("档案已移交"),
    "seals": N_("印章已移交"),
    "accounts": N_("会计资料已移交"),
    "tokens": N_("银行印鉴、网银盾已移交"),
    "contracts": N_("合同已移交"),
    "assets": N_("共有财产已盘点移交"),
    "systems": N_("各系统的管理账号已移交"),
}


class Word(StrEnum):
    SOUND = "sound"
    WRONG = "wrong"
    NOT_HERE = "not-here"


WORD_NAMES: Mapping[Word, str] = {
    Word.SOUND: N_("没有问题"),
    Word.WRONG: N_("有问题"),
    Word.NOT_HERE: N_("不涉及"),
}


class Stage(StrEnum):
    CHECKING = "checking"
    FEEDBACK = "feedback"
    FINAL = "final"


STAGE_NAMES: Mapping[Stage, str] = {
    Stage.CHECKING: N_("正在检查"),
    Stage.FEEDBACK: N_("征求意见"),
    Stage.FINAL: N_("已定稿"),
}


class UnknownPoint(Refusal):
    message: ClassVar[str] = N_("没有这一项检查内容，请从列表中选择")


class NotAllChecked(Refusal):
    message: ClassVar[str] = N_("还有 %(count)s 项没有填写检查结果，填完才能征求意见")
    status: ClassVar[int] = 409


class WrongNeedsNote(Refusal):
    message: ClassVar[str] = N_("有问题的请写明情况，最多 %(most)s 个字")


class NoOpinion(Refusal):
    message: ClassVar[str] = N_("请写明审计意见，最多 %(most)s 个字")


class WrongStage(Refusal):
    message: ClassVar[str] = N_("这次审计的进度是“%(stage)s”，不能办这一步")
    status: ClassVar[int] = 409


class StillTime(Refusal):
    message: ClassVar[str] = N_("征求意见到 %(day)s 为止，有关的人还没有都答复，不能提前定稿")
    status: ClassVar[int] = 409


class NotConcerned(Refusal):
    message: ClassVar[str] = N_("只有离任的委员可以在这里反馈意见")
    status: ClassVar[int] = 403


def feedback_until(draft_on: date, days: int) -> date:
    """The last day on which those concerned may answer the draft."""
    return draft_on + timedelta(days=days)


def check_word(point: str, word: str, note: str) -> Word:
    """What is said of one point: a word, and a note where something is wrong."""
    if point not in POINTS or word not in {str(one) for one in Word}:
        raise UnknownPoint
    if len(note) > NOTE_LENGTH or (word == Word.WRONG and not note.strip()):
        raise WrongNeedsNote(most=NOTE_LENGTH)
    return Word(word)


def check_opinion(text: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST:
        raise NoOpinion(most=LONGEST)
    return text.strip()


def check_final(until: date, day: date, *, all_answered: bool) -> None:
    """Final after the days of feedback, or earlier when everybody concerned has answered."""
    if day <= until and not all_answered:
        raise StillTime(day=until.isoformat())

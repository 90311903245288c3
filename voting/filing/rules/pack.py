"""What is filed with the authority, and what is still missing from it (rules.md R2.8)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal


class Paper(StrEnum):
    """The documents of a filing, in the order in which they are bound."""

    APPLICATION = "application"
    MINUTES = "minutes"
    RESULT = "result"
    PROCEDURE = "procedure"
    COVENANT = "covenant"
    MEETING = "meeting"
    MEMBERS = "members"
    UNDERTAKINGS = "undertakings"


TITLES: Mapping[Paper, str] = {
    Paper.APPLICATION: N_("备案申请表"),
    Paper.MINUTES: N_("业主大会会议记录"),
    Paper.RESULT: N_("业主大会决定和选举结果"),
    Paper.PROCEDURE: N_("业主大会议事规则"),
    Paper.COVENANT: N_("管理规约"),
    Paper.MEETING: N_("业主委员会首次会议记录和决定"),
    Paper.MEMBERS: N_("委员和候补委员名单及基本情况"),
    Paper.UNDERTAKINGS: N_("委员和候补委员承诺书"),
}
# Union of 指导规则 33, 北京 43 and 上海 23; after a change of members only what changed is filed again.
NEEDED: Mapping[str, tuple[Paper, ...]] = {
    "election": tuple(Paper),
    "change": (Paper.APPLICATION, Paper.MEMBERS, Paper.UNDERTAKINGS),
}


class Missing(NamedTuple):
    """Why a document is not ready (a message id with its parameters), and whose turn it is."""

    why: str
    params: Mapping[str, object]
    turn: str


CONVENERS = N_("召集人（筹备组、换届小组或业主委员会主任、秘书）")
SIGNERS = N_("会议的召集人、计票人和监票人")
WRITERS = N_("筹备组，或业主委员会主任、秘书")
COMMITTEE = N_("业主委员会全体委员")
APPOINTERS = N_("街道办事处、居民委员会或筹备组")
CANDIDATES = N_("委员和候补委员本人")

MINUTES_NOT_FINISHED = N_("会议记录还没有定稿")
MINUTES_NOT_SIGNED = N_("会议记录有 %(signed)s 人签名，要 %(needed)s 人")
NOT_ANNOUNCED = N_("选举结果不在本平台上")
NO_TEXT = N_("平台上没有登记生效的文本")
NOT_MET = N_("首次会议还没有召开")
MEETING_NOT_SETTLED = N_("首次会议的记录还没有由过半数委员签名")
NO_CHAIR = N_("还没有推选主任")
NOT_IN_OFFICE = N_("有 %(number)s 名当选人还没有登记就任")
NOBODY = N_("还没有在任的委员")
NO_UNDERTAKING = N_("还缺 %(number)s 份承诺书：%(names)s")


class Incomplete(Refusal):
    message: ClassVar[str] = N_("备案材料还缺 %(number)s 项，只能先生成带“草稿”字样的版本")
    status: ClassVar[int] = 409


def check_complete(missing: Iterable[Missing | None]) -> None:
    """A pack that is not a draft has every document."""
    number = sum(one is not None for one in missing)
    if number:
        raise Incomplete(number=number)


def file_name(place: int, paper: Paper) -> str:
    """Under which name a document stands in the zip: plain letters, in the order of binding."""
    return f"{place:02d}-{paper.value}.pdf"

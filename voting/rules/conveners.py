"""Who may convene as what (物业管理条例 8–15; 指导规则 15, 51; rules.md R1.26): it follows from the post, never from
what is typed."""

from collections.abc import Iterable
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import (
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    PREPARATORY_GROUP,
    RESIDENTS_STAFF,
    STREET_OFFICER,
    Post,
)
from voting.rules.schedule import Form

COMMITTEE = N_("业主委员会")
PREPARATORY = N_("首次业主大会会议筹备组")
RE_ELECTION = N_("换届选举小组")
RESIDENTS = N_("居民委员会")
STREET = N_("街道办事处（乡镇人民政府）")
CONVENERS = (COMMITTEE, PREPARATORY, RE_ELECTION, RESIDENTS, STREET)

_MAY = {
    COMMITTEE_CHAIR: (COMMITTEE,),
    COMMITTEE_SECRETARY: (COMMITTEE,),
    **dict.fromkeys(PREPARATORY_GROUP, (PREPARATORY, RE_ELECTION)),
    # When a committee does not act, those who ordered it to may convene instead.
    RESIDENTS_STAFF: (RESIDENTS,),
    STREET_OFFICER: (STREET, RE_ELECTION),
}


class MayNotConvene(Refusal):
    message: ClassVar[str] = N_("您现在的职务不能以“%(convener)s”的名义召集，请选择您所在的机构")
    status: ClassVar[int] = 403


class FirstIsPrepared(Refusal):
    message: ClassVar[str] = N_("首次会议由筹备组、居民委员会或街道办事处召集，不由业主委员会召集")


def conveners(posts: Iterable[Post]) -> tuple[str, ...]:
    """As what somebody in these posts may convene, in the order of the list."""
    allowed = {convener for post in posts for convener in _MAY.get(post, ())}
    return tuple(convener for convener in CONVENERS if convener in allowed)


def check(convener: str, posts: Iterable[Post]) -> None:
    if convener not in conveners(posts):
        raise MayNotConvene(convener=convener)


def check_first(convener: str, kind: Form) -> None:
    """A committee does not exist before the first assembly has elected it (R1.24)."""
    if kind is Form.FIRST and convener in (COMMITTEE, RE_ELECTION):
        raise FirstIsPrepared

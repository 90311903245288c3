"""Whether what an assembly is to elect can be frozen by a notice (docs/audit-package.md 3; rules.md R2.4, R2.5).

The numbers themselves (how many seats, from when on) are the rule pack's and the nomination's affair; here is asked
only whether the record can be counted and checked by them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hoa.kernel.errors import N_, Refusal
from voting.rules.election import Contest, Rank, contest

# 民法典 278 names the election of the owners' committee (M3); of a supervisory committee it says nothing (M9). A
# self-management committee acts where there is no committee: both readings are found, and both ask the same majority.
MATTERS: Mapping[str, tuple[str, ...]] = {
    "owners_committee": ("M3",),
    "supervisory_committee": ("M9",),
    "self_management_committee": ("M3", "M9"),
}
_CODE = re.compile("[a-z0-9_-]{1,64}")
_WORDS = ("code", "title", "body", "rank")
_COUNTS = ("seats", "minimum", "alternates", "approve_at_most")


class ElectionIncomplete(Refusal):
    message: ClassVar[str] = N_("选举的资料缺少“%(field)s”，或者写得不对，请补正")


class UnknownBody(Refusal):
    message: ClassVar[str] = N_(
        "不认识要选的机构“%(body)s”：只能是 owners_committee、supervisory_committee 或 self_management_committee"
    )


class UnknownRank(Refusal):
    message: ClassVar[str] = N_("不认识当选的排序“%(rank)s”：只能是 heads-area-lot 或 area-heads-lot")


class SameElection(Refusal):
    message: ClassVar[str] = N_("有两项选举用了同一个代号 %(code)s，请改成不同的")


class NoCandidates(Refusal):
    message: ClassVar[str] = N_("选举“%(title)s”还没有候选人，不能公告")


class NoSuchCandidate(Refusal):
    message: ClassVar[str] = N_("选举“%(title)s”列出的候选人 %(motion)s 不是本次会议的表决事项，请核对候选人名单")


class CandidateTwice(Refusal):
    message: ClassVar[str] = N_("候选人 %(motion)s 在选举里列了两次，每人只能列一次")


class WrongMatter(Refusal):
    message: ClassVar[str] = N_("候选人 %(motion)s 的事项类别是 %(given)s，选举“%(title)s”应为 %(needed)s，请改正")


class WrongSeats(Refusal):
    message: ClassVar[str] = N_(
        "选举“%(title)s”的名额对不上：应选至少 1 人，有效的最少人数在 1 到 %(seats)s 之间，候补不能是负数"
    )


class WrongApprovals(Refusal):
    message: ClassVar[str] = N_(
        "选举“%(title)s”有 %(candidates)s 位候选人，一张票最多同意的人数应在 1 到 %(candidates)s 之间，现在是 %(given)s"
    )


def read(value: Mapping[str, Any]) -> Contest:
    """One election as drafted; refused with the field's name when a field is missing or not what it should be."""
    for name in _WORDS:
        if not isinstance(value.get(name), str) or not value[name].strip():
            raise ElectionIncomplete(field=name)
    for name in _COUNTS:
        if type(value.get(name)) is not int:
            raise ElectionIncomplete(field=name)
    motions = value.get("motions")
    if not isinstance(motions, list) or not all(isinstance(motion, str) for motion in motions):
        raise ElectionIncomplete(field="motions")
    if not _CODE.fullmatch(value["code"]):
        raise ElectionIncomplete(field="code")
    if value["body"] not in MATTERS:
        raise UnknownBody(body=value["body"][:60])
    if value["rank"] not in tuple(Rank):
        raise UnknownRank(rank=value["rank"][:60])
    return contest(value)


def check(values: Sequence[Mapping[str, Any]], matters: Mapping[str, str]) -> tuple[Contest, ...]:
    """Every election of a draft, or the first thing that is wrong with them; `matters` by the motions' codes."""
    contests = tuple(read(value) for value in values)
    codes: set[str] = set()
    taken: set[str] = set()
    for one in contests:
        if one.code in codes:
            raise SameElection(code=one.code)
        codes.add(one.code)
        for motion in one.motions:
            if motion not in matters:
                raise NoSuchCandidate(title=one.title, motion=motion)
            if motion in taken:
                raise CandidateTwice(motion=motion)
            taken.add(motion)
            needed = MATTERS[one.body]
            if matters[motion] not in needed:
                given, told = matters[motion], "、".join(needed)
                raise WrongMatter(title=one.title, motion=motion, given=given, needed=told)
        _numbers(one)
    return contests


def _numbers(one: Contest) -> None:
    if not one.motions:
        raise NoCandidates(title=one.title)
    if not 1 <= one.minimum <= one.seats or one.alternates < 0:
        raise WrongSeats(title=one.title, seats=one.seats)
    if not 1 <= one.approve_at_most <= len(one.motions):
        raise WrongApprovals(title=one.title, candidates=len(one.motions), given=one.approve_at_most)

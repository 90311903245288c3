"""The papers of a preparation: what the developer files, and what the group publishes before the first meeting
(指导规则 8 and 12; rules.md R1.22, R1.23).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from hoa.kernel.errors import N_
from hoa.offices.preparing.rules.trigger import Kind


class Paper(StrEnum):
    """What a file of a preparation is."""

    AREA_CERTIFICATE = "area_certificate"
    AREA_LIST = "area_list"
    OWNER_ROLL = "owner_roll"
    GENERAL_PLAN = "general_plan"
    SHARED_FACILITIES = "shared_facilities"
    SERVICE_ROOMS = "service_rooms"
    OWNERS = "owners"
    MEETING = "meeting"
    COVENANT = "covenant"
    PROCEDURE = "procedure"
    VOTING_RULES = "voting_rules"
    CANDIDATES = "candidates"
    ELECTION = "election"
    EVIDENCE = "evidence"


WORDS: Mapping[Paper, str] = {
    Paper.AREA_CERTIFICATE: N_("物业管理区域证明"),
    Paper.AREA_LIST: N_("建筑物及附属设施面积清册"),
    Paper.OWNER_ROLL: N_("业主名册"),
    Paper.GENERAL_PLAN: N_("规划总平面图"),
    Paper.SHARED_FACILITIES: N_("共用设施设备交付使用证明"),
    Paper.SERVICE_ROOMS: N_("物业服务用房证明"),
    Paper.OWNERS: N_("业主身份、人数和面积的确认"),
    Paper.MEETING: N_("会议时间、地点、形式和议程"),
    Paper.COVENANT: N_("管理规约草案"),
    Paper.PROCEDURE: N_("业主大会议事规则草案"),
    Paper.VOTING_RULES: N_("表决规则"),
    Paper.CANDIDATES: N_("候选人名单和产生办法"),
    Paper.ELECTION: N_("选举办法"),
    Paper.EVIDENCE: N_("其他材料"),
}
DEVELOPERS = (
    Paper.AREA_CERTIFICATE,
    Paper.AREA_LIST,
    Paper.OWNER_ROLL,
    Paper.GENERAL_PLAN,
    Paper.SHARED_FACILITIES,
    Paper.SERVICE_ROOMS,
)
PUBLISHED_FIRST = (
    Paper.OWNERS,
    Paper.MEETING,
    Paper.COVENANT,
    Paper.PROCEDURE,
    Paper.VOTING_RULES,
    Paper.CANDIDATES,
    Paper.ELECTION,
)
# The rules exist already when a committee is only elected anew.
PUBLISHED_RE_ELECTION = (Paper.OWNERS, Paper.MEETING, Paper.VOTING_RULES, Paper.CANDIDATES, Paper.ELECTION)


def filed(kind: Kind) -> tuple[Paper, ...]:
    """What the developer files; nothing for a re-election."""
    return DEVELOPERS if kind is Kind.FIRST else ()


def published(kind: Kind) -> tuple[Paper, ...]:
    """What owners must be told at least the pack's days before the meeting."""
    return PUBLISHED_FIRST if kind is Kind.FIRST else PUBLISHED_RE_ELECTION


def missing(wanted: Iterable[Paper], there: Iterable[Paper]) -> tuple[Paper, ...]:
    """What of `wanted` is not there, in the order of the law."""
    found = set(there)
    return tuple(paper for paper in wanted if paper not in found)

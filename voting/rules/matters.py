"""The nine matters owners decide together, M1 to M9, and the majority each needs (民法典 278; rules.md 1.1)."""

from enum import StrEnum
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal


class Majority(StrEnum):
    """Which half of 民法典 278 第二款 applies: more than half, or three quarters."""

    ORDINARY = "ordinary"
    SPECIAL = "special"


class Matter(NamedTuple):
    """One item of 民法典 278 第一款. The law's own words are the title, so that notice and law can be compared."""

    code: str
    title: str
    majority: Majority
    item: int

    @property
    def article(self) -> str:
        """The article a decision on this matter rests on, as it is printed."""
        return f"《中华人民共和国民法典》第二百七十八条第一款第{'一二三四五六七八九'[self.item - 1]}项、第二款"


class UnknownMatter(Refusal):
    message: ClassVar[str] = N_("没有事项类别 %(code)s：请用 M1 到 M9 之一（《民法典》第二百七十八条第一款的九项）")


MATTERS = {
    matter.code: matter
    for matter in (
        Matter("M1", N_("制定和修改业主大会议事规则"), Majority.ORDINARY, 1),
        Matter("M2", N_("制定和修改管理规约"), Majority.ORDINARY, 2),
        Matter("M3", N_("选举业主委员会或者更换业主委员会成员"), Majority.ORDINARY, 3),
        Matter("M4", N_("选聘和解聘物业服务企业或者其他管理人"), Majority.ORDINARY, 4),
        Matter("M5", N_("使用建筑物及其附属设施的维修资金"), Majority.ORDINARY, 5),
        Matter("M6", N_("筹集建筑物及其附属设施的维修资金"), Majority.SPECIAL, 6),
        Matter("M7", N_("改建、重建建筑物及其附属设施"), Majority.SPECIAL, 7),
        Matter("M8", N_("改变共有部分的用途或者利用共有部分从事经营活动"), Majority.SPECIAL, 8),
        Matter("M9", N_("有关共有和共同管理权利的其他重大事项"), Majority.ORDINARY, 9),
    )
}


def matter(code: str) -> Matter:
    """The matter with this code; anything else is refused with the list of what exists."""
    found = MATTERS.get(code.strip().upper())
    if found is None:
        raise UnknownMatter(code=code)
    return found

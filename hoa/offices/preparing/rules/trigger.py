"""When the first assembly is to be prepared: enough area handed over, and owners or the developer asking for it.

业主大会和业主委员会指导规则 8 and 9; 北京市物业管理条例 30; rules.md R1.22. Shares are compared as products of
integers, so that exactly half and exactly 5 % fall on the side the law says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal


class Kind(StrEnum):
    """What is prepared."""

    FIRST = "first"
    RE_ELECTION = "re-election"


class Ground(StrEnum):
    """Why it is prepared: a first assembly on somebody's report, a re-election because the committee ends."""

    DEVELOPER = "developer"
    OWNERS = "owners"
    TERM = "term"
    VACANCY = "vacancy"


GROUNDS: Mapping[Kind, tuple[Ground, ...]] = {
    Kind.FIRST: (Ground.OWNERS, Ground.DEVELOPER),
    Kind.RE_ELECTION: (Ground.TERM, Ground.VACANCY),
}
GROUND_WORDS: Mapping[Ground, str] = {
    Ground.OWNERS: N_("业主书面申请"),
    Ground.DEVELOPER: N_("建设单位书面报告"),
    Ground.TERM: N_("业主委员会任期届满"),
    Ground.VACANCY: N_("业主委员会委员不足半数"),
}
MORE_THAN_HALF, HALF = "more-than-half", "half"


class NotEnoughDelivered(Refusal):
    message: ClassVar[str] = N_(
        "已交付的专有部分面积 %(delivered)s 没有达到条件：总面积 %(total)s，还差 %(missing)s。面积数有误的，请先改正"
    )


class NotEnoughOwners(Refusal):
    message: ClassVar[str] = N_(
        "提出申请的业主 %(heads)s 人、%(area)s，人数和面积都不到 %(percent)s%%："
        "至少要 %(need_heads)s 人，或者 %(need_area)s"
    )


class ImpossibleShare(Refusal):
    message: ClassVar[str] = N_("部分不能大于全部：请核对已交付和申请的面积、人数")


@dataclass(frozen=True)
class Delivered:
    """The exclusive area handed over and all of it, in 0.01 m²."""

    area: int
    of_area: int

    def missing(self, word: str) -> int:
        """How much area (0.01 m²) must still be handed over under a pack's `preparatory_trigger`; 0 when it holds.

        `more-than-half` is strict, `half` includes exactly half (民法典 1259: 以上 includes the number).
        """
        needed = self.of_area // 2 + 1 if word == MORE_THAN_HALF else -(-self.of_area // 2)
        return max(needed - self.area, 0) if self.of_area else 1

    def reaches(self, word: str) -> bool:
        twice = 2 * self.area
        return self.of_area > 0 and (twice > self.of_area or (word == HALF and twice == self.of_area))


@dataclass(frozen=True)
class Request:
    """Who asked in writing: heads and area (0.01 m²), of all."""

    heads: int
    of_heads: int
    area: int
    of_area: int

    def reaches(self, percent: int) -> bool:
        """At least `percent` of heads or of area (北京 30); with 0 % one owner is enough."""
        if not self.heads:
            return False
        return 100 * self.heads >= percent * self.of_heads or 100 * self.area >= percent * self.of_area

    def needed_heads(self, percent: int) -> int:
        return max(-(-percent * self.of_heads // 100), 1)

    def needed_area(self, percent: int) -> int:
        return -(-percent * self.of_area // 100)


def check_possible(*pairs: tuple[int, int]) -> None:
    """Each (part, whole): a part is neither negative nor more than the whole."""
    if any(part < 0 or part > whole for part, whole in pairs):
        raise ImpossibleShare

"""The scorecard (履职评价表) of the committee: criteria with weights, points from 0 to 10, averages. PURE.

Points are integers; a total is in hundredths of a point out of 100, so that nothing depends on rounding on the way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hoa.kernel.errors import N_, Refusal

MOST_POINTS = 10
MOST_CRITERIA = 20
LONGEST = 120
REASON_LENGTH = 500
# Points under this need a reason of their own.
LOW_POINTS = 6

# What a community starts from; its supervisors rewrite it (design, no text prescribes a sheet).
FIRST_SHEET: tuple[tuple[str, int], ...] = (
    ("账目完整、按月对账结账", 25),
    ("按时公示、公示内容与账相符", 20),
    ("支出有决议、不超权限", 20),
    ("合同收入按期足额入账", 15),
    ("会议按时召开、记录完整", 10),
    ("答复质询和业主异议及时", 10),
)


class NoCriteria(Refusal):
    message: ClassVar[str] = N_("请至少写一条评价标准，最多 %(most)s 条，每条最多 %(long)s 个字")


class WeightsWrong(Refusal):
    message: ClassVar[str] = N_("各项权重合计应为 100，现在是 %(sum)s")


class BadWeight(Refusal):
    message: ClassVar[str] = N_("“%(criterion)s”的权重应是 1 到 100 的整数")


class BadPoints(Refusal):
    message: ClassVar[str] = N_("“%(criterion)s”请给 0 到 %(most)s 分")


class LowWithoutReason(Refusal):
    message: ClassVar[str] = N_("“%(criterion)s”低于 %(low)s 分，请写明理由")


class NoReason(Refusal):
    message: ClassVar[str] = N_("请写明总的理由，最多 %(most)s 个字")


class ReasonTooLong(Refusal):
    message: ClassVar[str] = N_("“%(criterion)s”的理由太长了，请控制在 %(most)s 个字以内")


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One line of the sheet; `weight` in percent."""

    title: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a rater gives for one criterion."""

    points: int
    reason: str = ""


def sheet(lines: Sequence[tuple[str, int]]) -> tuple[Criterion, ...]:
    """A sheet whose weights add up to 100."""
    found = tuple(Criterion(title=title.strip(), weight=weight) for title, weight in lines)
    if not found or len(found) > MOST_CRITERIA or not all(0 < len(one.title) <= LONGEST for one in found):
        raise NoCriteria(most=MOST_CRITERIA, long=LONGEST)
    for one in found:
        if not 1 <= one.weight <= 100:
            raise BadWeight(criterion=one.title)
    if (total := sum(one.weight for one in found)) != 100:
        raise WeightsWrong(sum=total)
    return found


def check_marks(criteria: Sequence[Criterion], marks: Sequence[Mark], reason: str) -> None:
    """Every criterion has points; low points and the whole have a reason."""
    for criterion, mark in zip(criteria, marks, strict=True):
        if not 0 <= mark.points <= MOST_POINTS:
            raise BadPoints(criterion=criterion.title, most=MOST_POINTS)
        if mark.points < LOW_POINTS and not mark.reason.strip():
            raise LowWithoutReason(criterion=criterion.title, low=LOW_POINTS)
        if len(mark.reason) > REASON_LENGTH:
            raise ReasonTooLong(criterion=criterion.title, most=REASON_LENGTH)
    if not 0 < len(reason.strip()) <= REASON_LENGTH:
        raise NoReason(most=REASON_LENGTH)


def total_centi(criteria: Sequence[Criterion], points: Sequence[int]) -> int:
    """One rater's total in hundredths of a point out of 100."""
    return sum(one.weight * given for one, given in zip(criteria, points, strict=True)) * 100 // MOST_POINTS


@dataclass(frozen=True, kw_only=True)
class Average:
    """What several raters gave together: hundredths of a point, and how many they were."""

    raters: int
    total_centi: int
    criteria_centi: tuple[int, ...]


def average(criteria: Sequence[Criterion], sheets: Sequence[Sequence[int]]) -> Average | None:
    """The means over all raters, rounded half up; None when nobody rated."""
    if not sheets:
        return None
    count = len(sheets)

    def mean(values: Sequence[int]) -> int:
        return (2 * sum(values) + count) // (2 * count)

    return Average(
        raters=count,
        total_centi=mean([total_centi(criteria, points) for points in sheets]),
        criteria_centi=tuple(mean([100 * points[no] for points in sheets]) for no in range(len(criteria))),
    )


def read(rows: Sequence[Mapping[str, Any]]) -> tuple[Criterion, ...]:
    """The criteria as a sheet keeps them."""
    return tuple(Criterion(title=str(row["title"]), weight=int(row["weight"])) for row in rows)

"""Allowances (津贴) of the members in office: standards decided by the assembly, paid by days (R2.17). PURE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from hoa.kernel.errors import N_, NotAllowed, Refusal


class StandardNeedsAssembly(Refusal):
    message: ClassVar[str] = N_("津贴标准要由业主大会决定，“%(title)s”不是业主大会决议")


class StandardBeforeDecision(Refusal):
    message: ClassVar[str] = N_("标准不能早于决议作出的 %(day)s，也不能晚于决议的期限")


class BadStandard(Refusal):
    message: ClassVar[str] = N_("每月标准必须大于零，结束日期不能早于开始日期")


class UnknownPost(Refusal):
    message: ClassVar[str] = N_("请从列表中选择职务")


class StandardOverlaps(Refusal):
    message: ClassVar[str] = N_("%(post)s 从 %(day)s 起已经有一个标准，请先写明它到哪天为止")
    status: ClassVar[int] = 409


class MonthNotOverYet(Refusal):
    message: ClassVar[str] = N_("%(month)s 还没有过完，月底以后才能发这个月的津贴")


class NobodyEntitled(Refusal):
    message: ClassVar[str] = N_("%(month)s 没有人按标准领津贴：请先登记标准，并核对任职")


class MonthAlreadyRun(Refusal):
    message: ClassVar[str] = N_("%(month)s 的津贴已经做过了")
    status: ClassVar[int] = 409


class StaleAllowances(Refusal):
    message: ClassVar[str] = N_("清单做好以后任职或标准有了变化，不能核对。请重新生成")
    status: ClassVar[int] = 409


class OwnAllowance(NotAllowed):
    message: ClassVar[str] = N_("制表人不能核对自己做的津贴清单，请另一位委员核对")


@dataclass(frozen=True, kw_only=True)
class StandardFacts:
    """So much a month for a post, from a day until another (inclusive; None: open)."""

    post: str
    monthly_fen: int
    from_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class Service:
    """Days in a post: from `first` to `last`, both included."""

    person_id: str
    name: str
    post: str
    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class AllowanceLine:
    """What one person gets for one post in a month."""

    person_id: str
    name: str
    post: str
    days: int
    standard_fen: int
    amount_fen: int


def check_standard(facts: StandardFacts, others: Sequence[StandardFacts], *, post_name: str) -> None:
    if facts.monthly_fen <= 0 or (facts.until_on is not None and facts.until_on < facts.from_on):
        raise BadStandard
    for other in others:
        apart = (other.until_on is not None and other.until_on < facts.from_on) or (
            facts.until_on is not None and facts.until_on < other.from_on
        )
        if other.post == facts.post and not apart:
            raise StandardOverlaps(post=post_name, day=other.from_on.isoformat())


def check_ground(facts: StandardFacts, *, title: str, source: str, decided_on: date, valid_until: date | None) -> None:
    """An allowance is the assembly's to decide (上海 24, 北京 34, 杭州 35)."""
    if source != "assembly":
        raise StandardNeedsAssembly(title=title)
    if facts.from_on < decided_on or (valid_until is not None and facts.from_on > valid_until):
        raise StandardBeforeDecision(day=decided_on.isoformat())


def entitled_fen(
    standards: Sequence[StandardFacts], service: Service, *, first: date, last: date
) -> tuple[int, int, int]:
    """(days, standard, fen) of one service in a month: each day counts with the standard of that day, as a share of
    the month's days; the sum is cut off to the fen. The standard shown is the last one that held.
    """
    whole = (last - first).days + 1
    days = weighted = standard = 0
    day = max(first, service.first)
    while day <= min(last, service.last):
        found = next((row for row in standards if row.post == service.post and _holds(row, day)), None)
        if found is not None:
            days, weighted, standard = days + 1, weighted + found.monthly_fen, found.monthly_fen
        day += timedelta(days=1)
    return days, standard, weighted // whole


def _holds(row: StandardFacts, day: date) -> bool:
    return row.from_on <= day and (row.until_on is None or day <= row.until_on)


def month_lines(
    standards: Sequence[StandardFacts], services: Sequence[Service], *, first: date, last: date
) -> tuple[AllowanceLine, ...]:
    """Everybody in office in the month under a standard, with days and amount."""
    lines = []
    for service in services:
        days, standard, amount = entitled_fen(standards, service, first=first, last=last)
        if amount:
            lines.append(
                AllowanceLine(
                    person_id=service.person_id,
                    name=service.name,
                    post=service.post,
                    days=days,
                    standard_fen=standard,
                    amount_fen=amount,
                )
            )
    return tuple(sorted(lines, key=lambda line: (line.post, line.name, line.person_id)))


def taxed(lines: Sequence[AllowanceLine], from_fen: int) -> Mapping[str, bool]:
    """Whose month exceeds the amount from which income tax on services is withheld, by person: posts are added up."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.person_id] = sums.get(line.person_id, 0) + line.amount_fen
    return {person: total > from_fen for person, total in sums.items()}


def content(month: int, lines: Sequence[AllowanceLine]) -> dict[str, object]:
    """The list as canonical data, for its hash."""
    return {
        "format": "hoa-allowances-1",
        "month": month,
        "total_fen": sum(line.amount_fen for line in lines),
        "lines": [[row.person_id, row.name, row.post, row.days, row.standard_fen, row.amount_fen] for row in lines],
    }

"""The budget of a year (books.md 2): planned, actual, left, by account. PURE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

FIRST_YEAR, LAST_YEAR = 2000, 2199
MOST_LINES = 60
LONGEST_NOTE = 200


class BadYear(Refusal):
    message: ClassVar[str] = N_("年度要写成 2026 这样的四位数")


class NoLines(Refusal):
    message: ClassVar[str] = N_("预算至少要有一行金额大于零的收入或支出")


class TwiceTheSame(Refusal):
    message: ClassVar[str] = N_("“%(name)s”写了两行，请合并成一行")


class NoteTooLong(Refusal):
    message: ClassVar[str] = N_("“%(name)s”的说明太长，请控制在 %(most)s 个字以内")


class NegativeLine(Refusal):
    message: ClassVar[str] = N_("“%(name)s”的金额不能小于零")


class ForeignAccount(Refusal):
    message: ClassVar[str] = N_("“%(name)s”不是这本账能做预算的收入或支出科目，请从列表中选择")


class BudgetNeedsAssembly(Refusal):
    message: ClassVar[str] = N_("预算要业主大会的决议支持，“%(title)s”不是业主大会决议")


class BudgetDecisionOver(Refusal):
    message: ClassVar[str] = N_("决议“%(title)s”在 %(day)s 还没有作出或已经过期，不能支持这份预算")


class BudgetOverDecision(Refusal):
    message: ClassVar[str] = N_("预算支出合计 %(spending)s，超过决议“%(title)s”的额度 %(limit)s")


class SameDecision(Refusal):
    message: ClassVar[str] = N_("这项决议已经支持了第 %(version)s 版预算；修改预算要另一项决议")
    status: ClassVar[int] = 409


class NotADraftBudget(Refusal):
    message: ClassVar[str] = N_("这一版预算已经生效，不能再改；要改请另起一版，由另一项决议支持")
    status: ClassVar[int] = 409


class DraftOpen(Refusal):
    message: ClassVar[str] = N_("%(year)s 年已经有一份预算草稿，请先改完或删去")
    status: ClassVar[int] = 409


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """Planned fen for an account, named by its role in the chart (`income.CR01`, `use.U5`, `administration.3`)."""

    role: str
    name: str
    income: bool
    planned_fen: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A line beside what the books say. `planned_fen` None: spent or received without a line of the budget."""

    role: str
    name: str
    income: bool
    planned_fen: int | None
    actual_fen: int
    note: str = ""

    @property
    def left_fen(self) -> int:
        """What is left to spend, or still missing of the income; negative when more."""
        return (self.planned_fen or 0) - self.actual_fen

    @property
    def used_up(self) -> bool:
        return not self.income and self.actual_fen > (self.planned_fen or 0)


def check_year(year: int | None) -> int:
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadYear
    return year


def check_lines(lines: Sequence[BudgetLine], known: Mapping[str, bool]) -> None:
    """`known` maps the roles that this book plans by to whether they are income."""
    if not any(line.planned_fen > 0 for line in lines) or len(lines) > MOST_LINES:
        raise NoLines
    seen: set[str] = set()
    for line in lines:
        if line.role not in known:
            raise ForeignAccount(name=line.name)
        if line.role in seen:
            raise TwiceTheSame(name=line.name)
        if line.planned_fen < 0:
            raise NegativeLine(name=line.name)
        if len(line.note) > LONGEST_NOTE:
            raise NoteTooLong(name=line.name, most=LONGEST_NOTE)
        seen.add(line.role)


def spending(lines: Sequence[BudgetLine]) -> int:
    return sum(line.planned_fen for line in lines if not line.income)


def income(lines: Sequence[BudgetLine]) -> int:
    return sum(line.planned_fen for line in lines if line.income)


def check_adoption(
    lines: Sequence[BudgetLine],
    *,
    title: str,
    source: str,
    decided_on: date,
    valid_until: date | None,
    limit_fen: int | None,
    day: date,
) -> None:
    """Only the owners' assembly plans with the owners' money (民法典 278: use of common revenue)."""
    if source != "assembly":
        raise BudgetNeedsAssembly(title=title)
    if decided_on > day or (valid_until is not None and valid_until < day):
        raise BudgetDecisionOver(title=title, day=day.isoformat())
    if limit_fen is not None and spending(lines) > limit_fen:
        raise BudgetOverDecision(spending=money.show(spending(lines)), title=title, limit=money.show(limit_fen))


def compare(
    lines: Sequence[BudgetLine], actual: Mapping[str, int], known: Mapping[str, tuple[str, bool]]
) -> tuple[Standing, ...]:
    """Every line beside its actual sum, then what moved without a line. `known`: role → (name, income)."""
    planned = {line.role: line for line in lines}
    rows = [
        Standing(
            role=line.role,
            name=line.name,
            income=line.income,
            planned_fen=line.planned_fen,
            actual_fen=actual.get(line.role, 0),
            note=line.note,
        )
        for line in lines
    ]
    rows += [
        Standing(role=role, name=name, income=is_income, planned_fen=None, actual_fen=actual[role])
        for role, (name, is_income) in known.items()
        if role not in planned and actual.get(role)
    ]
    return tuple(sorted(rows, key=lambda row: not row.income))


@dataclass(frozen=True, kw_only=True)
class Warned:
    """What a voucher would do to its line: `left_fen` after it, below zero."""

    name: str
    planned_fen: int | None
    left_fen: int


def warn(line: Standing | None, *, name: str, amount_fen: int) -> Warned | None:
    """Whether spending so much more exceeds the line; no line at all is exceeded by the first fen."""
    planned = line.planned_fen if line is not None else None
    actual = line.actual_fen if line is not None else 0
    left = (planned or 0) - actual - amount_fen
    return Warned(name=name, planned_fen=planned, left_fen=left) if left < 0 else None

"""会民非02表 业务活动表, as laid out since 2026 (rules.md 5.3): the work fund's income and expense, restricted apart.

Only the work fund appears: what is received for the owners is no income of the organisation (R4.6). Expenses are the
unrestricted net assets' (R5.1). Moves between the two kinds of net assets are entries on these two accounts outside
the close of a year, and must cancel.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from finance.rules.fund.figures import THIS_YEAR, Moved, Nature, Phase
from finance.rules.fund.rows import Row, added_up, head, line, total
from finance.rules.fund.sheet import EXPENSES, INCOMES
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

_INCOME_NAMES = {
    "donation_income": N_("捐赠收入"),
    "dues_income": N_("会费收入"),
    "service_income": N_("提供服务收入"),
    "sales_income": N_("商品销售收入"),
    "subsidy_income": N_("政府补助收入"),
    "headquarters_income": N_("总部拨款收入"),
    "investment_income": N_("投资收益"),
    "other_income": N_("其他收入"),
}
_EXPENSE_NAMES = {
    "programme_cost": N_("业务活动成本"),
    "taxes": N_("税金及附加"),
    "administration": N_("管理费用"),
    "fundraising": N_("筹资费用"),
    "impairment": N_("资产减值损失"),
    "income_tax": N_("所得税费用"),
    "other_expense": N_("其他费用"),
}
RELEASED, TIED = "released", "tied"
ADJUSTED = "prior_year_adjustment"
ROWS: tuple[Row, ...] = (
    head("in", N_("一、收入")),
    *(line(role, _INCOME_NAMES[role], role) for role in INCOMES),
    total("income", N_("收入合计"), *INCOMES),
    head("out", N_("二、费用")),
    *(line(role, _EXPENSE_NAMES[role], role) for role in EXPENSES),
    total("expense", N_("费用合计"), *EXPENSES),
    line(RELEASED, N_("三、限定性净资产转为非限定性净资产")),
    line(TIED, N_("四、非限定性净资产转为限定性净资产")),
    line(ADJUSTED, N_("五、以前年度净资产调整"), ADJUSTED),
    total("change", N_("六、净资产变动额"), "income", RELEASED, TIED, ADJUSTED, less=("expense",)),
)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of three: unrestricted, restricted and together, each by line, in fen."""

    unrestricted: dict[str, int]
    restricted: dict[str, int]

    @property
    def together(self) -> dict[str, int]:
        return {key: self.unrestricted[key] + self.restricted[key] for key in self.unrestricted}


@dataclass(frozen=True, kw_only=True)
class Activities:
    """The statement of activities of a period, of the year up to its end, and of the year before it."""

    period: Column
    year: Column
    last_year: Column


class TransfersDoNotCancel(Refusal):
    message = N_(
        "“%(line)s”的非限定性与限定性两栏合计应当为零，现在差 %(gap)s：有凭证直接记入了净资产，请红字冲销后重记"
    )


class NetAssetsDoNotFollow(Refusal):
    message = N_(
        "净资产变动额 %(change)s 与资产负债表净资产的变动 %(moved)s 不相等，差 %(gap)s，请先运行 hoa verify 查明"
    )


def build(moved: Iterable[Moved]) -> Activities:
    """The statement of activities, checked: moves between the two kinds of net assets cancel."""
    ordinary = tuple(one for one in moved if one.nature is Nature.ORDINARY)
    columns = [
        _column(one for one in ordinary if one.phase in phases)
        for phases in ((Phase.WITHIN,), THIS_YEAR, (Phase.LAST_YEAR,))
    ]
    for column in columns:
        _check_transfers(column)
    return Activities(period=columns[0], year=columns[1], last_year=columns[2])


def _column(moved: Iterable[Moved]) -> Column:
    free: dict[str, int] = {}
    tied: dict[str, int] = {}
    for one in moved:
        for key, side, fen in shares(one):
            target = tied if side == "restricted" else free
            target[key] = target.get(key, 0) + fen
    return Column(unrestricted=added_up(ROWS, free), restricted=added_up(ROWS, tied))


def shares(moved: Moved) -> Iterable[tuple[str, str, int]]:
    """What a sum is in this statement: (line, column, fen)."""
    role, _, part = moved.roles[0].partition(".")
    side = "restricted" if part == "restricted" else "unrestricted"
    if role in INCOMES or role == ADJUSTED:
        return ((role, side, -moved.fen),)
    if role in EXPENSES:
        return ((role, "unrestricted", moved.fen),)
    if role == "restricted":  # a debit sets free, a credit ties; red entries keep their side and count against it
        return ((RELEASED, "restricted", -moved.debit_fen), (TIED, "restricted", moved.credit_fen))
    if role == "unrestricted":
        return ((RELEASED, "unrestricted", moved.credit_fen), (TIED, "unrestricted", -moved.debit_fen))
    return ()


def _check_transfers(column: Column) -> None:
    for row in ROWS:
        gap = column.together[row.key] if row.key in (RELEASED, TIED) else 0
        if gap:
            raise TransfersDoNotCancel(line=row.name, gap=money.show(abs(gap)))


def check_change(column: Column, *, before: dict[str, int], after: dict[str, int]) -> None:
    """Refuse when net assets moved by anything else than the last line of the statement, in either column."""
    for name, figures in (("unrestricted", column.unrestricted), ("restricted", column.restricted)):
        moved = after[name] - before[name]
        if figures["change"] != moved:
            raise NetAssetsDoNotFollow(
                change=money.show(figures["change"]),
                moved=money.show(moved),
                gap=money.show(abs(figures["change"] - moved)),
            )

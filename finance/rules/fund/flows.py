"""会民非03表 现金流量表, from what moved the work fund's money (rules.md 5.3).

Every entry that stands against money in a voucher is a flow. Income and expense flow in or out whatever their sign;
what is only owed or lent flows in by its credits and out by its debits. A red entry keeps its side, so it makes the
flow smaller that it takes back. Money carried between cash box and bank is no flow.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from finance.rules.fund.figures import THIS_YEAR, Moved, Nature, Phase, place
from finance.rules.fund.rows import Row, added_up, head, line, places, total
from finance.rules.fund.sheet import PLACES
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

_INVESTMENTS = ("short_investment", "equity_investment", "debt_investment", "other_long_investment")
_LASTING = ("fixed_asset", "construction", "heritage", "intangible", "depreciation", "amortisation")
_PROVISIONS = ("short_investment_provision", "long_investment_provision", "bad_debt_provision", "inventory_provision")
_SETTLED = (
    "other_receivable",
    "other_payable",
    "prior_year_adjustment",
    "unrestricted",
    "restricted",
    "trust_assets",
    "trust_liabilities",
    *_PROVISIONS,
)

ROWS: tuple[Row, ...] = (
    head("operating", N_("一、业务活动产生的现金流量")),
    line("donations", N_("接受捐赠收到的现金"), "donation_income"),
    line("dues", N_("收取会费收到的现金"), "dues_income"),
    line(
        "services",
        N_("提供服务收到的现金"),
        "service_income",
        "notes_receivable",
        "receivable",
        "advance_received",
    ),
    line("sales", N_("销售商品收到的现金"), "sales_income"),
    line("subsidies", N_("政府补助收到的现金"), "subsidy_income"),
    line("other_in", N_("收到的其他与业务活动有关的现金"), "headquarters_income", "other_income"),
    total(
        "operating_in", N_("业务活动现金流入小计"), "donations", "dues", "services", "sales", "subsidies", "other_in"
    ),
    line("grants", N_("提供捐赠或者资助支付的现金")),
    line("staff", N_("支付给员工以及为员工支付的现金"), "payroll_payable", "administration.3"),
    line(
        "purchases",
        N_("购买商品、接受服务支付的现金"),
        "programme_cost",
        "administration",
        "notes_payable",
        "payable",
        "prepayment",
        "inventory",
        "deferred_expense",
        "accrued_expense",
    ),
    line("taxes", N_("支付的各项税费"), "taxes", "income_tax", "tax_payable", "administration.7"),
    line("other_out", N_("支付的其他与业务活动有关的现金"), "other_expense", "impairment", "provision"),
    total("operating_out", N_("业务活动现金流出小计"), "grants", "staff", "purchases", "taxes", "other_out"),
    total("operating_net", N_("业务活动产生的现金流量净额"), "operating_in", less=("operating_out",)),
    head("investing", N_("二、投资活动产生的现金流量")),
    line("recovered", N_("收回投资所收到的现金")),
    line("returns", N_("取得投资收益所收到的现金"), "investment_income"),
    line("disposals", N_("处置固定资产、无形资产和其他长期资产所收回的现金"), "asset_disposal"),
    line("other_investing_in", N_("收到的其他与投资活动有关的现金")),
    total("investing_in", N_("投资活动现金流入小计"), "recovered", "returns", "disposals", "other_investing_in"),
    line("acquired", N_("购建固定资产、无形资产和其他长期资产所支付的现金"), "long_deferred_expense"),
    line("invested", N_("对外投资所支付的现金")),
    line("other_investing_out", N_("支付的其他与投资活动有关的现金")),
    total("investing_out", N_("投资活动现金流出小计"), "acquired", "invested", "other_investing_out"),
    total("investing_net", N_("投资活动产生的现金流量净额"), "investing_in", less=("investing_out",)),
    head("financing", N_("三、筹资活动产生的现金流量")),
    line("borrowed", N_("借款所收到的现金")),
    line("other_financing_in", N_("收到的其他与筹资活动有关的现金")),
    total("financing_in", N_("筹资活动现金流入小计"), "borrowed", "other_financing_in"),
    line("repaid", N_("偿还借款所支付的现金")),
    line("interest", N_("偿付利息所支付的现金"), "fundraising"),
    line("other_financing_out", N_("支付的其他与筹资活动有关的现金")),
    total("financing_out", N_("筹资活动现金流出小计"), "repaid", "interest", "other_financing_out"),
    total("financing_net", N_("筹资活动产生的现金流量净额"), "financing_in", less=("financing_out",)),
    line("exchange", N_("四、汇率变动对现金的影响额")),
    total(
        "increase", N_("五、现金及现金等价物净增加额"), "operating_net", "investing_net", "financing_net", "exchange"
    ),
)
# Lines that pay out: their figure is a debit.
OUT = frozenset(
    (
        "grants",
        "staff",
        "purchases",
        "taxes",
        "other_out",
        "acquired",
        "invested",
        "other_investing_out",
        "repaid",
        "interest",
        "other_financing_out",
    )
)
# What has one line for its credits and another for its debits.
_TWO_SIDED = (
    (_SETTLED, "other_in", "other_out"),
    (_INVESTMENTS, "recovered", "invested"),
    (_LASTING, "disposals", "acquired"),
    (("short_loan", "long_loan"), "borrowed", "repaid"),
    (("long_payable",), "other_financing_in", "other_financing_out"),
)
CREDITS = {**places(ROWS), **{role: key for roles, key, _ in _TWO_SIDED for role in roles}}
DEBITS = {**places(ROWS), **{role: key for roles, _, key in _TWO_SIDED for role in roles}}


@dataclass(frozen=True, kw_only=True)
class Flows:
    """The statement of cash flows of a period, of the year up to its end, and of the year before it, in fen."""

    period: dict[str, int]
    year: dict[str, int]
    last_year: dict[str, int]


class CashDoesNotFollow(Refusal):
    message = N_("现金净增加额 %(increase)s 与货币资金的变动 %(moved)s 不相等，差 %(gap)s，请先运行 hoa verify 查明")


def is_money(roles: tuple[str, ...]) -> bool:
    """Whether an account is 货币资金."""
    return any(PLACES.get(role) == "money" for role in roles)


def shares(moved: Moved) -> tuple[tuple[str, int], ...]:
    """What a sum is in this statement: (line, fen) for its credits and for its debits."""
    credited, debited = place(moved.roles, CREDITS), place(moved.roles, DEBITS)
    return (
        (credited, -moved.credit_fen if credited in OUT else moved.credit_fen),
        (debited, moved.debit_fen if debited in OUT else -moved.debit_fen),
    )


def build(moved: Iterable[Moved]) -> Flows:
    """The statement of cash flows."""
    against = tuple(
        one for one in moved if one.with_money and one.nature is Nature.ORDINARY and not is_money(one.roles)
    )
    return Flows(
        period=_column(one for one in against if one.phase is Phase.WITHIN),
        year=_column(one for one in against if one.phase in THIS_YEAR),
        last_year=_column(one for one in against if one.phase is Phase.LAST_YEAR),
    )


def _column(moved: Iterable[Moved]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in moved:
        for key, fen in shares(one):
            found[key] = found.get(key, 0) + fen
    return added_up(ROWS, found)


def check_increase(column: dict[str, int], *, before: dict[str, int], after: dict[str, int]) -> None:
    """Refuse when money in the sheet moved by anything else than the last line (rules.md 5.3)."""
    moved = after["money"] - before["money"]
    if column["increase"] != moved:
        raise CashDoesNotFollow(
            increase=money.show(column["increase"]),
            moved=money.show(moved),
            gap=money.show(abs(column["increase"] - moved)),
        )

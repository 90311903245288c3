"""会民非01表 资产负债表, as laid out since 2026 (财会〔2024〕25号, read in secondary sources; rules.md 5.3).

Both funds stand in it: what is held for the owners as 受托代理资产, what is owed to them for it as 受托代理负债. Before
a year is closed its income and expense are part of the net assets they will end in, so every day's sheet balances.
Lines by maturity (一年内到期) have no account of their own in the chart and stay empty.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from finance.rules.fund.figures import Moved, brought_forward, brought_in, totals
from finance.rules.fund.rows import Look, Row, added_up, head, less, line, places, total
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

INCOMES = (
    "donation_income",
    "dues_income",
    "service_income",
    "sales_income",
    "subsidy_income",
    "headquarters_income",
    "investment_income",
    "other_income",
)
EXPENSES = (
    "programme_cost",
    "taxes",
    "administration",
    "fundraising",
    "impairment",
    "income_tax",
    "other_expense",
)

ASSETS = (
    head("current", N_("一、流动资产")),
    line("money", N_("货币资金"), "cash", "bank", "other_cash"),
    line("short_investment", N_("短期投资"), "short_investment", "short_investment_provision"),
    line(
        "receivables",
        N_("应收款项"),
        "notes_receivable",
        "receivable",
        "other_receivable",
        "bad_debt_provision",
    ),
    line("prepayment", N_("预付账款"), "prepayment"),
    line("inventory", N_("存货"), "inventory", "inventory_provision"),
    line("deferred_expense", N_("待摊费用"), "deferred_expense"),
    line("investment_due", N_("一年内到期的长期投资")),
    line("other_current", N_("其他流动资产")),
    total(
        "current_assets",
        N_("流动资产合计"),
        "money",
        "short_investment",
        "receivables",
        "prepayment",
        "inventory",
        "deferred_expense",
        "investment_due",
        "other_current",
    ),
    head("lasting", N_("二、非流动资产")),
    # The chart has one provision for all long investments; shares are what it is made for most often.
    line("equity_investment", N_("长期股权投资"), "equity_investment", "long_investment_provision"),
    line("debt_investment", N_("长期债权投资"), "debt_investment"),
    line("other_long_investment", N_("其他长期投资"), "other_long_investment"),
    total("long_investment", N_("长期投资合计"), "equity_investment", "debt_investment", "other_long_investment"),
    line("fixed_cost", N_("固定资产原价"), "fixed_asset"),
    less("depreciation", N_("减：累计折旧"), "depreciation"),
    total("fixed_net", N_("固定资产净值"), "fixed_cost", "depreciation"),
    line("construction", N_("在建工程"), "construction"),
    line("asset_disposal", N_("固定资产清理"), "asset_disposal"),
    total("fixed_assets", N_("固定资产合计"), "fixed_net", "construction", "asset_disposal"),
    line("heritage", N_("文物资源"), "heritage"),
    line("intangible_cost", N_("无形资产原价"), "intangible"),
    less("amortisation", N_("减：累计摊销"), "amortisation"),
    total("intangible_net", N_("无形资产净值"), "intangible_cost", "amortisation"),
    line("long_deferred_expense", N_("长期待摊费用"), "long_deferred_expense"),
    total(
        "lasting_assets",
        N_("非流动资产合计"),
        "long_investment",
        "fixed_assets",
        "heritage",
        "intangible_net",
        "long_deferred_expense",
    ),
    line("trust_assets", N_("受托代理资产"), "trust_assets"),
    total("assets", N_("资产总计"), "current_assets", "lasting_assets", "trust_assets"),
)
OWED = (
    head("current_debt", N_("一、流动负债")),
    line("short_loan", N_("短期借款"), "short_loan"),
    line("payables", N_("应付款项"), "notes_payable", "payable", "other_payable"),
    line("payroll_payable", N_("应付职工薪酬"), "payroll_payable"),
    line("tax_payable", N_("应交税费"), "tax_payable"),
    line("advance_received", N_("预收账款"), "advance_received"),
    line("accrued_expense", N_("预提费用"), "accrued_expense"),
    line("debt_due", N_("一年内到期的长期负债")),
    line("other_current_debt", N_("其他流动负债")),
    total(
        "current_liabilities",
        N_("流动负债合计"),
        "short_loan",
        "payables",
        "payroll_payable",
        "tax_payable",
        "advance_received",
        "accrued_expense",
        "debt_due",
        "other_current_debt",
    ),
    head("long_debt", N_("二、长期负债")),
    line("long_loan", N_("长期借款"), "long_loan"),
    line("long_payable", N_("长期应付款"), "long_payable"),
    line("provision", N_("预计负债"), "provision"),
    line("other_long_debt", N_("其他长期负债")),
    total("long_liabilities", N_("长期负债合计"), "long_loan", "long_payable", "provision", "other_long_debt"),
    head("held", N_("三、受托代理负债")),
    line("trust_liabilities", N_("受托代理负债"), "trust_liabilities"),
    total("liabilities", N_("负债合计"), "current_liabilities", "long_liabilities", "trust_liabilities"),
    head("own", N_("四、净资产")),
    line(
        "unrestricted",
        N_("非限定性净资产"),
        "unrestricted",
        "prior_year_adjustment",
        *INCOMES,
        *EXPENSES,
    ),
    line(
        "restricted",
        N_("限定性净资产"),
        "restricted",
        "prior_year_adjustment.restricted",
        *(f"{income}.restricted" for income in INCOMES),
    ),
    total("net_assets", N_("净资产合计"), "unrestricted", "restricted"),
    total("both", N_("负债和净资产总计"), "liabilities", "net_assets"),
)
ROWS: tuple[Row, ...] = (*ASSETS, *OWED)
PLACES = places(ROWS)
# All other lines are credits: what is owed, net assets, and what is printed as taken away.
DEBITS = frozenset(row.key for row in ASSETS if row.look is not Look.LESS)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The balance sheet: figures by line when the year began, when the period began and at its end, in fen.

    The standard prints the first and the last; the middle one is what the other two statements are held against.
    """

    year_start: dict[str, int]
    period_start: dict[str, int]
    end: dict[str, int]


class SheetDoesNotBalance(Refusal):
    message = N_(
        "资产负债表不平：资产总计 %(assets)s，负债和净资产总计 %(both)s，差 %(gap)s。"
        "有凭证被改动过，请先运行 hoa verify 查明"
    )


class TrustDiffers(Refusal):
    message = N_("受托代理资产 %(assets)s 与受托代理负债 %(liabilities)s 不相等，差 %(gap)s，请先运行 hoa verify 查明")


def build(moved: Iterable[Moved]) -> Sheet:
    """The balance sheet, checked: it balances, and what is held in trust is what is owed (rules.md 5.3)."""
    everything = tuple(moved)
    sheet = Sheet(
        year_start=_column(one for one in everything if brought_forward(one)),
        period_start=_column(one for one in everything if brought_in(one)),
        end=_column(everything),
    )
    for column in (sheet.year_start, sheet.period_start, sheet.end):
        check(column)
    return sheet


def _column(moved: Iterable[Moved]) -> dict[str, int]:
    found = totals(moved, PLACES)
    printed = {key: fen if key in DEBITS else -fen for key, fen in found.items()}
    return added_up(ROWS, printed)


def check(column: dict[str, int]) -> None:
    """Refuse a sheet that does not balance, or one that holds in trust what it does not owe."""
    if column["assets"] != column["both"]:
        raise SheetDoesNotBalance(
            assets=money.show(column["assets"]),
            both=money.show(column["both"]),
            gap=money.show(abs(column["assets"] - column["both"])),
        )
    if column["trust_assets"] != column["trust_liabilities"]:
        raise TrustDiffers(
            assets=money.show(column["trust_assets"]),
            liabilities=money.show(column["trust_liabilities"]),
            gap=money.show(abs(column["trust_assets"] - column["trust_liabilities"])),
        )

"""The balance sheet of the standard of 2004 with its line numbers, to read what a community brings in from before 2026
(财会〔2004〕7号; 财会〔2025〕6号: 31 December 2025 becomes the opening of 1 January 2026).

A printed line says less than an account, so each line is brought in on the account that carries it most often; sums
are not brought in but must agree with their lines.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from finance.rules.charts import Chart
from finance.rules.ledger import Line
from finance.rules.opening import HEADER
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal


@dataclass(frozen=True, kw_only=True)
class OldRow:
    """A numbered line of the old sheet: the role it is brought in on, or the lines it adds up (those it takes away are
    negative).
    """

    number: int
    name: str
    role: str = ""
    of: tuple[int, ...] = ()
    credit: bool = False


def _asset(number: int, name: str, role: str) -> OldRow:
    return OldRow(number=number, name=name, role=role)


def _owed(number: int, name: str, role: str) -> OldRow:
    return OldRow(number=number, name=name, role=role, credit=True)


def _sum(number: int, name: str, *of: int) -> OldRow:
    return OldRow(number=number, name=name, of=of)


OLD_ROWS = (
    _asset(1, N_("货币资金"), "bank"),
    _asset(2, N_("短期投资"), "short_investment"),
    _asset(3, N_("应收款项"), "other_receivable"),
    _asset(4, N_("预付账款"), "prepayment"),
    _asset(8, N_("存货"), "inventory"),
    _asset(9, N_("待摊费用"), "deferred_expense"),
    _asset(15, N_("一年内到期的长期债权投资"), "debt_investment"),
    _asset(18, N_("其他流动资产"), "other_receivable"),
    _sum(20, N_("流动资产合计"), 1, 2, 3, 4, 8, 9, 15, 18),
    _asset(21, N_("长期股权投资"), "equity_investment"),
    _asset(24, N_("长期债权投资"), "debt_investment"),
    _sum(30, N_("长期投资合计"), 21, 24),
    _asset(31, N_("固定资产原价"), "fixed_asset"),
    OldRow(number=32, name=N_("减：累计折旧"), role="depreciation", credit=True),
    _sum(33, N_("固定资产净值"), 31, -32),
    _asset(34, N_("在建工程"), "construction"),
    _asset(35, N_("文物文化资产"), "heritage"),
    _asset(38, N_("固定资产清理"), "asset_disposal"),
    _sum(40, N_("固定资产合计"), 33, 34, 35, 38),
    _asset(41, N_("无形资产"), "intangible"),
    _asset(51, N_("受托代理资产"), "trust_bank"),
    _sum(60, N_("资产总计"), 20, 30, 40, 41, 51),
    _owed(61, N_("短期借款"), "short_loan"),
    _owed(62, N_("应付款项"), "other_payable"),
    _owed(63, N_("应付工资"), "payroll_payable"),
    _owed(65, N_("应交税金"), "tax_payable"),
    _owed(66, N_("预收账款"), "advance_received"),
    _owed(71, N_("预提费用"), "accrued_expense"),
    _owed(72, N_("预计负债"), "provision"),
    _owed(74, N_("一年内到期的长期负债"), "long_loan"),
    _owed(78, N_("其他流动负债"), "other_payable"),
    _sum(80, N_("流动负债合计"), 61, 62, 63, 65, 66, 71, 72, 74, 78),
    _owed(81, N_("长期借款"), "long_loan"),
    _owed(84, N_("长期应付款"), "long_payable"),
    _owed(88, N_("其他长期负债"), "long_payable"),
    _sum(90, N_("长期负债合计"), 81, 84, 88),
    _owed(91, N_("受托代理负债"), "unallocated"),
    _sum(100, N_("负债合计"), 80, 90, 91),
    _owed(101, N_("非限定性净资产"), "unrestricted"),
    _owed(105, N_("限定性净资产"), "restricted"),
    _sum(110, N_("净资产合计"), 101, 105),
    _sum(120, N_("负债和净资产总计"), 100, 110),
)
TRUST_ROWS = (51, 91)


class NoSuchOldRow(Refusal):
    message = N_("2004 年制度的资产负债表没有第 %(number)s 行，请核对行次")


class NoOldRows(Refusal):
    message = N_("没有读到行次和金额：每行写“行次,期末数”，例如 1,12345.00")


class OldSumDiffers(Refusal):
    message = N_("第 %(number)s 行“%(name)s”写的是 %(written)s，各行相加是 %(added)s，请核对原表")


class OldSheetDoesNotBalance(Refusal):
    message = N_("原表不平：第 60 行资产总计 %(assets)s，第 120 行负债和净资产总计 %(both)s，请核对原表")


class OldTrustApart(Refusal):
    message = N_(
        "第 51 行受托代理资产 %(assets)s 与第 91 行受托代理负债 %(liabilities)s 不相等："
        "它们属于业主共有资金账簿，请核对原表"
    )


def read(written: Mapping[int, int], chart: Chart) -> tuple[Line, ...]:
    """The opening entries of the work fund from an old sheet (fen by line number; sums that were left out are not
    compared). What was held in trust belongs to the other book and is left out here.
    """
    figures = _checked(written)
    balances: dict[str, int] = {}
    for row in OLD_ROWS:
        if not row.role or row.number in TRUST_ROWS:
            continue
        code = chart.by_role(row.role).code
        balances[code] = balances.get(code, 0) + (-figures[row.number] if row.credit else figures[row.number])
    return tuple(
        Line(account=code, debit_fen=max(fen, 0), credit_fen=max(-fen, 0))
        for code, fen in sorted(balances.items())
        if fen
    )


def parse(text: str) -> dict[int, int]:
    """What is written in a CSV of line numbers and amounts in yuan (行次, 期末数): fen by line number. Lines without a
    number are headings.
    """
    found: dict[int, int] = {}
    for cells in csv.reader(io.StringIO(text.removeprefix("\ufeff"))):
        if len(cells) < 2 or not cells[0].strip().isdecimal():
            continue
        number = int(cells[0])
        if number not in {row.number for row in OLD_ROWS}:
            raise NoSuchOldRow(number=number)
        found[number] = money.parse(cells[1]) if cells[1].strip() else 0
    if not found:
        raise NoOldRows
    return found


def as_trial_balance(written: Mapping[int, int], chart: Chart) -> str:
    """The opening entries as a 科目余额表 of the new chart, as the page for opening balances reads it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for line in read(written, chart):
        sides = [money.plain(fen) if fen else "" for fen in (line.debit_fen, line.credit_fen)]
        writer.writerow([line.account, chart.full_name(line.account), *sides])
    return out.getvalue()


def _checked(written: Mapping[int, int]) -> dict[int, int]:
    figures: dict[int, int] = {}
    for row in OLD_ROWS:
        if row.role:
            figures[row.number] = written.get(row.number, 0)
            continue
        added = sum(figures[abs(part)] if part > 0 else -figures[abs(part)] for part in row.of)
        said = written.get(row.number, added)
        if said != added:
            raise OldSumDiffers(number=row.number, name=row.name, written=money.show(said), added=money.show(added))
        figures[row.number] = added
    if figures[60] != figures[120]:
        raise OldSheetDoesNotBalance(assets=money.show(figures[60]), both=money.show(figures[120]))
    if figures[51] != figures[91]:
        raise OldTrustApart(assets=money.show(figures[51]), liabilities=money.show(figures[91]))
    return figures

"""Carrying a year's income and expense to net assets, and setting restricted net assets free (R5.1).

Close: unrestricted income to 3101, restricted income to 3102, expenses to 3101, what was set right for earlier years
to either. Release, when the condition of a gift or grant is met: Dr 3102 Cr 3101.
"""

from collections.abc import Mapping

from finance.rules.charts import Chart
from finance.rules.fund.activities import ADJUSTED
from finance.rules.fund.figures import roles_of
from finance.rules.fund.sheet import EXPENSES, INCOMES
from finance.rules.ledger import Line
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

FREE, TIED = "unrestricted", "restricted"


class NothingToCarry(Refusal):
    message = N_("%(year)s 年的收入和费用科目余额都是零，没有要结转的")
    status = 409


class NotCarried(Refusal):
    message = N_("%(year)s 年收入、费用科目还有余额 %(gap)s（%(account)s），请先复核、记账年末结转凭证")


class ReleaseTooMuch(Refusal):
    message = N_("限定性净资产现有 %(available)s，不能解除 %(amount)s 的限定，请改小金额")


class ReleaseNothing(Refusal):
    message = N_("请写要解除限定的金额，大于零")


def to_carry(balances: Mapping[str, int], chart: Chart) -> dict[str, int]:
    """The balances (debits less credits, by account) that the close of a year brings to zero."""
    return {code: fen for code, fen in sorted(balances.items()) if fen and _group(chart, code) is not None}


def closing_lines(balances: Mapping[str, int], chart: Chart) -> tuple[Line, ...]:
    """The entries that close a year: every account of income, expense and adjustment to zero, and its counterpart in
    net assets, income, expense and adjustment apart.
    """
    lines: list[Line] = []
    sums: dict[tuple[str, str], int] = {}
    for code, fen in to_carry(balances, chart).items():
        lines.append(_entry(code, -fen))
        target = TIED if roles_of(chart, code)[0].endswith(".restricted") else FREE
        key = (_group(chart, code) or "", target)
        sums[key] = sums.get(key, 0) + fen
    lines += [_entry(chart.by_role(target).code, fen) for (_, target), fen in sorted(sums.items()) if fen]
    return tuple(lines)


def check_carried(balances: Mapping[str, int], chart: Chart, *, year: int) -> None:
    """Refuse a year whose income and expense were not all carried to net assets."""
    for code, fen in to_carry(balances, chart).items():
        raise NotCarried(year=year, gap=money.show(abs(fen)), account=f"{code} {chart.full_name(code)}")


def release_lines(amount_fen: int, chart: Chart, *, available_fen: int) -> tuple[Line, ...]:
    """The entries of a release, or why there is none."""
    if amount_fen <= 0:
        raise ReleaseNothing
    if amount_fen > available_fen:
        raise ReleaseTooMuch(available=money.show(available_fen), amount=money.show(amount_fen))
    return (
        Line(account=chart.by_role(TIED).code, debit_fen=amount_fen),
        Line(account=chart.by_role(FREE).code, credit_fen=amount_fen),
    )


def _entry(code: str, fen: int) -> Line:
    """An entry of so many fen, debits positive."""
    return Line(account=code, debit_fen=max(fen, 0), credit_fen=max(-fen, 0))


def _group(chart: Chart, code: str) -> str | None:
    """What the close does with an account: income, expense or adjustment; None leaves it alone."""
    for role in roles_of(chart, code):
        if role in INCOMES:
            return "1-income"
        if role in EXPENSES:
            return "2-expense"
        if role == ADJUSTED:
            return "3-adjustment"
    return None

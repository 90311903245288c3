"""Checks of the work fund's own book and bank account: how it is kept, not what it may be spent on, which its budget
says (books.md 1: the two funds never mix, so each is looked at by itself).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from finance.audit.rules.catalogue import books, spending
from finance.audit.rules.data import PeriodData
from finance.audit.rules.findings import Check, Finding, NotEnough, Parameters
from hoa.kernel.errors import N_

NO_WORK_FUND = N_("这一时期没有工作经费账簿")
TITLES: Mapping[str, str] = {
    "without_invoice": N_("工作经费：支出没有发票"),
    "duplicate_invoice": N_("工作经费：同一张发票重复付款"),
    "repeated_amount": N_("工作经费：短期内向同一对方付相同金额"),
    "numbers": N_("工作经费：凭证缺号或重号"),
    "back_dated": N_("工作经费：疑似倒签凭证"),
    "after_close": N_("工作经费：结账后记账"),
    "red_vouchers": N_("工作经费：红字凭证没有对应的原凭证"),
    "separation": N_("工作经费：不相容职务没有分开"),
    "not_reconciled": N_("工作经费：没有按月对账结账"),
    "unexplained_lines": N_("工作经费：银行流水没有对应的凭证"),
    "unexplained_vouchers": N_("工作经费：凭证没有对应的银行流水"),
    "broken_balances": N_("工作经费：银行流水余额接不上"),
    "uncovered_days": N_("工作经费：银行流水有缺口"),
}


def _of_work(check: Check) -> Check:
    """The same check over the work fund, under a name of its own, so that its findings are told and followed apart."""
    name = f"work_{check.id}"

    def run(data: PeriodData, parameters: Parameters) -> Sequence[Finding] | NotEnough:
        if data.work is None:
            return NotEnough(reason=NO_WORK_FUND)
        found = check.run(data.work, parameters)
        return found if isinstance(found, NotEnough) else [replace(finding, check=name) for finding in found]

    return replace(check, id=name, title=TITLES[check.id], run=run)


CHECKS: tuple[Check, ...] = tuple(_of_work(check) for check in (*spending.CHECKS, *books.CHECKS) if check.id in TITLES)

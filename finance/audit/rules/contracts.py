"""Checks of contracts themselves: tax on their income, and how the other side was chosen (F10, F28)."""

from collections.abc import Sequence

from finance.audit.rules.data import ContractFacts, PeriodData, VoucherFacts
from finance.audit.rules.findings import Finding, Parameters, Severity, of_contract, of_voucher
from hoa.kernel.errors import N_


def without_tax(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F10: income under a contract that says nothing about tax, or that should be invoiced and was not."""
    findings = []
    for contract in data.contracts:
        if contract.direction != "income" or contract.invoicing == "exempt":
            continue
        received = [
            voucher
            for voucher in data.receipts
            if voucher.contract_id == contract.id and data.holds(voucher.day) and not voucher.invoice_no.strip()
        ]
        if not received:
            continue
        total = sum(voucher.amount_fen for voucher in received)
        findings.append(
            Finding(
                code="F10",
                check="without_tax",
                severity=Severity.MEDIUM,
                sentence=(
                    N_("%(contract)s（%(party)s）约定开具发票，本期 %(count)s 笔收入共 %(total)s 没有发票号")
                    if contract.invoicing
                    else N_("%(contract)s（%(party)s）本期收入 %(count)s 笔共 %(total)s，没有写明怎样开票计税")
                ),
                params={
                    "contract": contract.title,
                    "party": contract.party,
                    "count": len(received),
                    "total_fen": total,
                },
                amount_fen=total,
                evidence=(of_contract(contract), *(of_voucher(voucher) for voucher in received)),
            )
        )
    return findings


def single_source(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F28: a supplier was chosen without comparing enough offers, for more than the limit in the whole term."""
    findings = []
    for contract in data.contracts:
        if contract.direction != "spending" or contract.starts_on > data.end or contract.ends_on < data.start:
            continue
        value = _value(contract, data.payments)
        alone = contract.method == "single"
        few = contract.method == "quotes" and contract.quotes < parameters.quotes_min
        if value <= parameters.single_source_fen or not (alone or few):
            continue
        findings.append(
            Finding(
                code="F28",
                check="single_source",
                severity=Severity.MEDIUM,
                sentence=(
                    N_("%(contract)s（%(party)s）总额 %(total)s，超过 %(limit)s，只找了一家，没有比价")
                    if alone
                    else N_("%(contract)s（%(party)s）总额 %(total)s，超过 %(limit)s，只比了 %(count)s 家")
                ),
                params={
                    "contract": contract.title,
                    "party": contract.party,
                    "total_fen": value,
                    "limit_fen": parameters.single_source_fen,
                    "count": contract.quotes,
                },
                amount_fen=value,
                evidence=(of_contract(contract),),
            )
        )
    return findings


def _value(contract: ContractFacts, payments: Sequence[VoucherFacts]) -> int:
    """What the whole contract is worth: all its instalments, or what was paid under it where that is more."""
    agreed = sum(due.amount_fen for due in contract.dues)
    return max(agreed, sum(voucher.amount_fen for voucher in payments if voucher.contract_id == contract.id))

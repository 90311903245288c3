"""Checks of income: instalments that did not come, contracts that ran out or never were, operations without a decision
(F08, F09)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from finance.audit.rules.data import ContractFacts, PeriodData, VoucherFacts
from finance.audit.rules.findings import (
    Finding,
    Parameters,
    Severity,
    days_between,
    of_contract,
    of_voucher,
    same_party,
)
from hoa.kernel.errors import N_

# R4.2: what comes from letting others use common parts needs a contract; compensation, interest, gifts and the like do
# not.
FROM_USE = frozenset({"CR01", "CR02", "CR03", "CR04", "CR05", "CR06", "CR07", "CR08", "CR10"})


def overdue_income(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F08: an instalment due in the period that was not booked, or booked short by a fen, more than 15 days later."""
    findings = []
    for contract in _income(data):
        late = [
            due
            for due in contract.dues
            if data.holds(due.day)
            and due.settled_fen < due.amount_fen
            and days_between(due.day, data.as_of) > parameters.overdue_days
        ]
        for due in late:
            missing = due.amount_fen - due.settled_fen
            findings.append(
                Finding(
                    code="F08",
                    check="overdue_income",
                    severity=Severity.HIGH,
                    sentence=(
                        N_("%(contract)s（%(party)s）%(due_day)s 应收 %(due)s，只入账 %(settled)s，少 %(missing)s")
                        if due.settled_fen
                        else N_("%(contract)s（%(party)s）%(due_day)s 应收的 %(due)s 至今没有入账，已过 %(days)s 天")
                    ),
                    params={
                        "contract": contract.title,
                        "party": contract.party,
                        "due_day": due.day.isoformat(),
                        "due_fen": due.amount_fen,
                        "settled_fen": due.settled_fen,
                        "missing_fen": missing,
                        "days": days_between(due.day, data.as_of),
                    },
                    amount_fen=missing,
                    evidence=(of_contract(contract, due.no),),
                )
            )
    return findings


def expired_contracts(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F08: a contract over a common part ran out by the end of the period and nothing followed it."""
    return [
        Finding(
            code="F08",
            check="expired_contracts",
            severity=Severity.HIGH,
            sentence=N_("%(contract)s（%(party)s）的合同已于 %(until_day)s 到期，没有续签，也没有新的合同"),
            params={
                "contract": contract.title,
                "party": contract.party,
                "until_day": contract.ends_on.isoformat(),
            },
            amount_fen=contract.amount_fen,
            evidence=(of_contract(contract),),
        )
        for contract in _income(data)
        if data.start <= contract.ends_on + timedelta(days=1) <= data.end
        and not contract.ended_early
        and not _followed(contract, data)
    ]


def without_contract(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F08: income from letting common parts be used that names no contract, one finding for each payer and source."""
    loose: dict[tuple[str, str], list[VoucherFacts]] = defaultdict(list)
    for voucher in data.receipts:
        if data.holds(voucher.day) and voucher.purpose in FROM_USE and voucher.contract_id is None:
            loose[same_party(voucher.party), voucher.purpose].append(voucher)
    findings = []
    for _, vouchers in sorted(loose.items()):
        total = sum(voucher.amount_fen for voucher in vouchers)
        findings.append(
            Finding(
                code="F08",
                check="without_contract",
                severity=Severity.HIGH,
                sentence=N_("%(party)s付来 %(count)s 笔使用共有部分的收入，合计 %(total)s，没有登记合同"),
                params={"party": vouchers[0].party_shown, "count": len(vouchers), "total_fen": total},
                amount_fen=total,
                evidence=tuple(of_voucher(voucher) for voucher in vouchers),
            )
        )
    return findings


def without_decision(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F09: operating on common parts (M8) without the assembly's decision, or before it (民法典 278)."""
    findings = []
    for contract in _income(data):
        if contract.starts_on > data.end or contract.ends_on < data.start:
            continue
        resolution = data.resolution_by_id.get(contract.resolution_id or "")
        decided = resolution is not None and resolution.source == "assembly" and resolution.matter == "M8"
        if decided and resolution is not None and resolution.decided_on <= contract.starts_on:
            continue
        findings.append(
            Finding(
                code="F09",
                check="without_decision",
                severity=Severity.HIGH,
                sentence=(
                    N_("%(contract)s（%(party)s）%(start_day)s 就已开始，业主大会的决议在这之后才作出")
                    if decided
                    else N_("%(contract)s（%(party)s）利用共有部分经营，没有业主大会（M8）的决议")
                ),
                params={
                    "contract": contract.title,
                    "party": contract.party,
                    "start_day": contract.starts_on.isoformat(),
                },
                amount_fen=contract.amount_fen,
                evidence=(of_contract(contract),),
            )
        )
    return findings


def _income(data: PeriodData) -> list[ContractFacts]:
    return [contract for contract in data.contracts if contract.direction == "income"]


def _followed(contract: ContractFacts, data: PeriodData) -> bool:
    """Whether another contract continues it: over the same common part, or with the same party, and ending later."""
    return any(
        other.id != contract.id
        and other.ends_on > contract.ends_on
        and (
            same_party(other.common_part) == same_party(contract.common_part)
            or same_party(other.party) == same_party(contract.party)
        )
        for other in _income(data)
    )

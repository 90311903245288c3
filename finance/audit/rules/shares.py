"""Checks of what goes to owners, members and the maintenance fund (F15, F19, F20, F21)."""

from collections import defaultdict
from collections.abc import Sequence

from finance.audit.rules.data import PeriodData, ShareRunFacts, VoucherFacts
from finance.audit.rules.findings import (
    Evidence,
    EvidenceKind,
    Finding,
    NotEnough,
    Parameters,
    Severity,
    of_voucher,
    same_party,
)
from hoa.kernel.errors import N_

SUBSIDY, DIVIDEND = "U2", "U3"


def allowances(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F15: an allowance above the standard for the days in office (none outside the term), or paid from the work fund
    without a checked list (R2.17). Judged by offices and standards as they are known now, because a term that ended
    early is written down later.
    """
    above = [
        Finding(
            code="F15",
            check="allowances",
            severity=Severity.MEDIUM,
            sentence=(
                N_("%(month)s %(person)s 领津贴 %(amount)s，按标准和在任天数应为 %(entitled)s")
                if row.entitled_fen
                else N_("%(month)s %(person)s 领津贴 %(amount)s，但当月没有任职，或者没有标准")
            ),
            params={
                "month": row.month,
                "person": row.person_shown,
                "amount_fen": row.amount_fen,
                "entitled_fen": row.entitled_fen,
            },
            amount_fen=row.amount_fen - row.entitled_fen,
            evidence=(Evidence(kind=EvidenceKind.ALLOWANCE, id=row.run_id, label=row.month, part=row.no),),
        )
        for row in data.allowances
        if data.holds(row.last_day) and row.amount_fen > row.entitled_fen
    ]
    unlisted = [
        Finding(
            code="F15",
            check="allowances",
            severity=Severity.MEDIUM,
            sentence=N_("工作经费凭证 %(voucher)s 支付津贴 %(amount)s，没有经过核对的清单"),
            params={"voucher": row.label, "amount_fen": row.amount_fen},
            amount_fen=row.amount_fen,
            evidence=(Evidence(kind=EvidenceKind.VOUCHER, id=row.voucher_id, label=row.label),),
        )
        for row in data.allowance_payments
        if data.holds(row.day) and not row.listed
    ]
    return [*above, *unlisted]


def topup(data: PeriodData, _parameters: Parameters) -> "Sequence[Finding] | NotEnough":
    """F19: less went into the maintenance fund for a year than the place or the assembly asks (R4.4 U1, 条例 54). A
    year is judged once its last day for the top-up, 31 January, is over.
    """
    judged = [
        row for row in data.topups if row.due_by < data.as_of and (data.holds(row.ends_on) or data.holds(row.due_by))
    ]
    unknown = next((row for row in judged if row.due_fen is None), None)
    if unknown is not None:
        reason = N_("%(year)s 年没有写明维修资金余额是否不足首期的百分之三十，无法判断应补充多少")
        return NotEnough(reason=reason, params={"year": str(unknown.year)})
    return [
        Finding(
            code="F19",
            check="topup",
            severity=Severity.MEDIUM,
            sentence=N_(
                "%(year)s 年公共收益 %(income)s，应补充维修资金 %(due)s，"
                "到 %(by_day)s 只补充了 %(paid)s，少 %(missing)s"
            ),
            params={
                "year": str(row.year),
                "income_fen": row.income_fen,
                "due_fen": row.due_fen or 0,
                "by_day": row.due_by.isoformat(),
                "paid_fen": row.paid_fen,
                "missing_fen": (row.due_fen or 0) - row.paid_fen,
            },
            amount_fen=(row.due_fen or 0) - row.paid_fen,
            evidence=(Evidence(kind=EvidenceKind.TOPUP, id=str(row.year), label=str(row.year)),),
        )
        for row in judged
        if row.paid_fen < (row.due_fen or 0)
    ]


def distributions(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F20: what owners get is not what the assembly decided: money paid to them without a checked list, more paid than
    listed, a list that does not add up, or lists that together exceed the resolution (R4.4 U2, U3; R4.5).
    """
    return [*_unlisted(data), *_not_as_listed(data), *_over_decision(data)]


def _unlisted(data: PeriodData) -> list[Finding]:
    listed = {voucher_id for run in data.share_runs for voucher_id in run.voucher_ids}
    return [
        Finding(
            code="F20",
            check="distributions",
            severity=Severity.HIGH,
            sentence=N_("凭证 %(voucher)s 付给%(party)s %(amount)s，用途是分配或冲抵物业费，没有经过核对的业主清单"),
            params={"voucher": voucher.label, "party": voucher.party_shown, "amount_fen": voucher.amount_fen},
            amount_fen=voucher.amount_fen,
            evidence=(of_voucher(voucher),),
        )
        for voucher in data.payments
        if data.holds(voucher.day) and voucher.purpose in (SUBSIDY, DIVIDEND) and voucher.id not in listed
    ]


def _not_as_listed(data: PeriodData) -> list[Finding]:
    by_id = {voucher.id: voucher for voucher in data.payments}
    findings = []
    for run in data.share_runs:
        paid = [by_id[voucher_id] for voucher_id in run.voucher_ids if voucher_id in by_id]
        sums = sum(voucher.amount_fen for voucher in paid) - run.returned_fen
        if run.listed_fen != run.total_fen and data.holds(run.checked_on):
            findings.append(_of_run(run, N_("%(run)s 应分 %(total)s，业主清单合计却是 %(actual)s"), run.listed_fen, ()))
        if sums > run.total_fen and any(data.holds(voucher.day) for voucher in paid):
            findings.append(_of_run(run, N_("%(run)s 应付 %(total)s，实际付了 %(actual)s"), sums, paid))
    return findings


def _of_run(run: ShareRunFacts, sentence: str, actual_fen: int, vouchers: Sequence[VoucherFacts]) -> Finding:
    return Finding(
        code="F20",
        check="distributions",
        severity=Severity.HIGH,
        sentence=sentence,
        params={"run": run.label, "total_fen": run.total_fen, "actual_fen": actual_fen},
        amount_fen=abs(actual_fen - run.total_fen),
        evidence=(
            Evidence(kind=EvidenceKind.SHARE_RUN, id=run.id, label=run.label),
            *(of_voucher(voucher) for voucher in vouchers),
        ),
    )


def _over_decision(data: PeriodData) -> list[Finding]:
    together: dict[str, list[ShareRunFacts]] = defaultdict(list)
    for run in data.share_runs:
        together[run.resolution_id].append(run)
    findings = []
    for resolution_id, runs in together.items():
        decision = data.resolution_by_id.get(resolution_id)
        total = sum(run.total_fen for run in runs)
        limit = decision.limit_fen if decision is not None else None
        if decision is None or limit is None or total <= limit or not any(data.holds(run.checked_on) for run in runs):
            continue
        findings.append(
            Finding(
                code="F20",
                check="distributions",
                severity=Severity.HIGH,
                sentence=N_("按决议“%(decision)s”分给业主的合计 %(total)s，超过决议的 %(limit)s"),
                params={"decision": decision.title, "total_fen": total, "limit_fen": limit},
                amount_fen=total - limit,
                evidence=(
                    Evidence(kind=EvidenceKind.RESOLUTION, id=decision.id, label=decision.title),
                    *(Evidence(kind=EvidenceKind.SHARE_RUN, id=run.id, label=run.label) for run in runs),
                ),
            )
        )
    return findings


def fee_items(data: PeriodData, _parameters: Parameters) -> "Sequence[Finding] | NotEnough":
    """F21: the common revenue paid for what the property fee covers already. Compared are the words that the register
    of covered items gives for such work with the summary of a payment, and the company with its payee. A fee subsidy
    is meant to go to the company; what the assembly decided to pay in spite of the contract is the owners' own affair.
    """
    if not data.fee_items:
        return NotEnough(reason=N_("还没有登记物业费包含的项目"))
    findings = []
    for voucher in data.payments:
        if not data.holds(voucher.day) or voucher.purpose == SUBSIDY or data.rests_on_assembly(voucher):
            continue
        for item in data.fee_items:
            if voucher.day < item.from_on or (item.until_on is not None and voucher.day > item.until_on):
                continue
            word = next((word for word in item.words if word in voucher.summary), None)
            if word is None and same_party(voucher.party) != same_party(item.company):
                continue
            findings.append(
                Finding(
                    code="F21",
                    check="fee_items",
                    severity=Severity.MEDIUM,
                    sentence=N_(
                        "凭证 %(voucher)s 付给%(party)s %(amount)s，像是物业费已经包含的“%(item)s”，又没有业主大会决议"
                    ),
                    params={
                        "voucher": voucher.label,
                        "party": voucher.party_shown,
                        "amount_fen": voucher.amount_fen,
                        "item": item.title,
                    },
                    amount_fen=voucher.amount_fen,
                    evidence=(of_voucher(voucher),),
                )
            )
            break
    return findings

"""Checks between bank and books: gaps in the bank's own account, movements nobody explained, months not reconciled
(F14)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from finance.audit.rules.data import BankLineFacts, PeriodData
from finance.audit.rules.findings import (
    Evidence,
    EvidenceKind,
    Finding,
    NotEnough,
    Parameters,
    Severity,
    days_between,
    of_bank_line,
    of_voucher,
)
from hoa.kernel.errors import N_


def unexplained_lines(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F14: a bank line that no posted voucher explains, or not to the last fen, after more than 30 days."""
    return [
        Finding(
            code="F14",
            check="unexplained_lines",
            severity=Severity.MEDIUM,
            sentence=_about_line(line),
            params={
                "line_day": line.day.isoformat(),
                "amount_fen": abs(line.amount_fen),
                "about": " ".join(filter(None, (line.party, line.summary))) or line.reference,
                "days": days_between(line.day, data.as_of),
                **({"open_fen": line.open_fen} if line.open_fen != abs(line.amount_fen) else {}),
            },
            amount_fen=line.open_fen,
            evidence=(of_bank_line(line),),
        )
        for line in data.bank_lines
        if data.holds(line.day) and line.open_fen and days_between(line.day, data.as_of) > parameters.bank_open_days
    ]


def _about_line(line: BankLineFacts) -> str:
    if line.open_fen != abs(line.amount_fen):
        return N_("%(line_day)s 银行流水 %(amount)s（%(about)s），已过 %(days)s 天仍有 %(open)s 没有对应的凭证")
    if line.amount_fen > 0:
        return N_("%(line_day)s 银行流水收入 %(amount)s（%(about)s），已过 %(days)s 天仍没有对应的凭证")
    return N_("%(line_day)s 银行流水支出 %(amount)s（%(about)s），已过 %(days)s 天仍没有对应的凭证")


def unexplained_vouchers(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F14: a voucher that no bank line confirms, or not to the last fen, after more than 30 days."""
    return [
        Finding(
            code="F14",
            check="unexplained_vouchers",
            severity=Severity.MEDIUM,
            sentence=(
                N_("凭证 %(voucher)s（%(party)s %(amount)s）已过 %(days)s 天，银行流水里还没有这一笔")
                if voucher.bank_open_fen == voucher.amount_fen
                else N_("凭证 %(voucher)s（%(party)s %(amount)s）已过 %(days)s 天，银行流水里还差 %(open)s")
            ),
            params={
                "voucher": voucher.label,
                "party": voucher.party_shown,
                "amount_fen": voucher.amount_fen,
                "days": days_between(voucher.day, data.as_of),
                **({"open_fen": voucher.bank_open_fen} if voucher.bank_open_fen != voucher.amount_fen else {}),
            },
            amount_fen=voucher.bank_open_fen,
            evidence=(of_voucher(voucher),),
        )
        for voucher in data.vouchers
        if data.holds(voucher.day)
        and voucher.bank_open_fen
        and days_between(voucher.day, data.as_of) > parameters.bank_open_days
    ]


def broken_balances(data: PeriodData, _parameters: Parameters) -> Sequence[Finding] | NotEnough:
    """F14: the bank's running balance does not follow from line to line: a movement is missing or was changed."""
    if not data.bank_lines:
        return NotEnough(reason=N_("还没有导入银行流水"))
    by_account: dict[str, list[BankLineFacts]] = defaultdict(list)
    for line in sorted(data.bank_lines, key=lambda line: (line.account_id, line.seq)):
        by_account[line.account_id].append(line)
    findings = []
    for account_id, lines in by_account.items():
        before = data.bank_opening_fen.get(account_id)
        for line in lines:
            if before is not None and before + line.amount_fen != line.balance_fen and data.holds(line.day):
                gap = line.balance_fen - line.amount_fen - before
                findings.append(
                    Finding(
                        code="F14",
                        check="broken_balances",
                        severity=Severity.MEDIUM,
                        sentence=N_("%(line_day)s 的银行流水与上一笔的余额接不上，相差 %(gap)s，可能漏了流水"),
                        params={"line_day": line.day.isoformat(), "gap_fen": gap},
                        amount_fen=abs(gap),
                        evidence=(of_bank_line(line),),
                    )
                )
            before = line.balance_fen
    return findings


def uncovered_days(data: PeriodData, _parameters: Parameters) -> Sequence[Finding] | NotEnough:
    """F14: days of the period for which no bank statement was imported. The day of the check is not over: no statement
    covers it."""
    if not data.bank_covered:
        return NotEnough(reason=N_("还没有导入银行流水"))
    return [
        Finding(
            code="F14",
            check="uncovered_days",
            severity=Severity.MEDIUM,
            sentence=N_("%(first_day)s 至 %(last_day)s 没有导入银行流水"),
            params={"first_day": first.isoformat(), "last_day": last.isoformat()},
            evidence=(
                Evidence(
                    kind=EvidenceKind.PERIOD,
                    id=f"{first.isoformat()}/{last.isoformat()}",
                    label=f"{first.isoformat()} – {last.isoformat()}",
                ),
            ),
        )
        for first, last in _gaps(data.bank_covered, data.start, min(data.end, data.as_of - timedelta(days=1)))
    ]


def not_reconciled(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F14: a month that is over for more than 15 days and was not closed on a bank reconciliation (R5.6)."""
    return [
        Finding(
            code="F14",
            check="not_reconciled",
            severity=Severity.MEDIUM,
            sentence=(
                N_("%(month)s 没有结账，也没有余额调节表")
                if month.closed_at is None
                else N_("%(month)s 结账时没有余额调节表，或者调节后仍差 %(difference)s")
            ),
            params={
                "month": f"{month.month // 100}-{month.month % 100:02d}",
                "difference_fen": month.difference_fen,
            },
            amount_fen=abs(month.difference_fen),
            evidence=(
                Evidence(
                    kind=EvidenceKind.PERIOD,
                    id=str(month.month),
                    label=f"{month.month // 100}-{month.month % 100:02d}",
                ),
            ),
        )
        for month in data.months
        if data.holds(month.last_day)
        and (month.closed_at is None or not month.reconciled or month.difference_fen != 0)
        and days_between(month.last_day, data.as_of) > parameters.close_days
    ]


def _gaps(covered: Sequence[tuple[date, date]], start: date, end: date) -> list[tuple[date, date]]:
    gaps = []
    at = start
    for first, last in sorted(covered):
        if first > at and at <= end:
            gaps.append((at, min(first - timedelta(days=1), end)))
        at = max(at, last + timedelta(days=1))
    if at <= end:
        gaps.append((at, end))
    return gaps

"""Checks of how the books are kept: numbers, dates, closed months, red vouchers, separated duties, decisions of a body
whose term was over (F11, F12, F13, F25)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from finance.audit.rules.data import PeriodData, VoucherFacts
from finance.audit.rules.findings import (
    Evidence,
    EvidenceKind,
    Finding,
    Parameters,
    Severity,
    days_between,
    of_voucher,
)
from hoa.kernel.clock import today
from hoa.kernel.errors import N_

CASHIER = ("owners_committee", "cashier")


def numbers(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F11: within a month the numbers are 1, 2, 3 … without gap and without repetition (会计基础工作规范, R5.2)."""
    by_month: dict[int, list[VoucherFacts]] = defaultdict(list)
    for voucher in data.vouchers:
        if data.holds(voucher.day):
            by_month[voucher.month].append(voucher)
    findings = []
    for month, vouchers in sorted(by_month.items()):
        # The period may end inside a month, so the highest number seen is all that can be expected.
        seen = sorted(voucher.number for voucher in vouchers)
        lowest = 1 if _holds_whole_start(data, month) else seen[0]
        missing = sorted(set(range(lowest, seen[-1] + 1)) - {v.number for v in data.vouchers if v.month == month})
        twice = sorted({number for number in seen if seen.count(number) > 1})
        for wrong, sentence in (
            (missing, N_("%(month)s 的凭证缺号：%(numbers)s")),
            (twice, N_("%(month)s 的凭证重号：%(numbers)s")),
        ):
            if wrong:
                findings.append(
                    Finding(
                        code="F11",
                        check="numbers",
                        severity=Severity.HIGH,
                        sentence=sentence,
                        params={
                            "month": f"{month // 100}-{month % 100:02d}",
                            "numbers": ", ".join(str(number) for number in wrong),
                        },
                        evidence=_of_months(month, wrong, vouchers),
                    )
                )
    return findings


def back_dated(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F11: posted more than 15 days after the date it bears."""
    return [
        Finding(
            code="F11",
            check="back_dated",
            severity=Severity.HIGH,
            sentence=N_("凭证 %(voucher)s 的日期是 %(dated_day)s，%(posted_day)s 才记账，晚了 %(days)s 天，疑似倒签"),
            params={
                "voucher": voucher.label,
                "dated_day": voucher.day.isoformat(),
                "posted_day": today(voucher.posted_at).isoformat(),
                "days": days_between(voucher.day, today(voucher.posted_at)),
            },
            amount_fen=voucher.amount_fen,
            evidence=(of_voucher(voucher),),
        )
        for voucher in data.vouchers
        if data.holds(voucher.day) and days_between(voucher.day, today(voucher.posted_at)) > parameters.backdated_days
    ]


def after_close(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F11: posted into a month after it was closed."""
    closed = {month.month: month.closed_at for month in data.months if month.closed_at is not None}
    return [
        Finding(
            code="F11",
            check="after_close",
            severity=Severity.HIGH,
            sentence=N_("凭证 %(voucher)s 在 %(month)s 结账之后才记入该月"),
            params={"voucher": voucher.label, "month": f"{voucher.month // 100}-{voucher.month % 100:02d}"},
            amount_fen=voucher.amount_fen,
            evidence=(of_voucher(voucher),),
        )
        for voucher in data.vouchers
        if data.holds(voucher.day) and voucher.month in closed and voucher.posted_at > closed[voucher.month]
    ]


def red_vouchers(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F12: a red voucher names the posted one it takes back, with its amount, or the one whose amount it puts right; no
    other voucher has red lines (R5.3)."""
    by_id = {voucher.id: voucher for voucher in data.vouchers}
    findings = []
    for voucher in data.vouchers:
        if not data.holds(voucher.day):
            continue
        original = by_id.get(voucher.reverses_id or "")
        is_red = voucher.kind == "reversal" or voucher.has_negative_line
        sound = original is not None and original.amount_fen == voucher.amount_fen and voucher.kind == "reversal"
        puts_right = voucher.kind == "difference" and voucher.corrects_id in by_id
        if is_red and not sound and not puts_right:
            findings.append(
                Finding(
                    code="F12",
                    check="red_vouchers",
                    severity=Severity.MEDIUM,
                    sentence=N_("红字凭证 %(voucher)s（%(amount)s）没有指明所冲销的原凭证，或者金额不一致"),
                    params={"voucher": voucher.label, "amount_fen": voucher.amount_fen},
                    amount_fen=voucher.amount_fen,
                    evidence=(of_voucher(voucher),),
                )
            )
    return findings


def separation(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F13: whoever makes a voucher does not check it, whoever checks it does not post it, and the cashier does none of
    these (会计法 25, 35)."""
    findings = []
    for voucher in data.vouchers:
        if not data.holds(voucher.day):
            continue
        sentence = None
        if voucher.checker_id is None or voucher.checker_id == voucher.maker_id:
            sentence = N_("凭证 %(voucher)s 的制单人和复核人是同一个人，或者没有人复核")
        elif voucher.checker_id == voucher.poster_id:
            sentence = N_("凭证 %(voucher)s 的复核人自己记账")
        elif _was_cashier(data, {voucher.maker_id, voucher.checker_id, voucher.poster_id or ""}, voucher.posted_at):
            sentence = N_("凭证 %(voucher)s 由出纳制单、复核或记账")
        if sentence is not None:
            findings.append(
                Finding(
                    code="F13",
                    check="separation",
                    severity=Severity.HIGH,
                    sentence=sentence,
                    params={"voucher": voucher.label},
                    amount_fen=voucher.amount_fen,
                    evidence=(of_voucher(voucher),),
                )
            )
    return findings


def out_of_term(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F25: a decision of the owners' committee on a day on which nobody held an office in it."""
    terms = [
        (today(office.starts_at), today(office.ends_at)) for office in data.offices if office.body == "owners_committee"
    ]
    return [
        Finding(
            code="F25",
            check="out_of_term",
            severity=Severity.MEDIUM,
            sentence=N_("业主委员会 %(decided_day)s 作出决议“%(resolution)s”，那一天没有在任的委员"),
            params={"decided_day": resolution.decided_on.isoformat(), "resolution": resolution.title},
            evidence=(Evidence(kind=EvidenceKind.RESOLUTION, id=resolution.id, label=resolution.title),),
        )
        for resolution in data.resolutions
        if resolution.source == "committee"
        and data.holds(resolution.decided_on)
        and not any(start <= resolution.decided_on < end for start, end in terms)
    ]


def _was_cashier(data: PeriodData, people: set[str], moment: datetime) -> bool:
    return any(
        office.person_id in people and office.starts_at <= moment < office.ends_at
        for office in data.offices
        if (office.body, office.post) == CASHIER
    )


def _holds_whole_start(data: PeriodData, month: int) -> bool:
    """Whether the period contains the first day of the month (numbers are given by posting, but dated in the month)."""
    return data.start.year * 100 + data.start.month < month or data.start.day == 1


def _of_months(month: int, wrong: Sequence[int], vouchers: Sequence[VoucherFacts]) -> tuple[Evidence, ...]:
    near = {number + step for number in wrong for step in (-1, 0, 1)}
    found = tuple(of_voucher(voucher) for voucher in vouchers if voucher.number in near)
    return found or (Evidence(kind=EvidenceKind.PERIOD, id=str(month), label=f"{month // 100}-{month % 100:02d}"),)

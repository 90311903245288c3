"""Checks of spending: documents, limits, splits, decisions, related payees, duplicates (F02, F04, F05, F07, F18)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from finance.audit.rules.data import PeriodData, ResolutionFacts, VoucherFacts
from finance.audit.rules.findings import (
    Evidence,
    EvidenceKind,
    Finding,
    Parameters,
    Severity,
    days_between,
    of_voucher,
    same_party,
)
from hoa.kernel.errors import N_

# Money that goes to the maintenance fund, to the owners or into the work fund: nobody writes an invoice for it, its
# document is the certificate, the list or the slip (R4.4).
WITHOUT_INVOICES = frozenset({"U1", "U2", "U3", "U4"})


def without_invoice(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F02 白条: a payment without any document, or whose documents hold no invoice (会计法 14)."""
    return [
        Finding(
            code="F02",
            check="without_invoice",
            severity=Severity.HIGH,
            sentence=(
                N_("凭证 %(voucher)s 付给%(party)s %(amount)s，没有附发票，只有其他单据")
                if voucher.documents
                else N_("凭证 %(voucher)s 付给%(party)s %(amount)s，没有附任何单据")
            ),
            params=_about(voucher),
            amount_fen=voucher.amount_fen,
            evidence=(of_voucher(voucher),),
        )
        for voucher in data.payments
        if data.holds(voucher.day)
        and voucher.invoices == 0
        and not (voucher.documents and voucher.purpose in WITHOUT_INVOICES)
    ]


def over_limit(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F04: one payment above what the committee may decide, without an assembly's resolution (R2.11)."""
    return [
        Finding(
            code="F04",
            check="over_limit",
            severity=Severity.HIGH,
            sentence=N_(
                "凭证 %(voucher)s 付给%(party)s %(amount)s，超过业主委员会单笔 %(limit)s 的权限，没有业主大会决议"
            ),
            params={**_about(voucher), "limit_fen": data.single_fen_on(voucher.day)},
            amount_fen=voucher.amount_fen,
            evidence=(of_voucher(voucher),),
        )
        for voucher in data.payments
        if data.holds(voucher.day)
        and voucher.amount_fen > data.single_fen_on(voucher.day)
        and not data.rests_on_assembly(voucher)
    ]


def splits(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F04: payments to one payee within a few days, each at or under the limit and at least half of it, together above
    it. Spending the assembly decided is not a way around the committee's limit."""
    findings = []
    for group in _split_groups(data, parameters):
        if not any(data.holds(voucher.day) for voucher in group):
            continue
        total = sum(voucher.amount_fen for voucher in group)
        findings.append(
            Finding(
                code="F04",
                check="split",
                severity=Severity.HIGH,
                sentence=N_(
                    "%(first_day)s 至 %(last_day)s 分 %(count)s 笔付给%(party)s，合计 %(total)s，"
                    "每笔都不超过业主委员会单笔 %(limit)s 的权限，合起来超过，疑似拆分"
                ),
                params={
                    "first_day": group[0].day.isoformat(),
                    "last_day": group[-1].day.isoformat(),
                    "count": len(group),
                    "party": group[0].party_shown,
                    "total_fen": total,
                    "limit_fen": data.single_fen_on(group[0].day),
                },
                amount_fen=total,
                evidence=tuple(of_voucher(voucher) for voucher in group),
            )
        )
    return findings


def over_year(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F04: what the committee spent by its own decision in a calendar year is more than the owners allowed it."""
    spent: dict[int, list[VoucherFacts]] = defaultdict(list)
    for voucher in sorted(data.payments, key=_in_order):
        if voucher.day <= data.end and not data.rests_on_assembly(voucher):
            spent[voucher.day.year].append(voucher)
    findings = []
    for year, vouchers in sorted(spent.items()):
        limit = data.limit_on(vouchers[-1].day)
        total = sum(voucher.amount_fen for voucher in vouchers)
        inside = [voucher for voucher in vouchers if data.holds(voucher.day)]
        if limit is None or limit.yearly_fen is None or total <= limit.yearly_fen or not inside:
            continue
        findings.append(
            Finding(
                code="F04",
                check="over_year",
                severity=Severity.HIGH,
                sentence=N_("%(year)s 年业主委员会自行决定的支出合计 %(total)s，超过全年 %(limit)s 的权限"),
                params={"year": year, "total_fen": total, "limit_fen": limit.yearly_fen},
                amount_fen=total - limit.yearly_fen,
                evidence=tuple(of_voucher(voucher) for voucher in inside),
            )
        )
    return findings


def over_resolution(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F04: what was spent on a resolution is more than it allows. What a duplicate invoice adds is told there."""
    again = {voucher.id for group in _same_invoice(data.payments) for voucher in group[1:]}
    spent: dict[str, list[VoucherFacts]] = defaultdict(list)
    for voucher in data.payments:
        if voucher.resolution_id and voucher.day <= data.end and voucher.id not in again:
            spent[voucher.resolution_id].append(voucher)
    findings = []
    for resolution_id, vouchers in sorted(spent.items()):
        resolution = data.resolution_by_id.get(resolution_id)
        total = sum(voucher.amount_fen for voucher in vouchers)
        if resolution is None or resolution.limit_fen is None or total <= resolution.limit_fen:
            continue
        inside = [voucher for voucher in vouchers if data.holds(voucher.day)]
        if not inside:
            continue
        findings.append(
            Finding(
                code="F04",
                check="over_resolution",
                severity=Severity.HIGH,
                sentence=N_("依据决议“%(resolution)s”已支出 %(total)s，超过它授权的 %(limit)s"),
                params={"resolution": resolution.title, "total_fen": total, "limit_fen": resolution.limit_fen},
                amount_fen=total - resolution.limit_fen,
                evidence=(_of_resolution(resolution), *(of_voucher(voucher) for voucher in inside)),
            )
        )
    return findings


def decisions(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F05: no decision and no standing authority, one made after the payment, or one that had run out."""
    findings = []
    for voucher in data.payments:
        if not data.holds(voucher.day):
            continue
        resolution = data.resolution_by_id.get(voucher.resolution_id or "")
        sentence = _what_is_wrong(voucher, resolution)
        if sentence is None:
            continue
        about = {**_about(voucher), "day": voucher.day.isoformat()}
        evidence = [of_voucher(voucher)]
        if resolution is not None:
            about |= {"resolution": resolution.title, "decided_day": resolution.decided_on.isoformat()}
            about |= {"until_day": (resolution.valid_until or resolution.decided_on).isoformat()}
            evidence.append(_of_resolution(resolution))
        findings.append(
            Finding(
                code="F05",
                check="decisions",
                severity=Severity.HIGH,
                sentence=sentence,
                params=about,
                amount_fen=voucher.amount_fen,
                evidence=tuple(evidence),
            )
        )
    return findings


def _what_is_wrong(voucher: VoucherFacts, resolution: ResolutionFacts | None) -> str | None:
    if resolution is None:
        if voucher.resolution_id is None and voucher.grounds.strip():
            return None
        return N_("凭证 %(voucher)s 付给%(party)s %(amount)s，没有决议，也没有常规授权")
    if resolution.decided_on > voucher.day:
        return N_("凭证 %(voucher)s 付给%(party)s %(amount)s，先付款，%(decided_day)s 才作出决议“%(resolution)s”")
    if resolution.valid_until is not None and resolution.valid_until < voucher.day:
        return N_("凭证 %(voucher)s 付给%(party)s %(amount)s，所依据的决议“%(resolution)s”已于 %(until_day)s 到期")
    return None


def related_parties(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F07: money paid to a payee that was related to an office holder on that day, one finding for each payee:
    declared companies, and the relatives and property-company ties declared of office holders.
    """
    declared: dict[str, str] = {}
    paid: dict[str, list[VoucherFacts]] = defaultdict(list)
    for voucher in data.payments:
        name = same_party(voucher.party)
        tie = next((row for row in data.related if same_party(row.party) == name and row.holds_on(voucher.day)), None)
        if data.holds(voucher.day) and tie is not None:
            declared.setdefault(name, tie.relation)
            paid[name].append(voucher)
    return [
        Finding(
            code="F07",
            check="related_parties",
            severity=Severity.HIGH,
            sentence=N_("付给关联方%(party)s（%(relation)s）%(count)s 笔，合计 %(total)s"),
            params={
                "party": vouchers[0].party_shown,
                "relation": declared[name],
                "count": len(vouchers),
                "total_fen": sum(voucher.amount_fen for voucher in vouchers),
            },
            amount_fen=sum(voucher.amount_fen for voucher in vouchers),
            evidence=tuple(of_voucher(voucher) for voucher in vouchers),
        )
        for name, vouchers in sorted(paid.items())
    ]


def duplicate_invoices(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F18: one payee's invoice number paid more than once, whenever the other payment was."""
    findings = []
    for group in _same_invoice(data.payments):
        if not any(data.holds(voucher.day) for voucher in group):
            continue
        total = sum(voucher.amount_fen for voucher in group)
        again = total - group[0].amount_fen
        findings.append(
            Finding(
                code="F18",
                check="duplicate_invoice",
                severity=Severity.HIGH,
                sentence=N_("%(party)s的发票 %(invoice)s 付了 %(count)s 次，合计 %(total)s，其中 %(again)s 疑似重复"),
                params={
                    "party": group[0].party_shown,
                    "invoice": group[0].invoice_no,
                    "count": len(group),
                    "total_fen": total,
                    "again_fen": again,
                },
                amount_fen=again,
                evidence=tuple(of_voucher(voucher) for voucher in group),
            )
        )
    return findings


def repeated_amounts(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F18: the same amount to the same payee again within 30 days, unless a contract's schedule says so, or it is
    already named as a split or a duplicate invoice."""
    named = {voucher.id for group in _split_groups(data, parameters) for voucher in group}
    named |= {voucher.id for group in _same_invoice(data.payments) for voucher in group}
    alike: dict[tuple[str, int], list[VoucherFacts]] = defaultdict(list)
    for voucher in sorted(data.payments, key=_in_order):
        if voucher.due_no is None and voucher.id not in named:
            alike[same_party(voucher.party), voucher.amount_fen].append(voucher)
    findings = []
    for (_party, amount_fen), vouchers in sorted(alike.items()):
        for group in _runs(vouchers, parameters.repeat_days):
            if not any(data.holds(voucher.day) for voucher in group):
                continue
            findings.append(
                Finding(
                    code="F18",
                    check="repeated_amount",
                    severity=Severity.MEDIUM,
                    sentence=N_("%(days)s 天之内付给%(party)s %(count)s 笔相同的金额 %(each)s，请核对是否重复"),
                    params={
                        "days": parameters.repeat_days,
                        "party": group[0].party_shown,
                        "count": len(group),
                        "each_fen": amount_fen,
                    },
                    amount_fen=amount_fen * (len(group) - 1),
                    evidence=tuple(of_voucher(voucher) for voucher in group),
                )
            )
    return findings


def round_amounts(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F18: amounts that are a multiple of ¥1,000 and no contract's price. One hint for all of them."""
    found = [
        voucher
        for voucher in data.payments
        if data.holds(voucher.day) and voucher.due_no is None and voucher.amount_fen % parameters.round_fen == 0
    ]
    if not found:
        return []
    total = sum(voucher.amount_fen for voucher in found)
    return [
        Finding(
            code="F18",
            check="round_amounts",
            severity=Severity.LOW,
            sentence=N_("有 %(count)s 笔支出是 %(unit)s 的整数倍，合计 %(total)s，抽查时可以留意"),
            params={"count": len(found), "unit_fen": parameters.round_fen, "total_fen": total},
            amount_fen=total,
            evidence=tuple(of_voucher(voucher) for voucher in found),
        )
    ]


def _split_groups(data: PeriodData, parameters: Parameters) -> list[list[VoucherFacts]]:
    by_party: dict[tuple[str, int], list[VoucherFacts]] = defaultdict(list)
    for voucher in sorted(data.payments, key=_in_order):
        limit = data.single_fen_on(voucher.day)
        big_enough = voucher.amount_fen * 100 >= limit * parameters.split_share_percent
        if big_enough and voucher.amount_fen <= limit and not data.rests_on_assembly(voucher):
            by_party[same_party(voucher.party), limit].append(voucher)
    return [
        group
        for (_, limit), vouchers in sorted(by_party.items())
        for group in _windows_above(vouchers, parameters.split_days, limit)
    ]


def _windows_above(vouchers: Sequence[VoucherFacts], days: int, limit_fen: int) -> Iterable[list[VoucherFacts]]:
    """Every stretch of at most `days` whose sum is above the limit; stretches that share a voucher become one group."""
    joined: list[tuple[int, int]] = []
    for first, opening in enumerate(vouchers):
        last = first
        while last + 1 < len(vouchers) and days_between(opening.day, vouchers[last + 1].day) <= days:
            last += 1
        if last == first or sum(voucher.amount_fen for voucher in vouchers[first : last + 1]) <= limit_fen:
            continue
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    for first, last in joined:
        yield list(vouchers[first : last + 1])


def _runs(vouchers: Sequence[VoucherFacts], days: int) -> Iterable[list[VoucherFacts]]:
    """Chains in which each follows the one before within `days`."""
    run = list(vouchers[:1])
    for earlier, later in pairwise(vouchers):
        if days_between(earlier.day, later.day) > days:
            if len(run) > 1:
                yield run
            run = []
        run.append(later)
    if len(run) > 1:
        yield run


def _same_invoice(payments: Sequence[VoucherFacts]) -> list[list[VoucherFacts]]:
    groups: dict[tuple[str, str], list[VoucherFacts]] = defaultdict(list)
    for voucher in sorted(payments, key=_in_order):
        if same_party(voucher.invoice_no):
            groups[same_party(voucher.party), same_party(voucher.invoice_no)].append(voucher)
    return [group for _, group in sorted(groups.items()) if len(group) > 1]


def _in_order(voucher: VoucherFacts) -> tuple[str, int, str]:
    return voucher.day.isoformat(), voucher.number, voucher.id


def _about(voucher: VoucherFacts) -> dict[str, str | int]:
    return {"voucher": voucher.label, "party": voucher.party_shown, "amount_fen": voucher.amount_fen}


def _of_resolution(resolution: ResolutionFacts) -> Evidence:
    return Evidence(kind=EvidenceKind.RESOLUTION, id=resolution.id, label=resolution.title)

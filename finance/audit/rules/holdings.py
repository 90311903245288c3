"""Checks of what the funds hold: cash, money owed by persons, assets, and money between the funds (rules.md 6.3)."""

from collections.abc import Iterator, Sequence

from finance.audit.rules.data import AdvanceFacts, CashBoxFacts, PeriodData
from finance.audit.rules.findings import Evidence, EvidenceKind, Finding, Parameters, Severity, of_voucher
from finance.rules import cash
from finance.rules.cash import CashMove
from finance.rules.ledger import VoucherKind
from hoa.kernel import masking
from hoa.kernel.errors import N_


def _of_move(move: CashMove) -> Evidence:
    return Evidence(kind=EvidenceKind.VOUCHER, id=move.voucher_id, label=f"{move.label} {move.day.isoformat()}")


def spent_receipts(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F01: a payment from cash that is more than what was drawn from the bank for it (现金管理暂行条例 11)."""
    return [
        Finding(
            code="F01",
            check="spent_receipts",
            severity=Severity.HIGH,
            sentence=N_("%(day)s 用现金付给 %(party)s，其中 %(over_fen)s 不是从银行提取的，是直接用收到的现金付的"),
            params={
                "day": row.move.day.isoformat(),
                "party": masking.name(row.move.party) if row.move.party_is_person else row.move.party,
                "over_fen": row.out_of_receipts_fen,
            },
            amount_fen=row.out_of_receipts_fen,
            evidence=(_of_move(row.move),),
        )
        for box in data.cash
        for row in cash.journal(box.moves)
        if row.out_of_receipts_fen > 0 and data.start <= row.move.day <= data.end
    ]


def never_arrived(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F03: money that the books say was received, and that no registered account shows though its statement covers the
    days; cash that was received and never carried to the bank.
    """
    covered = max((end for _, end in data.bank_covered), default=None)
    found = [
        Finding(
            code="F03",
            check="never_arrived",
            severity=Severity.HIGH,
            sentence=N_("%(day)s 记作收到 %(party)s 的 %(open_fen)s，登记的专户流水里没有这笔钱，要查明进了哪个账户"),
            params={"day": voucher.day.isoformat(), "party": voucher.party_shown, "open_fen": voucher.bank_open_fen},
            amount_fen=voucher.bank_open_fen,
            evidence=(of_voucher(voucher),),
        )
        for voucher in data.vouchers
        if voucher.kind == VoucherKind.RECEIPT
        and voucher.bank_open_fen > 0
        and data.start <= voucher.day <= data.end
        and covered is not None
        and (covered - voucher.day).days > parameters.arrival_days
    ]
    return found + [finding for box in data.cash for finding in _kept(box, data, parameters)]


def _kept(box: CashBoxFacts, data: PeriodData, parameters: Parameters) -> Iterator[Finding]:
    """Receipts in cash that no later deposit covers, oldest first."""
    carried = sum(-move.fen for move in box.moves if move.kind == VoucherKind.DEPOSIT)
    gone = {move.reverses_id for move in box.moves}
    for move in box.moves:
        if move.fen <= 0 or move.kind in (VoucherKind.DRAWING, VoucherKind.OPENING):
            continue
        if move.reverses_id is not None or move.voucher_id in gone:
            continue
        left = max(0, move.fen - carried)
        carried = max(0, carried - move.fen)
        if left and (data.as_of - move.day).days > parameters.arrival_days and move.day <= data.end:
            yield Finding(
                code="F03",
                check="never_arrived",
                severity=Severity.HIGH,
                sentence=N_("%(day)s 收到现金，还有 %(left_fen)s 没有存入专户"),
                params={"day": move.day.isoformat(), "left_fen": left},
                amount_fen=left,
                evidence=(_of_move(move),),
            )


def over_float(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F17: more cash in the box overnight than the float (现金管理暂行条例 9)."""
    return [
        Finding(
            code="F17",
            check="over_float",
            severity=Severity.MEDIUM,
            sentence=N_(
                "%(name)s 的库存现金从 %(first_day)s 到 %(last_day)s 最多 %(most_fen)s，超过限额 %(limit_fen)s"
            ),
            params={
                "name": box.name,
                "first_day": span.first.isoformat(),
                "last_day": span.last.isoformat(),
                "most_fen": span.most_fen,
                "limit_fen": box.limit_fen,
            },
            amount_fen=span.most_fen - box.limit_fen,
            evidence=tuple(_of_move(move) for move in box.moves if span.first <= move.day <= span.last)[:10],
        )
        for box in data.cash
        for span in cash.over_float(cash.journal(box.moves), limit_fen=box.limit_fen, as_of=data.as_of)
        if span.first <= data.end and span.last >= data.start
    ]


def old_advances(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F16: money lent to a person (其他应收款) that was not given back or accounted for in time; what came back settles
    the oldest first.
    """
    found = []
    for person in sorted({move.party for move in data.advances}):
        own = [move for move in data.advances if move.party == person]
        for lent, left in _open(own):
            days = (data.as_of - lent.day).days
            if days > parameters.advance_days and lent.day <= data.end:
                found.append(
                    Finding(
                        code="F16",
                        check="old_advances",
                        severity=Severity.MEDIUM,
                        sentence=N_("%(party)s 于 %(day)s 借的款还有 %(left_fen)s 没有归还或报销，已经 %(days)s 天"),
                        params={"party": lent.party_shown, "day": lent.day.isoformat(), "left_fen": left, "days": days},
                        amount_fen=left,
                        evidence=(
                            Evidence(
                                kind=EvidenceKind.VOUCHER,
                                id=lent.voucher_id,
                                label=f"{lent.label} {lent.day.isoformat()}",
                            ),
                        ),
                    )
                )
    return found


def _open(moves: Sequence[AdvanceFacts]) -> list[tuple[AdvanceFacts, int]]:
    back = -sum(move.fen for move in moves if move.fen < 0)
    left = []
    for move in sorted((move for move in moves if move.fen > 0), key=lambda move: (move.day, move.label)):
        rest = max(0, move.fen - back)
        back = max(0, back - move.fen)
        if rest:
            left.append((move, rest))
    return left


def without_card(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F24: fixed assets that were bought and have no card, and cards nobody looked behind for a year (会计法 17)."""
    carded = {asset.voucher_id for asset in data.assets}
    found = [
        Finding(
            code="F24",
            check="without_card",
            severity=Severity.MEDIUM,
            sentence=N_("%(day)s 购置的固定资产 %(amount_fen)s（%(what)s）没有登记卡片"),
            params={"day": bought.day.isoformat(), "amount_fen": bought.fen, "what": bought.summary},
            amount_fen=bought.fen,
            evidence=(
                Evidence(
                    kind=EvidenceKind.VOUCHER, id=bought.voucher_id, label=f"{bought.label} {bought.day.isoformat()}"
                ),
            ),
        )
        for bought in data.asset_purchases
        if bought.voucher_id not in carded and bought.day <= data.end
    ]
    for asset in data.assets:
        since = asset.inventoried_on or asset.bought_on
        months = (data.as_of.year - since.year) * 12 + data.as_of.month - since.month
        months -= data.as_of.day < since.day
        if asset.disposed_on is None and asset.bought_on <= data.end and months > parameters.inventory_months:
            found.append(
                Finding(
                    code="F24",
                    check="without_card",
                    severity=Severity.MEDIUM,
                    sentence=N_("固定资产 %(number)s 号“%(name)s”自 %(since_day)s 起没有盘点过"),
                    params={"number": asset.number, "name": asset.name, "since_day": since.isoformat()},
                    amount_fen=asset.cost_fen,
                    evidence=(Evidence(kind=EvidenceKind.ASSET, id=asset.id, label=f"#{asset.number} {asset.name}"),),
                )
            )
    return found


def mixed_funds(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F26: money that went between the accounts of the two funds without the pair of vouchers of a transfer that the
    assembly decided (R4.6).
    """
    return [
        Finding(
            code="F26",
            check="mixed_funds",
            severity=Severity.HIGH,
            sentence=N_(
                "%(day)s 有 %(amount_fen)s 在“%(account)s”与“%(other)s”之间划转，没有业主大会决议和两张转拨凭证"
            ),
            params={
                "day": line.day.isoformat(),
                "amount_fen": abs(line.fen),
                "account": line.account,
                "other": line.other,
            },
            amount_fen=abs(line.fen),
            evidence=(
                Evidence(kind=EvidenceKind.BANK_LINE, id=line.id, label=f"{line.day.isoformat()} {line.reference}"),
            ),
        )
        for line in data.between_funds
        if not line.by_transfer
        and data.start <= line.day <= data.end
        and (line.booked or (data.as_of - line.day).days > parameters.arrival_days)
    ]

"""Bank lines and vouchers side by side: what is proposed, what a person confirmed, and booking a line in one step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules import matching as rules
from finance.rules.contracts import Direction, DueState
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.rules.matching import Habit, LooseVoucher, Movement, OpenDue, Proposal, Target
from finance.service import contracts as contract_service
from finance.service import vouchers as voucher_service
from finance.service.bank import unmatched
from finance.service.books import is_closed, trust_book
from finance.service.vouchers import VoucherFields, label, signed_fen
from finance.tables import BankAccount, BankLine, Contract, Match, Voucher
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import service as resolutions


class AmountsDiffer(Refusal):
    message = N_("银行流水 %(bank)s 与凭证 %(voucher)s 金额不同，不能对上；请改凭证或另做一张")


class LineTaken(Refusal):
    message = N_("这笔流水已经对上另一张凭证")
    status = 409


class VoucherTaken(Refusal):
    message = N_("这张凭证已经对上另一笔流水")
    status = 409


class MatchClosed(Refusal):
    message = N_("这一对在已结账的月份里，不能拆开；请用红字凭证更正")
    status = 409


class ProposalGone(Refusal):
    message = N_("这个建议已经用过或不再适用，请刷新页面")
    status = 409


@dataclass(frozen=True, kw_only=True)
class MatchedLine:
    """A bank line, the voucher it belongs to (if any), and otherwise what is proposed."""

    line: BankLine
    voucher: Voucher | None
    proposals: tuple[Proposal, ...] = ()


def confirm(
    session: Session, community_id: str, *, bank_line_id: str, voucher_id: str, by: str, now: datetime
) -> Match:
    """A person says that this line and this voucher are the same money."""
    line = get(session, BankLine, community_id, bank_line_id)
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    active = select(Match.id).where(Match.community_id == community_id, Match.released_at.is_(None))
    if session.scalar(active.where(Match.bank_line_id == line.id)) is not None:
        raise LineTaken
    if session.scalar(active.where(Match.voucher_id == voucher.id)) is not None:
        raise VoucherTaken
    if line.amount_fen != signed_fen(voucher) or voucher.kind == VoucherKind.OPENING:
        raise AmountsDiffer(bank=money.show(line.amount_fen), voucher=money.show(signed_fen(voucher)))
    match = Match(
        community_id=community_id, bank_line_id=line.id, voucher_id=voucher.id, confirmed_by_id=by, confirmed_at=now
    )
    session.add(match)
    session.flush()
    return match


def release(session: Session, community_id: str, *, bank_line_id: str, by: str, now: datetime) -> None:
    """Take a wrong pair apart, as long as neither month is closed on it."""
    get(session, BankLine, community_id, bank_line_id)
    query = select(Match).where(
        Match.community_id == community_id, Match.bank_line_id == bank_line_id, Match.released_at.is_(None)
    )
    match = session.scalars(query).one_or_none()
    if match is None:
        raise ProposalGone
    voucher = get(session, Voucher, community_id, match.voucher_id)
    if is_closed(session, trust_book(session, community_id), voucher.month):
        raise MatchClosed
    match.released_at, match.released_by_id = now, by
    session.flush()


def book_line(
    session: Session,
    community_id: str,
    *,
    bank_line_id: str,
    target: Target,
    target_id: str,
    due_no: int | None,
    by: str,
    now: datetime,
) -> Voucher:
    """Accept a proposal: match the voucher it names, or write one as the contract or an earlier booking says, match it
    and hand it on.

    A payment stays a draft until its invoice is there.
    """
    line = get(session, BankLine, community_id, bank_line_id)
    if target is Target.VOUCHER:
        confirm(session, community_id, bank_line_id=line.id, voucher_id=target_id, by=by, now=now)
        return get(session, Voucher, community_id, target_id)
    fields = (
        _from_due(session, get(session, Contract, community_id, target_id), due_no, line)
        if target is Target.DUE
        else _from_habit(session, get(session, Voucher, community_id, target_id), line)
    )
    voucher = voucher_service.draft(session, community_id, fields=fields, by=by, now=now)
    confirm(session, community_id, bank_line_id=line.id, voucher_id=voucher.id, by=by, now=now)
    if fields.kind is VoucherKind.RECEIPT:
        voucher_service.submit(session, community_id, voucher_id=voucher.id, by=by, now=now)
    return voucher


def fields_from_line(line: BankLine) -> VoucherFields:
    """A voucher begun from a bank line, when nothing is known about it: a person fills in what it was for."""
    incoming = line.amount_fen > 0
    return VoucherFields(
        kind=VoucherKind.RECEIPT if incoming else VoucherKind.PAYMENT,
        day=line.day,
        summary=line.summary,
        party=line.party,
        amount_fen=abs(line.amount_fen),
        purpose="CR99" if incoming else "U5",
    )


def _from_due(session: Session, contract: Contract, due_no: int | None, line: BankLine) -> VoucherFields:
    incoming = contract.direction == Direction.INCOME
    if incoming != (line.amount_fen > 0):
        raise ProposalGone
    return VoucherFields(
        kind=VoucherKind.RECEIPT if incoming else VoucherKind.PAYMENT,
        day=line.day,
        summary=line.summary or contract.title,
        party=contract.party,
        amount_fen=abs(line.amount_fen),
        purpose=contract.purpose,
        contract_id=contract.id,
        due_no=due_no,
        resolution_id=_still_in_force(session, contract.community_id, contract.resolution_id, line.day),
    )


def _from_habit(session: Session, earlier: Voucher, line: BankLine) -> VoucherFields:
    if signed_fen(earlier) * line.amount_fen <= 0 or earlier.state != VoucherState.POSTED:
        raise ProposalGone
    return VoucherFields(
        kind=VoucherKind(earlier.kind),
        day=line.day,
        summary=line.summary or earlier.summary,
        party=earlier.party,
        party_is_person=earlier.party_is_person,
        amount_fen=abs(line.amount_fen),
        purpose=earlier.purpose,
        contract_id=earlier.contract_id if earlier.due_no is None else None,
        resolution_id=_still_in_force(session, earlier.community_id, earlier.resolution_id, line.day),
        grounds=earlier.grounds,
    )


def _still_in_force(session: Session, community_id: str, resolution_id: str | None, day: date) -> str | None:
    found = {resolution.id for resolution in resolutions.citable(session, community_id, on=day)}
    return resolution_id if resolution_id in found else None


def with_proposals(
    session: Session, account: BankAccount, lines: Iterable[BankLine], *, today: date
) -> list[MatchedLine]:
    """Bank lines with their vouchers, and proposals for those that have none."""
    lines = list(lines)
    matched = vouchers_of_lines(session, account.community_id, [line.id for line in lines])
    if len(matched) == len(lines):
        return [MatchedLine(line=line, voucher=matched[line.id]) for line in lines]
    loose, dues = _loose_vouchers(session, account.community_id), _open_dues(session, account.community_id, today)
    habits = _habits(session, account.community_id)
    return [
        MatchedLine(
            line=line,
            voucher=matched.get(line.id),
            proposals=()
            if line.id in matched
            else tuple(rules.proposals(_movement(line), vouchers=loose, dues=dues, habits=habits)),
        )
        for line in lines
    ]


def open_lines(session: Session, account: BankAccount, *, today: date, end: date | None = None) -> list[MatchedLine]:
    """Every bank line that waits for a voucher, with proposals."""
    return with_proposals(session, account, unmatched(session, account, end=end), today=today)


def vouchers_of_lines(session: Session, community_id: str, line_ids: Sequence[str]) -> dict[str, Voucher]:
    """The voucher of each bank line that has one."""
    query = (
        select(Match.bank_line_id, Voucher)
        .join(Voucher, (Voucher.community_id == Match.community_id) & (Voucher.id == Match.voucher_id))
        .where(Match.community_id == community_id, Match.released_at.is_(None), Match.bank_line_id.in_(line_ids))
    )
    return dict(session.execute(query).all())


def lines_of_vouchers(session: Session, community_id: str, voucher_ids: Sequence[str]) -> dict[str, BankLine]:
    """The bank line of each voucher that has one."""
    query = (
        select(Match.voucher_id, BankLine)
        .join(BankLine, (BankLine.community_id == Match.community_id) & (BankLine.id == Match.bank_line_id))
        .where(Match.community_id == community_id, Match.released_at.is_(None), Match.voucher_id.in_(voucher_ids))
    )
    return dict(session.execute(query).all())


def _movement(line: BankLine) -> Movement:
    return Movement(day=line.day, amount_fen=line.amount_fen, party=line.party, summary=line.summary)


def _loose_vouchers(session: Session, community_id: str) -> list[LooseVoucher]:
    taken = select(Match.voucher_id).where(Match.community_id == community_id, Match.released_at.is_(None))
    reversed_ones = select(Voucher.reverses_id).where(
        Voucher.community_id == community_id, Voucher.reverses_id.is_not(None)
    )
    query = select(Voucher).where(
        Voucher.community_id == community_id,
        Voucher.kind.in_((VoucherKind.RECEIPT, VoucherKind.PAYMENT)),
        Voucher.id.not_in(taken),
        Voucher.id.not_in(reversed_ones),
    )
    return [
        LooseVoucher(
            id=voucher.id,
            label=f"{label(voucher)} {voucher.summary}",
            day=voucher.day,
            amount_fen=signed_fen(voucher),
            party=voucher.party,
        )
        for voucher in session.scalars(query.order_by(Voucher.day, Voucher.id))
    ]


def _open_dues(session: Session, community_id: str, today: date) -> list[OpenDue]:
    found = contract_service.views(session, community_id, today=today, posted_only=False)
    return [
        OpenDue(
            contract_id=view.contract.id,
            label=view.contract.title,
            due_no=status.due.no,
            day=status.due.day,
            amount_fen=status.missing_fen * (1 if view.contract.direction == Direction.INCOME else -1),
            party=view.contract.party,
        )
        for view in found
        for status in view.dues
        if status.state is not DueState.SETTLED
    ]


def _habits(session: Session, community_id: str) -> list[Habit]:
    """The latest posted booking of every payee and kind of summary."""
    query = (
        select(BankLine, Voucher)
        .join(Match, (Match.community_id == BankLine.community_id) & (Match.bank_line_id == BankLine.id))
        .join(Voucher, (Voucher.community_id == Match.community_id) & (Voucher.id == Match.voucher_id))
        .where(BankLine.community_id == community_id, Match.released_at.is_(None), Voucher.state == VoucherState.POSTED)
    )
    latest: dict[tuple[str, str, bool], Habit] = {}
    for line, voucher in session.execute(query.order_by(BankLine.day, BankLine.seq)):
        key = (line.party, rules.pattern(line.summary), line.amount_fen > 0)
        latest[key] = Habit(
            voucher_id=voucher.id,
            label=label(voucher),
            day=line.day,
            amount_fen=line.amount_fen,
            party=line.party,
            summary=line.summary,
        )
    return list(latest.values())

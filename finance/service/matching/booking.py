"""Accepting what is proposed: matching what exists, or writing the voucher that a contract or earlier booking says."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.rules.contracts import Direction, DueState
from finance.rules.ledger import VoucherKind
from finance.rules.matching import Target
from finance.service import contracts as contract_service
from finance.service import parts
from finance.service import vouchers as voucher_service
from finance.service.bank import unmatched
from finance.service.matching.pairing import book_of_line, confirm
from finance.service.matching.proposing import HABITUAL, with_proposals
from finance.service.vouchers import VoucherFields
from finance.tables import BankAccount, BankLine, Contract, Voucher
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import service as resolutions


class ProposalGone(Refusal):
    message = N_("这个建议已经用过或不再适用，请刷新页面")
    status = 409


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
    """Accept a proposal: match the vouchers it names, or write one as the contract or an earlier booking says, match it
    and hand it on.

    A payment stays a draft until its invoice is there.
    """
    line = get(session, BankLine, community_id, bank_line_id, lock=True)
    if target in (Target.VOUCHER, Target.SUM):
        named = target_id.split(",")
        for voucher_id in named:
            confirm(session, community_id, bank_line_id=line.id, voucher_id=voucher_id, by=by, now=now)
        return get(session, Voucher, community_id, named[0])
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


def confirm_sure(
    session: Session, account: BankAccount, *, line_ids: Collection[str], by: str, now: datetime, today: date
) -> list[Voucher]:
    """Accept, for the lines a person saw marked so, every proposal that is still sure, one after the other: what one
    takes is not there for the next.
    """
    done: list[Voucher] = []
    for line in unmatched(session, account):
        if line.id not in line_ids:
            continue
        (row,) = with_proposals(session, account, [line], today=today)
        best = next((proposal for proposal in row.proposals if proposal.sure), None)
        if best is not None:
            done.append(
                book_line(
                    session,
                    account.community_id,
                    bank_line_id=line.id,
                    target=best.target,
                    target_id=best.id,
                    due_no=best.due_no,
                    by=by,
                    now=now,
                )
            )
    return done


def fields_from_line(session: Session, line: BankLine, *, today: date) -> VoucherFields:
    """A voucher begun from a bank line: what its contract or the last booking of its kind says, otherwise only what the
    bank says, and a person fills in what it was for.
    """
    account = get(session, BankAccount, line.community_id, line.account_id)
    (row,) = with_proposals(session, account, [line], today=today)
    for proposal in row.proposals:
        if proposal.target is Target.DUE:
            return _from_due(session, get(session, Contract, line.community_id, proposal.id), proposal.due_no, line)
        if proposal.target is Target.HABIT:
            return _from_habit(session, get(session, Voucher, line.community_id, proposal.id), line)
    incoming = line.amount_fen > 0
    return VoucherFields(
        kind=VoucherKind.RECEIPT if incoming else VoucherKind.PAYMENT,
        day=line.day,
        summary=line.summary,
        party=line.party,
        amount_fen=_open_fen(session, line),
        purpose=None,
        book=book_of_line(session, line).kind,
    )


def _open_fen(session: Session, line: BankLine) -> int:
    return abs(line.amount_fen) - parts.line_taken(session, line.community_id, [line.id]).get(line.id, 0)


def _from_due(session: Session, contract: Contract, due_no: int | None, line: BankLine) -> VoucherFields:
    incoming = contract.direction == Direction.INCOME
    if incoming != (line.amount_fen > 0):
        raise ProposalGone
    return VoucherFields(
        kind=VoucherKind.RECEIPT if incoming else VoucherKind.PAYMENT,
        day=line.day,
        summary=line.summary or contract.title,
        party=contract.party,
        amount_fen=_open_fen(session, line),
        purpose=contract.purpose,
        contract_id=contract.id,
        due_no=due_no,
        resolution_id=_still_in_force(session, contract.community_id, contract.resolution_id, line.day),
    )


def _from_habit(session: Session, earlier: Voucher, line: BankLine) -> VoucherFields:
    if earlier.kind not in HABITUAL or (earlier.kind == VoucherKind.RECEIPT) != (line.amount_fen > 0):
        raise ProposalGone
    book = book_of_line(session, line)
    if earlier.book_id != book.id:
        raise ProposalGone
    return VoucherFields(
        kind=VoucherKind(earlier.kind),
        day=line.day,
        summary=line.summary or earlier.summary,
        party=earlier.party,
        party_is_person=earlier.party_is_person,
        amount_fen=_open_fen(session, line),
        purpose=earlier.purpose,
        contract_id=earlier.contract_id,
        due_no=_next_due(session, earlier, line),
        resolution_id=_still_in_force(session, earlier.community_id, earlier.resolution_id, line.day),
        grounds=earlier.grounds,
        book=book.kind,
        account=None
        if earlier.purpose
        else voucher_service.other_account(voucher_service.lines_of(session, earlier), book),
    )


def _next_due(session: Session, earlier: Voucher, line: BankLine) -> int | None:
    """The open instalment of the same contract that lies nearest to the line's day, of two the earlier."""
    if earlier.due_no is None:
        return None
    views = contract_service.views(session, earlier.community_id, today=line.day, posted_only=False)
    dues = [
        status.due
        for view in views
        if view.contract.id == earlier.contract_id
        for status in view.dues
        if status.state is not DueState.SETTLED
    ]
    nearest = min(dues, key=lambda due: (abs((due.day - line.day).days), due.day, due.no), default=None)
    return nearest.no if nearest is not None else None


def _still_in_force(session: Session, community_id: str, resolution_id: str | None, day: date) -> str | None:
    found = {resolution.id for resolution in resolutions.citable(session, community_id, on=day)}
    return resolution_id if resolution_id in found else None

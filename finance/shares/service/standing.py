"""How far the money of a run is, derived from vouchers and bank lines and kept nowhere: a batch whose voucher was
thrown away or taken back never happened.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules.life import VoucherState
from finance.shares.rules.runs import PartState, RunKind, RunState
from finance.shares.tables import (
    ShareAccount,
    ShareBatch,
    ShareClaim,
    ShareLine,
    SharePart,
    SharePayout,
    ShareReturn,
    ShareRun,
)
from finance.tables import Match, Voucher
from hoa.kernel.errors import N_


class BatchState(StrEnum):
    VOID = "void"
    ORDERED = "ordered"
    BOOKED = "booked"
    CONFIRMED = "confirmed"


BATCH_NAMES: Mapping[str, str] = {
    BatchState.VOID: N_("凭证已删去或冲销，付款作废"),
    BatchState.ORDERED: N_("凭证在复核"),
    BatchState.BOOKED: N_("已记账，等银行流水"),
    BatchState.CONFIRMED: N_("银行流水已对上"),
}


@dataclass(frozen=True, kw_only=True)
class PartStanding:
    """A payee's part as it stands: who receives it, where to, and how far it is. `payout_id` is the latest order."""

    part: SharePart
    state: PartState
    owner_id: str | None
    account: ShareAccount | None
    payout_id: str | None
    returned: ShareReturn | None


def voucher_states(session: Session, community_id: str, ids: Collection[str]) -> dict[str, BatchState]:
    """What became of vouchers: also of those that are not there any more."""
    rows = session.execute(
        select(Voucher.id, Voucher.state, Voucher.bank_fen, Voucher.amount_fen).where(
            Voucher.community_id == community_id, Voucher.id.in_(ids)
        )
    ).all()
    red = select(Voucher.reverses_id).where(
        Voucher.community_id == community_id,
        Voucher.reverses_id.in_(ids),
        Voucher.state == VoucherState.POSTED,
    )
    taken = set(session.scalars(red))
    matched = _matched(session, community_id, ids)
    found = dict.fromkeys(ids, BatchState.VOID)
    for row in rows:
        if row.id in taken:
            continue
        wanted = abs(row.bank_fen) if row.bank_fen is not None else row.amount_fen
        if row.state != VoucherState.POSTED:
            found[row.id] = BatchState.ORDERED
        else:
            found[row.id] = BatchState.CONFIRMED if matched.get(row.id, 0) >= wanted else BatchState.BOOKED
    return found


def _matched(session: Session, community_id: str, ids: Collection[str]) -> dict[str, int]:
    """How many fen of bank lines stand against each voucher."""
    query = (
        select(Match.voucher_id, func.sum(func.abs(Match.amount_fen)))
        .where(Match.community_id == community_id, Match.voucher_id.in_(ids), Match.released_at.is_(None))
        .group_by(Match.voucher_id)
    )
    return {voucher_id: int(amount or 0) for voucher_id, amount in session.execute(query)}


def batch_states(session: Session, batches: Sequence[ShareBatch]) -> dict[str, BatchState]:
    """The state of each batch, by its id."""
    if not batches:
        return {}
    found = voucher_states(session, batches[0].community_id, {batch.voucher_id for batch in batches})
    return {batch.id: found[batch.voucher_id] for batch in batches}


def outstanding_fen(session: Session, run: ShareRun) -> int:
    """What a checked run still owes to owners by the books: its total less what was booked and not given back."""
    batches = session.scalars(
        select(ShareBatch).where(ShareBatch.community_id == run.community_id, ShareBatch.run_id == run.id)
    ).all()
    states = batch_states(session, batches)
    booked = (BatchState.BOOKED, BatchState.CONFIRMED)
    paid = sum(batch.total_fen for batch in batches if states[batch.id] in booked)
    returns = session.execute(
        select(ShareReturn.voucher_id, SharePayout.amount_fen)
        .join(
            SharePayout,
            (SharePayout.community_id == ShareReturn.community_id) & (SharePayout.id == ShareReturn.payout_id),
        )
        .where(ShareReturn.community_id == run.community_id, SharePayout.batch_id.in_([row.id for row in batches]))
    ).all()
    came_back = voucher_states(session, run.community_id, {row.voucher_id for row in returns})
    back = sum(row.amount_fen for row in returns if came_back[row.voucher_id] in booked)
    return int(run.total_fen - paid + back)


def parts_of(session: Session, run: ShareRun, *, lines: Collection[str] | None = None) -> dict[str, PartStanding]:
    """How each part of the current list stands, by its id; only those of some lines where those are given."""
    query = (
        select(SharePart)
        .join(ShareLine, (ShareLine.community_id == SharePart.community_id) & (ShareLine.id == SharePart.line_id))
        .where(ShareLine.community_id == run.community_id, ShareLine.run_id == run.id)
        .where(ShareLine.version == run.list_version)
    )
    if lines is not None:
        query = query.where(ShareLine.id.in_(lines))
    parts = session.scalars(query.order_by(ShareLine.no, SharePart.no)).all()
    ids = {part.id for part in parts}
    claims = _claims(session, run.community_id, ids)
    owner_of = {part.id: part.owner_id or claims.get(part.id) for part in parts}
    accounts = accounts_of(session, run.community_id, {owner for owner in owner_of.values() if owner})
    payouts = _latest_payouts(session, run, ids)
    returns = _returns(session, run.community_id, {payout.id for payout, _ in payouts.values()})
    found = {}
    for part in parts:
        owner_id = owner_of[part.id]
        account = accounts.get(owner_id or "")
        payout, batch_state = payouts.get(part.id, (None, BatchState.VOID))
        returned = returns.get(payout.id) if payout is not None else None
        found[part.id] = PartStanding(
            part=part,
            state=_state(run, owner_id, account, batch_state, returned),
            owner_id=owner_id,
            account=account,
            payout_id=payout.id if payout is not None else None,
            returned=returned,
        )
    return found


def _state(
    run: ShareRun,
    owner_id: str | None,
    account: ShareAccount | None,
    batch: BatchState,
    returned: ShareReturn | None,
) -> PartState:
    if run.state != RunState.CHECKED:
        return PartState.WAITING
    if batch is not BatchState.VOID and returned is None:
        return PartState.PAID if batch is BatchState.CONFIRMED else PartState.ORDERED
    if run.kind == RunKind.SUBSIDY:
        return PartState.READY
    if owner_id is None:
        return PartState.UNNAMED
    if returned is not None and (account is None or account.given_at <= returned.at):
        # The same number would come back again: the owner has to give another one.
        return PartState.RETURNED
    return PartState.READY if account is not None else PartState.NO_ACCOUNT


def _claims(session: Session, community_id: str, part_ids: Collection[str]) -> dict[str, str]:
    query = select(ShareClaim.part_id, ShareClaim.owner_id).where(
        ShareClaim.community_id == community_id, ShareClaim.part_id.in_(part_ids)
    )
    return {row.part_id: row.owner_id for row in session.execute(query)}


def accounts_of(session: Session, community_id: str, owners: Collection[str]) -> dict[str, ShareAccount]:
    """The account each owner wants to be paid into now."""
    query = select(ShareAccount).where(
        ShareAccount.community_id == community_id,
        ShareAccount.owner_id.in_(owners),
        ShareAccount.ended_at.is_(None),
    )
    return {row.owner_id: row for row in session.scalars(query.order_by(ShareAccount.given_at, ShareAccount.id))}


def _latest_payouts(
    session: Session, run: ShareRun, part_ids: Collection[str]
) -> dict[str, tuple[SharePayout, BatchState]]:
    """The latest order of each part that was not void, with the state of its batch."""
    query = (
        select(SharePayout, ShareBatch)
        .join(
            ShareBatch, (ShareBatch.community_id == SharePayout.community_id) & (ShareBatch.id == SharePayout.batch_id)
        )
        .where(ShareBatch.community_id == run.community_id, ShareBatch.run_id == run.id)
        .where(SharePayout.part_id.in_(part_ids))
        .order_by(ShareBatch.no)
    )
    rows = [(payout, batch) for payout, batch in session.execute(query)]
    states = batch_states(session, [batch for _, batch in rows])
    return {
        payout.part_id: (payout, states[batch.id]) for payout, batch in rows if states[batch.id] is not BatchState.VOID
    }


def _returns(session: Session, community_id: str, payout_ids: Collection[str]) -> dict[str, ShareReturn]:
    """Returned payments whose voucher stands."""
    query = select(ShareReturn).where(ShareReturn.community_id == community_id, ShareReturn.payout_id.in_(payout_ids))
    rows = session.scalars(query.order_by(ShareReturn.at, ShareReturn.id)).all()
    states = voucher_states(session, community_id, {row.voucher_id for row in rows})
    return {row.payout_id: row for row in rows if states[row.voucher_id] is not BatchState.VOID}

"""Paying a checked list: orders to the bank with their vouchers, and payments the bank gave back."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules.charts import TRUST_BANK, purpose_role
from finance.rules.ledger import Line, VoucherKind
from finance.rules.life import VoucherState
from finance.service import documents, vouchers
from finance.service.books import chart_of, trust_book
from finance.service.vouchers import VoucherFields
from finance.shares.rules import runs as rules
from finance.shares.rules.runs import PartState, RunKind, RunState
from finance.shares.service import accounts, register
from finance.shares.service.runs import decision_of, label
from finance.shares.service.standing import BatchState, PartStanding, batch_states, parts_of
from finance.shares.tables import (
    ShareAccount,
    ShareBatch,
    ShareLine,
    SharePart,
    SharePayout,
    ShareReturn,
    ShareRun,
)
from finance.tables import Voucher
from hoa.community import lists
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.files import Files
from hoa.ports.keys import Keys

HEADINGS = ("序号", "收款人", "账号", "开户银行", "金额（元）", "附言")


class PaperNotReady(Refusal):
    message: ClassVar[str] = N_("清单的 PDF 还在排版，它是凭证的附件，请过一会儿再试")
    status: ClassVar[int] = 409


class NotApprovedYet(Refusal):
    message: ClassVar[str] = N_("付款凭证还没有复核通过，通过以后才能下载付款文件")
    status: ClassVar[int] = 409


class OrderMoved(Refusal):
    message: ClassVar[str] = N_("付款凭证在下单以后改过或已经冲销，这份付款文件不能再用；请重新下单")
    status: ClassVar[int] = 409


class FileMoved(Refusal):
    message: ClassVar[str] = N_("付款文件与下单时的哈希不符，请不要付款，先运行 hoa verify 查明")
    status: ClassVar[int] = 409


class NotOutYet(Refusal):
    message: ClassVar[str] = N_("这笔付款还没有记账，不能登记退票")
    status: ClassVar[int] = 409


class ReturnedAlready(Refusal):
    message: ClassVar[str] = N_("这笔付款已经登记过退票")
    status: ClassVar[int] = 409


class SlipNeeded(Refusal):
    message: ClassVar[str] = N_("请上传银行的退票通知（PDF、PNG 或 JPEG）")


class ReturnReason(Refusal):
    message: ClassVar[str] = N_("请写明银行退回的原因，最多 200 个字")


def order(session: Session, keys: Keys, community_id: str, *, run_id: str, by: str, now: datetime) -> ShareBatch:
    """Order everything that can be paid now: one voucher over the sum with the list under it, handed to the checker.
    A dividend goes to the owners' accounts, a subsidy in one payment to the property company.
    """
    run = get(session, ShareRun, community_id, run_id, lock=True)
    rules.require_state(run.state, RunState.CHECKED)
    rules.check_decision(decision_of(session, run), day=today(now))
    if run.document_id is None:
        raise PaperNotReady
    due = [standing for standing in parts_of(session, run).values() if standing.state is PartState.READY]
    if not due:
        raise rules.NothingPayable
    total = sum(standing.part.amount_fen for standing in due)
    voucher = _voucher(session, run, total_fen=total, payees=len(due), by=by, now=now)
    latest = select(func.max(ShareBatch.no)).where(ShareBatch.community_id == community_id, ShareBatch.run_id == run.id)
    rows = _rows(session, keys, run, due)
    batch = ShareBatch(
        community_id=community_id,
        run_id=run.id,
        no=(session.scalar(latest) or 0) + 1,
        total_fen=total,
        voucher_id=voucher.id,
        file_sha256=hashlib.sha256(lists.as_csv(HEADINGS, rows)).hexdigest(),
        made_by_id=by,
        made_at=now,
    )
    session.add(batch)
    session.flush()
    session.add_all(
        SharePayout(
            community_id=community_id,
            batch_id=batch.id,
            part_id=standing.part.id,
            account_id=standing.account.id if run.kind == RunKind.DIVIDEND and standing.account else None,
            amount_fen=standing.part.amount_fen,
        )
        for standing in due
    )
    session.flush()
    return batch


def _voucher(session: Session, run: ShareRun, *, total_fen: int, payees: int, by: str, now: datetime) -> Voucher:
    subsidy = run.kind == RunKind.SUBSIDY
    fields = VoucherFields(
        kind=VoucherKind.PAYMENT,
        day=today(now),
        summary=f"{run.title}（{label(run)}，{payees} 笔，清单哈希 {(run.list_hash or '')[:12]}）",
        party=run.payee if subsidy else f"业主（{label(run)} 清单）",
        amount_fen=total_fen,
        purpose=rules.PURPOSES[run.kind],
        resolution_id=run.resolution_id,
    )
    voucher = vouchers.draft(session, run.community_id, fields=fields, by=by, now=now)
    assert run.document_id is not None
    documents.attach_to_voucher(session, run.community_id, document_id=run.document_id, voucher_id=voucher.id)
    return vouchers.submit(session, run.community_id, voucher_id=voucher.id, by=by, now=now)


# ------------------------------------------------------------------------------------------------------ payment file


@dataclass(frozen=True, kw_only=True)
class PaymentFile:
    name: str
    data: bytes
    media_type: str


def payment_file(
    session: Session, keys: Keys, community_id: str, *, batch_id: str, code: str, ending: str
) -> PaymentFile:
    """What the cashier loads at the bank, once another person has approved the voucher: payee, account, amount."""
    batch = get(session, ShareBatch, community_id, batch_id)
    if ending not in lists.MEDIA:
        raise NotFound
    voucher = session.get(Voucher, (community_id, batch.voucher_id))
    if voucher is None or voucher.state not in (VoucherState.APPROVED, VoucherState.POSTED):
        raise NotApprovedYet
    # A voucher that was sent back may have been written anew: what was approved then is not what the file pays.
    ordered = (voucher.kind, voucher.amount_fen) == (VoucherKind.PAYMENT, batch.total_fen)
    if not ordered or batch_states(session, [batch])[batch.id] is BatchState.VOID:
        raise OrderMoved
    run = get(session, ShareRun, community_id, batch.run_id)
    rows = file_rows(session, keys, batch)
    data = lists.as_csv(HEADINGS, rows)
    if hashlib.sha256(data).hexdigest() != batch.file_sha256:
        raise FileMoved
    if ending == "xlsx":
        data = lists.as_xlsx(label(run), HEADINGS, rows)
    name = f"{code}-{run.year}-{run.number:02d}-{batch.no}.{ending}"
    return PaymentFile(name=name, data=data, media_type=lists.MEDIA[ending])


def verify(session: Session, keys: Keys, community_id: str) -> list[str]:
    """A sentence for each order that does not add up, and for each that waits for its payment and would pay other
    people, accounts or amounts than when it was made.
    """
    query = select(ShareBatch).where(ShareBatch.community_id == community_id).order_by(ShareBatch.made_at)
    batches = session.scalars(query).all()
    states = batch_states(session, batches)
    wrong = []
    for batch in batches:
        name = f"{label(get(session, ShareRun, community_id, batch.run_id))}-{batch.no}"
        own = (SharePayout.community_id == community_id, SharePayout.batch_id == batch.id)
        if session.scalar(select(func.coalesce(func.sum(SharePayout.amount_fen), 0)).where(*own)) != batch.total_fen:
            wrong.append(f"{name}：各笔付款之和与下单金额不符")
        elif states[batch.id] is BatchState.ORDERED:
            data = lists.as_csv(HEADINGS, file_rows(session, keys, batch))
            if hashlib.sha256(data).hexdigest() != batch.file_sha256:
                wrong.append(f"{name}：付款文件与下单时不符，收款人、账号或金额改过")
    return wrong


def file_rows(session: Session, keys: Keys, batch: ShareBatch) -> list[tuple[str, ...]]:
    """The rows of a batch's file, in the order of the list."""
    run = get(session, ShareRun, batch.community_id, batch.run_id)
    if run.kind == RunKind.SUBSIDY:
        return _company_row(run, batch.total_fen)
    query = (
        select(SharePayout, SharePart, ShareLine.label, ShareAccount)
        .join(SharePart, (SharePart.community_id == SharePayout.community_id) & (SharePart.id == SharePayout.part_id))
        .join(ShareLine, (ShareLine.community_id == SharePart.community_id) & (ShareLine.id == SharePart.line_id))
        .join(
            ShareAccount,
            (ShareAccount.community_id == SharePayout.community_id) & (ShareAccount.id == SharePayout.account_id),
        )
        .where(SharePayout.community_id == batch.community_id, SharePayout.batch_id == batch.id)
        .order_by(ShareLine.no, SharePart.no)
    )
    found = session.execute(query).all()
    names = register.names(session, batch.community_id, {account.owner_id for *_, account in found})
    return [
        _row(no, names[account.owner_id], accounts.number(keys, account), account.bank, payout.amount_fen, room, run)
        for no, (payout, _, room, account) in enumerate(found, start=1)
    ]


def _rows(session: Session, keys: Keys, run: ShareRun, due: Sequence[PartStanding]) -> list[tuple[str, ...]]:
    if run.kind == RunKind.SUBSIDY:
        return _company_row(run, sum(standing.part.amount_fen for standing in due))
    query = select(ShareLine.id, ShareLine.label).where(
        ShareLine.community_id == run.community_id, ShareLine.run_id == run.id
    )
    rooms = {row.id: row.label for row in session.execute(query)}
    names = register.names(session, run.community_id, {standing.owner_id or "" for standing in due})
    rows = []
    for no, standing in enumerate(due, start=1):
        assert standing.account is not None
        name = names[standing.account.owner_id]
        number = accounts.number(keys, standing.account)
        room = rooms[standing.part.line_id]
        rows.append(_row(no, name, number, standing.account.bank, standing.part.amount_fen, room, run))
    return rows


def _row(no: int, name: str, number: str, bank: str, amount_fen: int, room: str, run: ShareRun) -> tuple[str, ...]:
    return str(no), name, number, bank, money.plain(amount_fen), f"{label(run)} {room}"


def _company_row(run: ShareRun, total_fen: int) -> list[tuple[str, ...]]:
    return [("1", run.payee, "", "", money.plain(total_fen), f"{label(run)} {run.title}")]


# ---------------------------------------------------------------------------------------------------------- returned


@dataclass(frozen=True, kw_only=True)
class Slip:
    """The bank's paper of a returned payment."""

    name: str
    data: bytes


def record_return(
    session: Session,
    files: Files,
    community_id: str,
    *,
    payout_id: str,
    reason: str,
    slip: Slip | None,
    by: str,
    now: datetime,
) -> ShareReturn:
    """退票: the money is in the account again and is owed to the owner. A journal voucher takes the use back and
    stands against the bank's line; the owner gives another account and is paid with the next order.
    """
    payout = get(session, SharePayout, community_id, payout_id, lock=True)
    batch = get(session, ShareBatch, community_id, payout.batch_id)
    run = get(session, ShareRun, community_id, batch.run_id, lock=True)
    standing = parts_of(session, run).get(payout.part_id)
    if standing is None or standing.payout_id != payout.id or standing.returned is not None:
        raise ReturnedAlready
    if batch_states(session, [batch])[batch.id] in (BatchState.VOID, BatchState.ORDERED):
        raise NotOutYet
    if not 0 < len(reason.strip()) <= 200:
        raise ReturnReason
    if slip is None or not slip.data:
        raise SlipNeeded
    voucher = _taken_in(session, run, payout, reason.strip(), by=by, now=now)
    stored = documents.store(
        session, files, community_id, name=slip.name, data=slip.data, kind="receipt", by=by, now=now
    )
    documents.attach_to_voucher(session, community_id, document_id=stored.id, voucher_id=voucher.id)
    vouchers.submit(session, community_id, voucher_id=voucher.id, by=by, now=now)
    row = ShareReturn(
        community_id=community_id, payout_id=payout.id, reason=reason.strip(), voucher_id=voucher.id, by_id=by, at=now
    )
    session.add(row)
    session.flush()
    return row


def _taken_in(session: Session, run: ShareRun, payout: SharePayout, reason: str, *, by: str, now: datetime) -> Voucher:
    chart = chart_of(trust_book(session, run.community_id))
    bank, use = chart.by_role(TRUST_BANK).code, chart.by_role(purpose_role(rules.PURPOSES[run.kind])).code
    fields = VoucherFields(
        kind=VoucherKind.JOURNAL,
        day=today(now),
        summary=f"银行退回 {label(run)} 的一笔付款，待业主重新提供账号：{reason}",
        party=run.payee or f"业主（{label(run)} 清单）",
        party_is_person=run.kind == RunKind.DIVIDEND,
        amount_fen=payout.amount_fen,
        resolution_id=run.resolution_id,
        lines=(
            Line(account=bank, debit_fen=payout.amount_fen),
            Line(account=use, credit_fen=payout.amount_fen),
        ),
    )
    return vouchers.draft(session, run.community_id, fields=fields, by=by, now=now)

"""Copies what the checks of shares look at (F15, F19, F20, F21) out of the room that keeps them. It judges nothing."""

from datetime import date
from typing import TypedDict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.audit.rules.data import (
    AllowanceFacts,
    AllowancePaymentFacts,
    FeeItemFacts,
    ShareRunFacts,
    TopUpFacts,
)
from finance.rules.charts import WORK
from finance.rules.life import VoucherState
from finance.rules.periods import first_day, last_day, month_text
from finance.service.books import chart_of, find_book
from finance.service.vouchers import label as voucher_label
from finance.shares.rules.runs import RunState
from finance.shares.rules.topup import due_by
from finance.shares.service import allowances, fee_items, runs, topup
from finance.shares.service.standing import BatchState, voucher_states
from finance.shares.tables import ShareBatch, SharePayout, ShareReturn, ShareRun
from finance.tables import Voucher, VoucherLine
from hoa.kernel import masking
from hoa.kernel.clock import today


class Facts(TypedDict):
    """The fields of `PeriodData` that this module fills."""

    share_runs: tuple[ShareRunFacts, ...]
    allowances: tuple[AllowanceFacts, ...]
    allowance_payments: tuple[AllowancePaymentFacts, ...]
    topups: tuple[TopUpFacts, ...]
    fee_items: tuple[FeeItemFacts, ...]


def facts(session: Session, community_id: str, *, start: date, end: date, as_of: date) -> Facts:
    """What is known on `as_of` of the days from `start` to `end`."""
    return Facts(
        share_runs=_runs(session, community_id),
        allowances=_allowances(session, community_id, start, end),
        allowance_payments=_allowance_payments(session, community_id, start, end),
        topups=_topups(session, community_id, start, end, as_of),
        fee_items=tuple(
            FeeItemFacts(
                title=row.title,
                words=tuple(row.words.split(",")),
                company=row.company,
                from_on=row.from_on,
                until_on=row.until_on,
            )
            for row in fee_items.items(session, community_id)
        ),
    )


def _runs(session: Session, community_id: str) -> tuple[ShareRunFacts, ...]:
    found = []
    for run in runs.runs(session, community_id):
        if run.state != RunState.CHECKED or run.checked_at is None:
            continue
        batches = runs.batches(session, run)
        found.append(
            ShareRunFacts(
                id=run.id,
                label=f"{runs.label(run)} {run.title}",
                resolution_id=run.resolution_id,
                total_fen=run.total_fen,
                listed_fen=sum(part.amount_fen for _, parts in runs.lines_of(session, run) for part in parts),
                checked_on=today(run.checked_at),
                voucher_ids=tuple(batch.voucher_id for batch in batches),
                returned_fen=_returned(session, run),
            )
        )
    return tuple(found)


def _returned(session: Session, run: ShareRun) -> int:
    """What the bank gave back by posted vouchers."""
    query = (
        select(ShareReturn.voucher_id, SharePayout.amount_fen)
        .join(
            SharePayout,
            (SharePayout.community_id == ShareReturn.community_id) & (SharePayout.id == ShareReturn.payout_id),
        )
        .join(
            ShareBatch, (ShareBatch.community_id == SharePayout.community_id) & (ShareBatch.id == SharePayout.batch_id)
        )
        .where(ShareReturn.community_id == run.community_id, ShareBatch.run_id == run.id)
    )
    rows = session.execute(query).all()
    states = voucher_states(session, run.community_id, {row.voucher_id for row in rows})
    came = (BatchState.BOOKED, BatchState.CONFIRMED)
    return sum(row.amount_fen for row in rows if states[row.voucher_id] in came)


def _allowances(session: Session, community_id: str, start: date, end: date) -> tuple[AllowanceFacts, ...]:
    found = []
    for run in allowances.runs(session, community_id):
        if run.state != RunState.CHECKED or last_day(run.month) < start or first_day(run.month) > end:
            continue
        now = allowances.month_lines(session, community_id, run.month)
        for entry in allowances.entries(session, run):
            same = (line for line in now if (line.person_id, line.post) == (entry.person_id, entry.post))
            found.append(
                AllowanceFacts(
                    run_id=run.id,
                    no=entry.no,
                    month=month_text(run.month),
                    last_day=last_day(run.month),
                    person_shown=masking.name(entry.name),
                    amount_fen=entry.amount_fen,
                    entitled_fen=sum(line.amount_fen for line in same),
                )
            )
    return tuple(found)


def _allowance_payments(
    session: Session, community_id: str, start: date, end: date
) -> tuple[AllowancePaymentFacts, ...]:
    book = find_book(session, community_id, WORK)
    if book is None:
        return ()
    listed = {run.voucher_id for run in allowances.runs(session, community_id) if run.state == RunState.CHECKED}
    account = chart_of(book).by_role(allowances.ACCOUNT).code
    query = (
        select(Voucher, func.sum(VoucherLine.debit_fen - VoucherLine.credit_fen).label("fen"))
        .join(VoucherLine, (VoucherLine.community_id == Voucher.community_id) & (VoucherLine.voucher_id == Voucher.id))
        .where(
            Voucher.community_id == community_id,
            Voucher.book_id == book.id,
            Voucher.kind == "payment",
            Voucher.state == VoucherState.POSTED,
            Voucher.day >= start,
            Voucher.day <= end,
            VoucherLine.account == account,
        )
        .group_by(Voucher.community_id, Voucher.id)
    )
    rows = session.execute(query).all()
    states = voucher_states(session, community_id, {row.Voucher.id for row in rows})
    return tuple(
        AllowancePaymentFacts(
            voucher_id=row.Voucher.id,
            label=voucher_label(row.Voucher),
            day=row.Voucher.day,
            amount_fen=int(row.fen),
            listed=row.Voucher.id in listed,
        )
        for row in rows
        if states[row.Voucher.id] is not BatchState.VOID
    )


def _topups(session: Session, community_id: str, start: date, end: date, as_of: date) -> tuple[TopUpFacts, ...]:
    found = []
    for year in range(start.year - 1, end.year + 1):
        book = find_book(session, community_id)
        if book is None or year < book.opened_on.year or due_by(year) >= as_of:
            continue
        row = topup.of_year(session, community_id, year, day=as_of)
        found.append(
            TopUpFacts(
                year=year,
                ends_on=date(year, 12, 31),
                due_by=due_by(year),
                income_fen=row.income_fen,
                due_fen=row.due_fen,
                paid_fen=row.paid_fen,
            )
        )
    return tuple(found)

"""Putting a posted voucher right (R5.3): it stays as it is, others are written that name it."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.rules import life
from finance.rules.ledger import VoucherKind, mirrored
from finance.rules.life import VoucherState
from finance.rules.periods import month_of
from finance.service.books import open_month
from finance.service.vouchers.grounds import keeps_no_cash
from finance.service.vouchers.reading import label, lines_of, reversal_of
from finance.service.vouchers.writing import ReasonNeeded, pair, write_lines
from finance.tables import Book, Voucher
from hoa.db import get
from hoa.kernel.clock import today


def reverse(
    session: Session, community_id: str, *, voucher_id: str, day: date, reason: str, by: str, now: datetime
) -> Voucher:
    """Write the red voucher that takes a posted one back (R5.3). It is checked and posted like any other; the original
    stays as it is. A transfer is taken back in both books.
    """
    originals = pair(session, community_id, voucher_id)
    for original in originals:
        life.require_state(VoucherState(original.state), VoucherState.POSTED)
        if VoucherKind(original.kind) in (VoucherKind.REVERSAL, VoucherKind.OPENING):
            raise life.ReversalReversed
        taken = reversal_of(session, original)
        if taken is not None:
            raise life.AlreadyReversed(number=label(taken))
    if not reason.strip():
        raise ReasonNeeded
    if day > today(now):
        raise life.NotYetHappened(day=day.isoformat())
    keeps_no_cash(session, community_id, by, now)
    reds = [_red(session, original, day, reason.strip(), by, now) for original in originals]
    if len(reds) == 2:
        reds[0].twin_id, reds[1].twin_id = reds[1].id, reds[0].id
        session.flush()
    return reds[0]


def _red(session: Session, original: Voucher, day: date, reason: str, by: str, now: datetime) -> Voucher:
    book = get(session, Book, original.community_id, original.book_id, lock=True)
    open_month(session, book, day)
    red = Voucher(
        community_id=original.community_id,
        book_id=book.id,
        kind=VoucherKind.REVERSAL,
        state=VoucherState.SUBMITTED,
        day=day,
        month=month_of(day),
        summary=f"注销 {original.day.isoformat()} {label(original)} 号凭证：{reason}",
        party=original.party,
        party_is_person=original.party_is_person,
        invoice_no=original.invoice_no,
        amount_fen=original.amount_fen,
        purpose=original.purpose,
        contract_id=original.contract_id,
        due_no=original.due_no,
        resolution_id=original.resolution_id,
        grounds=original.grounds,
        reverses_id=original.id,
        means=original.means,
        returned_because="",
        maker_id=by,
        made_at=now,
        submitted_at=now,
    )
    session.add(red)
    session.flush()
    write_lines(session, book, red, mirrored(lines_of(session, original)))
    return red

"""A voucher's way into the book: submit, approve or send back, post. The halves of a transfer go it together."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from finance.rules import life
from finance.rules.ledger import SECOND_FORM, VoucherKind, check_lines, money_moved, voucher_hash
from finance.rules.life import VoucherState
from finance.service.books import chart_of, open_month
from finance.service.parts import covered
from finance.service.vouchers.grounds import approvals_needed, check_cash, check_ready, keeps_no_cash
from finance.service.vouchers.reading import approvals_of, documents_of, lines_of, record_of, vouchers
from finance.service.vouchers.writing import ReasonNeeded, pair, require_replaceable
from finance.tables import Approval, Book, Match, Voucher
from hoa.db import get
from hoa.kernel.clock import today


def submit(session: Session, community_id: str, *, voucher_id: str, by: str, now: datetime) -> Voucher:
    """Hand a draft to the checker, when everything a voucher needs is there (R5.2)."""
    voucher, *others = pair(session, community_id, voucher_id)
    keeps_no_cash(session, community_id, by, now)
    halves = (voucher, *others)
    needed = max(approvals_needed(session, half, today(now)) for half in halves)
    for half in halves:
        life.require_state(VoucherState(half.state), VoucherState.DRAFT)
        check_ready(session, half, today(now))
        half.approvals_needed = needed
        half.state, half.submitted_at, half.returned_because = VoucherState.SUBMITTED, now, ""
    session.flush()
    return voucher


def send_back(session: Session, community_id: str, *, voucher_id: str, reason: str, by: str, now: datetime) -> Voucher:
    """The checker returns a voucher to its maker and says why; what others had approved is asked for anew."""
    voucher, *others = pair(session, community_id, voucher_id)
    keeps_no_cash(session, community_id, by, now)
    for half in (voucher, *others):
        life.require_state(VoucherState(half.state), VoucherState.SUBMITTED, VoucherState.APPROVED)
        if not reason.strip():
            raise ReasonNeeded
        half.state, half.returned_because = VoucherState.DRAFT, reason.strip()
        half.checker_id = half.checked_at = half.submitted_at = None
        session.execute(delete(Approval).where(Approval.community_id == community_id, Approval.voucher_id == half.id))
    session.flush()
    return voucher


def approve(session: Session, community_id: str, *, voucher_id: str, by: str, now: datetime) -> Voucher:
    """Another person lets the voucher through (会计法 25); the grounds are looked at once more. It may be posted when
    as many people as it needs have done so.
    """
    voucher, *others = pair(session, community_id, voucher_id)
    keeps_no_cash(session, community_id, by, now)
    for half in (voucher, *others):
        life.require_state(VoucherState(half.state), VoucherState.SUBMITTED)
        earlier = [approval.person_id for approval in approvals_of(session, half)]
        life.check_separation(maker_id=half.maker_id, checker_ids=(*earlier, by))
        check_ready(session, half, today(now))
        session.add(Approval(community_id=community_id, voucher_id=half.id, no=len(earlier) + 1, person_id=by, at=now))
        half.checker_id, half.checked_at = by, now
        if len(earlier) + 1 >= half.approvals_needed:
            half.state = VoucherState.APPROVED
    session.flush()
    return voucher


def post(session: Session, community_id: str, *, voucher_id: str, by: str, now: datetime) -> Voucher:
    """Enter an approved voucher in its book: the next number of its month, the next link of the chain. From here on
    nothing changes it. The other half of a transfer is entered in the other book in the same breath.
    """
    voucher, *others = pair(session, community_id, voucher_id)
    keeps_no_cash(session, community_id, by, now)
    halves = sorted((voucher, *others), key=lambda half: half.book_id)
    for half in halves:
        life.require_state(VoucherState(half.state), VoucherState.APPROVED)
    for half in halves:
        _enter(session, half, by, now)
    return voucher


def _enter(session: Session, voucher: Voucher, by: str, now: datetime) -> None:
    book = get(session, Book, voucher.community_id, voucher.book_id, lock=True)
    session.refresh(book)
    approvals = approvals_of(session, voucher)
    checkers = tuple(approval.person_id for approval in approvals)
    life.check_separation(maker_id=voucher.maker_id, checker_ids=checkers, poster_id=by)
    open_month(session, book, voucher.day)
    require_replaceable(session, voucher)
    check_cash(session, voucher)  # others may have been paid from the box since it was approved
    lines, documents, chart = lines_of(session, voucher), documents_of(session, voucher), chart_of(book)
    check_lines(lines, chart)
    number = _last_number(session, book, voucher.month) + 1
    # From here to the flush no query may run: the row goes to the database numbered and posted in one UPDATE.
    voucher.number, voucher.seq = number, book.head_seq + 1
    voucher.poster_id, voucher.posted_at = by, now
    voucher.previous_hash, voucher.format = book.head_hash, SECOND_FORM
    voucher.bank_fen, voucher.cash_fen = money_moved(lines, chart, book.kind)
    voucher.hash = voucher_hash(record_of(voucher, lines, documents, approvals), book.head_hash)
    voucher.state = VoucherState.POSTED
    book.head_seq, book.head_hash = voucher.seq, voucher.hash
    session.flush()
    taken_back = voucher.reverses_id or voucher.corrects_id
    if taken_back is not None and not covered(session, book, taken_back):
        _let_go(session, voucher.community_id, taken_back, by, now)
        session.flush()


def post_approved(session: Session, community_id: str, *, by: str, now: datetime) -> list[Voucher]:
    """Post everything that was approved by somebody else, in the order of dates; red ones first, because what is
    written in place of another waits for them.
    """
    done: list[Voucher] = []
    waiting = vouchers(session, community_id, states=(VoucherState.APPROVED,))
    for voucher in sorted(waiting, key=lambda row: row.kind != VoucherKind.REVERSAL):
        checkers = {approval.person_id for approval in approvals_of(session, voucher)}
        if voucher.state == VoucherState.APPROVED and by not in checkers:
            done.append(post(session, community_id, voucher_id=voucher.id, by=by, now=now))
    return done


def _last_number(session: Session, book: Book, month: int) -> int:
    query = select(func.max(Voucher.number)).where(
        Voucher.community_id == book.community_id, Voucher.book_id == book.id, Voucher.month == month
    )
    return session.scalar(query) or 0


def _let_go(session: Session, community_id: str, voucher_id: str, by: str, now: datetime) -> None:
    """The bank line of a reversed voucher waits for the right one again."""
    query = select(Match).where(
        Match.community_id == community_id, Match.voucher_id == voucher_id, Match.released_at.is_(None)
    )
    for match in session.scalars(query):
        match.released_at, match.released_by_id, match.release_reason = now, by, "凭证已冲销或更正"

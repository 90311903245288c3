"""Putting a posted voucher right (R5.3): it stays as it is, others are written that name it."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules import life
from finance.rules.charts import WORK
from finance.rules.ledger import VoucherKind, is_increase, mirrored, scaled, through_net_assets
from finance.rules.life import VoucherState
from finance.rules.periods import month_of
from finance.service.books import chart_of, open_month
from finance.service.vouchers.grounds import keeps_no_cash
from finance.service.vouchers.reading import corrections_of, label, lines_of, other_account, reversal_of
from finance.service.vouchers.writing import ReasonNeeded, VoucherFields, draft, pair, write_lines
from finance.tables import Attachment, Book, Voucher
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal


class OnlyTakenBack(Refusal):
    message = N_("这种凭证只能冲销，冲销后从头重新做一张")


class DifferencesFirst(Refusal):
    message = N_("这张凭证的金额已由 %(number)s 订正，请先冲销那一张")


class EarlierYear(Refusal):
    message = N_("%(year)s 年的收入费用已经结转，不能用红字冲销；请用“以前年度净资产调整”订正")


class NotOfAnEarlierYear(Refusal):
    message = N_("只有工作经费以前年度的收入、费用凭证才这样订正；当年的请用红字凭证")


class NoDifference(Refusal):
    message = N_("正确的金额要大于零，并且不同于现在的 %(amount)s")


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
        for other in corrections_of(session, original):
            if other.kind == VoucherKind.DIFFERENCE and reversal_of(session, other) is None:
                raise DifferencesFirst(number=label(other))
        if day.year > original.day.year and _in_results(session, original):
            raise EarlierYear(year=original.day.year)
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


def replace_posted(
    session: Session, community_id: str, *, voucher_id: str, day: date, reason: str, by: str, now: datetime
) -> tuple[Voucher, Voucher]:
    """Take a posted voucher back and begin the right one in the same step: the red voucher, and a draft that says what
    the wrong one said, for the maker to change (R5.3: 订正某月某日某号凭证).
    """
    original = get(session, Voucher, community_id, voucher_id)
    if original.kind not in (VoucherKind.RECEIPT, VoucherKind.PAYMENT, VoucherKind.JOURNAL):
        raise OnlyTakenBack
    red = reverse(session, community_id, voucher_id=voucher_id, day=day, reason=reason, by=by, now=now)
    fields = replace(
        fields_of(session, original),
        day=day,
        summary=f"订正 {original.day.isoformat()} {label(original)} 号凭证：{original.summary}",
        corrects_id=original.id,
    )
    blue = draft(session, community_id, fields=fields, by=by, now=now)
    documents = select(Attachment).where(Attachment.community_id == community_id, Attachment.voucher_id == original.id)
    for paper in session.scalars(documents):
        session.add(
            Attachment(community_id=community_id, document_id=paper.document_id, voucher_id=blue.id, no=paper.no)
        )
    session.flush()
    return red, blue


def put_right_next_year(
    session: Session, community_id: str, *, voucher_id: str, day: date, reason: str, by: str, now: datetime
) -> Voucher:
    """Begin the correction of a voucher of the work fund from an earlier year (R5.3): what it did to income and expense
    is undone through 以前年度净资产调整, because that year's result is closed. The draft takes all of it back;
    the maker changes its entries where only a part was wrong.
    """
    original = get(session, Voucher, community_id, voucher_id)
    life.require_state(VoucherState(original.state), VoucherState.POSTED)
    if day.year <= original.day.year or not _in_results(session, original):
        raise NotOfAnEarlierYear
    if not reason.strip():
        raise ReasonNeeded
    book = get(session, Book, community_id, original.book_id)
    lines = through_net_assets(lines_of(session, original), chart_of(book))
    fields = replace(
        fields_of(session, original),
        kind=VoucherKind.JOURNAL,
        day=day,
        lines=lines,
        account=None,
        summary=f"订正 {original.day.isoformat()} {label(original)} 号凭证（以前年度）：{reason.strip()}",
        corrects_id=original.id,
    )
    return draft(session, community_id, fields=fields, by=by, now=now)


def _in_results(session: Session, voucher: Voucher) -> bool:
    """Whether a voucher has income or expense of a year."""
    book = get(session, Book, voucher.community_id, voucher.book_id)
    chart = chart_of(book)
    return any(chart.by_code(line.account).kind in ("income", "expense") for line in lines_of(session, voucher))


def difference(
    session: Session,
    community_id: str,
    *,
    voucher_id: str,
    right_fen: int,
    day: date,
    reason: str,
    by: str,
    now: datetime,
) -> Voucher:
    """Only the amount was wrong: a voucher over the difference on the same accounts, in red when it was too much
    (R5.3). It is a draft that is checked and posted like any other.
    """
    original = get(session, Voucher, community_id, voucher_id)
    life.require_state(VoucherState(original.state), VoucherState.POSTED)
    lines = lines_of(session, original)
    if original.kind not in (VoucherKind.RECEIPT, VoucherKind.PAYMENT) or len(lines) != 2:
        raise OnlyTakenBack
    taken = reversal_of(session, original)
    if taken is not None:
        raise life.AlreadyReversed(number=label(taken))
    if not reason.strip():
        raise ReasonNeeded
    keeps_no_cash(session, community_id, by, now)
    # Two people must not both put the same amount right: the book is held while the sum is taken.
    book = get(session, Book, community_id, original.book_id, lock=True)
    open_month(session, book, day)
    gap = right_fen - corrected_fen(session, original)
    if right_fen <= 0 or gap == 0:
        raise NoDifference(amount=money.show(corrected_fen(session, original)))
    word = "增加" if gap > 0 else "减少"
    row = Voucher(
        community_id=community_id,
        book_id=book.id,
        kind=VoucherKind.DIFFERENCE,
        state=VoucherState.DRAFT,
        day=day,
        month=month_of(day),
        summary=f"订正 {original.day.isoformat()} {label(original)} 号凭证，金额{word}：{reason.strip()}",
        amount_fen=abs(gap),
        corrects_id=original.id,
        returned_because="",
        maker_id=by,
        made_at=now,
        **_same_business(original),
    )
    session.add(row)
    session.flush()
    write_lines(session, book, row, scaled(lines, gap))
    return row


def corrected_fen(session: Session, original: Voucher) -> int:
    """The amount of a voucher with its differences, also those on their way."""
    return original.amount_fen + sum(
        row.amount_fen * (1 if is_increase(lines_of(session, row)) else -1)
        for row in corrections_of(session, original)
        if row.kind == VoucherKind.DIFFERENCE and reversal_of(session, row) is None
    )


def fields_of(session: Session, voucher: Voucher) -> VoucherFields:
    """What a voucher says, as it would be written again."""
    book = get(session, Book, voucher.community_id, voucher.book_id)
    lines = lines_of(session, voucher)
    simple = voucher.kind in (VoucherKind.RECEIPT, VoucherKind.PAYMENT)
    return VoucherFields(
        kind=VoucherKind(voucher.kind),
        day=voucher.day,
        amount_fen=voucher.amount_fen,
        book=book.kind,
        lines=() if simple else lines,
        account=other_account(lines, book) if simple and book.kind == WORK else None,
        summary=voucher.summary,
        corrects_id=voucher.corrects_id,
        **_same_business(voucher),
    )


def _same_business(voucher: Voucher) -> dict[str, Any]:
    """What a voucher and the ones that put it right have in common."""
    names = ("party", "party_is_person", "invoice_no", "purpose", "contract_id", "due_no", "resolution_id", "grounds")
    return {name: getattr(voucher, name) for name in (*names, "means")}


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
        amount_fen=original.amount_fen,
        reverses_id=original.id,
        returned_because="",
        maker_id=by,
        made_at=now,
        submitted_at=now,
        **_same_business(original),
    )
    session.add(red)
    session.flush()
    write_lines(session, book, red, mirrored(lines_of(session, original)))
    return red

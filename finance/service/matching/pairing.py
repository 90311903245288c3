"""A bank line and a voucher put together in parts, and taken apart with a reason (books.md 2)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from finance.rules import sides
from finance.rules.sides import NOTHING
from finance.service import parts
from finance.service.books import is_closed
from finance.tables import BankAccount, BankLine, Book, Match, Voucher
from hoa.db import get
from hoa.kernel.errors import N_, Refusal


class MatchClosed(Refusal):
    message = N_("这一对在已结账的月份里，不能拆开；请用红字凭证更正")
    status = 409


class MatchGone(Refusal):
    message = N_("这一对已经拆开，请刷新页面")
    status = 409


class ReasonMissing(Refusal):
    message = N_("请写明为什么拆开，以后查账的人要看")


class OtherBook(Refusal):
    message = N_("这笔流水在“%(line)s”的账户里，凭证在“%(voucher)s”账簿里，两笔钱分开管理，不能对在一起")


class NothingChosen(Refusal):
    message = N_("请至少勾选一张凭证")


def confirm(
    session: Session,
    community_id: str,
    *,
    bank_line_id: str,
    voucher_id: str,
    by: str,
    now: datetime,
    amount_fen: int | None = None,
) -> Match:
    """A person says that this line and this voucher are the same money: `amount_fen` of it, or as much as both have
    left.
    """
    line = get(session, BankLine, community_id, bank_line_id, lock=True)
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    book = book_of_line(session, line)
    if voucher.book_id != book.id:
        raise OtherBook(line=book.name, voucher=get(session, Book, community_id, voucher.book_id).name)
    fen = sides.check_part(
        line_fen=line.amount_fen,
        line_taken_fen=parts.line_taken(session, community_id, [line.id]).get(line.id, 0),
        voucher=parts.voucher_sides(session, book, [voucher.id]).get(voucher.id, NOTHING),
        taken=parts.voucher_taken(session, community_id, [voucher.id]).get(voucher.id, NOTHING),
        amount_fen=amount_fen,
    )
    match = Match(
        community_id=community_id,
        bank_line_id=line.id,
        voucher_id=voucher.id,
        amount_fen=fen,
        confirmed_by_id=by,
        confirmed_at=now,
    )
    session.add(match)
    session.flush()
    return match


def confirm_parts(
    session: Session,
    community_id: str,
    *,
    bank_line_id: str,
    chosen: Sequence[tuple[str, int]],
    by: str,
    now: datetime,
) -> None:
    """Put several vouchers against one line, each with its fen (books.md 2): all of them or none."""
    if not chosen:
        raise NothingChosen
    for voucher_id, amount_fen in chosen:
        confirm(
            session,
            community_id,
            bank_line_id=bank_line_id,
            voucher_id=voucher_id,
            by=by,
            now=now,
            amount_fen=amount_fen,
        )


def release(session: Session, community_id: str, *, match_id: str, reason: str, by: str, now: datetime) -> Match:
    """Take a wrong pair apart and say why, as long as the voucher's month is open."""
    match = get(session, Match, community_id, match_id, lock=True)
    if match.released_at is not None:
        raise MatchGone
    if not reason.strip():
        raise ReasonMissing
    voucher = get(session, Voucher, community_id, match.voucher_id)
    if is_closed(session, get(session, Book, community_id, voucher.book_id), voucher.month):
        raise MatchClosed
    match.released_at, match.released_by_id, match.release_reason = now, by, reason.strip()
    session.flush()
    return match


def book_of_line(session: Session, line: BankLine) -> Book:
    """The book of the fund in whose account a line stands."""
    account = get(session, BankAccount, line.community_id, line.account_id)
    return get(session, Book, line.community_id, account.book_id)

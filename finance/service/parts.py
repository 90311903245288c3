"""What is matched and what is open, in parts: sums over the matches that stand. Everything that asks whether a bank
line or a voucher is explained asks here.
"""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from finance.rules.charts import BANK_ROLES, load_chart
from finance.rules.ledger import Line, VoucherKind
from finance.rules.life import VoucherState
from finance.rules.sides import NOTHING, Effect, Sides, capacities
from finance.tables import BankLine, Book, Match, Voucher, VoucherLine
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

# Which way a line goes; written out, because PostgreSQL cannot group by an expression with a parameter in it.
INCOMING = BankLine.amount_fen > literal_column("0")
# They stand in no bank statement: what was there before the first line, and entries that only move between accounts.
_NO_MONEY = (VoucherKind.OPENING, VoucherKind.CLOSING)
_TAKING_BACK = (VoucherKind.REVERSAL, VoucherKind.DIFFERENCE)


class MatchedMore(Refusal):
    message = N_("这张凭证已经对上银行流水 %(matched)s，金额不能改得更小，也不能改收付方向；请先把流水拆开再改")
    status = 409


def line_taken(
    session: Session, community_id: str, line_ids: Collection[str] | None = None, *, posted_by: date | None = None
) -> dict[str, int]:
    """Fen of each bank line that vouchers stand against; with `posted_by` only vouchers posted and dated up to it."""
    query = select(Match.bank_line_id, func.sum(Match.amount_fen)).where(
        Match.community_id == community_id, Match.released_at.is_(None)
    )
    if line_ids is not None:
        query = query.where(Match.bank_line_id.in_(line_ids))
    if posted_by is not None:
        query = query.join(
            Voucher, and_(Voucher.community_id == Match.community_id, Voucher.id == Match.voucher_id)
        ).where(Voucher.state == VoucherState.POSTED, Voucher.day <= posted_by)
    return {line_id: int(fen) for line_id, fen in session.execute(query.group_by(Match.bank_line_id))}


def voucher_taken(
    session: Session, community_id: str, voucher_ids: Collection[str] | None = None, *, until: date | None = None
) -> dict[str, Sides]:
    """What of each voucher's sides bank lines stand against; with `until` only lines up to that day."""
    query = (
        select(Match.voucher_id, INCOMING, func.sum(Match.amount_fen))
        .join(BankLine, and_(BankLine.community_id == Match.community_id, BankLine.id == Match.bank_line_id))
        .where(Match.community_id == community_id, Match.released_at.is_(None))
    )
    if voucher_ids is not None:
        query = query.where(Match.voucher_id.in_(voucher_ids))
    if until is not None:
        query = query.where(BankLine.day <= until)
    found: dict[str, Sides] = {}
    for voucher_id, incoming, fen in session.execute(query.group_by(Match.voucher_id, INCOMING)):
        before = found.get(voucher_id, NOTHING)
        found[voucher_id] = Sides(
            in_fen=before.in_fen + (int(fen) if incoming else 0),
            out_fen=before.out_fen + (0 if incoming else int(fen)),
        )
    return found


def voucher_sides(
    session: Session, book: Book, voucher_ids: Collection[str] | None = None, *, posted_by: date | None = None
) -> dict[str, Sides]:
    """What the bank can confirm of each voucher of a book (of those asked for). With `posted_by` as the posted book
    stood on that day; without, drafts count as they are written.
    """
    rows = session.execute(_effects(book, voucher_ids, posted_by))
    found = capacities(
        Effect(voucher_id=row.id, names=row.names, debit_fen=int(row.debit), credit_fen=int(row.credit)) for row in rows
    )
    return found if voucher_ids is None else {key: sides for key, sides in found.items() if key in voucher_ids}


def _effects(
    book: Book, voucher_ids: Collection[str] | None, posted_by: date | None
) -> Select[str, str | None, int, int]:
    names = func.coalesce(Voucher.reverses_id, Voucher.corrects_id)
    query = (
        select(
            Voucher.id,
            names.label("names"),
            func.sum(VoucherLine.debit_fen).label("debit"),
            func.sum(VoucherLine.credit_fen).label("credit"),
        )
        .join(
            VoucherLine,
            and_(VoucherLine.community_id == Voucher.community_id, VoucherLine.voucher_id == Voucher.id),
        )
        .where(
            Voucher.community_id == book.community_id,
            Voucher.book_id == book.id,
            VoucherLine.account == bank_code(book),
            Voucher.kind.not_in(_NO_MONEY),
            # What takes a voucher back, or a part of it, does so once it is posted.
            or_(Voucher.kind.not_in(_TAKING_BACK), Voucher.state == VoucherState.POSTED),
        )
    )
    if voucher_ids is not None:
        query = query.where(or_(Voucher.id.in_(voucher_ids), names.in_(voucher_ids)))
    if posted_by is not None:
        query = query.where(Voucher.state == VoucherState.POSTED, Voucher.day <= posted_by)
    return query.group_by(Voucher.id, names)


def require_cover(session: Session, book: Book, voucher: Voucher, lines: Sequence[Line]) -> None:
    """A voucher that was matched keeps covering what stands against it when its entries are written anew."""
    taken = voucher_taken(session, voucher.community_id, [voucher.id]).get(voucher.id, NOTHING)
    code = bank_code(book)
    debit = sum(line.debit_fen for line in lines if line.account == code)
    credit = sum(line.credit_fen for line in lines if line.account == code)
    if not Sides(in_fen=debit, out_fen=credit).covers(taken):
        raise MatchedMore(matched=money.show(taken.in_fen or taken.out_fen))


def covered(session: Session, book: Book, voucher_id: str) -> bool:
    """Whether a voucher still covers what stands against it, after another took a part of it back."""
    sides = voucher_sides(session, book, [voucher_id]).get(voucher_id, NOTHING)
    return sides.covers(voucher_taken(session, book.community_id, [voucher_id]).get(voucher_id, NOTHING))


def bank_code(book: Book) -> str:
    """The account of the book in which the fund's money at the bank is kept."""
    return load_chart(book.regime).by_role(BANK_ROLES[book.kind]).code


def matches_of(
    session: Session, community_id: str, *, line_ids: Collection[str] = (), voucher_ids: Collection[str] = ()
) -> Sequence[tuple[Match, BankLine, Voucher]]:
    """The parts that stand, of these lines and of these vouchers, in the order of the bank."""
    query = (
        select(Match, BankLine, Voucher)
        .join(BankLine, and_(BankLine.community_id == Match.community_id, BankLine.id == Match.bank_line_id))
        .join(Voucher, and_(Voucher.community_id == Match.community_id, Voucher.id == Match.voucher_id))
        .where(
            Match.community_id == community_id,
            Match.released_at.is_(None),
            or_(Match.bank_line_id.in_(line_ids), Match.voucher_id.in_(voucher_ids)),
        )
    )
    found = session.execute(query.order_by(BankLine.day, BankLine.seq, Voucher.day, Voucher.id))
    return [(match, line, voucher) for match, line, voucher in found]


def released_of(session: Session, community_id: str, line_id: str) -> Sequence[tuple[Match, Voucher]]:
    """The parts of a line that were let go, with why, latest first."""
    query = (
        select(Match, Voucher)
        .join(Voucher, and_(Voucher.community_id == Match.community_id, Voucher.id == Match.voucher_id))
        .where(Match.community_id == community_id, Match.released_at.is_not(None), Match.bank_line_id == line_id)
    )
    return [(match, voucher) for match, voucher in session.execute(query.order_by(Match.released_at.desc()))]

"""Bank lines with what stands against them, and what is proposed for the rest."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from finance.rules import matching as rules
from finance.rules.contracts import Direction, DueState
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.rules.matching import Habit, LooseVoucher, Movement, OpenDue, Proposal
from finance.rules.sides import NOTHING
from finance.service import contracts as contract_service
from finance.service import parts
from finance.service.bank import unmatched
from finance.service.vouchers import label, touches_bank
from finance.tables import BankAccount, BankLine, Book, Match, Voucher
from hoa.db import get

# Kinds that say by themselves how a line of their kind is booked.
HABITUAL = (VoucherKind.RECEIPT, VoucherKind.PAYMENT)


@dataclass(frozen=True, kw_only=True)
class MatchedLine:
    """A bank line, the vouchers that stand against it with their parts, what is still open of it (positive fen), and
    what is proposed for that.
    """

    line: BankLine
    parts: tuple[tuple[Match, Voucher], ...] = ()
    proposals: tuple[Proposal, ...] = ()

    @property
    def open_fen(self) -> int:
        return abs(self.line.amount_fen) - sum(match.amount_fen for match, _ in self.parts)

    @property
    def voucher(self) -> Voucher | None:
        """The voucher of a line that is explained to the last fen; of several the one that needs attention first."""
        if self.open_fen or not self.parts:
            return None
        vouchers = [voucher for _, voucher in self.parts]
        return next((row for row in vouchers if row.state != VoucherState.POSTED), vouchers[0])


def with_proposals(
    session: Session, account: BankAccount, lines: Iterable[BankLine], *, today: date, most: int | None = None
) -> list[MatchedLine]:
    """Bank lines with their vouchers, and proposals for those that are not explained (the first `most` of them)."""
    lines = list(lines)
    standing: dict[str, list[tuple[Match, Voucher]]] = {line.id: [] for line in lines}
    for match, line, voucher in parts.matches_of(session, account.community_id, line_ids=list(standing)):
        standing[line.id].append((match, voucher))
    rows = [MatchedLine(line=line, parts=tuple(standing[line.id])) for line in lines]
    open_rows = [row for row in rows if row.open_fen][:most]
    if not open_rows:
        return rows
    book = get(session, Book, account.community_id, account.book_id)
    loose, dues = loose_vouchers(session, book), _open_dues(session, account, today)
    habits = _habits(session, account, {row.line.party for row in open_rows})
    rivals = [_movement(line, abs(line.amount_fen)) for line in unmatched(session, account)]
    proposed = {
        row.line.id: tuple(
            rules.proposals(_movement(row.line, row.open_fen), vouchers=loose, dues=dues, habits=habits, rivals=rivals)
        )
        for row in open_rows
    }
    return [replace(row, proposals=proposed.get(row.line.id, ())) for row in rows]


def open_lines(
    session: Session,
    account: BankAccount,
    *,
    today: date,
    end: date | None = None,
    limit: int | None = None,
    offset: int = 0,
    most: int | None = None,
) -> list[MatchedLine]:
    """Bank lines that wait for a voucher, in the bank's order; a page of them, with proposals for the first `most`."""
    waiting = unmatched(session, account, end=end)
    return with_proposals(session, account, waiting[offset:][:limit], today=today, most=most)


def _movement(line: BankLine, open_fen: int) -> Movement:
    return Movement(
        id=line.id,
        day=line.day,
        amount_fen=open_fen if line.amount_fen > 0 else -open_fen,
        party=line.party,
        summary=line.summary,
        reference=line.reference,
    )


def loose_vouchers(session: Session, book: Book) -> list[LooseVoucher]:
    """Vouchers of a book that the bank has not confirmed to the last fen, with what is left of them."""
    taken = (
        select(Match.voucher_id, func.sum(Match.amount_fen).label("fen"))
        .where(Match.community_id == book.community_id, Match.released_at.is_(None))
        .group_by(Match.voucher_id)
        .subquery()
    )
    query = (
        select(Voucher)
        .outerjoin(taken, taken.c.voucher_id == Voucher.id)
        .where(
            Voucher.community_id == book.community_id,
            Voucher.book_id == book.id,
            # What moves between two accounts of the fund does nothing on balance, and is in both statements.
            or_(touches_bank(), and_(Voucher.kind == VoucherKind.JOURNAL, Voucher.bank_fen == 0)),
            or_(taken.c.fen.is_(None), taken.c.fen < Voucher.amount_fen, Voucher.kind == VoucherKind.JOURNAL),
        )
    )
    rows = session.scalars(query.order_by(Voucher.day, Voucher.id)).all()
    ids = [row.id for row in rows]
    whole = parts.voucher_sides(session, book, ids)
    gone = parts.voucher_taken(session, book.community_id, ids)
    found: list[LooseVoucher] = []
    for voucher in rows:
        left = whole.get(voucher.id, NOTHING).less(gone.get(voucher.id, NOTHING))
        found += [
            LooseVoucher(
                id=voucher.id,
                label=f"{label(voucher)} {voucher.summary}",
                day=voucher.day,
                amount_fen=amount,
                party=voucher.party,
                invoice_no=voucher.invoice_no,
            )
            for amount in filter(None, (left.in_fen, -left.out_fen))
        ]
    return found


def _open_dues(session: Session, account: BankAccount, today: date) -> list[OpenDue]:
    found = contract_service.views(session, account.community_id, today=today, posted_only=False)
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
        if view.contract.book_id == account.book_id
        for status in view.dues
        if status.state is not DueState.SETTLED
    ]


def _habits(session: Session, account: BankAccount, parties: Collection[str]) -> list[Habit]:
    """The latest booking of every payee and kind of summary among `parties`, and for how many posted ones in a row it
    was the same purpose and contract.
    """
    query = (
        select(BankLine, Voucher)
        .join(Match, and_(Match.community_id == BankLine.community_id, Match.bank_line_id == BankLine.id))
        .join(Voucher, and_(Voucher.community_id == Match.community_id, Voucher.id == Match.voucher_id))
        .where(
            BankLine.community_id == account.community_id,
            BankLine.party.in_([party for party in parties if party]),
            Match.released_at.is_(None),
            Voucher.book_id == account.book_id,
            Voucher.kind.in_(HABITUAL),
        )
    )
    latest: dict[tuple[str, str, bool], Habit] = {}
    custom: dict[tuple[str, str, bool], tuple[str | None, str | None]] = {}
    for line, voucher in session.execute(query.order_by(BankLine.day, BankLine.seq)):
        key = (line.party, rules.pattern(line.summary), line.amount_fen > 0)
        before, way = latest.get(key), (voucher.purpose, voucher.contract_id)
        times = before.times if before is not None and custom[key] == way else 0
        custom[key] = way
        latest[key] = Habit(
            voucher_id=voucher.id,
            label=label(voucher),
            day=line.day,
            amount_fen=line.amount_fen,
            party=line.party,
            summary=line.summary,
            times=times + (1 if voucher.state == VoucherState.POSTED else 0),
        )
    return list(latest.values())

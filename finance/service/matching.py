"""Bank lines and vouchers side by side: what is proposed, what a person confirmed, and booking a line in one step. One
line may pay several vouchers and one voucher may be paid in several lines (books.md 2).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from finance.rules import matching as rules
from finance.rules import sides
from finance.rules.contracts import Direction, DueState
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.rules.matching import Habit, LooseVoucher, Movement, OpenDue, Proposal, Target
from finance.rules.sides import NOTHING
from finance.service import contracts as contract_service
from finance.service import parts
from finance.service import vouchers as voucher_service
from finance.service.bank import unmatched
from finance.service.books import is_closed
from finance.service.vouchers import VoucherFields, label, touches_bank
from finance.tables import BankAccount, BankLine, Book, Contract, Match, Voucher
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import service as resolutions


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


class ProposalGone(Refusal):
    message = N_("这个建议已经用过或不再适用，请刷新页面")
    status = 409


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
    if earlier.kind not in _HABITUAL or (earlier.kind == VoucherKind.RECEIPT) != (line.amount_fen > 0):
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
    """The open instalment of the same contract that lies nearest to the line's day."""
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
    nearest = min(dues, key=lambda due: (abs((due.day - line.day).days), due.no), default=None)
    return nearest.no if nearest is not None else None


def _still_in_force(session: Session, community_id: str, resolution_id: str | None, day: date) -> str | None:
    found = {resolution.id for resolution in resolutions.citable(session, community_id, on=day)}
    return resolution_id if resolution_id in found else None


_HABITUAL = (VoucherKind.RECEIPT, VoucherKind.PAYMENT)


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


def lines_of_vouchers(
    session: Session, community_id: str, voucher_ids: Sequence[str]
) -> dict[str, tuple[BankLine, ...]]:
    """The bank lines of each voucher that has any."""
    found: dict[str, list[BankLine]] = {}
    for _, line, voucher in parts.matches_of(session, community_id, voucher_ids=voucher_ids):
        found.setdefault(voucher.id, []).append(line)
    return {voucher_id: tuple(lines) for voucher_id, lines in found.items()}


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
            Voucher.kind.in_(_HABITUAL),
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

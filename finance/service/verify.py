"""What `hoa verify` says about the books: every voucher, bank line and document is looked at again (books.md 1,
trust.md 12).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from finance.rules.bank import row_digest
from finance.rules.ledger import GENESIS, Line, voucher_hash
from finance.rules.life import VoucherState
from finance.rules.sides import NOTHING
from finance.service import parts, seals
from finance.service.bank import row_of
from finance.service.vouchers import approvals_of, documents_of, label, lines_by_voucher, record_of
from finance.tables import BankAccount, BankLine, Book, Document, Match, Period, Voucher
from hoa.db import Row
from hoa.kernel import canonical
from hoa.kernel.errors import N_, Refusal
from hoa.ports.files import Files


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is not as it was posted: the row it was found at, and a message id with its parameters."""

    community_id: str
    table: str
    row_id: str
    message: str
    params: dict[str, str]

    def __str__(self) -> str:
        return self.message % self.params


CHANGED = N_("凭证 %(number)s（%(day)s）与记账时不同：凭证或分录被改动过")
BROKEN = N_("凭证 %(number)s（%(day)s）接不上前一张凭证：中间有凭证被删去或调换")
GAP = N_("%(month)s 的凭证号缺 %(number)s 号")
UNBALANCED = N_("凭证 %(number)s（%(day)s）借贷不平")
HEAD = N_("账簿“%(book)s”最后一张凭证与账簿记录的不符：末尾的凭证被删去")
BANK_CHANGED = N_("%(day)s 的银行流水 %(reference)s 与导入时不同")
BANK_BROKEN = N_("%(day)s 的银行流水 %(reference)s 接不上前一笔：中间有流水被删去或调换")
BANK_HEAD = N_("账户 %(account)s 最后的银行流水被删去")
DOCUMENT = N_("文件“%(name)s”与登记的指纹不符或已经丢失")
LINE_EXCEEDED = N_("%(day)s 的银行流水 %(reference)s 对上的金额超过了它自己：对应关系被改动过")
VOUCHER_EXCEEDED = N_("凭证 %(number)s（%(day)s）对上的银行流水超过了凭证金额：对应关系被改动过")
MONTH = N_("%(month)s 结账时的余额调节表被改动过")


def verify_books(session: Session, files: Files, *, community_id: str | None = None) -> list[Problem]:
    """Every problem in the books of one community, or of all; empty when all is as it was written."""
    books = session.scalars(_of(Book, community_id).order_by(Book.community_id, Book.kind)).all()
    accounts = session.scalars(_of(BankAccount, community_id).order_by(BankAccount.community_id)).all()
    problems = [problem for book in books for problem in (*_vouchers(session, book), *_months(session, book))]
    problems += [problem for book in books for problem in _matches(session, book)]
    problems += [problem for account in accounts for problem in _bank_lines(session, account)]
    problems += _documents(session, files, community_id)
    for community in dict.fromkeys(book.community_id for book in books):
        problems += [
            _problem(community, found.table, found.row_id, found.message, **found.params)
            for found in seals.broken(session, community)
        ]
    return problems


def _of(model: type[Row], community_id: str | None) -> Select[Row]:
    query = select(model)
    return query if community_id is None else query.where(model.community_id == community_id)


def _vouchers(session: Session, book: Book) -> Iterator[Problem]:
    lines = lines_by_voucher(session, book.community_id)
    previous, expected_seq, numbers = GENESIS, 1, dict[int, list[int]]()
    query = select(Voucher).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        (Voucher.state == VoucherState.POSTED) | Voucher.hash.is_not(None) | Voucher.seq.is_not(None),
    )
    for voucher in session.scalars(query.order_by(Voucher.seq, Voucher.id)):
        yield from _voucher(session, voucher, lines.get(voucher.id, ()), previous, expected_seq)
        previous, expected_seq = voucher.hash or "", (voucher.seq or 0) + 1
        numbers.setdefault(voucher.month, []).append(voucher.number or 0)
    if previous != book.head_hash or expected_seq != book.head_seq + 1:
        yield _problem(book.community_id, "finance_book", book.id, HEAD, book=book.name)
    for month, found in sorted(numbers.items()):
        for missing in sorted(set(range(1, max(found) + 1)) - set(found)):
            yield _problem(book.community_id, "finance_voucher", "", GAP, month=str(month), number=str(missing))


def _voucher(
    session: Session, voucher: Voucher, lines: tuple[Line, ...], previous: str, expected_seq: int
) -> Iterator[Problem]:
    about = {"number": label(voucher), "day": voucher.day.isoformat()}

    def named(message: str) -> Problem:
        return _problem(voucher.community_id, "finance_voucher", voucher.id, message, **about)

    if sum(line.debit_fen - line.credit_fen for line in lines) != 0:
        yield named(UNBALANCED)
    signed = voucher.state == VoucherState.POSTED and None not in (
        voucher.number,
        voucher.checker_id,
        voucher.poster_id,
        voucher.posted_at,
        voucher.checked_at,
    )
    if not signed or not _went_its_way(voucher):
        yield named(CHANGED)
        return
    record = record_of(voucher, lines, documents_of(session, voucher), approvals_of(session, voucher))
    try:
        found = voucher_hash(record, voucher.previous_hash or "")
    except (Refusal, ValueError):
        found = ""
    if found != voucher.hash:
        yield named(CHANGED)
    if voucher.previous_hash != previous or voucher.seq != expected_seq:
        yield named(BROKEN)


def _went_its_way(voucher: Voucher) -> bool:
    """What the hash does not cover but every posted voucher has: handed in between making and checking, and nothing
    left of an earlier return.
    """
    handed_in = voucher.submitted_at
    in_order = handed_in is not None and voucher.checked_at is not None and handed_in <= voucher.checked_at
    return in_order and not voucher.returned_because


def _months(session: Session, book: Book) -> Iterator[Problem]:
    query = select(Period).where(Period.community_id == book.community_id, Period.book_id == book.id)
    for period in session.scalars(query.order_by(Period.month)):
        kept = canonical.digest(period.reconciliation) if period.reconciliation is not None else None
        if kept != period.reconciliation_digest or (period.state == "closed") != (kept is not None):
            yield _problem(
                book.community_id,
                "finance_period",
                period.id,
                MONTH,
                month=f"{period.month // 100}-{period.month % 100:02d}",
            )


def _bank_lines(session: Session, account: BankAccount) -> Iterator[Problem]:
    previous, expected = GENESIS, 1
    query = select(BankLine).where(BankLine.community_id == account.community_id, BankLine.account_id == account.id)
    for line in session.scalars(query.order_by(BankLine.seq, BankLine.id)):
        about = {"day": line.day.isoformat(), "reference": line.reference}
        if row_digest(row_of(line), line.previous_digest) != line.digest:
            yield _problem(account.community_id, "finance_bank_line", line.id, BANK_CHANGED, **about)
        if line.previous_digest != previous or line.seq != expected:
            yield _problem(account.community_id, "finance_bank_line", line.id, BANK_BROKEN, **about)
        previous, expected = line.digest, line.seq + 1
    if previous != account.head_digest or expected != account.head_seq + 1:
        yield _problem(
            account.community_id, "finance_bank_account", account.id, BANK_HEAD, account=account.account_no[-4:]
        )


def _matches(session: Session, book: Book) -> Iterator[Problem]:
    """The parts of a line, or of a voucher, that add up to more than it."""
    lines = (
        select(BankLine, func.sum(Match.amount_fen))
        .join(
            BankAccount, and_(BankAccount.community_id == BankLine.community_id, BankAccount.id == BankLine.account_id)
        )
        .join(Match, and_(Match.community_id == BankLine.community_id, Match.bank_line_id == BankLine.id))
        .where(BankAccount.community_id == book.community_id, BankAccount.book_id == book.id)
        .where(Match.released_at.is_(None))
        .group_by(BankLine.community_id, BankLine.id)
        .having(func.sum(Match.amount_fen) > func.abs(BankLine.amount_fen))
    )
    for line, _ in session.execute(lines.order_by(BankLine.day, BankLine.id)):
        about = {"day": line.day.isoformat(), "reference": line.reference}
        yield _problem(book.community_id, "finance_match", line.id, LINE_EXCEEDED, **about)
    sides = parts.voucher_sides(session, book)
    query = select(Voucher).where(Voucher.community_id == book.community_id, Voucher.book_id == book.id)
    exceeded = {
        voucher_id
        for voucher_id, taken in parts.voucher_taken(session, book.community_id).items()
        if not sides.get(voucher_id, NOTHING).covers(taken)
    }
    for voucher in session.scalars(query.where(Voucher.id.in_(exceeded)).order_by(Voucher.day, Voucher.id)):
        about = {"number": label(voucher), "day": voucher.day.isoformat()}
        yield _problem(book.community_id, "finance_match", voucher.id, VOUCHER_EXCEEDED, **about)


def _documents(session: Session, files: Files, community_id: str | None) -> Iterator[Problem]:
    for document in session.scalars(_of(Document, community_id).order_by(Document.community_id, Document.id)):
        try:
            sound = len(files.get(document.sha256)) == document.size_bytes
        except Refusal:
            sound = False
        if not sound:
            yield _problem(document.community_id, "finance_document", document.id, DOCUMENT, name=document.name)


def _problem(community_id: str, table: str, row_id: str, message: str, **params: str) -> Problem:
    return Problem(community_id=community_id, table=table, row_id=row_id, message=message, params=params)

"""Importing a bank's statement and asking what is on it. Importing the same file again changes nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from finance.rules import bank as rules
from finance.rules.bank import BankFile
from finance.rules.bank_columns import ColumnMap
from finance.rules.bank_rows import BankRow
from finance.rules.periods import first_day, last_day
from finance.service.books import NoBankAccount, plain_number
from finance.tables import BankAccount, BankImport, BankLayout, BankLine, Book, Match
from hoa.kernel import money
from hoa.kernel.errors import N_, NotFound, Refusal


class OtherAccount(Refusal):
    message = N_("文件是账号 %(found)s 的流水，登记的专户是 %(registered)s；请换成专户的流水，公共收益不得进其他账户")


class AccountUnsaid(Refusal):
    message = N_("看不出文件是哪个账户的流水，请选明账户：%(registered)s")


class GapBefore(Refusal):
    message = N_(
        "第 %(row)s 行之前缺了流水：账上最后一笔（%(day)s）余额是 %(stored)s，文件从 %(opening)s 开始。请从那一天起导出"
    )


class DoesNotFit(Refusal):
    message = N_("第 %(row)s 行与已导入的流水对不上：它排在最后一笔（%(day)s）之前，却没有导入过。请核对是否为同一账户")


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an import would do, and to which account."""

    account: BankAccount
    file: BankFile
    fresh: tuple[BankRow, ...]
    known: int
    same_file: bool


def remembered(session: Session, community_id: str) -> dict[str, ColumnMap]:
    """The layouts a person explained earlier."""
    query = select(BankLayout).where(BankLayout.community_id == community_id)
    return {row.fingerprint: ColumnMap(**row.columns) for row in session.scalars(query)}


def remember(session: Session, community_id: str, *, file: BankFile, by: str, now: datetime) -> None:
    """Keep which column is which in this layout; the latest word counts."""
    query = select(BankLayout).where(
        BankLayout.community_id == community_id, BankLayout.fingerprint == file.fingerprint
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        row = BankLayout(community_id=community_id, fingerprint=file.fingerprint)
        session.add(row)
    row.columns, row.said_by_id, row.said_at = dict(file.columns.as_data()), by, now
    session.flush()


def accounts_of(session: Session, community_id: str) -> Sequence[BankAccount]:
    """Every account of the community, of both funds."""
    query = select(BankAccount).join(
        Book, and_(Book.community_id == BankAccount.community_id, Book.id == BankAccount.book_id)
    )
    query = query.where(BankAccount.community_id == community_id)
    return session.scalars(query.order_by(Book.kind, BankAccount.account_no)).all()


def account_of_file(session: Session, community_id: str, file: BankFile, account_id: str | None = None) -> BankAccount:
    """The account whose statement a file is: the one it names, or the one a person says where it names none. A file of
    another account is refused, whoever says what.
    """
    accounts = accounts_of(session, community_id)
    if not accounts:
        raise NoBankAccount
    said = [row for row in accounts if account_id is None or row.id == account_id]
    if not said:
        raise NotFound
    found = plain_number(file.account_no)
    fitting = [row for row in said if not found or rules.same_account(found, row.account_no)]
    registered = "、".join(row.account_no for row in said)
    if not fitting:
        raise OtherAccount(found=file.account_no, registered=registered)
    if len(fitting) > 1:
        raise AccountUnsaid(registered=registered)
    return fitting[0]


def preview(
    session: Session,
    community_id: str,
    *,
    data: bytes,
    chosen: ColumnMap | None = None,
    account_id: str | None = None,
) -> Preview:
    """Read a file and compare it with what is stored; refuses what cannot belong to one of the community's accounts or
    leaves a gap.
    """
    file = rules.read_statement(data, remembered(session, community_id), chosen)
    account = account_of_file(session, community_id, file, account_id)
    stored = lines(session, account)
    fresh, known = rules.same_movements(file.rows, [key_of(line) for line in stored])
    _check_joint(fresh, stored)
    digest = hashlib.sha256(data).hexdigest()
    return Preview(
        account=account,
        file=file,
        fresh=tuple(fresh),
        known=len(known),
        same_file=digest in _imported(session, account),
    )


def import_statement(
    session: Session,
    community_id: str,
    *,
    name: str,
    data: bytes,
    by: str,
    now: datetime,
    account_id: str | None = None,
    chosen: ColumnMap | None = None,
) -> Preview:
    """Store the movements that are new in the account that the file names (or that was said). The same file again, or
    one that holds nothing new, adds no line.
    """
    for each in accounts_of(session, community_id):
        session.refresh(each, with_for_update=True)
    found = preview(session, community_id, data=data, chosen=chosen, account_id=account_id)
    account = found.account
    if chosen is not None:
        remember(session, community_id, file=found.file, by=by, now=now)
    if found.same_file:
        return found
    record = BankImport(
        community_id=community_id,
        account_id=account.id,
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        starts_on=found.file.starts_on,
        ends_on=found.file.ends_on,
        rows=len(found.file.rows),
        fresh=len(found.fresh),
        imported_by_id=by,
        imported_at=now,
    )
    session.add(record)
    session.flush()
    for row in found.fresh:
        _store(session, account, record, row)
    session.flush()
    return found


def _store(session: Session, account: BankAccount, record: BankImport, row: BankRow) -> None:
    digest = rules.row_digest(row, account.head_digest)
    session.add(
        BankLine(
            community_id=account.community_id,
            account_id=account.id,
            import_id=record.id,
            seq=account.head_seq + 1,
            row=row.row,
            day=row.day,
            time=row.time,
            amount_fen=row.amount_fen,
            balance_fen=row.balance_fen,
            party=row.party,
            party_account=row.party_account,
            summary=row.summary,
            reference=row.reference,
            previous_digest=account.head_digest,
            digest=digest,
        )
    )
    account.head_seq, account.head_digest = account.head_seq + 1, digest


def _check_joint(fresh: Sequence[BankRow], stored: Sequence[BankLine]) -> None:
    """New movements continue where the stored ones end: nothing in between may be missing."""
    if not fresh or not stored:
        return
    last, first = stored[-1], fresh[0]
    if first.day < last.day:
        raise DoesNotFit(row=first.row, day=last.day.isoformat())
    opening = first.balance_fen - first.amount_fen
    if opening != last.balance_fen:
        raise GapBefore(
            row=first.row, day=last.day.isoformat(), stored=money.show(last.balance_fen), opening=money.show(opening)
        )


def _imported(session: Session, account: BankAccount) -> set[str]:
    query = select(BankImport.sha256).where(
        BankImport.community_id == account.community_id, BankImport.account_id == account.id
    )
    return set(session.scalars(query))


def key_of(line: BankLine) -> tuple[str, int, str, int]:
    """What makes it the same movement as a row of a file."""
    return line.day.isoformat(), line.amount_fen, line.reference, line.balance_fen


def row_of(line: BankLine) -> BankRow:
    """The stored line as the row it was read from."""
    return BankRow(
        row=line.row,
        day=line.day,
        time=line.time,
        amount_fen=line.amount_fen,
        balance_fen=line.balance_fen,
        party=line.party,
        party_account=line.party_account,
        summary=line.summary,
        reference=line.reference,
    )


def lines(
    session: Session, account: BankAccount, *, start: date | None = None, end: date | None = None
) -> Sequence[BankLine]:
    """The movements on an account in the bank's order."""
    query = select(BankLine).where(BankLine.community_id == account.community_id, BankLine.account_id == account.id)
    if start is not None:
        query = query.where(BankLine.day >= start)
    if end is not None:
        query = query.where(BankLine.day <= end)
    return session.scalars(query.order_by(BankLine.seq)).all()


def lines_of_month(session: Session, account: BankAccount, month: int) -> Sequence[BankLine]:
    return lines(session, account, start=first_day(month), end=last_day(month))


def unmatched(session: Session, account: BankAccount, *, end: date | None = None) -> Sequence[BankLine]:
    """Movements that no voucher explains, or not to the last fen."""
    taken = (
        select(Match.bank_line_id, func.sum(Match.amount_fen).label("fen"))
        .where(Match.community_id == account.community_id, Match.released_at.is_(None))
        .group_by(Match.bank_line_id)
        .subquery()
    )
    query = (
        select(BankLine)
        .outerjoin(taken, taken.c.bank_line_id == BankLine.id)
        .where(
            BankLine.community_id == account.community_id,
            BankLine.account_id == account.id,
            func.coalesce(taken.c.fen, 0) < func.abs(BankLine.amount_fen),
        )
    )
    if end is not None:
        query = query.where(BankLine.day <= end)
    return session.scalars(query.order_by(BankLine.seq)).all()


def balance_on(session: Session, account: BankAccount, day: date) -> int | None:
    """The account's balance at the end of a day, by the bank; None before the first movement we know."""
    query = select(BankLine.balance_fen).where(
        BankLine.community_id == account.community_id, BankLine.account_id == account.id, BankLine.day <= day
    )
    return session.scalars(query.order_by(BankLine.seq.desc()).limit(1)).one_or_none()


def opening_fen(session: Session, account: BankAccount) -> int:
    """What the account held before the first movement we know."""
    query = select(BankLine.balance_fen - BankLine.amount_fen).where(
        BankLine.community_id == account.community_id, BankLine.account_id == account.id
    )
    return session.scalars(query.order_by(BankLine.seq).limit(1)).one_or_none() or 0


def covered_until(session: Session, account: BankAccount) -> date | None:
    """The last day the imported statements cover."""
    query = select(BankImport.ends_on).where(
        BankImport.community_id == account.community_id, BankImport.account_id == account.id
    )
    return max(session.scalars(query), default=None)


def imports(session: Session, account: BankAccount) -> Sequence[BankImport]:
    """Every import, latest first."""
    query = select(BankImport).where(
        BankImport.community_id == account.community_id, BankImport.account_id == account.id
    )
    return session.scalars(query.order_by(BankImport.imported_at.desc())).all()

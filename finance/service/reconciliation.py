"""Bank and books side by side on one day (余额调节表, R5.6), of a fund or of one of its accounts, with every movement
that only one side knows. Matched in parts, a line or a voucher is open with what is left of it.

A fund's ledger has one account for its money at the bank. Which of several bank accounts a voucher belongs to is known
by its match; what is not matched yet counts to the first account.
"""

from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.rules.sides import NOTHING, Sides
from finance.rules.statements import OpenItem, OpenKind, Reconciliation
from finance.service import bank, parts
from finance.service.books import bank_accounts
from finance.service.vouchers import label, touches_bank
from finance.tables import BankAccount, BankLine, Book, Match, Voucher, VoucherLine
from hoa.db import get


def reconcile(session: Session, book: Book, day: date) -> Reconciliation:
    """The fund as a whole at the end of a day: all its accounts against the ledger."""
    accounts = bank_accounts(session, book)
    return Reconciliation(
        day=day,
        bank_fen=sum(bank_balance(session, account, day) for account in accounts),
        book_fen=book_balance(session, book, day),
        items=(
            *(item for account in accounts for item in _bank_items(session, account, day)),
            *_book_items(session, book, day, parts.voucher_taken(session, book.community_id, until=day)),
        ),
    )


def reconcile_account(session: Session, account: BankAccount, day: date) -> Reconciliation:
    """One account at the end of a day. The statements of all accounts of a fund add up to that of the fund."""
    book = get(session, Book, account.community_id, account.book_id)
    first, *others = bank_accounts(session, book)
    if not others:
        return reconcile(session, book, day)
    items = (*_bank_items(session, account, day), *_coming_items(session, account, day))
    if account.id == first.id:
        book_fen = book_balance(session, book, day) - sum(_matched_balance(session, row, day) for row in others)
        items += tuple(_book_items(session, book, day, parts.voucher_taken(session, book.community_id)))
    else:
        book_fen = _matched_balance(session, account, day)
    return Reconciliation(day=day, bank_fen=bank_balance(session, account, day), book_fen=book_fen, items=items)


def bank_balance(session: Session, account: BankAccount, day: date) -> int:
    """What the bank says the account holds at the end of a day; before its first line, what that one began with."""
    found = bank.balance_on(session, account, day)
    return found if found is not None else bank.opening_fen(session, account)


def book_balance(session: Session, book: Book, day: date) -> int:
    """What the fund's accounts hold by the books at the end of a day, in fen."""
    query = (
        select(func.sum(VoucherLine.debit_fen - VoucherLine.credit_fen))
        .join(Voucher, and_(Voucher.community_id == VoucherLine.community_id, Voucher.id == VoucherLine.voucher_id))
        .where(
            VoucherLine.community_id == book.community_id,
            VoucherLine.account == parts.bank_code(book),
            Voucher.book_id == book.id,
            Voucher.state == VoucherState.POSTED,
            Voucher.day <= day,
        )
    )
    return int(session.scalar(query) or 0)


def reconciliation_content(reconciliation: Reconciliation) -> dict[str, object]:
    """The reconciliation as it is kept with the closed month and published."""
    return {
        "day": reconciliation.day.isoformat(),
        "bank_fen": reconciliation.bank_fen,
        "book_fen": reconciliation.book_fen,
        "adjusted_fen": reconciliation.adjusted_book_fen,
        "items": [_item_content(item) for item in reconciliation.items],
    }


def _item_content(item: OpenItem) -> dict[str, object]:
    """Only what is open in part says what the whole was, so that what was kept before reads the same."""
    content: dict[str, object] = {
        "kind": str(item.kind),
        "day": item.day.isoformat(),
        "amount_fen": item.amount_fen,
        "ref": item.ref,
        "text": item.text,
    }
    return content if item.whole_fen in (0, item.amount_fen) else content | {"whole_fen": item.whole_fen}


def _matched_balance(session: Session, account: BankAccount, day: date) -> int:
    """What the books have of an account that is not the first: what it began with, and what was matched in it."""
    query = (
        select(parts.INCOMING, func.sum(Match.amount_fen))
        .join(Match, and_(Match.community_id == BankLine.community_id, Match.bank_line_id == BankLine.id))
        .join(Voucher, and_(Voucher.community_id == Match.community_id, Voucher.id == Match.voucher_id))
        .where(
            BankLine.community_id == account.community_id,
            BankLine.account_id == account.id,
            Match.released_at.is_(None),
            Voucher.state == VoucherState.POSTED,
            Voucher.day <= day,
        )
        .group_by(parts.INCOMING)
    )
    moved = sum(int(fen) if incoming else -int(fen) for incoming, fen in session.execute(query))
    return bank.opening_fen(session, account) + moved


def _bank_items(session: Session, account: BankAccount, day: date) -> list[OpenItem]:
    """Bank lines up to a day that no voucher posted and dated up to it explains, or not to the last fen."""
    booked = (
        select(Match.bank_line_id, func.sum(Match.amount_fen).label("fen"))
        .join(Voucher, and_(Voucher.community_id == Match.community_id, Voucher.id == Match.voucher_id))
        .where(
            Match.community_id == account.community_id,
            Match.released_at.is_(None),
            Voucher.state == VoucherState.POSTED,
            Voucher.day <= day,
        )
        .group_by(Match.bank_line_id)
        .subquery()
    )
    query = (
        select(BankLine, func.coalesce(booked.c.fen, 0))
        .outerjoin(booked, booked.c.bank_line_id == BankLine.id)
        .where(
            BankLine.community_id == account.community_id,
            BankLine.account_id == account.id,
            BankLine.day <= day,
            func.coalesce(booked.c.fen, 0) < func.abs(BankLine.amount_fen),
        )
    )
    return [
        OpenItem(
            kind=OpenKind.BANK_IN if line.amount_fen > 0 else OpenKind.BANK_OUT,
            ref=line.id,
            day=line.day,
            amount_fen=abs(line.amount_fen) - int(taken),
            text=" ".join(filter(None, (line.party, line.summary, line.reference))),
            whole_fen=abs(line.amount_fen),
        )
        for line, taken in session.execute(query.order_by(BankLine.seq))
    ]


def _book_items(session: Session, book: Book, day: date, taken: dict[str, Sides]) -> list[OpenItem]:
    """Posted vouchers up to a day beyond what bank lines confirm of them. A reversed voucher and its red one settle
    each other.
    """
    query = select(Voucher).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
        or_(touches_bank(), and_(Voucher.kind == VoucherKind.JOURNAL, Voucher.bank_fen == 0)),
        Voucher.day <= day,
    )
    whole = parts.voucher_sides(session, book, posted_by=day)
    items: list[OpenItem] = []
    for voucher in session.scalars(query.order_by(Voucher.day, Voucher.number)):
        sides = whole.get(voucher.id, NOTHING)
        left = sides.less(taken.get(voucher.id, NOTHING))
        items += [
            _book_item(voucher, kind, fen, of)
            for kind, fen, of in (
                (OpenKind.BOOK_IN, left.in_fen, sides.in_fen),
                (OpenKind.BOOK_OUT, left.out_fen, sides.out_fen),
            )
            if fen
        ]
    return items


def _coming_items(session: Session, account: BankAccount, day: date) -> list[OpenItem]:
    """Vouchers up to a day that the account's statement shows only later."""
    query = (
        select(Voucher, parts.INCOMING, func.sum(Match.amount_fen))
        .join(Match, and_(Match.community_id == Voucher.community_id, Match.voucher_id == Voucher.id))
        .join(BankLine, and_(BankLine.community_id == Match.community_id, BankLine.id == Match.bank_line_id))
        .where(
            BankLine.community_id == account.community_id,
            BankLine.account_id == account.id,
            BankLine.day > day,
            Match.released_at.is_(None),
            Voucher.state == VoucherState.POSTED,
            Voucher.day <= day,
        )
        .group_by(Voucher.community_id, Voucher.id, parts.INCOMING)
    )
    return [
        _book_item(voucher, OpenKind.BOOK_IN if incoming else OpenKind.BOOK_OUT, int(fen), voucher.amount_fen)
        for voucher, incoming, fen in session.execute(query.order_by(Voucher.day, Voucher.number))
    ]


def _book_item(voucher: Voucher, kind: OpenKind, fen: int, whole_fen: int) -> OpenItem:
    return OpenItem(
        kind=kind,
        ref=voucher.id,
        day=voucher.day,
        amount_fen=fen,
        text=f"{label(voucher)} {voucher.summary}",
        whole_fen=whole_fen,
    )

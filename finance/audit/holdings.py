"""What the two funds hold, as the checks look at it: cash boxes, advances to persons, assets, money between them."""

from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from finance.audit import provided
from finance.audit.rules.data import AdvanceFacts, AssetFacts, AssetPurchaseFacts, BetweenFundsFacts, CashBoxFacts
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.service import assets, cash
from finance.service.books import books, chart_of, plain_number
from finance.service.vouchers import label_of
from finance.tables import Asset, BankAccount, BankLine, Book, Inventory, Match, Voucher, VoucherLine
from hoa.kernel import masking
from hoa.kernel.errors import N_


def facts(session: Session, community_id: str, *, as_of: date) -> dict[str, Any]:
    """The facts by the names `PeriodData` has for them."""
    both = books(session, community_id)
    limit_fen = cash.float_limit_fen(session, community_id, as_of)
    return {
        "cash": tuple(
            CashBoxFacts(name=book.name, limit_fen=limit_fen, moves=tuple(cash.moves(session, book, until=as_of)))
            for book in both
        ),
        "advances": tuple(move for book in both for move in _advances(session, book, as_of)),
        "assets": _assets(session, community_id, as_of),
        "asset_purchases": tuple(row for book in both for row in _purchases(session, book, as_of)),
        "between_funds": _between(session, community_id, as_of),
    }


def _lines(session: Session, book: Book, role: str, as_of: date) -> list[Any]:
    """The posted vouchers of a book that move an account, with what each does to it."""
    net = func.sum(VoucherLine.debit_fen - VoucherLine.credit_fen)
    same = and_(VoucherLine.community_id == Voucher.community_id, VoucherLine.voucher_id == Voucher.id)
    sums = (
        select(VoucherLine.voucher_id, net.label("net"))
        .join(Voucher, same)
        .where(
            Voucher.community_id == book.community_id,
            Voucher.book_id == book.id,
            Voucher.state == VoucherState.POSTED,
            Voucher.day <= as_of,
            VoucherLine.account == chart_of(book).by_role(role).code,
        )
        .group_by(VoucherLine.voucher_id)
        .subquery()
    )
    query = select(Voucher, sums.c.net).join(sums, sums.c.voucher_id == Voucher.id)
    query = query.where(Voucher.community_id == book.community_id).order_by(Voucher.day, Voucher.seq)
    return list(session.execute(query))


def _advances(session: Session, book: Book, as_of: date) -> list[AdvanceFacts]:
    return [
        AdvanceFacts(
            voucher_id=row.id,
            label=label_of(row.day, row.month, row.number),
            day=row.day,
            party=row.party,
            party_shown=masking.name(row.party),
            fen=int(fen),
        )
        for row, fen in _lines(session, book, "other_receivable", as_of)
        if row.party_is_person
    ]


def _purchases(session: Session, book: Book, as_of: date) -> list[AssetPurchaseFacts]:
    found = _lines(session, book, "fixed_asset", as_of)
    gone = {row.reverses_id for row, _ in found}
    return [
        AssetPurchaseFacts(
            voucher_id=row.id,
            label=label_of(row.day, row.month, row.number),
            day=row.day,
            summary=row.summary,
            fen=int(fen),
        )
        for row, fen in found
        if fen > 0 and row.kind not in (VoucherKind.OPENING, VoucherKind.REVERSAL) and row.id not in gone
    ]


def _assets(session: Session, community_id: str, as_of: date) -> tuple[AssetFacts, ...]:
    latest = (
        select(Inventory.asset_id, func.max(Inventory.day))
        .where(Inventory.community_id == community_id, Inventory.found, Inventory.day <= as_of)
        .group_by(Inventory.asset_id)
    )
    seen: dict[str, date] = dict(session.execute(latest).all())
    query = select(Asset).where(Asset.community_id == community_id).order_by(Asset.number)
    return tuple(
        AssetFacts(
            id=row.id,
            number=row.number,
            name=row.name,
            bought_on=row.bought_on,
            cost_fen=row.cost_fen,
            voucher_id=row.voucher_id,
            inventoried_on=seen.get(row.id),
            disposed_on=row.disposed_on,
        )
        for row in session.scalars(query)
    )


def _between(session: Session, community_id: str, as_of: date) -> tuple[BetweenFundsFacts, ...]:
    """Bank lines whose other side is the other fund's registered account."""
    query = select(BankAccount).where(BankAccount.community_id == community_id)
    accounts = {account.id: account for account in session.scalars(query)}
    if len({account.book_id for account in accounts.values()}) < 2:
        return ()
    booked: dict[str, set[str]] = {}
    kinds = (
        select(Match.bank_line_id, Voucher.kind)
        .join(Voucher, and_(Voucher.community_id == Match.community_id, Voucher.id == Match.voucher_id))
        .where(Match.community_id == community_id, Match.released_at.is_(None))
    )
    for line_id, kind in session.execute(kinds):
        booked.setdefault(line_id, set()).add(kind)
    found = []
    lines = select(BankLine).where(BankLine.community_id == community_id, BankLine.day <= as_of)
    for line in session.scalars(lines.order_by(BankLine.day, BankLine.seq)):
        own = accounts[line.account_id]
        other = _other(line, own, list(accounts.values()))
        if other is not None:
            found.append(
                BetweenFundsFacts(
                    id=line.id,
                    day=line.day,
                    fen=line.amount_fen,
                    reference=line.reference,
                    account=own.name,
                    other=other.name,
                    booked=line.id in booked,
                    by_transfer=booked.get(line.id) == {str(VoucherKind.TRANSFER)},
                )
            )
    return tuple(found)


def _other(line: BankLine, own: BankAccount, accounts: list[BankAccount]) -> BankAccount | None:
    """The other fund's account on the other side of a line: by its number, or by its name where the bank gives no
    number or masks it.
    """
    number = plain_number(line.party_account)
    for account in accounts:
        if account.book_id == own.book_id:
            continue
        by_number = bool(number) and "*" not in number and number == account.account_no
        by_name = (not number or "*" in number) and line.party == account.name != own.name
        if by_number or by_name:
            return account
    return None


def asset_rows(session: Session, community_id: str, *, start: date, end: date) -> list[provided.Asset]:
    """The cards as the report lists them: what stood in the register at the end of the period, or left within it."""
    states = {True: N_("已处置"), False: N_("在用")}
    return [
        provided.Asset(
            number=str(view.asset.number),
            name=view.asset.name,
            place=view.asset.place,
            bought_on=view.asset.bought_on,
            cost_fen=view.asset.cost_fen,
            book_fen=view.book_fen(end),
            inventoried_on=view.inventory.day if view.inventory is not None and view.inventory.found else None,
            state_name=states[view.asset.disposed_on is not None],
        )
        for view in assets.views(session, community_id)
        if view.asset.bought_on <= end and (view.asset.disposed_on is None or view.asset.disposed_on >= start)
    ]

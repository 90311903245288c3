"""The report's schedules (附表): what each account of each book held and moved, and what is owed to the owners."""

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.audit.rules.data import PeriodData
from finance.rules.charts import Account
from finance.rules.contracts import Direction
from finance.rules.life import VoucherState
from finance.service.books import books, chart_of
from finance.tables import Book, Voucher, VoucherLine

# Held at a bank or in a box: shown with the accounts and their reconciliation, not among what is owed.
MONEY = frozenset({"cash", "bank", "other_cash", "trust_bank", "trust_cash"})
FIXED = frozenset({"fixed_asset", "depreciation", "construction", "heritage", "asset_disposal"})


def balances(session: Session, book: Book, *, start: date, end: date) -> list[dict[str, Any]]:
    """Every account of a book that holds or moved something: opening, debit, credit and closing, in fen (debit is
    positive)."""
    before = _sums(session, book, Voucher.day < start)
    inside = _sums(session, book, Voucher.day >= start, Voucher.day <= end)
    chart = chart_of(book)
    rows = []
    for code in sorted({*before, *inside}):
        opening_debit, opening_credit = before.get(code, (0, 0))
        debit, credit = inside.get(code, (0, 0))
        opening = opening_debit - opening_credit
        account = chart.by_code(code)
        rows.append(
            {
                "code": code,
                "name": chart.full_name(code),
                "group": _group(account),
                "opening_fen": opening,
                "debit_fen": debit,
                "credit_fen": credit,
                "closing_fen": opening + debit - credit,
            }
        )
    return rows


def _sums(session: Session, book: Book, *conditions: Any) -> dict[str, tuple[int, int]]:
    query = (
        select(VoucherLine.account, func.sum(VoucherLine.debit_fen), func.sum(VoucherLine.credit_fen))
        .join(Voucher, (Voucher.community_id == VoucherLine.community_id) & (Voucher.id == VoucherLine.voucher_id))
        .where(
            VoucherLine.community_id == book.community_id,
            Voucher.book_id == book.id,
            Voucher.state == VoucherState.POSTED,
            *conditions,
        )
        .group_by(VoucherLine.account)
    )
    return {code: (int(debit), int(credit)) for code, debit, credit in session.execute(query)}


def _group(account: Account) -> str:
    """Where a schedule puts an account: money, fixed assets, what is owed, or the fund's income and spending."""
    if account.role in MONEY:
        return "money"
    if account.role in FIXED:
        return "fixed"
    if account.purpose is not None or account.kind in ("income", "expense"):
        return "flow"
    return "net" if account.kind == "net_assets" else "owed"


def funds(session: Session, community_id: str, *, start: date, end: date) -> list[dict[str, Any]]:
    """Each book with its accounts."""
    return [
        {
            "kind": book.kind,
            "name": book.name,
            "accounts": balances(session, book, start=start, end=end),
        }
        for book in books(session, community_id)
    ]


def receivables(data: PeriodData) -> list[dict[str, Any]]:
    """What income contracts owe the owners at the end: every instalment that was due by then and did not come in."""
    rows: dict[str, dict[str, Any]] = defaultdict(dict)
    for contract in data.contracts:
        if contract.direction != Direction.INCOME:
            continue
        missing = [
            (due.day, due.amount_fen - due.settled_fen)
            for due in contract.dues
            if due.day <= data.end and due.settled_fen < due.amount_fen
        ]
        if missing:
            rows[contract.id] = {
                "contract": contract.number,
                "title": contract.title,
                "party": contract.party,
                "since": min(day for day, _ in missing).isoformat(),
                "instalments": len(missing),
                "missing_fen": sum(fen for _, fen in missing),
            }
    return [rows[key] for key in sorted(rows, key=lambda key: rows[key]["contract"])]

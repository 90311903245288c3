"""What a publication of the books says, as canonical data: the same ledger always gives the same bytes, so that a later
change under it shows (books.md 3, R4.7).

`format` is how the data is laid out. What was published as format 1 (without the key) is still made that way when it is
compared, so that a new release of the program turns no old publication red. What is only said at the time of publishing
(SAID: who signed, whom to ask, which earlier publication this one replaces) is no part of the ledger and is copied.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.disclosure.tables import MaintenanceStatement
from finance.rules import rent
from finance.rules.charts import WORK
from finance.rules.contracts import Direction
from finance.rules.life import VoucherState
from finance.rules.periods import Quarter
from finance.rules.spans import Half, Published, Year
from finance.rules.statements import Entry, Group, Statement
from finance.service import contracts as contract_service
from finance.service import fund_statements
from finance.service.books import bank_account, find_book, trust_book
from finance.service.closing import reconcile, reconciliation_content
from finance.service.publication import KIND, kind_of, statement
from finance.tables import Book, Voucher
from hoa.resolutions import service as resolutions

FORMAT = 2
SAID = ("replaces", "signers", "contact")


def content(session: Session, community_id: str, span: Published, *, format: int = FORMAT) -> dict[str, Any]:
    """Everything the publication of a span says of the ledger; the invariants are checked on the way."""
    if isinstance(span, Half):
        return _funds(session, community_id, span)
    contracts = contract_service.views(session, community_id, today=span.end, until=span.end, effective_by=span.end)
    found = _accounts(session, community_id, span, contracts)
    if format == 1:
        return found
    found |= {"format": FORMAT, "kind": kind_of(span), "receivables": _receivables(contracts)}
    if isinstance(span, Year):
        built = fund_statements.build(session, community_id, start=span.start, end=span.end)
        found["fund_statements"] = fund_statements.content(built)
    return found


def as_published(session: Session, community_id: str, span: Published, before: Mapping[str, Any]) -> dict[str, Any]:
    """What a span would be published as now, laid out like `before`, with what was only said then."""
    now = content(session, community_id, span, format=int(before.get("format", 1)))
    return now | {key: before[key] for key in SAID if key in before}


def _accounts(
    session: Session, community_id: str, span: Quarter | Year, contracts: Sequence[contract_service.ContractView]
) -> dict[str, Any]:
    """The statement of common revenue with its lines, its bank and its contracts."""
    book = trust_book(session, community_id)
    found = statement(session, community_id, start=span.start, end=span.end)
    account = bank_account(session, book)
    decisions = {row.id: f"{row.title}" for row in resolutions.resolutions(session, community_id)}
    numbers = {view.contract.id: view.contract.number for view in contracts}
    return {
        "kind": KIND,
        "quarter": str(span),
        "start": span.start.isoformat(),
        "end": span.end.isoformat(),
        **_sums(found),
        "income": [_group(group, decisions, numbers) for group in found.income],
        "spending": [_group(group, decisions, numbers) for group in found.spending],
        "account": {"name": account.name, "bank": account.bank, "ends_with": account.account_no[-4:]},
        "reconciliation": reconciliation_content(reconcile(session, book, span.end)),
        "contracts": [
            _contract(view) for view in contracts if view.contract.starts_on <= span.end and view.ends_on >= span.start
        ],
        "chain_head": _chain_head(session, book, span.end),
    }


def _sums(found: Statement) -> dict[str, Any]:
    return {
        "opening_fen": found.opening_fen,
        "income_fen": found.income_fen,
        "spending_fen": found.spending_fen,
        "closing_fen": found.closing_fen,
    }


def _group(group: Group, decisions: dict[str, str], numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "purpose": group.purpose,
        "amount_fen": group.amount_fen,
        "lines": [_line(entry, decisions, numbers) for entry in group.entries],
    }


def _line(entry: Entry, decisions: dict[str, str], numbers: dict[str, int]) -> dict[str, Any]:
    voucher = entry.voucher
    return {
        "voucher": voucher.id,
        "number": voucher.label,
        "day": voucher.day.isoformat(),
        "summary": voucher.summary,
        "party": voucher.party,
        "amount_fen": entry.amount_fen,
        "decision": decisions.get(voucher.resolution_id or ""),
        "contract": numbers.get(voucher.contract_id or ""),
    }


def _contract(view: contract_service.ContractView) -> dict[str, Any]:
    contract = view.contract
    return {
        "number": contract.number,
        "direction": contract.direction,
        "title": contract.title,
        "common_part": contract.common_part,
        "party": contract.party,
        "starts_on": contract.starts_on.isoformat(),
        "ends_on": view.ends_on.isoformat(),
        "due_fen": view.due_fen,
        "settled_fen": view.settled_fen,
        "overdue_fen": sum(due.missing_fen for due in view.late) if contract.direction == Direction.INCOME else 0,
        "expired": view.expired,
    }


def _chain_head(session: Session, book: Book, end: date) -> str:
    """The hash of the last voucher posted that is dated in or before the period: it binds every voucher before it."""
    query = select(Voucher.hash).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
        Voucher.day <= end,
    )
    return session.scalars(query.order_by(Voucher.seq.desc()).limit(1)).one_or_none() or book.head_hash


def _receivables(views: Sequence[contract_service.ContractView]) -> dict[str, Any]:
    """What was overdue at the end, by how long."""
    ages = rent.ageing(status for view in views if view.contract.direction == Direction.INCOME for status in view.dues)
    return {"ages": list(ages), "overdue_fen": sum(ages)}


def _funds(session: Session, community_id: str, half: Half) -> dict[str, Any]:
    """The half-year of the work fund, from its book, and of the maintenance fund, from its keeper's statement."""
    trust_book(session, community_id)
    work = None
    if find_book(session, community_id, WORK) is not None:
        work = fund_statements.content(fund_statements.build(session, community_id, start=half.start, end=half.end))
    kept = maintenance(session, community_id, half)
    return {
        "kind": kind_of(half),
        "format": FORMAT,
        "half": str(half),
        "start": half.start.isoformat(),
        "end": half.end.isoformat(),
        "work": work,
        "maintenance": None if kept is None else maintenance_content(kept),
        "topped_up_fen": topped_up(session, community_id, half),
    }


def maintenance(session: Session, community_id: str, half: Half) -> MaintenanceStatement | None:
    """What the maintenance fund's keeper stated for a half-year, as it was written down last."""
    query = select(MaintenanceStatement).where(
        MaintenanceStatement.community_id == community_id, MaintenanceStatement.half == str(half)
    )
    return session.scalars(query.order_by(MaintenanceStatement.made_at.desc())).first()


def maintenance_content(row: MaintenanceStatement) -> dict[str, Any]:
    return {
        "opening_fen": row.opening_fen,
        "interest_fen": row.interest_fen,
        "from_revenue_fen": row.from_revenue_fen,
        "other_in_fen": row.other_in_fen,
        "spent_fen": row.spent_fen,
        "closing_fen": row.closing_fen,
        "keeper": row.keeper,
        "note": row.note,
    }


def topped_up(session: Session, community_id: str, half: Half) -> int:
    """What our own books say went from common revenue to the maintenance fund (U1)."""
    found = statement(session, community_id, start=half.start, end=half.end)
    return sum(group.amount_fen for group in found.spending if group.purpose == "U1")

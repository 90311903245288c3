"""会民非01, 02 and 03 of a period from the posted vouchers of both funds (rules.md 5.3, R4.6).

The database adds up by account; years of entries are never read one by one.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from finance.rules.charts import WORK, Chart
from finance.rules.fund import activities, flows, sheet
from finance.rules.fund.activities import Column
from finance.rules.fund.figures import Moved, Nature, Phase, roles_of
from finance.rules.fund.rows import Look, Row
from finance.rules.fund.statements import FundStatements, Span, check_period
from finance.rules.fund.statements import build as checked
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.service.books import BookNotOpened, books, chart_of
from finance.tables import Book, Voucher, VoucherLine


def build(session: Session, community_id: str, *, start: date, end: date) -> FundStatements:
    """The statements of the days from `start` to `end` of one year, or the invariant that does not hold."""
    check_period(start, end)
    opened = books(session, community_id)
    if not opened:
        raise BookNotOpened
    moved = [one for book in opened for one in sums(session, book, start=start, end=end)]
    return checked(moved, start=start, end=end)


def sums(session: Session, book: Book, *, start: date, end: date) -> list[Moved]:
    """Debits and credits of a book up to `end`, by account and by what they are to the period."""
    chart = chart_of(book)
    year = date(end.year, 1, 1)
    phase = case(
        (Voucher.day < year.replace(year=year.year - 1), int(Phase.BEFORE)),
        (Voucher.day < year, int(Phase.LAST_YEAR)),
        (Voucher.day < start, int(Phase.EARLIER)),
        else_=int(Phase.WITHIN),
    )
    nature = nature_of(book)
    with_money = case((moves_money(book, chart), 1), else_=0) if book.kind == WORK else literal(0)
    seen = (
        select(Voucher.id.label("id"), phase.label("phase"), nature.label("nature"), with_money.label("with_money"))
        .where(*posted_in(book), Voucher.day <= end)
        .cte("seen")
        .prefix_with("MATERIALIZED")
    )
    by = (VoucherLine.account, seen.c.phase, seen.c.nature, seen.c.with_money)
    query = (
        select(*by, func.sum(VoucherLine.debit_fen), func.sum(VoucherLine.credit_fen))
        .select_from(seen)
        .join(VoucherLine, and_(VoucherLine.community_id == book.community_id, VoucherLine.voucher_id == seen.c.id))
        .group_by(*by)
    )
    return [
        Moved(
            roles=roles_of(chart, account),
            phase=Phase(when),
            nature=Nature(what),
            with_money=bool(money),
            debit_fen=int(debit),
            credit_fen=int(credit),
        )
        for account, when, what, money, debit, credit in session.execute(query)
    ]


def posted_in(book: Book) -> tuple[ColumnElement[bool], ...]:
    """Posted vouchers of a book."""
    return (
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
    )


def nature_of(book: Book) -> ColumnElement[str]:
    """`finance.rules.fund.figures.nature_of`, in the database."""
    closings = select(Voucher.id).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.kind == VoucherKind.CLOSING,
    )
    return case(
        (Voucher.kind == VoucherKind.OPENING, str(Nature.OPENING)),
        (or_(Voucher.kind == VoucherKind.CLOSING, Voucher.reverses_id.in_(closings)), str(Nature.CLOSING)),
        else_=str(Nature.ORDINARY),
    )


def moves_money(book: Book, chart: Chart) -> ColumnElement[bool]:
    """Vouchers with an entry on 货币资金."""
    codes = [account.code for account in chart.accounts if flows.is_money(roles_of(chart, account.code))]
    return Voucher.id.in_(
        select(VoucherLine.voucher_id).where(
            VoucherLine.community_id == book.community_id, VoucherLine.account.in_(codes)
        )
    )


def content(found: FundStatements) -> dict[str, Any]:
    """The statements as canonical data: what a page shows, a PDF prints and a publication freezes."""
    return {
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "span": str(found.span),
        "sheet": {
            "assets": _rows(sheet.ASSETS, lambda key: _sheet_figures(found, key)),
            "owed": _rows(sheet.OWED, lambda key: _sheet_figures(found, key)),
        },
        "activities": _rows(activities.ROWS, lambda key: _activity_figures(found, key)),
        "flows": _rows(flows.ROWS, lambda key: _flow_figures(found, key)),
    }


def _rows(rows: Sequence[Row], figures: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"key": row.key, "name": row.name, "look": str(row.look), **({} if row.look is Look.HEAD else figures(row.key))}
        for row in rows
    ]


def _sheet_figures(found: FundStatements, key: str) -> dict[str, Any]:
    return {"year_start_fen": found.sheet.year_start[key], "end_fen": found.sheet.end[key]}


def _activity_figures(found: FundStatements, key: str) -> dict[str, Any]:
    figures = {"year": _column(found.activities.year, key)}
    if found.span is not Span.YEAR:
        figures["period"] = _column(found.activities.period, key)
    elif found.shows_last_year:
        figures["last_year"] = _column(found.activities.last_year, key)
    return figures


def _column(column: Column, key: str) -> dict[str, int]:
    return {
        "unrestricted_fen": column.unrestricted[key],
        "restricted_fen": column.restricted[key],
        "together_fen": column.together[key],
    }


def _flow_figures(found: FundStatements, key: str) -> dict[str, Any]:
    figures = {"year_fen": found.flows.year[key]}
    if found.span is not Span.YEAR:
        figures["period_fen"] = found.flows.period[key]
    elif found.shows_last_year:
        figures["last_year_fen"] = found.flows.last_year[key]
    return figures

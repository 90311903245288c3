"""What the audit report is told of shares: top-ups and distributions (part 六), budgets (part 七)."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from finance.audit.provided import Budget as BudgetRow
from finance.audit.provided import Share
from finance.rules.charts import TRUST, WORK
from finance.service.books import find_book
from finance.shares.rules import runs as rules
from finance.shares.rules.runs import RunState
from finance.shares.rules.topup import due_by
from finance.shares.service import budgets, runs, topup
from finance.shares.service.standing import outstanding_fen
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.resolutions import rules as resolution_rules
from hoa.resolutions import service as resolutions

TOPUP = N_("补充维修资金")


def shares(session: Session, community_id: str, *, start: date, end: date) -> Sequence[Share]:
    """The top-up of each year whose last day lies in the period, and the runs checked in it."""
    found = []
    book = find_book(session, community_id)
    for year in range(start.year, end.year + 1):
        if book is None or year < book.opened_on.year or not start <= date(year, 12, 31) <= end:
            continue
        row = topup.of_year(session, community_id, year, day=end)
        found.append(
            Share(
                kind=TOPUP,
                title=str(year),
                decided="",
                required_fen=row.due_fen,
                actual_fen=row.paid_fen,
                day=due_by(year),
                note="",
            )
        )
    for run in runs.runs(session, community_id):
        if run.state != RunState.CHECKED or run.checked_at is None or not start <= today(run.checked_at) <= end:
            continue
        decision = resolutions.get(session, community_id, run.resolution_id)
        found.append(
            Share(
                kind=rules.KIND_NAMES[run.kind],
                title=f"{runs.label(run)} {run.title}",
                decided=resolution_rules.number_text(decision.source, decision.year, decision.number),
                required_fen=run.total_fen,
                actual_fen=run.total_fen - outstanding_fen(session, run),
                day=today(run.checked_at),
                note="",
            )
        )
    return found


def budget_lines(session: Session, community_id: str, *, start: date, end: date) -> Sequence[BudgetRow]:
    """Every line of the budgets in force in the years of the period, beside what was booked up to its end."""
    found = []
    for kind in (TRUST, WORK):
        book = find_book(session, community_id, kind)
        for year in range(start.year, end.year + 1) if book is not None else ():
            assert book is not None
            budget = budgets.in_force(session, book, year)
            if budget is None:
                continue
            moved = budgets.moved(session, book, date(year, 1, 1), min(end, date(year, 12, 31)))
            found += [
                BudgetRow(
                    book=kind,
                    name=line.name,
                    year=year,
                    budget_fen=line.planned_fen,
                    actual_fen=moved.get(line.role, 0),
                )
                for line in budgets.lines_of(session, budget)
            ]
    return found


PROVIDERS = {"shares": shares, "budgets": budget_lines}

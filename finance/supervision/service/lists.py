"""The three lists 问题清单, 责任清单, 整改清单 as a workbook."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from sqlalchemy.orm import Session

from finance.service.vouchers import label
from finance.supervision.rules.cases import CLOSED, Act
from finance.supervision.service import cases
from finance.supervision.tables import Case, CaseStep
from finance.tables import Voucher
from hoa.db import get


@dataclass(frozen=True, kw_only=True)
class Row:
    """A case with what its steps say now: the latest answer, the day it was settled, and by what it was corrected."""

    case: Case
    answer: str
    decision: str
    correction: str


def rows(session: Session, community_id: str) -> list[Row]:
    """Every finding and question, by number."""
    found = cases.cases(session, community_id)
    steps = cases.steps_of(session, community_id, found)
    return [_row(session, case, steps[case.id]) for case in sorted(found, key=lambda one: (one.kind, one.number))]


def _row(session: Session, case: Case, steps: Sequence[CaseStep]) -> Row:
    answers = [step.because for step in steps if step.act == Act.ANSWER]
    closed = case.state in {str(state) for state in CLOSED}
    last = next((step for step in reversed(steps) if step.act in (Act.ACCEPT, Act.CORRECT, Act.WITHDRAW)), None)
    correction = ""
    if closed and last is not None:
        voucher = get(session, Voucher, case.community_id, last.voucher_id) if last.voucher_id else None
        correction = "；".join(filter(None, (label(voucher) if voucher else "", last.paper)))
    return Row(
        case=case,
        answer=answers[-1] if answers else "",
        decision=last.because if closed and last is not None else "",
        correction=correction,
    )


@dataclass(frozen=True, kw_only=True)
class Table:
    """One of the lists, in the reader's language: each line begins with its case's id; an integer cell is fen.
    `widths` are those of the columns on paper, in the classes of the style sheet.
    """

    name: str
    widths: tuple[int, ...]
    headings: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str | int, ...]], ...]


def as_xlsx(tables: Sequence[Table]) -> bytes:
    """One sheet for each list. Texts are text whatever they begin with, amounts are numbers in yuan."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for table in tables:
        sheet = workbook.create_sheet(table.name[:31])
        sheet.freeze_panes = "A2"
        for column, heading in enumerate(table.headings, start=1):
            cell = sheet.cell(row=1, column=column, value=heading)
            cell.font = Font(bold=True)
            texts = [line[column - 1] for _, line in table.lines]
            longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
            sheet.column_dimensions[cell.column_letter].width = min(60, max(12, 2 * longest))
        for number, (_, line) in enumerate(table.lines, start=2):
            for column, value in enumerate(line, start=1):
                cell = sheet.cell(row=number, column=column)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                if isinstance(value, int):
                    cell.value, cell.number_format = value / 100, "#,##0.00"
                elif value:
                    cell.value = value
                    cell.data_type = "s"
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()

"""Bringing opening balances into a book: all of them or none."""

import io
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules import opening as rules
from finance.rules.ledger import VoucherKind
from finance.rules.opening import BalanceRow, Reading
from finance.service.books import the_book
from finance.service.vouchers import VoucherFields, draft, label, reversal_of
from finance.tables import Book, Voucher
from hoa.community import workbook
from hoa.kernel.errors import N_, Refusal


class OpeningExists(Refusal):
    message = N_("这本账已经有期初余额凭证（%(number)s）；草稿可以删去重做，已记账的不能再导入")
    status = 409


class OpeningHasFaults(Refusal):
    message = N_("余额表还有 %(count)s 处要改，什么也没有导入：第 %(row)s 行，%(problem)s")


def rows_from_file(data: bytes) -> list[BalanceRow]:
    """The rows of an uploaded workbook or CSV file."""
    if data[:4] != b"PK\x03\x04":
        return rules.read_text(_decoded(data))
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(data)
        file.flush()
        with workbook.opened(Path(file.name)) as sheets:
            table: list[Sequence[object]] = []
            for sheet in sheets[:1]:
                for number, cells in sheet.rows():
                    # Blank rows above keep their place, so that a problem names the row that the spreadsheet shows.
                    table += [()] * (number - 1 - len(table))
                    table.append([cell.value for cell in cells])
                    if len(table) > rules.MOST_ROWS * 2:
                        raise rules.TooManyRows(most=rules.MOST_ROWS)
            return rules.rows_of(table)


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise rules.NotATable


def template(fund: str, *, as_workbook: bool) -> bytes:
    """An empty trial balance to fill in."""
    rows = rules.example(fund)
    if not as_workbook:
        return ("\ufeff" + rules.as_text(rows)).encode()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(rules.HEADER)
    for row in rows:
        sheet.append((row.code, row.name))
    for column, width in (("A", 12), ("B", 24), ("C", 16), ("D", 16)):
        sheet.column_dimensions[column].width = width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def existing(session: Session, book: Book) -> Voucher | None:
    """The voucher that brought the balances in, if there is one that was not taken back."""
    query = select(Voucher).where(
        Voucher.community_id == book.community_id, Voucher.book_id == book.id, Voucher.kind == VoucherKind.OPENING
    )
    return next((row for row in session.scalars(query) if reversal_of(session, row) is None), None)


def bring_in(
    session: Session,
    community_id: str,
    *,
    fund: str,
    rows: Sequence[BalanceRow],
    regime: str,
    meanings: Mapping[str, str],
    by: str,
    now: datetime,
) -> Voucher:
    """Write the opening voucher of a fund, dated the day its book was opened: a draft that is proved, checked and
    posted like any other. With anything wrong nothing is written.
    """
    book = the_book(session, community_id, fund, lock=True)
    found = existing(session, book)
    if found is not None:
        raise OpeningExists(number=label(found))
    reading: Reading = rules.read(rows, regime=regime, fund=fund, meanings=meanings)
    if reading.problems:
        first = reading.problems[0]
        problem = first.refusal.message % first.refusal.params
        raise OpeningHasFaults(count=len(reading.problems), row=first.row, problem=problem)
    fields = VoucherFields(
        kind=VoucherKind.OPENING,
        book=fund,
        day=book.opened_on,
        summary=f"转入期初余额（{regime} 年制度科目余额表）",
        party=book.name,
        amount_fen=0,
        lines=reading.lines,
    )
    return draft(session, community_id, fields=fields, by=by, now=now)

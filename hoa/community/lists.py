"""A list as CSV or workbook for minutes and files; every cell is text, so that no program runs what somebody typed."""

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from hoa.community.export import safe_csv

MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """With a byte order mark, so that table programs in China open it as UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([safe_csv(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


# A sheet's title, its headings and its rows.
Table = tuple[str, Sequence[str], Iterable[Sequence[str]]]


def as_xlsx(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    return as_workbook([(title, headings, rows)])


def as_workbook(tables: Iterable[Table]) -> bytes:
    """Several lists as one workbook."""
    book = Workbook(write_only=True)
    for title, headings, rows in tables:
        sheet = book.create_sheet(title[:30])
        for place in range(len(headings)):
            sheet.column_dimensions[chr(ord("A") + place)].width = 16
        for line, bold in ((headings, True), *((row, False) for row in rows)):
            cells = []
            for text in line:
                cell = WriteOnlyCell(sheet, value=text)
                cell.data_type, cell.number_format = "s", "@"
                cell.font = Font(bold=bold)
                cells.append(cell)
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

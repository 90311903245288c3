"""Cutting a bank's file into cells before anyone knows what its columns mean: CSV in any of the encodings banks write,
or an XLSX workbook, whose sizes are checked before anything is unpacked.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from finance.rules import bank_columns as columns
from finance.rules.bank_columns import Column
from hoa.community import workbook
from hoa.kernel import canonical
from hoa.kernel.errors import N_, Refusal

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
# No bank's statement has so many; five megabytes of commas would keep everybody else waiting.
MAX_COLUMNS = 1_000
# A statement of 20,000 rows is some 20 MB of XML.
MAX_UNPACKED = 40 * 1024 * 1024
_WORKBOOK, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file cut into cells. Row numbers are those a spreadsheet program or an editor shows, less one."""

    cells: tuple[tuple[str, ...], ...]
    header: int | None
    guess: Mapping[Column, int] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Names the layout: the same bank writes the same header every month, so a mapping can
        be remembered under it.
        """
        return fingerprint(self.cells[self.header]) if self.header is not None else ""


class FileTooLarge(Refusal):
    message = N_("文件有 %(size)s MB，超过 %(limit)s MB；请按季度或月份分开导出")


class TooManyRows(Refusal):
    message = N_("文件超过 %(limit)s 行；请按季度或月份分开导出")


class NotAStatement(Refusal):
    message = N_("读不出这个文件：请从网上银行导出账户明细，CSV（GB18030 或 UTF-8 编码）或 XLSX 都可以，不要截图")


class NotBankRows(Refusal):
    message = N_(
        "文件读得出，但没有一行像银行流水（要有日期、金额和余额）：请核对是否选错了文件，再从网上银行导出账户明细"
    )


def fingerprint(header: Sequence[str]) -> str:
    """A digest of the header's words."""
    return canonical.digest([cell for cell in header if cell])


def read_sheet(data: bytes) -> Sheet:
    """Cut a file into cells and look for its header."""
    if len(data) > MAX_BYTES:
        raise FileTooLarge(size=len(data) // 1024 // 1024 + 1, limit=MAX_BYTES // 1024 // 1024)
    if data[:4] == _OLD_WORKBOOK:
        raise workbook.OldOrLockedWorkbook
    tables = _worksheets(data) if data[:4] == _WORKBOOK else [_text_rows(data)]
    found = [(cells, *columns.find_header(cells)) for cells in tables]
    cells, header, guess = max(found, key=lambda table: (len(table[2]), len(table[0]) > 0))
    sheet = Sheet(cells=cells, header=header, guess=guess)
    if header is None and not _has_movements(cells):
        raise NotBankRows
    return sheet


def _text_rows(data: bytes) -> tuple[tuple[str, ...], ...]:
    text = _decode(data)
    separator = max(",;\t", key=text.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if len(row) > MAX_COLUMNS:
                raise NotAStatement
            if len(rows) == MAX_ROWS:
                raise TooManyRows(limit=MAX_ROWS)
            rows.append(row)
    except csv.Error:
        raise NotAStatement from None
    return tuple(tuple(_clean(cell) for cell in row) for row in rows)


def _decode(data: bytes) -> str:
    if b"\0" in data or data[:4] == b"%PDF":
        raise NotAStatement
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return unicodedata.normalize("NFC", data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise NotAStatement


def _worksheets(data: bytes) -> list[tuple[tuple[str, ...], ...]]:
    """The visible sheets as text. A row that a spreadsheet leaves out is an empty one, so that numbers stay right."""
    with workbook.opened(data, unpacked_limit=MAX_UNPACKED) as sheets:
        return [_worksheet(sheet) for sheet in sheets] or [()]


def _worksheet(sheet: workbook.Sheet) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    for number, cells in sheet.rows():
        if number > MAX_ROWS:
            raise TooManyRows(limit=MAX_ROWS)
        rows += [()] * (number - 1 - len(rows))
        rows.append(tuple(_clean(_cell_text(cell.value)) for cell in cells))
    return tuple(rows)


def _cell_text(value: Any) -> str:
    """What a cell shows. A number counts to the 15 digits a spreadsheet displays: the binary dust after them is not
    money (1234.1 stays 1234.10, whatever the machine makes of it).
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        shown = format(value, ".15g")
        return shown if "n" in shown else format(Decimal(shown), "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return unicodedata.normalize("NFC", str(value))


# Characters that nobody sees and that no workbook can hold: what is booked from a line is exported again.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def _clean(cell: str) -> str:
    """Without the tabs, blanks, ="…" and apostrophes that keep spreadsheets from eating leading zeros."""
    text = _UNSEEN.sub("", cell).replace("\t", " ").replace("\u00a0", " ").replace("\u3000", " ").strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.lstrip("'").strip()


_DAY = re.compile(r"(?:19|20)\d\d[-/.年]?\d{1,2}[-/.月]?\d{1,2}")
_AMOUNT = re.compile(r"[-+]?(?:¥|￥)?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,2})?(?:元)?\Z")


def _has_movements(cells: Sequence[Sequence[str]]) -> bool:
    """Whether any row could be a movement: a day, and beside it an amount and a balance. Poems, registers and letters
    have none, whatever commas they hold.
    """

    def is_movement(row: Sequence[str]) -> bool:
        days = [index for index, cell in enumerate(row) if _DAY.match(cell)]
        amounts = [index for index, cell in enumerate(row) if _AMOUNT.match(cell) and index not in days[:1]]
        return bool(days) and len(amounts) >= 2

    return any(is_movement(row) for row in cells)

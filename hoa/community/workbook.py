"""Opening a workbook that somebody uploaded, safely: every check happens before openpyxl sees a byte.

A workbook is a zip of XML. What a hostile or broken one can do (trust.md 18): declare 200 MB in 199 KB, lie about its
sizes, hide entities in its XML. So sizes are checked twice, as declared and as they come out; nothing goes to disk.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.utils.cell import range_boundaries

from hoa.kernel.errors import N_, Refusal

UPLOAD_LIMIT = 16 * 1024 * 1024
UNPACKED_LIMIT = 96 * 1024 * 1024
MEMBER_LIMIT = 2000
# A cell far to the right would make the reader fill every row up to it.
COLUMN_LIMIT = 100
_CHUNK = 256 * 1024
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What openpyxl raises on XML that no spreadsheet program wrote (XML parsers say "not well-formed" by a SyntaxError).
_UNREADABLE = (KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, OSError, zipfile.BadZipFile)
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})\"")


class WorkbookRefused(Refusal):
    """The file as a whole cannot be read; subclasses say why."""

    message = N_("这个文件不能读取，请另存为 .xlsx 后重新上传")


class NotAWorkbook(WorkbookRefused):
    message = N_("这个文件不是 .xlsx 工作簿，请在表格软件中“另存为”.xlsx 后重新上传")


class OldOrLockedWorkbook(WorkbookRefused):
    message = N_("这个文件是旧版 .xls，或者加了打开密码；请去掉密码，另存为 .xlsx 后重新上传")


class WorkbookTooLarge(WorkbookRefused):
    message = N_("文件太大：最多 %(limit)s MB，解开后最多 %(unpacked)s MB；请删去图片和无关的工作表后重新上传")


class WorkbookDamaged(WorkbookRefused):
    message = N_("文件已损坏（%(member)s 读不出来），请用表格软件打开并重新保存后再上传")


class WorkbookSuspicious(WorkbookRefused):
    message = N_("文件的 %(member)s 含有表格软件不会写入的内容，未读取；请把数据复制到新的工作簿后重新上传")


@dataclass(frozen=True)
class Merge:
    """A merged range, in rows and columns counted from 1; only its first cell holds the value."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


class Sheet:
    """One visible worksheet, read row by row."""

    def __init__(self, worksheet: Any, merges: tuple[Merge, ...]) -> None:
        self.title: str = worksheet.title
        self.merges = merges
        self._worksheet = worksheet

    @property
    def declared_rows(self) -> int:
        """How many rows the sheet says it has, for a progress bar; 0 when it does not say."""
        return int(self._worksheet.max_row or 0)

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Row numbers and the row's cells, of which the first is column A; rows without any cell are left out."""
        number = 0
        rows = iter(self._worksheet.iter_rows(max_col=COLUMN_LIMIT))
        while True:
            try:
                cells = next(rows, None)
            except _UNREADABLE as error:
                raise WorkbookDamaged(member=self.title) from error
            if cells is None:
                return
            number += 1
            if cells:
                # Cells know their row, the padding between them does not.
                number = next((cell.row for cell in cells if getattr(cell, "row", None)), number)
                yield number, list(cells)


class MergedValues:
    """The values of vertically merged cells: a building written once for all its rows."""

    def __init__(self, merges: Sequence[Merge]) -> None:
        self._by_row: dict[int, list[Merge]] = defaultdict(list)
        for merge in merges:
            if merge.last_row > merge.first_row:
                self._by_row[merge.first_row].append(merge)
        self._open: list[tuple[Merge, object]] = []

    def at(self, number: int, row: Sequence[Any]) -> dict[int, object]:
        """Column (from 0) → value of the merged cell that covers it in this row. Rows must come in order."""
        for merge in self._by_row.get(number, ()):
            place = merge.first_column - 1
            if place < len(row) and getattr(row[place], "data_type", "n") != "f" and row[place].value is not None:
                self._open.append((merge, row[place].value))
        self._open = [(merge, value) for merge, value in self._open if merge.last_row >= number]
        return {
            place: value for merge, value in self._open for place in range(merge.first_column - 1, merge.last_column)
        }


def too_large(unpacked: int = UNPACKED_LIMIT) -> WorkbookTooLarge:
    """The refusal with both limits filled in."""
    return WorkbookTooLarge(limit=UPLOAD_LIMIT // 2**20, unpacked=unpacked // 2**20)


def _check_members(archive: zipfile.ZipFile, limit: int) -> None:
    """Declared sizes first, then the sizes that really come out; the XML must not define entities."""
    members = archive.infolist()
    if len(members) > MEMBER_LIMIT or sum(member.file_size for member in members) > limit:
        raise too_large(limit)
    total = 0
    for member in members:
        if member.flag_bits & 0x1:
            raise OldOrLockedWorkbook
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise WorkbookSuspicious(member=member.filename[:80])
        try:
            total += _measured(archive, member, limit - total, limit)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise WorkbookDamaged(member=member.filename[:80]) from error


def _measured(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowed: int, limit: int) -> int:
    """How many bytes really come out of a member; stops as soon as they are too many."""
    with archive.open(member) as stream:
        start = stream.read(_CHUNK)
        # UTF-16 spells the same declaration with zero bytes between.
        if re.search(rb"<!(DOCTYPE|ENTITY)", start.replace(b"\0", b""), re.IGNORECASE):
            raise WorkbookSuspicious(member=member.filename[:80])
        size = len(start)
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > allowed:
                raise too_large(limit)
    return size


def _merges(archive: zipfile.ZipFile, path: str) -> tuple[Merge, ...]:
    """Merged ranges stand at the end of a sheet's XML, and the streaming reader does not give them."""
    found: list[Merge] = []
    tail = b""
    try:
        stream: IO[bytes] = archive.open(posixpath.normpath(path.lstrip("/")))
    except KeyError:
        return ()
    with stream:
        while chunk := stream.read(_CHUNK):
            window = tail + chunk
            end = 0
            for match in _MERGE.finditer(window):
                left, top, right, bottom = (int(edge or 1) for edge in range_boundaries(match.group(1).decode()))
                found.append(Merge(top, bottom, left, right))
                end = match.end()
            tail = window[max(end, len(window) - 200) :]
    return tuple(found)


@contextmanager
def opened(source: Path | bytes, *, unpacked_limit: int = UNPACKED_LIMIT) -> Iterator[list[Sheet]]:
    """The visible sheets of a workbook on disk or in memory, or a WorkbookRefused that says how to mend the file."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > UPLOAD_LIMIT:
        raise too_large(unpacked_limit)
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        if stream.read(8) == _OLE_MAGIC:
            raise OldOrLockedWorkbook
    # Two readers of the same bytes: a path is opened twice, bytes are wrapped twice.
    one, two = (io.BytesIO(source), io.BytesIO(source)) if isinstance(source, bytes) else (source, source)
    try:
        archive = zipfile.ZipFile(one)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise NotAWorkbook from error
    with archive:
        _check_members(archive, unpacked_limit)
        try:
            workbook = openpyxl.load_workbook(two, read_only=True, data_only=False, keep_links=False, keep_vba=False)
        except _UNREADABLE as error:
            raise NotAWorkbook from error
        try:
            yield [
                Sheet(sheet, _merges(archive, getattr(sheet, "_worksheet_path", "")))
                for sheet in workbook.worksheets
                if sheet.sheet_state == "visible"
            ]
        finally:
            workbook.close()

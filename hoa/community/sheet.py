"""Reading an owners' register from a workbook as property companies export it (rules.md R1.12 to R1.19).

Every problem is reported with sheet, row, column and cure, not only the first, so that a register is mended in one go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from openpyxl.utils.cell import get_column_letter

from hoa.community import cells, headings, workbook
from hoa.community.entries import OwnerEntry, Problem, Reading, UnitEntry, settled
from hoa.community.headings import AREA_COLUMNS, BASIS_OF, Column, Header
from hoa.community.rules import AreaBasis, Areas, Kind, Status
from hoa.kernel import area as areas_of
from hoa.kernel import identifiers
from hoa.kernel.errors import N_, Refusal

ROW_LIMIT = 50_000
Progress = Callable[[int, int], None]
Value = TypeVar("Value")
_NOTHING: tuple[str, ...] = ()
_UNREADABLE: tuple[str, ...] = ("?",)
_TOTAL_WORDS = ("合计", "总计", "总合计")
_PART_TOTAL_WORDS = ("小计", "本页合计", "本栋合计", "本幢合计")

NO_HEADER = N_("没有找到表头：请在数据上方写一行列名，至少有“楼栋”“房号”“建筑面积”“业主姓名”，或使用下载的模板")
NO_COLUMN = N_("表头缺少“%(heading)s”一列，请补上该列后重新上传")
NO_UNITS = N_("表头下面没有数据，请每个专有部分填写一行")
SKIPPED_SHEET = N_("这个工作表没有表头，未读取；如果里面有专有部分，请补上表头")
REPEATED_COLUMN = N_("“%(heading)s”一列与前面的列含义相同，未读取；请删去或改名")
NO_STATUS_COLUMN = N_("没有“交付状态”一列，全部按已交付计；建设单位未售、已售未交付的部分请注明，它们合计只算一人")
NO_IDENTIFIER_COLUMN = N_("没有“证件号码”一列，只能凭姓名和电话辨认是否同一业主；请核对人数")
TOO_MANY_ROWS = N_("超过 %(limit)s 行，后面的没有读取；请分小区导入")
NO_BUILDING = N_("没有填写楼栋；合并的单元格请取消合并并逐行填写")
NO_ROOM = N_("没有填写房号")
NO_OWNER = N_("没有填写业主；未售的部分请填写建设单位名称")
SAME_UNIT = N_("与第 %(rows)s 行是同一个专有部分（%(unit)s），请改正房号或删去多余的行")
IDENTIFIER_COUNT = N_("业主有 %(owners)s 人，证件号码有 %(numbers)s 个，请按业主的顺序逐一填写")
NUMBER_COUNT = N_("业主有 %(owners)s 人，业主编号有 %(numbers)s 个，请恢复导出时的内容，或删去整列")
SHARE_COUNT = N_("业主有 %(owners)s 人，份额有 %(numbers)s 个，请按业主的顺序逐一填写")
SAME_OWNER_TWICE = N_("同一个证件号码在这一格写了两次，请改正")
NAME_DIFFERS = N_("这个证件号码在第 %(row)s 行属于“%(name)s”，请核对姓名和证件号码")
TOTAL_DIFFERS = N_("合计 %(total)s 与上面各行面积之和 %(sum)s 不相等，请先改正有误的面积，再核对合计")
TOTAL_NOT_CHECKED = N_("合计是公式，没有用来核对面积之和 %(sum)s")
NO_IDENTIFIER = N_("没有证件号码，只能凭姓名和电话辨认是否同一业主")
NO_PHONE = N_("没有可用的手机号码，业主将不能自助激活，也收不到通知；请补上 11 位手机号码")
PRIVATE_CHARACTERS = N_("姓名里有自造字，别的电脑上会显示成空白；请改用标准汉字")
DEVELOPERS_DIFFER = N_("未售的部分写了不同的建设单位，仍合计按一人计算；请核对")


def read(
    path: Path, *, basis: AreaBasis = AreaBasis.REGISTERED, progress: Progress = lambda _done, _total: None
) -> Reading:
    """Read the workbook at `path`. An area column that does not say what it rests on is taken as `basis`.

    Raises a `WorkbookRefused` when the file as a whole cannot be read.
    """
    reader = _Reader(basis, progress)
    with workbook.opened(path) as sheets:
        reader.expect(sum(sheet.declared_rows for sheet in sheets))
        for sheet in sheets:
            reader.read_sheet(sheet)
        if not reader.headers and sheets:
            reader.errors.append(Problem(sheets[0].title, 1, "A", NO_HEADER))
    reader.check_whole()
    return Reading(settled(reader.units), tuple(_in_order(reader.errors)), tuple(_in_order(reader.warnings)))


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.sheet or "", problem.row or 0, problem.column or ""))


class _Row:
    """The cells of one row under a header; remembers what was wrong with them."""

    def __init__(self, sheet: str, number: int, row: Sequence[Any], header: Header, merged: dict[int, object]) -> None:
        self.sheet = sheet
        self.number = number
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._row = row
        self._header = header
        self._merged = merged

    def letter(self, column: Column) -> str | None:
        place = self._header.places.get(column)
        return None if place is None else get_column_letter(place + 1)

    def wrong(self, column: Column, message: str, **params: object) -> None:
        self.problems.append(Problem(self.sheet, self.number, self.letter(column), message, params))

    def doubtful(self, column: Column, message: str, **params: object) -> None:
        self.warnings.append(Problem(self.sheet, self.number, self.letter(column), message, params))

    def raw(self, column: Column) -> Any:
        place = self._header.places.get(column)
        return None if place is None or place >= len(self._row) else self._row[place]

    def get(self, column: Column, convert: Callable[[object], Value], otherwise: Value) -> Value:
        """The column's value through `convert`; a Refusal becomes a problem of this cell and `otherwise` stands in."""
        cell = self.raw(column)
        try:
            value = None if cell is None else cells.value_of(cell)
            if value is None and column in self._header.places:
                value = self._merged.get(self._header.places[column])
            return convert(value)
        except Refusal as refusal:
            self.wrong(column, refusal.message, **refusal.params)
            return otherwise

    @property
    def repeats_header(self) -> bool:
        """Printed registers repeat their header on every page."""
        cell = self.raw(Column.ROOM)
        return cell is not None and headings.column_of(cell.value) is Column.ROOM

    @property
    def clean(self) -> bool:
        return not self.problems


class _Reader:
    """One pass over a workbook; afterwards `check_whole` compares what rows say about each other."""

    def __init__(self, basis: AreaBasis, progress: Progress) -> None:
        self.units: list[UnitEntry] = []
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.headers: list[Header] = []
        self._basis = basis
        self._progress = progress
        self._rows_of_code: dict[str, list[tuple[str, int, str | None]]] = defaultdict(list)
        self._label_of_code: dict[str, str] = {}
        self._name_of_identifier: dict[str, tuple[str, str, int]] = {}
        self._read_rows = 0
        self._declared = 0

    def expect(self, rows: int) -> None:
        """How many rows there are altogether, for the progress bar."""
        self._declared = rows

    def read_sheet(self, sheet: workbook.Sheet) -> None:
        header: Header | None = None
        best: Header | None = None
        total = 0
        before = self._read_rows
        merged = workbook.MergedValues(sheet.merges)
        for number, row in sheet.rows():
            if all(cell.value is None for cell in row):
                continue
            if header is None:
                found = headings.header_of(number, [cell.value for cell in row])
                if found and (best is None or len(found.places) > len(best.places)):
                    best = found
                if found and not found.missing:
                    header = found
                    self._accept_header(sheet.title, header, row)
                elif number >= headings.SEARCHED_ROWS:
                    break
                continue
            if self._read_rows >= ROW_LIMIT:
                self.errors.append(Problem(sheet.title, number, "A", TOO_MANY_ROWS, {"limit": ROW_LIMIT}))
                break
            total = self._read_row(_Row(sheet.title, number, row, header, merged.at(number, row)), total, row)
        if header is None:
            self._without_header(sheet.title, best)
        elif self._read_rows == before:
            self.errors.append(Problem(sheet.title, header.row + 1, "A", NO_UNITS))

    def _accept_header(self, title: str, header: Header, row: Sequence[Any]) -> None:
        self.headers.append(header)
        for place in header.repeated:
            params = {"heading": str(row[place].value)[:20]}
            self.warnings.append(Problem(title, header.row, get_column_letter(place + 1), REPEATED_COLUMN, params))
        if Column.STATUS not in header.places:
            self.warnings.append(Problem(title, header.row, "A", NO_STATUS_COLUMN))
        if not {Column.IDENTIFIER, Column.NUMBER} & header.places.keys():
            self.warnings.append(Problem(title, header.row, "A", NO_IDENTIFIER_COLUMN))

    def _without_header(self, title: str, best: Header | None) -> None:
        if best is None:
            self.warnings.append(Problem(title, 1, "A", SKIPPED_SHEET))
            return
        self.headers.append(best)
        for column in best.missing:
            word = headings.SYNONYMS[column].split()[0]
            self.errors.append(Problem(title, best.row, "A", NO_COLUMN, {"heading": word}))

    def _read_row(self, row: _Row, total: int, cells_of_row: Sequence[Any]) -> int:
        """Read a row of data, or check a row of totals; returns the running sum of areas."""
        words = {"".join(cell.value.split()) for cell in cells_of_row[:6] if isinstance(cell.value, str)}
        if words & set(_TOTAL_WORDS):
            self._check_total(row, total)
            return 0
        if words & set(_PART_TOTAL_WORDS) or row.repeats_header:
            return total
        self._read_rows += 1
        if self._read_rows % 200 == 0:
            self._progress(self._read_rows, max(self._declared, self._read_rows + 1))
        areas = self._areas(row)
        entry = self._entry(row, areas)
        self.errors.extend(row.problems)
        self.warnings.extend(row.warnings)
        if entry is not None:
            self.units.append(entry)
        return total + areas.counted

    def _check_total(self, row: _Row, total: int) -> None:
        column = next(column for column in AREA_COLUMNS if row.letter(column))
        cell = row.raw(column)
        if cell is None or cell.value is None:
            return
        if getattr(cell, "data_type", "n") == "f":
            self.warnings.append(
                Problem(row.sheet, row.number, row.letter(column), TOTAL_NOT_CHECKED, {"sum": areas_of.show(total)})
            )
            return
        written = row.get(column, cells.square_metres, -1)
        if row.clean and written != total:
            row.wrong(column, TOTAL_DIFFERS, total=areas_of.show(written), sum=areas_of.show(total))
        self.errors.extend(row.problems)

    def _areas(self, row: _Row) -> Areas:
        found: dict[AreaBasis, int] = {}
        present = [column for column in AREA_COLUMNS if row.letter(column)]
        for column in present:
            cell = row.raw(column)
            if len(present) > 1 and (cell is None or cell.value is None or cell.value == ""):
                continue
            centi = row.get(column, cells.square_metres, 0)
            if centi:
                found.setdefault(BASIS_OF.get(column, self._basis), centi)
        if not found and row.clean:
            row.wrong(present[0], cells.NoArea.message)
        return Areas(found.get(AreaBasis.REGISTERED), found.get(AreaBasis.SURVEYED), found.get(AreaBasis.CONTRACT))

    def _entry(self, row: _Row, areas: Areas) -> UnitEntry | None:
        building = row.get(Column.BUILDING, cells.place, "?")
        entrance = row.get(Column.ENTRANCE, cells.place, "?")
        room = row.get(Column.ROOM, cells.place, "?")
        if not building:
            row.wrong(Column.BUILDING, NO_BUILDING)
        if not room:
            row.wrong(Column.ROOM, NO_ROOM)
        code = cells.unit_code(building, entrance, room)
        if "?" not in (building, entrance, room) and building and room:
            self._rows_of_code[code].append((row.sheet, row.number, row.letter(Column.ROOM)))
            self._label_of_code[code] = cells.unit_label(building, entrance, room)
        kind = row.get(Column.KIND, cells.kind, Kind.FLAT) if row.letter(Column.KIND) else Kind.FLAT
        status = Status.DELIVERED
        if row.letter(Column.STATUS):
            status = row.get(Column.STATUS, cells.status, Status.DELIVERED)
        owners = self._owners(row)
        note = row.get(Column.NOTE, lambda value: cells.text(value, 500), "")
        if not row.clean:
            return None
        label = self._label_of_code[code]
        place = (row.sheet, row.number, building, entrance, room, code, label)
        return UnitEntry(*place, kind, status, areas, owners, note)

    def _owners(self, row: _Row) -> tuple[OwnerEntry, ...]:
        names = tuple(name for name in row.get(Column.OWNERS, _names, _UNREADABLE) if name)
        if not names:
            row.wrong(Column.OWNERS, NO_OWNER)
        if any(cells.has_private_characters(name) for name in names):
            row.doubtful(Column.OWNERS, PRIVATE_CHARACTERS)
        if not names or names == _UNREADABLE:
            return ()
        numbers = self._identifiers(row, names)
        phones = self._phones(row, names)
        ids = self._paired(row, Column.NUMBER, names, NUMBER_COUNT)
        shares = self._paired(row, Column.SHARE, names, SHARE_COUNT)
        return tuple(
            OwnerEntry(
                name=name,
                identifier=number,
                organisation=organisation or (number is None and cells.looks_like_organisation(name)),
                phone=phone,
                share=share or None,
                number=own_id or None,
            )
            for name, (number, organisation), phone, share, own_id in zip(
                names, numbers, phones, shares, ids, strict=True
            )
        )

    @staticmethod
    def _paired(row: _Row, column: Column, names: Sequence[str], message: str) -> tuple[str, ...]:
        """One text for each owner, or empty ones when the column says nothing."""
        found = row.get(column, cells.listed, _NOTHING)
        if len(found) not in (0, len(names)):
            row.wrong(column, message, owners=len(names), numbers=len(found))
            found = _NOTHING
        return found or ("",) * len(names)

    def _identifiers(self, row: _Row, names: Sequence[str]) -> list[tuple[str | None, bool]]:
        nothing: list[tuple[str | None, bool]] = [(None, False)] * len(names)
        pieces = row.get(Column.IDENTIFIER, _identifier_pieces, None)
        if pieces is None:
            return nothing
        if not pieces:
            if row.letter(Column.IDENTIFIER) and not row.letter(Column.NUMBER):
                row.doubtful(Column.IDENTIFIER, NO_IDENTIFIER)
            return nothing
        if len(pieces) != len(names):
            row.wrong(Column.IDENTIFIER, IDENTIFIER_COUNT, owners=len(names), numbers=len(pieces))
            return nothing
        found: list[tuple[str | None, bool]] = []
        for piece, name in zip(pieces, names, strict=True):
            try:
                found.append(cells.identifier(piece, name))
            except Refusal as refusal:
                row.wrong(Column.IDENTIFIER, refusal.message, **refusal.params)
                return nothing
        self._check_identifiers(row, names, [number for number, _ in found if number])
        return found

    def _check_identifiers(self, row: _Row, names: Sequence[str], numbers: Sequence[str]) -> None:
        if len(set(numbers)) < len(numbers):
            row.wrong(Column.IDENTIFIER, SAME_OWNER_TWICE)
            return
        for name, number in zip(names, numbers, strict=True):
            folded = name.replace("（", "(").replace("）", ")")
            known, shown, first = self._name_of_identifier.setdefault(number, (folded, name, row.number))
            if known != folded:
                row.wrong(Column.IDENTIFIER, NAME_DIFFERS, row=first, name=shown)
                return

    def _phones(self, row: _Row, names: Sequence[str]) -> list[str | None]:
        """Phones in the owners' order; an unusable one is only a warning: the owner can still come to the desk."""
        found: list[str | None] = []
        for piece in row.get(Column.PHONE, cells.listed, _NOTHING):
            try:
                found.append(identifiers.mobile(piece))
            except Refusal:
                found.append(None)
        found = (found + [None] * len(names))[: len(names)]
        if not any(found) and row.letter(Column.PHONE):
            row.doubtful(Column.PHONE, NO_PHONE)
        return found

    def check_whole(self) -> None:
        """What only all rows together show: one unit twice, developers that differ."""
        for code, places in self._rows_of_code.items():
            if len(places) < 2:
                continue
            sheet, first, letter = places[0]
            others = "、".join(str(row) if other == sheet else f"{other} {row}" for other, row, _ in places[1:])
            params = {"rows": others, "unit": self._label_of_code[code]}
            self.errors.append(Problem(sheet, first, letter, SAME_UNIT, params))
        developers = {
            frozenset(owner.identifier or owner.name for owner in entry.owners): entry
            for entry in reversed(self.units)
            if entry.status is Status.UNSOLD
        }
        if len(developers) > 1:
            entry = next(iter(developers.values()))
            self.warnings.append(Problem(entry.sheet, entry.row, None, DEVELOPERS_DIFFER))


def _names(value: object) -> tuple[str, ...]:
    return tuple(cells.name(piece) for piece in cells.listed(value))


def _identifier_pieces(value: object) -> tuple[str, ...] | None:
    if isinstance(value, int | float) and abs(value) >= 10**15:
        raise cells.NumericIdentifier
    return cells.listed(value)

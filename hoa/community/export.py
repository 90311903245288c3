"""The register as a workbook or CSV, and the empty template. Coming back, an export changes nothing.

Neither certificates nor phones leave the register; owners are named by a number of ours. Cells are text, so that no
program runs what somebody typed (trust.md: exports).
"""

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.rules import KIND_WORDS, STATUS_WORDS
from hoa.community.tables import Building, Owner, Ownership, Unit
from hoa.kernel.area import plain

HEADINGS = (
    "楼栋",
    "单元",
    "房号",
    "用途",
    "登记面积",
    "实测面积",
    "合同面积",
    "业主姓名",
    "业主编号",
    "交付状态",
    "共有份额",
    "备注",
)
TEMPLATE_HEADINGS = (
    "楼栋",
    "单元",
    "房号",
    "用途",
    "建筑面积",
    "业主姓名",
    "证件号码",
    "联系电话",
    "交付状态",
    "共有份额",
    "备注",
)
TEMPLATE_NOTES = (
    "业主名册模板：每个专有部分一行，从表头下面第一行开始填写；不要合并单元格，不要写公式。",
    "用途写 住宅、商铺、车位 或 其他；交付状态写 已交付、已售未交付 或 未售（未售的业主写建设单位）。",
    "共有的房屋用顿号隔开，例如 业主姓名“甲某、乙某”，证件号码和电话按同样的顺序；面积单位是平方米。",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_csv(text: str) -> str:
    """A cell that a table program would take for a formula is made text by an apostrophe."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def rows(session: Session, community_id: str) -> Iterable[tuple[str, ...]]:
    """One row per unit in the register's order, under `HEADINGS`."""
    owners: dict[str, list[tuple[str, str, str]]] = {}
    query = (
        select(Ownership.unit_id, Owner.name, Owner.id, Ownership.share)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, Ownership.until.is_(None))
        .order_by(Ownership.unit_id, Owner.name)
    )
    for unit_id, name, owner_id, share in session.execute(query):
        owners.setdefault(unit_id, []).append((name, owner_id, share or ""))
    units = session.execute(
        select(Unit, Building.name)
        .join(Building, (Building.community_id == Unit.community_id) & (Building.id == Unit.building_id))
        .where(Unit.community_id == community_id, Unit.removed_at.is_(None))
        .order_by(Unit.position)
    )
    for unit, building in units:
        people = owners.get(unit.id, [])
        yield (
            building,
            unit.entrance,
            unit.room,
            KIND_WORDS[unit.use],
            *(plain(area) if area is not None else "" for area in _areas(unit)),
            "、".join(name for name, _, _ in people),
            "、".join(owner_id for _, owner_id, _ in people),
            STATUS_WORDS[unit.delivery],
            "、".join(share for _, _, share in people) if all(share for _, _, share in people) else "",
            unit.note,
        )


def _areas(unit: Unit) -> Sequence[int | None]:
    return (unit.area_registered, unit.area_surveyed, unit.area_contract)


def as_csv(found: Iterable[Sequence[str]]) -> bytes:
    """With a byte order mark, so that table programs in China open it as UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([safe_csv(cell) for cell in row] for row in found)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(found: Iterable[Sequence[str]], *, title: str, above: Sequence[str] = ()) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("业主名册")
    for column, width in zip("ABCDEFGHIJKL", (10, 10, 10, 8, 12, 12, 12, 28, 28, 12, 12, 24), strict=True):
        sheet.column_dimensions[column].width = width
    for line in (title, *above):
        sheet.append([_cell(sheet, line)])
    sheet.append([_cell(sheet, heading, bold=True) for heading in HEADINGS])
    for row in found:
        sheet.append([_cell(sheet, text) for text in row])
    return _bytes(book)


def template() -> bytes:
    """An empty register with the headings that reading needs and how to fill them in."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("业主名册")
    for column in "ABCDEFGHIJK":
        sheet.column_dimensions[column].width = 14
    for line in TEMPLATE_NOTES:
        sheet.append([_cell(sheet, line)])
    sheet.append([_cell(sheet, heading, bold=True) for heading in TEMPLATE_HEADINGS])
    return _bytes(book)


def _cell(sheet: WriteOnlyWorksheet, text: str, *, bold: bool = False) -> Cell:
    cell: Cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # also for text that begins with "="
    cell.number_format = "@"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

"""会民非01, 02 and 03 as files: XLSX with typed cells, one sheet a statement, and CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from finance.rules.fund.lines import ACTIVITIES, FLOWS, NAMES, NUMBERS, SHEET
from finance.service.export import UnknownFormat, safe_cell
from hoa.kernel import money

FORMATS = ("xlsx", "csv")
Row = tuple[str, tuple[int | None, ...]]
PARTS = (("unrestricted_fen", "非限定性"), ("restricted_fen", "限定性"), ("together_fen", "合计"))
PERIODS = {"month": "本月数", "quarter": "本季数", "days": "本期数"}


def export(content: Mapping[str, Any], *, format: str) -> bytes:
    """The statements of a period in one of FORMATS; `content` is what the page shows."""
    if format not in FORMATS:
        raise UnknownFormat(format=format)
    return as_xlsx(content) if format == "xlsx" else as_csv(content)


def tables(content: Mapping[str, Any]) -> Iterator[tuple[str, list[str], list[Row]]]:
    """Each statement: its title, its headings, its rows with amounts in fen."""
    yield (
        _title(SHEET),
        ["项目", "年初数", "期末数"],
        [
            (row["name"], (row.get("year_start_fen"), row.get("end_fen")))
            for row in (*content["sheet"]["assets"], *content["sheet"]["owed"])
        ],
    )
    period, last = PERIODS.get(content["span"]), any("last_year" in row for row in content["activities"])
    columns = [(period, "period")] if period else [("上年数", "last_year")] if last else []
    columns.append(("本年累计数", "year"))
    yield (
        _title(ACTIVITIES),
        ["项目", *(f"{name}·{part}" for name, _ in columns for _, part in PARTS)],
        [
            (row["name"], tuple(row.get(key, {}).get(part) for _, key in columns for part, _ in PARTS))
            for row in content["activities"]
        ],
    )
    yield (
        _title(FLOWS),
        ["项目", *(name for name, _ in columns)],
        [(row["name"], tuple(row.get(f"{key}_fen") for _, key in columns)) for row in content["flows"]],
    )


def as_text(content: Mapping[str, Any]) -> str:
    """The lines that hold something, for a terminal."""
    out = []
    for title, headings, rows in tables(content):
        out += [title, " | ".join(headings)]
        out += [
            " | ".join([name, *("" if fen is None else money.show(fen) for fen in amounts)])
            for name, amounts in rows
            if any(amounts)
        ]
        out.append("")
    return "\n".join(out)


def _title(statement: str) -> str:
    return f"{NUMBERS[statement]} {NAMES[statement]}"


def as_csv(content: Mapping[str, Any]) -> bytes:
    """The three statements one below the other, UTF-8 with the mark that Chinese spreadsheets look for."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for title, headings, rows in tables(content):
        writer.writerow([title, f"{content['start']} – {content['end']}"])
        writer.writerow(headings)
        for name, amounts in rows:
            writer.writerow([safe_cell(name), *("" if fen is None else money.plain(fen) for fen in amounts)])
        writer.writerow([])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(content: Mapping[str, Any]) -> bytes:
    """One sheet a statement; names are text, amounts are numbers in yuan."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, headings, rows in tables(content):
        sheet = workbook.create_sheet(title)
        sheet.freeze_panes = "B3"
        sheet.column_dimensions["A"].width = 44
        sheet.cell(row=1, column=1, value=f"{title}　{content['start']} – {content['end']}（元）").font = Font(
            bold=True
        )
        for column, heading in enumerate(headings, start=1):
            sheet.cell(row=2, column=column, value=heading).font = Font(bold=True)
        _fill(sheet, rows)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _fill(sheet: Worksheet, rows: Sequence[Row]) -> None:
    for number, (name, amounts) in enumerate(rows, start=3):
        cell = sheet.cell(row=number, column=1, value=name)
        cell.data_type = "s"
        for column, fen in enumerate(amounts, start=2):
            if fen is not None:
                sheet.cell(row=number, column=column, value=fen / 100).number_format = "#,##0.00"
                sheet.column_dimensions[chr(64 + column)].width = 16

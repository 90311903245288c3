"""Bank statements as three banks write them, made from movements: what tests read back."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from openpyxl import Workbook

from hoa.kernel import money


@dataclass(frozen=True)
class Moved:
    """One movement; positive fen came in."""

    day: date
    fen: int
    party: str = "甲公司"
    summary: str = "转账"
    reference: str = "1"


Row = list[Any]
LAYOUTS = ("signed", "sides", "flagged")


def table(
    moved: Sequence[Moved], opening_fen: int, layout: str, *, newest_first: bool = False, account: str = ""
) -> list[Row]:
    """The cells of a statement in one of LAYOUTS, amounts as `Decimal`-like text, days as `date`."""
    balance, rows = opening_fen, []
    for one in moved:
        balance += one.fen
        rows.append(_row(layout, one, balance))
    came = sum(one.fen for one in moved if one.fen > 0)
    went = -sum(one.fen for one in moved if one.fen < 0)
    if newest_first:
        rows.reverse()
    days = [one.day for one in moved]
    head: list[Row] = [["账户明细查询"], ["账号:", account, "户名:", "公共收益专户"]]
    head.append(["起始日期:", min(days), "截止日期:", max(days)])
    if layout == "signed":
        return [*head, [], ["交易日期", "摘要", "交易金额", "账户余额", "对方户名", "交易流水号"], *rows]
    if layout == "sides":
        names = ["记账日期", "借方发生额", "贷方发生额", "余额", "对方单位", "用途", "凭证号"]
        return [*head, names, *rows, ["合计", went, came, None, f"共{len(moved)}笔"]]
    names = ["序号", "交易时间", "收支方向", "金额(元)", "本次余额", "交易对方", "附言", "流水号"]
    return [names, *rows]


def _row(layout: str, one: Moved, balance: int) -> Row:
    if layout == "signed":
        return [one.day, one.summary, one.fen, balance, one.party, one.reference]
    if layout == "sides":
        out, into = (-one.fen, None) if one.fen < 0 else (None, one.fen)
        return [one.day, out, into, balance, one.party, one.summary, one.reference]
    word = "支出" if one.fen < 0 else "收入"
    moment = datetime.combine(one.day, time(9, 30))
    return ["-", moment, word, abs(one.fen), balance, one.party, one.summary, one.reference]


def as_csv(rows: Sequence[Row], *, encoding: str = "gb18030", separator: str = ",") -> bytes:
    """Text as banks write it: figures grouped, a tab behind the number so that spreadsheets keep its zeros."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    for row in rows:
        writer.writerow([_text(cell) for cell in row])
    return out.getvalue().encode(encoding)


def _text(cell: Any) -> str:
    if isinstance(cell, int):
        return money.show(cell).replace("¥", "")
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, date):
        return cell.strftime("%Y%m%d")
    return "" if cell is None else f"{cell}\t" if str(cell).isdigit() else str(cell)


def as_xlsx(rows: Sequence[Row], *, as_text: bool = False) -> bytes:
    """A workbook with an empty sheet before it; amounts as numbers with binary dust, days as days, or all as text."""
    book = Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet("明细")
    for row in rows:
        sheet.append([_text(cell) if as_text else _typed(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _typed(cell: Any) -> Any:
    # 0.1 × 3 is not 0.3 for the machine; a bank's own program writes such numbers too.
    return cell * 0.1 / 10 if isinstance(cell, int) else cell

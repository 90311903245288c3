"""Reading a bank's statement file: encoding, preamble, columns under many names, totals, and the running balance that
proves nothing is missing.

Banks write GB18030 or UTF-8, put account details above the header, sums below the rows, tabs behind serial numbers,
and either one signed amount or one column each for money in and out. Within a day the times are not in order; the
order of the file is what the running balance follows.
"""

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from finance.rules import bank_columns as columns
from finance.rules.bank_columns import Column, ColumnMap
from hoa.kernel import canonical, money
from hoa.kernel.errors import N_, Refusal

MAX_BYTES = 5 * 1024 * 1024
TOTAL_WORDS = ("合计", "总计", "小计", "本页合计", "total")


@dataclass(frozen=True, kw_only=True)
class BankRow:
    """One movement on the account. Amounts in fen, positive when money came in; `row` is the line
    number in the file.
    """

    row: int
    day: date
    time: str
    amount_fen: int
    balance_fen: int
    party: str
    party_account: str
    summary: str
    reference: str

    @property
    def key(self) -> tuple[str, int, str, int]:
        """What makes a movement the same movement when a file is imported again (books.md 2)."""
        return self.day.isoformat(), self.amount_fen, self.reference, self.balance_fen


@dataclass(frozen=True, kw_only=True)
class BankFile:
    """A statement file as read, oldest movement first."""

    rows: tuple[BankRow, ...]
    account_no: str
    account_name: str
    starts_on: date
    ends_on: date
    columns: ColumnMap
    fingerprint: str

    @property
    def in_fen(self) -> int:
        return sum(row.amount_fen for row in self.rows if row.amount_fen > 0)

    @property
    def out_fen(self) -> int:
        return -sum(row.amount_fen for row in self.rows if row.amount_fen < 0)

    @property
    def opening_fen(self) -> int:
        return self.rows[0].balance_fen - self.rows[0].amount_fen

    @property
    def closing_fen(self) -> int:
        return self.rows[-1].balance_fen


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file cut into cells, before anyone knows what its columns mean."""

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


class NotAStatement(Refusal):
    message = N_("读不出这个文件：请从网上银行导出 CSV 格式的账户明细（GB18030 或 UTF-8 编码），不要另存或截图")


class ColumnsUnknown(Refusal):
    message = N_("没有认出这家银行的列，请在下一页指出日期、金额、余额各是哪一列，以后会记住")


class ColumnsMissing(Refusal):
    message = N_("还要指出：日期、余额，以及收入和支出两列或一列带正负号的金额")


class NoRows(Refusal):
    message = N_("文件里没有一笔流水，请检查导出的起止日期")


class BadCell(Refusal):
    message = N_("第 %(row)s 行“%(column)s”写的是“%(text)s”，读不出来；请重新从银行导出，不要手工改动")


class BothSides(Refusal):
    message = N_("第 %(row)s 行的收入和支出应当只有一边有数，请重新从银行导出")


class BrokenBalance(Refusal):
    message = N_(
        "第 %(row)s 行的余额接不上：上一行余额加减本行金额应为 %(expected)s，文件写的是 %(found)s。请重新从银行导出，"
        "不要手工改动"
    )


class BrokenStart(Refusal):
    message = N_(
        "第 %(first)s 行的余额与第 %(row)s 行接不上：第 %(row)s 行应为 %(expected)s，文件写的是 %(found)s。请重新从银"
        "行导出，不要手工改动"
    )


class WrongTotal(Refusal):
    message = N_("第 %(row)s 行的合计 %(found)s 与各行相加的 %(expected)s 不同，可能少了几行；请重新从银行导出")


def read_sheet(data: bytes) -> Sheet:
    """Cut a CSV file into cells and look for its header."""
    if len(data) > MAX_BYTES:
        raise FileTooLarge(size=len(data) // 1024 // 1024 + 1, limit=MAX_BYTES // 1024 // 1024)
    text = _decode(data)
    separator = max(",;\t", key=text.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        raise NotAStatement from None
    cells = tuple(tuple(_clean(cell) for cell in row) for row in rows)
    header, guess = columns.find_header(cells)
    return Sheet(cells=cells, header=header, guess=guess)


def read_statement(
    data: bytes, remembered: Mapping[str, ColumnMap] | None = None, chosen: ColumnMap | None = None
) -> BankFile:
    """Read a statement: by the columns just `chosen`, those `remembered` for this layout, or those its header names."""
    sheet = read_sheet(data)
    if chosen is None:
        chosen = next((known for print_, known in (remembered or {}).items() if _fits(sheet, print_, known)), None)
    if chosen is None and sheet.header is not None:
        chosen = columns.complete(sheet.header, sheet.guess)
    if chosen is None:
        raise ColumnsUnknown
    return _read(sheet, chosen)


def fingerprint(header: Sequence[str]) -> str:
    """A digest of the header's words."""
    return canonical.digest([cell for cell in header if cell])


def _fits(sheet: Sheet, print_: str, known: ColumnMap) -> bool:
    return known.header < len(sheet.cells) and fingerprint(sheet.cells[known.header]) == print_


def _read(sheet: Sheet, chosen: ColumnMap) -> BankFile:
    if chosen.header >= len(sheet.cells):
        raise ColumnsUnknown
    rows: list[BankRow] = []
    for number, cells in enumerate(sheet.cells[chosen.header + 1 :], start=chosen.header + 2):
        if not any(cells):
            continue
        if _is_total(cells):
            _check_total(number, cells, rows, chosen)
            continue
        rows.append(_row(number, cells, chosen, sheet.cells[chosen.header]))
    if not rows:
        raise NoRows
    ordered = _in_order(rows)
    head = [cell for line in sheet.cells[: chosen.header] for cell in line if cell]
    days = [row.day for row in ordered]
    first, last = _span(head)
    return BankFile(
        rows=ordered,
        account_no=_after(head, ("账号", "卡号", "账户")),
        account_name=_after(head, ("户名", "账户名称", "客户名称")),
        starts_on=min([*days, first] if first else days),
        ends_on=max([*days, last] if last else days),
        columns=chosen,
        fingerprint=fingerprint(sheet.cells[chosen.header]),
    )


def _decode(data: bytes) -> str:
    if b"\0" in data or data[:4] in (b"PK\x03\x04", b"%PDF"):
        raise NotAStatement
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return unicodedata.normalize("NFC", data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise NotAStatement


def _clean(cell: str) -> str:
    """Without the tabs, blanks, ="…" and apostrophes that keep spreadsheets from eating leading zeros."""
    text = cell.replace("\t", " ").replace("\u00a0", " ").replace("\u3000", " ").strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.lstrip("'").strip()


def _is_total(cells: Sequence[str]) -> bool:
    first = next(cell for cell in cells if cell)
    return first.rstrip(":：").lower() in TOTAL_WORDS or re.match(r"共\s*\d+\s*笔", first) is not None


def _cell(cells: Sequence[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _amount(number: int, cells: Sequence[str], index: int | None, header: Sequence[str]) -> int:
    text = _cell(cells, index)
    if text in ("", "-", "--", "—"):
        return 0
    try:
        return money.parse(text)
    except Refusal:
        raise BadCell(row=number, column=_cell(header, index), text=text) from None


def _row(number: int, cells: Sequence[str], at: ColumnMap, header: Sequence[str]) -> BankRow:
    balance = _cell(cells, at.balance)
    if not balance:
        raise BadCell(row=number, column=_cell(header, at.balance), text="")
    return BankRow(
        row=number,
        day=_day(number, _cell(cells, at.day), _cell(header, at.day)),
        time=_cell(cells, at.time),
        amount_fen=_movement(number, cells, at, header),
        balance_fen=_amount(number, cells, at.balance, header),
        party=_cell(cells, at.party),
        party_account=_cell(cells, at.party_account),
        summary=_cell(cells, at.summary),
        reference=_cell(cells, at.reference),
    )


def _movement(number: int, cells: Sequence[str], at: ColumnMap, header: Sequence[str]) -> int:
    if at.amount is not None:
        amount = _amount(number, cells, at.amount, header)
        if at.direction is not None:
            outward = any(word in _cell(cells, at.direction) for word in ("借", "支", "出", "付"))
            amount = -abs(amount) if outward else abs(amount)
    else:
        came, went = (
            _amount(number, cells, at.money_in, header),
            _amount(number, cells, at.money_out, header),
        )
        if came and went:
            raise BothSides(row=number)
        amount = came - went
    if amount == 0:
        raise BothSides(row=number)
    return amount


def _day(number: int, text: str, name: str) -> date:
    digits = re.match(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?!\d)", text)
    try:
        if digits:
            return date(int(digits[1]), int(digits[2]), int(digits[3]))
    except ValueError:
        pass
    raise BadCell(row=number, column=name, text=text)


def _breaks(rows: Sequence[BankRow]) -> list[int]:
    """Where a balance is not the one before it plus the row's amount."""
    return [
        index
        for index in range(1, len(rows))
        if rows[index - 1].balance_fen + rows[index].amount_fen != rows[index].balance_fen
    ]


def _in_order(rows: list[BankRow]) -> tuple[BankRow, ...]:
    """Oldest first; some banks write the newest first. A running balance that breaks either way names its row."""
    broken = _breaks(rows)
    if not broken:
        return tuple(rows)
    backwards = list(reversed(rows))
    if rows[0].day > rows[-1].day or len(_breaks(backwards)) < len(broken):
        rows, broken = backwards, _breaks(backwards)
        if not broken:
            return tuple(rows)
    wrong = rows[broken[0]]
    expected = money.show(rows[broken[0] - 1].balance_fen + wrong.amount_fen)
    if broken == [1] and len(rows) > 2:
        # Nothing before the first row tells whether its balance or the second row is wrong.
        raise BrokenStart(first=rows[0].row, row=wrong.row, expected=expected, found=money.show(wrong.balance_fen))
    raise BrokenBalance(row=wrong.row, expected=expected, found=money.show(wrong.balance_fen))


def _check_total(number: int, cells: Sequence[str], rows: Iterable[BankRow], at: ColumnMap) -> None:
    """Compare a line of totals with the rows above it, where it gives any."""
    rows = list(rows)
    sums = {
        at.money_in: sum(row.amount_fen for row in rows if row.amount_fen > 0),
        at.money_out: -sum(row.amount_fen for row in rows if row.amount_fen < 0),
    }
    for column, expected in sums.items():
        text = _cell(cells, column)
        if column is None or not text:
            continue
        try:
            found = money.parse(text)
        except Refusal:
            continue
        if found != expected:
            raise WrongTotal(row=number, found=money.show(found), expected=money.show(expected))


def _after(head: Sequence[str], words: tuple[str, ...]) -> str:
    """The cell after a label such as 账号:, or what follows the label in the same cell."""
    for index, cell in enumerate(head):
        label, colon, rest = cell.replace("：", ":").partition(":")
        if label.strip() in words:
            if colon and rest.strip():
                return rest.strip()
            return head[index + 1] if index + 1 < len(head) else ""
    return ""


def _span(head: Sequence[str]) -> tuple[date | None, date | None]:
    """The first and last day the file covers, where its preamble says so: no movement on a day is then a fact and not
    a gap.
    """

    def read(*words: str) -> date | None:
        text = _after(head, words)
        try:
            return _day(0, text, words[0])
        except BadCell:
            return None

    return read("起始日期", "开始日期", "查询起始日期"), read("截止日期", "结束日期", "查询截止日期")


def row_digest(row: BankRow, previous: str) -> str:
    """A stored bank line is known by its fields and the line stored before it, so that no line can be changed or taken
    out unnoticed.
    """
    fields = [
        row.day.isoformat(),
        row.time,
        row.amount_fen,
        row.balance_fen,
        row.party,
        row.party_account,
        row.summary,
        row.reference,
    ]
    return hashlib.sha256(
        canonical.encode({"format": "hoa-bank-line-1", "line": fields, "previous": previous})
    ).hexdigest()


def same_movements(
    rows: Iterable[BankRow], known: Iterable[tuple[str, int, str, int]]
) -> tuple[list[BankRow], list[BankRow]]:
    """Rows not stored yet, and rows that are."""
    seen = set(known)
    fresh = [row for row in rows if row.key not in seen]
    return fresh, [row for row in rows if row.key in seen]

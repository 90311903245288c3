"""Reading a bank's statement file: preamble, columns under many names, and the rows, which prove by themselves that
nothing is missing.

Banks write GB18030 or UTF-8, put account details above the header, sums below the rows, tabs behind serial numbers,
and either one signed amount or one column each for money in and out. Within a day the times are not in order; the
order of the file is what the running balance follows.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from finance.rules import bank_columns as columns
from finance.rules import bank_proofs as proofs
from finance.rules.bank_columns import ColumnMap
from finance.rules.bank_proofs import CLOSING_WORDS, OPENING_WORDS
from finance.rules.bank_rows import BadCell, BankRow, day_of, read_row
from finance.rules.bank_sheets import Sheet, fingerprint, read_sheet
from hoa.kernel import canonical, money
from hoa.kernel.errors import N_, Refusal


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


class ColumnsUnknown(Refusal):
    message = N_("没有认出这家银行的列，请在下一页指出日期、金额、余额各是哪一列，以后会记住")


class ColumnsMissing(Refusal):
    message = N_("还要指出：日期、余额，以及收入和支出两列或一列带正负号的金额")


class NoRows(Refusal):
    message = N_("文件里没有一笔流水，请检查导出的起止日期")


def read_statement(
    data: bytes, remembered: Mapping[str, ColumnMap] | None = None, chosen: ColumnMap | None = None
) -> BankFile:
    """Read a statement: by the columns just `chosen`, those `remembered` for this layout, or those its header names."""
    sheet = read_sheet(data)
    if chosen is None:
        chosen = _remembered(sheet, remembered or {})
    if chosen is None and sheet.header is not None:
        chosen = columns.complete(sheet.header, sheet.guess)
    if chosen is None or chosen.header >= len(sheet.cells):
        raise ColumnsUnknown
    return _read(sheet, chosen)


def _remembered(sheet: Sheet, known: Mapping[str, ColumnMap]) -> ColumnMap | None:
    """The columns of a layout that a person explained, wherever its header stands this time."""
    for number, cells in enumerate(sheet.cells[: columns.HEADER_WITHIN]):
        found = known.get(fingerprint(cells))
        if found is not None and any(cells):
            return replace(found, header=number)
    return None


def _read(sheet: Sheet, chosen: ColumnMap) -> BankFile:
    rows, opening, closing = _rows(sheet, chosen)
    ordered = proofs.in_order(rows)
    head = sheet.cells[: chosen.header]
    proofs.check_ends(
        ordered,
        opening if opening is not None else _stated(head, OPENING_WORDS),
        closing if closing is not None else _stated(head, CLOSING_WORDS),
    )
    days = [row.day for row in ordered]
    first, last = _span(head)
    return BankFile(
        rows=ordered,
        account_no=_after(head, ("账号", "卡号", "账户", "账户号码", "帐号")),
        account_name=_after(head, ("户名", "账户名称", "客户名称")),
        starts_on=min([*days, first] if first else days),
        ends_on=max([*days, last] if last else days),
        columns=chosen,
        fingerprint=fingerprint(sheet.cells[chosen.header]),
    )


def _rows(sheet: Sheet, at: ColumnMap) -> tuple[list[BankRow], int | None, int | None]:
    """The movements below the header, and the balances that lines without one say it began and ended with."""
    rows: list[BankRow] = []
    opening = closing = None
    header, page_begins = sheet.cells[at.header], 0
    for number, cells in enumerate(sheet.cells[at.header + 1 :], start=at.header + 2):
        if not any(cells):
            continue
        if proofs.is_total(cells):
            proofs.check_total(number, cells, rows, page_begins, at)
            page_begins = len(rows)
        elif (stated := proofs.stated_balance(cells, at)) is not None:
            word, balance = stated
            if word in OPENING_WORDS:
                opening = balance if opening is None else opening
            else:
                closing = balance
        else:
            rows.append(read_row(number, cells, at, header))
    if not rows:
        raise NoRows
    return proofs.by_sign(rows, at), opening, closing


def _stated(head: Sequence[Sequence[str]], words: tuple[str, ...]) -> int | None:
    """A balance that the preamble gives under one of these labels."""
    try:
        return money.parse(_after(head, words))
    except Refusal:
        return None


def _after(head: Sequence[Sequence[str]], words: tuple[str, ...]) -> str:
    """The cell after a label such as 账号: on its line, or what follows the label in the same cell; nothing where the
    next thing is another label.
    """
    for line in head:
        cells = [cell for cell in line if cell]
        for index, cell in enumerate(cells):
            label, colon, rest = cell.replace("：", ":").partition(":")
            if label.strip() in words:
                if colon and rest.strip():
                    return rest.strip()
                following = cells[index + 1] if index + 1 < len(cells) else ""
                return "" if following.endswith((":", "：")) else following
    return ""


def _span(head: Sequence[Sequence[str]]) -> tuple[date | None, date | None]:
    """The first and last day the file covers, where its preamble says so: no movement on a day is then a fact and not
    a gap.
    """

    def read(*words: str) -> date | None:
        text = _after(head, words)
        try:
            return day_of(0, text, words[0])
        except BadCell:
            return None

    return read("起始日期", "开始日期", "查询起始日期"), read("截止日期", "结束日期", "查询截止日期")


def same_account(found: str, registered: str) -> bool:
    """Whether a number in a file, perhaps with stars in its middle, is that of an account."""
    pattern = "[0-9]+".join(re.escape(part) for part in re.split(r"[*＊xX]+", found))
    return re.fullmatch(pattern, registered) is not None


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

"""The ledger as files: XLSX with typed cells, CSV that no spreadsheet runs, Beancount that `bean-check` accepts
(books.md 3).
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from finance.rules.charts import TRUST, Chart
from finance.rules.ledger import Line, VoucherKind
from finance.rules.statements import Posted
from finance.service.books import chart_of, the_book
from finance.service.publication import brought_in, posted_vouchers
from finance.tables import Book
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

FORMATS = ("xlsx", "csv", "beancount")
BEAN_ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "net_assets": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
HEADINGS = ("日期", "凭证号", "摘要", "对方", "科目代码", "科目名称", "借方", "贷方")


class EndBeforeStart(Refusal):
    message = N_("截止日期 %(end)s 早于起始日期 %(start)s，请改正")


class UnknownFormat(Refusal):
    message = N_("不认识的格式 %(format)s，可以用 xlsx、csv 或 beancount")


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A period of a book: balances brought in, and the vouchers in it."""

    book: Book
    chart: Chart
    start: date
    end: date
    opening: dict[str, int]
    vouchers: tuple[Posted, ...]

    def closing(self) -> dict[str, int]:
        """Balances at the end, debits less credits, in fen."""
        balances = dict(self.opening)
        for voucher in self.vouchers:
            _add(balances, voucher.lines)
        return balances


def ledger(session: Session, community_id: str, *, start: date, end: date, book: str = TRUST) -> Ledger:
    """The posted ledger of a period of one of the two books."""
    if end < start:
        raise EndBeforeStart(start=start.isoformat(), end=end.isoformat())
    kept = the_book(session, community_id, book)
    posted = posted_vouchers(session, kept, start=start, until=end)
    opening: dict[str, int] = {}
    _add(opening, brought_in(session, kept, before=start))
    for voucher in posted:
        if _before(voucher, start):
            _add(opening, voucher.lines)
    within = sorted(
        (voucher for voucher in posted if not _before(voucher, start)), key=lambda voucher: (voucher.day, voucher.label)
    )
    return Ledger(book=kept, chart=chart_of(kept), start=start, end=end, opening=opening, vouchers=tuple(within))


def _before(voucher: Posted, start: date) -> bool:
    """An opening balance counts as brought in even on the first day."""
    return voucher.day < start or (voucher.kind is VoucherKind.OPENING and voucher.day == start)


def _add(balances: dict[str, int], lines: Sequence[Line]) -> None:
    for line in lines:
        balances[line.account] = balances.get(line.account, 0) + line.debit_fen - line.credit_fen


def export(session: Session, community_id: str, *, format: str, start: date, end: date, book: str = TRUST) -> bytes:
    """The ledger of a period of one book in one of FORMATS."""
    writers = {"xlsx": as_xlsx, "csv": as_csv, "beancount": as_beancount}
    if format not in writers:
        raise UnknownFormat(format=format)
    return writers[format](ledger(session, community_id, start=start, end=end, book=book))


def _rows(book: Ledger) -> list[tuple[str, str, str, str, str, str, int, int]]:
    rows = []
    for account, fen in sorted(book.opening.items()):
        if fen:
            name = book.chart.full_name(account)
            rows.append((book.start.isoformat(), "", "期初余额", "", account, name, max(fen, 0), max(-fen, 0)))
    for voucher in book.vouchers:
        for line in voucher.lines:
            name = book.chart.full_name(line.account)
            day = voucher.day.isoformat()
            rows.append(
                (
                    day,
                    voucher.label,
                    voucher.summary,
                    voucher.party,
                    line.account,
                    name,
                    line.debit_fen,
                    line.credit_fen,
                )
            )
    return rows


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet shows and never runs: = + - @ and tab at its beginning are kept as text (trust.md,
    exports).
    """
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_csv(book: Ledger) -> bytes:
    """One entry a line, UTF-8 with the mark that Chinese spreadsheets look for; amounts in yuan."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for *texts, debit, credit in _rows(book):
        amounts = [money.plain(fen) if fen else "" for fen in (int(debit), int(credit))]
        writer.writerow([*(safe_cell(str(text)) for text in texts), *amounts])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(book: Ledger) -> bytes:
    """The same with typed cells: texts are text whatever they begin with, amounts are numbers."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "明细账"
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGH", (12, 11, 38, 22, 11, 30, 14, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    for column, heading in enumerate(HEADINGS, start=1):
        sheet.cell(row=1, column=column, value=heading).font = Font(bold=True)
    for number, (*texts, debit, credit) in enumerate(_rows(book), start=2):
        for column, text in enumerate(texts, start=1):
            # Books may hold, from a bank's file of earlier days, characters that no workbook can.
            cell = sheet.cell(row=number, column=column, value=ILLEGAL_CHARACTERS_RE.sub("", str(text)))
            cell.data_type = "s"
        for column, fen in enumerate((int(debit), int(credit)), start=len(texts) + 1):
            if fen:
                sheet.cell(row=number, column=column, value=fen / 100).number_format = "#,##0.00"
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def as_beancount(book: Ledger) -> bytes:
    """Plain-text accounting. Every account's balance is asserted to the fen the morning after the last day."""
    used = sorted({*book.opening, *(line.account for voucher in book.vouchers for line in voucher.lines)})
    names = {account: _bean_account(book.chart, account) for account in used}
    out = ['option "title" ' + _quoted(book.book.name), 'option "operating_currency" "CNY"', ""]
    out += [f"{book.start.isoformat()} open {names[account]} CNY" for account in used]
    if any(book.opening.values()):
        out += ["", f'{book.start.isoformat()} * "期初余额"']
        out += [f"  {names[account]}  {money.plain(fen)} CNY" for account, fen in sorted(book.opening.items()) if fen]
    for voucher in book.vouchers:
        out += ["", f"{voucher.day.isoformat()} * {_quoted(voucher.party)} {_quoted(voucher.summary)}"]
        out += [f"  number: {_quoted(voucher.label)}"]
        out += [
            f"  {names[line.account]}  {money.plain(line.debit_fen - line.credit_fen)} CNY" for line in voucher.lines
        ]
    morning = (book.end + timedelta(days=1)).isoformat()
    closing = book.closing()
    out.append("")
    out += [f"{morning} balance {names[account]}  {money.plain(closing[account])} ~ 0.00 CNY" for account in used]
    return ("\n".join(out) + "\n").encode()


def _bean_account(chart: Chart, code: str) -> str:
    """Assets:1801-受托代理资产:01-公共收益专户. Parts begin with a letter or digit and hold letters, digits and dashes
    only.
    """
    parts = [BEAN_ROOTS[chart.by_code(code).kind]]
    steps = code.split(".")
    for depth in range(1, len(steps) + 1):
        name = chart.by_code(".".join(steps[:depth])).name
        parts.append(f"{steps[depth - 1]}-{''.join(c if c.isalnum() else '-' for c in name)}")
    return ":".join(parts)


def _quoted(text: str) -> str:
    plain = " ".join(text.split())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""Reading a bank's statement file: encoding, preamble, columns under many names, totals, and the running balance that
proves nothing is missing.

Banks write GB18030 or UTF-8, put account details above the header, sums below the rows, tabs behind serial numbers,
and either one signed amount or one column each for money in and out. Within a day the times are not in order; the
order of the file is what the running balance follows.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from finance.rules import bank_columns as columns
from finance.rules.bank_columns import ColumnMap
from finance.rules.bank_sheets import Sheet, fingerprint, read_sheet
from hoa.kernel import canonical, money
from hoa.kernel.errors import N_, Refusal

TOTAL_WORDS = ("合计", "总计", "小计", "本页合计", "total")
PAGE_WORDS = ("小计", "本页合计")
OPENING_WORDS = ("期初余额", "上期余额", "承前余额", "上页余额", "承前页")
CLOSING_WORDS = ("期末余额", "过次页")
EMPTY = ("", "-", "--", "—")
OUTWARD, INWARD = ("借", "支", "出", "付"), ("贷", "收", "入", "存")


@dataclass(frozen=True, kw_only=True)
class BankRow:
    """One movement on the account. Amounts in fen, positive when money came in; `row` is the line
    number in the file. `negated`: a minus stood beside the direction.
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
    negated: bool = field(default=False, compare=False)

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


class BrokenOpening(Refusal):
    message = N_(
        "第 %(row)s 行之前缺了流水：文件写明期初余额 %(opening)s，这一行的余额应为 %(expected)s，文件写的是 %(found)s。"
        "请从期初那一天起重新导出"
    )


class WrongClosing(Refusal):
    message = N_(
        "文件写明期末余额 %(closing)s，最后一笔（第 %(row)s 行）的余额却是 %(found)s，末尾可能少了几行；请重新导出"
    )


class WrongCount(Refusal):
    message = N_("第 %(row)s 行写着共 %(said)s 笔，文件里却有 %(found)s 笔，可能少了几行；请重新从银行导出")


class WrongTotal(Refusal):
    message = N_("第 %(row)s 行的合计 %(found)s 与各行相加的 %(expected)s 不同，可能少了几行；请重新从银行导出")


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
    ordered = _in_order(rows)
    head = sheet.cells[: chosen.header]
    _check_ends(
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
        if _is_total(cells):
            _check_total(number, cells, rows, page_begins, at)
            page_begins = len(rows)
        elif (stated := _stated_balance(cells, at)) is not None:
            word, balance = stated
            if word in OPENING_WORDS:
                opening = balance if opening is None else opening
            else:
                closing = balance
        else:
            rows.append(_row(number, cells, at, header))
    if not rows:
        raise NoRows
    return _by_sign(rows, at), opening, closing


def _by_sign(rows: list[BankRow], at: ColumnMap) -> list[BankRow]:
    """Beside a direction some banks write every amount without a sign, and some give a correction the opposite one.
    The running balance tells which: where the plain reading breaks and the other does not, it is the other.
    """
    if at.direction is None or not any(row.negated for row in rows) or not _breaks(rows):
        return rows
    turned = [replace(row, amount_fen=-row.amount_fen) if row.negated else row for row in rows]
    fits = not _breaks(turned) or not _breaks(list(reversed(turned)))
    return turned if fits and _breaks(list(reversed(rows))) else rows


def _stated_balance(cells: Sequence[str], at: ColumnMap) -> tuple[str, int] | None:
    """A line that is no movement and only says a balance: 期初余额 above the rows, 过次页 below them."""
    said = next((cell for cell in cells if cell.rstrip(":：") in (*OPENING_WORDS, *CLOSING_WORDS)), None)
    if said is None or any(_cell(cells, column) not in EMPTY for column in (at.amount, at.money_in, at.money_out)):
        return None
    try:
        return said.rstrip(":：").strip(), money.parse(_cell(cells, at.balance))
    except Refusal:
        return None


def _stated(head: Sequence[Sequence[str]], words: tuple[str, ...]) -> int | None:
    """A balance that the preamble gives under one of these labels."""
    try:
        return money.parse(_after(head, words))
    except Refusal:
        return None


def _check_ends(rows: Sequence[BankRow], opening: int | None, closing: int | None) -> None:
    """The first row follows from the balance the file says it began with, and the last one ends on the other."""
    first, last = rows[0], rows[-1]
    if opening is not None and opening + first.amount_fen != first.balance_fen:
        raise BrokenOpening(
            row=first.row,
            opening=money.show(opening),
            expected=money.show(opening + first.amount_fen),
            found=money.show(first.balance_fen),
        )
    if closing is not None and closing != last.balance_fen:
        raise WrongClosing(row=last.row, closing=money.show(closing), found=money.show(last.balance_fen))


def _is_total(cells: Sequence[str]) -> bool:
    first = next(cell for cell in cells if cell)
    return first.rstrip(":：").lower() in TOTAL_WORDS or re.match(r"共\s*\d+\s*笔", first) is not None


def _cell(cells: Sequence[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _amount(number: int, cells: Sequence[str], index: int | None, header: Sequence[str]) -> int:
    text = _cell(cells, index)
    if text in EMPTY:
        return 0
    try:
        return money.parse(text)
    except Refusal:
        raise BadCell(row=number, column=_cell(header, index), text=text) from None


def _row(number: int, cells: Sequence[str], at: ColumnMap, header: Sequence[str]) -> BankRow:
    balance = _cell(cells, at.balance)
    if not balance:
        raise BadCell(row=number, column=_cell(header, at.balance), text="")
    amount, negated = _movement(number, cells, at, header)
    return BankRow(
        row=number,
        day=_day(number, _cell(cells, at.day), _cell(header, at.day)),
        time=_cell(cells, at.time),
        amount_fen=amount,
        balance_fen=_amount(number, cells, at.balance, header),
        party=_cell(cells, at.party),
        party_account=_cell(cells, at.party_account),
        summary=_cell(cells, at.summary),
        reference=_cell(cells, at.reference),
        negated=negated,
    )


def _movement(number: int, cells: Sequence[str], at: ColumnMap, header: Sequence[str]) -> tuple[int, bool]:
    """The fen that moved, positive when money came in; and whether a minus stood beside a direction."""
    negated = False
    if at.amount is not None:
        amount = _amount(number, cells, at.amount, header)
        if at.direction is not None:
            negated = amount < 0
            outward = _outward(number, _cell(cells, at.direction), _cell(header, at.direction))
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
    return amount, negated


def _outward(number: int, text: str, name: str) -> bool:
    """借 and 支 went out, 贷 and 收 came in; anything else is asked about, not guessed."""
    out, into = (any(word in text for word in words) for words in (OUTWARD, INWARD))
    if text.upper() in ("D", "DR", "C", "CR"):
        return text.upper().startswith("D")
    # 支付 and 转出 have only words of one side; 收付 has both and says nothing.
    if out == into:
        raise BadCell(row=number, column=name, text=text)
    return out


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


def _check_total(number: int, cells: Sequence[str], rows: Sequence[BankRow], page_begins: int, at: ColumnMap) -> None:
    """Compare a line of totals with the rows above it, where it gives any; one of a page with those of the page."""
    word = next(cell for cell in cells if cell).rstrip(":：").lower()
    spans = [rows[page_begins:], rows] if word in PAGE_WORDS else [rows]
    counts = [int(count[1]) for cell in cells if (count := re.fullmatch(r"共\s*(\d+)\s*笔", cell))]
    if counts and all(counts[0] != len(span) for span in spans):
        raise WrongCount(row=number, said=counts[0], found=len(spans[0]))
    for column, sums in _sums(at):
        try:
            found = money.parse(_cell(cells, column))
        except Refusal:
            continue
        if all(found not in sums(span) for span in spans):
            raise WrongTotal(row=number, found=money.show(found), expected=money.show(sums(spans[0])[0]))


def _sums(at: ColumnMap) -> Iterable[tuple[int, "Callable[[Sequence[BankRow]], tuple[int, ...]]"]]:
    """The columns that a line of totals may fill, and what may stand in each: in a single column of amounts the balance
    of all, all that came in, all that went out, or both together.
    """

    def came(rows: Sequence[BankRow]) -> int:
        return sum(row.amount_fen for row in rows if row.amount_fen > 0)

    def went(rows: Sequence[BankRow]) -> int:
        return -sum(row.amount_fen for row in rows if row.amount_fen < 0)

    if at.money_in is not None:
        yield at.money_in, lambda rows: (came(rows),)
    if at.money_out is not None:
        yield at.money_out, lambda rows: (went(rows),)
    if at.amount is not None:
        yield (
            at.amount,
            lambda rows: (
                came(rows) - went(rows),
                came(rows),
                went(rows),
                -went(rows),
                came(rows) + went(rows),
            ),
        )


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
            return _day(0, text, words[0])
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

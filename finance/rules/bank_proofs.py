"""What a statement says about itself, held against its rows: the running balance of each, the balances it began and
ended with, its totals and how many rows there are. What does not fit is named by its row.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from finance.rules.bank_columns import ColumnMap
from finance.rules.bank_rows import EMPTY, BankRow, cell_of
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

TOTAL_WORDS = ("合计", "总计", "小计", "本页合计", "total")
PAGE_WORDS = ("小计", "本页合计")
OPENING_WORDS = ("期初余额", "上期余额", "承前余额", "上页余额", "承前页")
CLOSING_WORDS = ("期末余额", "过次页")


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


def by_sign(rows: list[BankRow], at: ColumnMap) -> list[BankRow]:
    """Beside a direction some banks write every amount without a sign, and some give a correction the opposite one.
    The running balance tells which: where the plain reading breaks and the other does not, it is the other.
    """
    if at.direction is None or not any(row.negated for row in rows) or not _breaks(rows):
        return rows
    turned = [replace(row, amount_fen=-row.amount_fen) if row.negated else row for row in rows]
    fits = not _breaks(turned) or not _breaks(list(reversed(turned)))
    return turned if fits and _breaks(list(reversed(rows))) else rows


def _breaks(rows: Sequence[BankRow]) -> list[int]:
    """Where a balance is not the one before it plus the row's amount."""
    return [
        index
        for index in range(1, len(rows))
        if rows[index - 1].balance_fen + rows[index].amount_fen != rows[index].balance_fen
    ]


def in_order(rows: list[BankRow]) -> tuple[BankRow, ...]:
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


def check_ends(rows: Sequence[BankRow], opening: int | None, closing: int | None) -> None:
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


def is_total(cells: Sequence[str]) -> bool:
    first = next(cell for cell in cells if cell)
    return first.rstrip(":：").lower() in TOTAL_WORDS or re.match(r"共\s*\d+\s*笔", first) is not None


def check_total(number: int, cells: Sequence[str], rows: Sequence[BankRow], page_begins: int, at: ColumnMap) -> None:
    """Compare a line of totals with the rows above it, where it gives any; one of a page with those of the page."""
    word = next(cell for cell in cells if cell).rstrip(":：").lower()
    spans = [rows[page_begins:], rows] if word in PAGE_WORDS else [rows]
    counts = [int(count[1]) for cell in cells if (count := re.fullmatch(r"共\s*(\d+)\s*笔", cell))]
    if counts and all(counts[0] != len(span) for span in spans):
        raise WrongCount(row=number, said=counts[0], found=len(spans[0]))
    for column, sums in _sums(at):
        try:
            found = money.parse(cell_of(cells, column))
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


def stated_balance(cells: Sequence[str], at: ColumnMap) -> tuple[str, int] | None:
    """A line that is no movement and only says a balance: 期初余额 above the rows, 过次页 below them."""
    said = next((cell for cell in cells if cell.rstrip(":：") in (*OPENING_WORDS, *CLOSING_WORDS)), None)
    if said is None or any(cell_of(cells, column) not in EMPTY for column in (at.amount, at.money_in, at.money_out)):
        return None
    try:
        return said.rstrip(":：").strip(), money.parse(cell_of(cells, at.balance))
    except Refusal:
        return None

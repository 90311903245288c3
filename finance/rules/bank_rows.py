"""One row of a bank's statement: its day, what moved, and the balance after it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from finance.rules.bank_columns import ColumnMap
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

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


class BadCell(Refusal):
    message = N_("第 %(row)s 行“%(column)s”写的是“%(text)s”，读不出来；请重新从银行导出，不要手工改动")


class BothSides(Refusal):
    message = N_("第 %(row)s 行的收入和支出应当只有一边有数，请重新从银行导出")


def read_row(number: int, cells: Sequence[str], at: ColumnMap, header: Sequence[str]) -> BankRow:
    balance = cell_of(cells, at.balance)
    if not balance:
        raise BadCell(row=number, column=cell_of(header, at.balance), text="")
    amount, negated = _movement(number, cells, at, header)
    return BankRow(
        row=number,
        day=day_of(number, cell_of(cells, at.day), cell_of(header, at.day)),
        time=cell_of(cells, at.time),
        amount_fen=amount,
        balance_fen=amount_of(number, cells, at.balance, header),
        party=cell_of(cells, at.party),
        party_account=cell_of(cells, at.party_account),
        summary=cell_of(cells, at.summary),
        reference=cell_of(cells, at.reference),
        negated=negated,
    )


def _movement(number: int, cells: Sequence[str], at: ColumnMap, header: Sequence[str]) -> tuple[int, bool]:
    """The fen that moved, positive when money came in; and whether a minus stood beside a direction."""
    negated = False
    if at.amount is not None:
        amount = amount_of(number, cells, at.amount, header)
        if at.direction is not None:
            negated = amount < 0
            outward = _outward(number, cell_of(cells, at.direction), cell_of(header, at.direction))
            amount = -abs(amount) if outward else abs(amount)
    else:
        came, went = (
            amount_of(number, cells, at.money_in, header),
            amount_of(number, cells, at.money_out, header),
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


def amount_of(number: int, cells: Sequence[str], index: int | None, header: Sequence[str]) -> int:
    text = cell_of(cells, index)
    if text in EMPTY:
        return 0
    try:
        return money.parse(text)
    except Refusal:
        raise BadCell(row=number, column=cell_of(header, index), text=text) from None


def day_of(number: int, text: str, name: str) -> date:
    digits = re.match(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?!\d)", text)
    try:
        if digits:
            return date(int(digits[1]), int(digits[2]), int(digits[3]))
    except ValueError:
        pass
    raise BadCell(row=number, column=name, text=text)


def cell_of(cells: Sequence[str], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""

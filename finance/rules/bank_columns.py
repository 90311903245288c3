"""The names banks give their columns, and which column of a file is which."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from hoa.kernel.errors import N_

# A header stands below the preamble, and a preamble is not longer than this.
HEADER_WITHIN = 40


class Column(StrEnum):
    DAY = "day"
    TIME = "time"
    MONEY_IN = "money_in"
    MONEY_OUT = "money_out"
    AMOUNT = "amount"
    DIRECTION = "direction"
    BALANCE = "balance"
    PARTY = "party"
    PARTY_ACCOUNT = "party_account"
    SUMMARY = "summary"
    REFERENCE = "reference"


COLUMN_NAMES: Mapping[Column, str] = {
    Column.DAY: N_("交易日期"),
    Column.TIME: N_("交易时间"),
    Column.MONEY_IN: N_("收入金额"),
    Column.MONEY_OUT: N_("支出金额"),
    Column.AMOUNT: N_("金额（带正负号，或另有借贷列）"),
    Column.DIRECTION: N_("借贷方向"),
    Column.BALANCE: N_("账户余额"),
    Column.PARTY: N_("对方户名"),
    Column.PARTY_ACCOUNT: N_("对方账号"),
    Column.SUMMARY: N_("摘要"),
    Column.REFERENCE: N_("流水号"),
}

# Exact words after blanks, brackets and units are taken off.
SYNONYMS: Mapping[Column, frozenset[str]] = {
    Column.DAY: frozenset({"交易日期", "日期", "记账日期", "入账日期", "交易日", "记账日", "date"}),
    Column.TIME: frozenset({"交易时间", "时间", "time"}),
    Column.MONEY_IN: frozenset(
        {"收入金额", "收入", "贷方金额", "贷方发生额", "贷方", "转入金额", "存入", "存入金额", "credit"}
    ),
    Column.MONEY_OUT: frozenset(
        {"支出金额", "支出", "借方金额", "借方发生额", "借方", "转出金额", "支取", "支取金额", "debit"}
    ),
    Column.AMOUNT: frozenset({"金额", "交易金额", "发生额", "amount"}),
    Column.DIRECTION: frozenset({"借贷标志", "借贷方向", "收支方向", "收/支", "借/贷", "收付标志"}),
    Column.BALANCE: frozenset({"账户余额", "余额", "交易后余额", "本次余额", "联机余额", "balance"}),
    Column.PARTY: frozenset(
        {"对方户名", "对方名称", "对方单位", "对方单位名称", "交易对方", "对手户名", "收/付方名称", "counterparty"}
    ),
    Column.PARTY_ACCOUNT: frozenset({"对方账号", "对方账户", "对手账号", "交易对方账号", "收/付方账号"}),
    Column.SUMMARY: frozenset({"摘要", "用途", "附言", "交易摘要", "备注", "交易说明", "description"}),
    Column.REFERENCE: frozenset({"流水号", "交易流水号", "凭证号", "交易序号", "日志号", "业务参考号", "reference"}),
}


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """Which cell of a row holds what (counted from 0), and the index of the header line."""

    header: int
    day: int
    balance: int
    money_in: int | None = None
    money_out: int | None = None
    amount: int | None = None
    direction: int | None = None
    time: int | None = None
    party: int | None = None
    party_account: int | None = None
    summary: int | None = None
    reference: int | None = None

    def as_data(self) -> dict[str, int | None]:
        """For keeping under the layout's fingerprint."""
        return asdict(self)


def normal(cell: str) -> str:
    """A header cell without blanks, units and brackets: 收入金额(元) → 收入金额."""
    return re.sub(r"[(（\[【].*?[)）\]】]|\s|[:：]", "", cell).lower()


def find_columns(row: Sequence[str]) -> dict[Column, int]:
    """The columns that a line names; of two with the same name the first."""
    found: dict[Column, int] = {}
    for index, cell in enumerate(row):
        for column, words in SYNONYMS.items():
            if column not in found and normal(cell) in words:
                found[column] = index
    return found


def find_header(cells: Sequence[Sequence[str]]) -> tuple[int | None, Mapping[Column, int]]:
    """The line that names most columns, if it names at least three of them; it stands near the top."""
    best: tuple[int, dict[Column, int]] | None = None
    for number, row in enumerate(cells[:HEADER_WITHIN]):
        found = find_columns(row)
        if len(found) >= 3 and (best is None or len(found) > len(best[1])):
            best = number, found
    return best if best else (None, {})


def complete(header: int, found: Mapping[Column, int]) -> ColumnMap | None:
    """A usable map, when day, balance and either both sides or one amount are known; otherwise None and a person must
    say.
    """
    sides = Column.MONEY_IN in found and Column.MONEY_OUT in found
    if Column.DAY not in found or Column.BALANCE not in found or not (sides or Column.AMOUNT in found):
        return None
    known = {column.value: index for column, index in found.items()}
    if sides:
        known.pop(Column.AMOUNT.value, None)
        known.pop(Column.DIRECTION.value, None)
    return ColumnMap(header=header, **known)

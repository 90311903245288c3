"""Opening balances from a trial balance (科目余额表) of the 2004 or the 2024 regime (rules.md 5; the transition is
财会〔2025〕6号).

A 2004 code is brought over by the role its account plays. Four codes mean one thing in one regime and another in the
other (5201, 5301, 5401, 1701): which one is meant is asked, never guessed.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from finance.rules.charts import TRUST, TRUST_BANK, UNALLOCATED, WORK, Account, Chart, load_chart
from finance.rules.ledger import Line
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

REGIMES = ("2004", "2024")
HEADER = ("科目编码", "科目名称", "借方余额", "贷方余额")
MOST_ROWS = 400
# Where the balance of an account that is kept in parts is brought in: nobody says any more which part it was.
PARTS: Mapping[str, str] = {
    "trust_assets": TRUST_BANK,
    "trust_liabilities": UNALLOCATED,
    "prior_year_adjustment": "prior_year_adjustment.unrestricted",
}


class NotATable(Refusal):
    message = N_("没有读到科目余额表：第一行应是“科目编码、科目名称、借方余额、贷方余额”，请下载模板填写")


class TooManyRows(Refusal):
    message = N_("科目余额表最多 %(most)s 行，请只留末级科目和有余额的行")


class AmountUnread(Refusal):
    message = N_("“%(text)s”不是金额，请写成 1234.56 这样")


class BothColumns(Refusal):
    message = N_("借方余额和贷方余额只能填一边")


class CodeTwice(Refusal):
    message = N_("科目 %(code)s 出现了两次，请合并成一行")


class NotClosed(Refusal):
    message = N_("%(code)s %(name)s 是收入或费用科目，上年末应已结转为零；请先在原账里结转再导出余额表")


class NoCounterpart(Refusal):
    message = N_("%(code)s %(name)s 在 2024 年制度里没有对应的科目，请先在原账里转入别的科目")


class MeaningNeeded(Refusal):
    message = N_("%(code)s 在两套制度里意思不同，请在下面选明白它是哪一个")


class OpeningUnbalanced(Refusal):
    message = N_("本账簿的借方合计 %(debit)s 与贷方合计 %(credit)s 不相等，请核对有没有漏行")


class NothingToBring(Refusal):
    message = N_("这张余额表里没有本账簿的余额")


@dataclass(frozen=True, kw_only=True)
class BalanceRow:
    """One account of the trial balance, in fen; `row` counts from the header as a spreadsheet shows it."""

    row: int
    code: str
    name: str
    debit: str
    credit: str


@dataclass(frozen=True, kw_only=True)
class RowProblem:
    """What is wrong with a row, and how it is mended; row 0 is the table as a whole."""

    row: int
    refusal: Refusal


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A row and where it goes."""

    row: BalanceRow
    account: Account
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a trial balance would bring: the lines of this fund, the rows of the other one, what is wrong, and which
    codes have to be explained.
    """

    brought: tuple[Brought, ...]
    other_fund: tuple[BalanceRow, ...]
    problems: tuple[RowProblem, ...]
    asked: tuple[str, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The entries of the opening voucher: one for each account."""
        sums: dict[str, int] = {}
        for each in self.brought:
            sums[each.account.code] = sums.get(each.account.code, 0) + each.debit_fen - each.credit_fen
        return tuple(
            Line(account=code, debit_fen=max(fen, 0), credit_fen=max(-fen, 0)) for code, fen in sums.items() if fen
        )


def changed_codes() -> dict[str, tuple[Account, Account]]:
    """The codes of both regimes that mean different accounts: (in 2004, in 2024)."""
    old, new = ({account.code: account for account in load_chart(regime).accounts} for regime in REGIMES)
    return {
        code: (old[code], new[code])
        for code in sorted(old.keys() & new.keys())
        if "." not in code and old[code].role != new[code].role
    }


def read_text(text: str) -> list[BalanceRow]:
    """The rows of a table as it was pasted or saved as CSV: separated by commas, semicolons or tabs."""
    text = unicodedata.normalize("NFC", text).lstrip("\ufeff")
    separator = max(",;\t", key=text.count)
    try:
        return rows_of(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        raise NotATable from None


def rows_of(table: Iterable[Sequence[object]]) -> list[BalanceRow]:
    """The rows under the header; blank ones are passed over."""
    found: list[BalanceRow] = []
    columns: list[int] | None = None
    for number, cells in enumerate(table, start=1):
        words = [_word(cell) for cell in cells]
        if columns is None:
            columns = [words.index(name) for name in HEADER] if set(HEADER) <= set(words) else None
            continue
        code, name, debit, credit = (words[index] if index < len(words) else "" for index in columns)
        if code or debit or credit:
            found.append(BalanceRow(row=number, code=code, name=name, debit=debit, credit=credit))
        if len(found) > MOST_ROWS:
            raise TooManyRows(most=MOST_ROWS)
    if columns is None:
        raise NotATable
    return found


def as_text(rows: Iterable[BalanceRow]) -> str:
    """The table as CSV, as `read_text` takes it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow((row.code, row.name, row.debit, row.credit))
    return out.getvalue()


def read(rows: Sequence[BalanceRow], *, regime: str, fund: str, meanings: Mapping[str, str]) -> Reading:
    """Where every row goes in the 2024 chart. `meanings` says for a code that changed its meaning which regime's
    account is meant.
    """
    brought: list[Brought] = []
    others: list[BalanceRow] = []
    problems: list[RowProblem] = []
    seen: set[str] = set()
    chart = load_chart("2024")
    for row in rows:
        try:
            debit_fen, credit_fen = _amounts(row)
            if row.code in seen:
                raise CodeTwice(code=row.code)
            seen.add(row.code)
            if not (debit_fen or credit_fen):
                continue
            account = target(row.code, regime=regime, chart=chart, meanings=meanings)
        except Refusal as refusal:
            problems.append(RowProblem(row=row.row, refusal=refusal))
            continue
        if chart.holds(fund, account.code):
            brought.append(Brought(row=row, account=account, debit_fen=debit_fen, credit_fen=credit_fen))
        else:
            others.append(row)
    used = {row.code.partition(".")[0] for row in rows if _has_amount(row)}
    asked = tuple(code for code in changed_codes() if code in used)
    if not problems:
        problems += _whole(brought)
    return Reading(brought=tuple(brought), other_fund=tuple(others), problems=tuple(problems), asked=asked)


def target(code: str, *, regime: str, chart: Chart, meanings: Mapping[str, str]) -> Account:
    """The account of the 2024 chart that takes over the balance of a code."""
    root, changed = code.partition(".")[0], changed_codes()
    if root in changed:
        if meanings.get(root) not in REGIMES:
            raise MeaningNeeded(code=root)
        regime = meanings[root]
    source = load_chart(regime).by_code(code)
    if source.kind in ("income", "expense"):
        raise NotClosed(code=source.code, name=source.name)
    role = PARTS.get(source.role, source.role)
    found = next((account for account in chart.accounts if account.role == role), None)
    if found is None or not chart.is_leaf(found.code):
        raise NoCounterpart(code=source.code, name=source.name)
    return found


def _whole(brought: Sequence[Brought]) -> list[RowProblem]:
    debit, credit = sum(each.debit_fen for each in brought), sum(each.credit_fen for each in brought)
    if not brought:
        return [RowProblem(row=0, refusal=NothingToBring())]
    if debit != credit:
        return [RowProblem(row=0, refusal=OpeningUnbalanced(debit=money.show(debit), credit=money.show(credit)))]
    return []


def _amounts(row: BalanceRow) -> tuple[int, int]:
    debit, credit = _fen(row.debit), _fen(row.credit)
    if debit and credit:
        raise BothColumns
    return debit, credit


def _has_amount(row: BalanceRow) -> bool:
    try:
        return any(_amounts(row))
    except Refusal:
        return True


def _fen(text: str) -> int:
    if text in ("", "-", "—"):
        return 0
    try:
        return money.parse(text)
    except Refusal:
        raise AmountUnread(text=text[:40]) from None


def _word(cell: object) -> str:
    """A cell as text: codes that a spreadsheet took for numbers keep no `.0`."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unicodedata.normalize("NFC", str(cell)).strip()


def example(fund: str) -> list[BalanceRow]:
    """The rows of the template: accounts most associations have, without amounts."""
    roles = {
        TRUST: ("trust_assets", "trust_liabilities"),
        WORK: (
            "cash",
            "bank",
            "other_receivable",
            "fixed_asset",
            "depreciation",
            "payable",
            "other_payable",
            "unrestricted",
            "restricted",
        ),
    }[fund]
    chart = load_chart("2004")
    accounts = [chart.by_role(role) for role in roles]
    return [
        BalanceRow(row=number, code=account.code, name=account.name, debit="", credit="")
        for number, account in enumerate(accounts, start=2)
    ]

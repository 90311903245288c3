"""The statement of common revenue (公共收益收支表, R4.7) and the bank reconciliation (余额调节表, R5.6), from posted
vouchers.

Opening + income − spending = closing, and closing = what the account holds in the books: both are checked before
anything is published.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from finance.rules.charts import SOURCES, USES, Chart
from finance.rules.ledger import Line, VoucherKind, balance_fen
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A posted voucher, as statements need it."""

    id: str
    label: str
    kind: VoucherKind
    day: date
    summary: str
    party: str
    lines: tuple[Line, ...]
    resolution_id: str | None = None
    contract_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One voucher's share in a source or a use, in fen; a red voucher's share is negative."""

    voucher: Posted
    purpose: str
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """Everything under one source or one use."""

    purpose: str
    amount_fen: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Income by source and spending by use of a period; amounts in fen."""

    start: date
    end: date
    opening_fen: int
    income: tuple[Group, ...]
    spending: tuple[Group, ...]
    closing_fen: int

    @property
    def income_fen(self) -> int:
        return sum(group.amount_fen for group in self.income)

    @property
    def spending_fen(self) -> int:
        return sum(group.amount_fen for group in self.spending)


class StatementDoesNotAdd(Refusal):
    message = N_(
        "期初 %(opening)s 加收入 %(income)s 减支出 %(spending)s 不等于期末 %(closing)s：有凭证没有计入任何来源或用途"
        "，请先查明"
    )


class TrustDoesNotBalance(Refusal):
    message = N_("受托代理资产 %(assets)s 与受托代理负债 %(liabilities)s 不相等，不能公示，请先运行 hoa verify 查明")


def build(
    vouchers: Iterable[Posted], *, start: date, end: date, chart: Chart, brought: Iterable[Line] = ()
) -> Statement:
    """The statement of the days from `start` to `end`, of a fund kept in agency mode on the cash basis.

    `brought` are sums by account that stand in for vouchers before `start` which are not given one by one.
    """
    earlier: list[Line] = list(brought)
    within: list[Posted] = []
    for voucher in vouchers:
        if voucher.day < start or (voucher.kind is VoucherKind.OPENING and voucher.day <= end):
            earlier.extend(voucher.lines)
        elif voucher.day <= end:
            within.append(voucher)
    held = chart.by_role("trust_assets").code  # at the bank and in the cash box
    opening = balance_fen(earlier, held)
    closing = opening + balance_fen([line for voucher in within for line in voucher.lines], held)
    statement = Statement(
        start=start,
        end=end,
        opening_fen=opening,
        income=_groups(within, SOURCES, chart, sign=-1),
        spending=_groups(within, USES, chart, sign=1),
        closing_fen=closing,
    )
    check(statement)
    return statement


def check(statement: Statement) -> None:
    """Refuse a statement that does not add up."""
    if statement.opening_fen + statement.income_fen - statement.spending_fen != statement.closing_fen:
        raise StatementDoesNotAdd(
            opening=money.show(statement.opening_fen),
            income=money.show(statement.income_fen),
            spending=money.show(statement.spending_fen),
            closing=money.show(statement.closing_fen),
        )


def check_trust(lines: Sequence[Line], chart: Chart) -> None:
    """What is held in trust equals what is owed to the owners (rules.md 5.3)."""
    assets = balance_fen(lines, chart.by_role("trust_assets").code)
    liabilities = -balance_fen(lines, chart.by_role("trust_liabilities").code)
    if assets != liabilities:
        raise TrustDoesNotBalance(assets=money.show(assets), liabilities=money.show(liabilities))


def _groups(vouchers: Iterable[Posted], purposes: Iterable[str], chart: Chart, *, sign: int) -> tuple[Group, ...]:
    collected: dict[str, list[Entry]] = {purpose: [] for purpose in purposes}
    for voucher in vouchers:
        shares: dict[str, int] = {}
        for line in voucher.lines:
            purpose = chart.by_code(line.account).purpose
            if purpose in collected:
                shares[purpose] = shares.get(purpose, 0) + sign * (line.debit_fen - line.credit_fen)
        for purpose, amount in shares.items():
            collected[purpose].append(Entry(voucher=voucher, purpose=purpose, amount_fen=amount))
    return tuple(
        Group(
            purpose=purpose,
            amount_fen=sum(entry.amount_fen for entry in entries),
            entries=tuple(sorted(entries, key=lambda entry: (entry.voucher.day, entry.voucher.label))),
        )
        for purpose, entries in collected.items()
        if entries
    )


class OpenKind(StrEnum):
    """The four kinds of open items of a 余额调节表."""

    BANK_IN = "bank_in"
    BANK_OUT = "bank_out"
    BOOK_IN = "book_in"
    BOOK_OUT = "book_out"


OPEN_NAMES = {
    OpenKind.BANK_IN: N_("银行已收，账上未收"),
    OpenKind.BANK_OUT: N_("银行已付，账上未付"),
    OpenKind.BOOK_IN: N_("账上已收，银行未收"),
    OpenKind.BOOK_OUT: N_("账上已付，银行未付"),
}


@dataclass(frozen=True, kw_only=True)
class OpenItem:
    """A movement that only one side knows, or what is left of it (`whole_fen`: of how much); both are positive."""

    kind: OpenKind
    ref: str
    day: date
    amount_fen: int
    text: str
    whole_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """Bank and books on one day, and what explains the difference."""

    day: date
    bank_fen: int
    book_fen: int
    items: tuple[OpenItem, ...] = field(default=())

    def total(self, kind: OpenKind) -> int:
        return sum(item.amount_fen for item in self.items if item.kind is kind)

    @property
    def adjusted_bank_fen(self) -> int:
        return self.bank_fen + self.total(OpenKind.BOOK_IN) - self.total(OpenKind.BOOK_OUT)

    @property
    def adjusted_book_fen(self) -> int:
        return self.book_fen + self.total(OpenKind.BANK_IN) - self.total(OpenKind.BANK_OUT)

    @property
    def balanced(self) -> bool:
        return self.adjusted_bank_fen == self.adjusted_book_fen


class NotReconciled(Refusal):
    message = N_("银行余额与账面余额调节后仍差 %(gap)s，不能结账：请检查期初余额和漏掉的流水")


def check_reconciled(reconciliation: Reconciliation) -> None:
    """Refuse to close on a difference that the open items do not explain (R5.6)."""
    if not reconciliation.balanced:
        gap = reconciliation.adjusted_bank_fen - reconciliation.adjusted_book_fen
        raise NotReconciled(gap=money.show(abs(gap)))

"""The ledger as Beancount: what `bean-check` runs accepts 5,000 vouchers of either book, and notices one fen."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from beancount import loader

from finance.rules.charts import TRUST, WORK, load_chart
from finance.rules.ledger import Line, VoucherKind
from finance.rules.statements import Posted
from finance.service.export import Ledger, as_beancount
from finance.tables import Book

CHART = load_chart("2024")
START, END = date(2026, 1, 1), date(2026, 12, 31)
PARTIES = (
    '引号"和\\反斜线',
    "两行\n的名字",
    "<b>标记</b>",
    "=SUM(A1)",
    "䶮源养护",
    'option "title"',
    "  ",
    "#标签 ^链接",
)


def ledger(fund: str, number: int) -> Ledger:
    """Balanced vouchers on every account of a fund, black and red, of two and three entries."""
    draw = random.Random(7)  # noqa: S311  the same ledger every time
    codes = [account.code for account in CHART.leaves(fund)]
    vouchers = []
    for count in range(number):
        one, two, three = draw.sample(codes, 3)
        fen = draw.choice((1, 1, 1, -1)) * draw.randint(2, 10**9)
        part = draw.randint(1, abs(fen) - 1) * (1 if fen > 0 else -1)
        lines = (
            Line(account=one, debit_fen=fen),
            Line(account=two, credit_fen=part),
            Line(account=three, credit_fen=fen - part),
        )
        vouchers.append(
            Posted(
                id=str(count),
                label=f"记-{count:05d}",
                kind=VoucherKind.JOURNAL,
                day=START + timedelta(days=count * 365 // number),
                summary=draw.choice(PARTIES),
                party=draw.choice(PARTIES),
                lines=lines,
            )
        )
    opening = {codes[0]: 123_456, codes[1]: -123_456}
    book = Book(name=f"账簿 {fund}", regime="2024", kind=fund)
    return Ledger(book=book, chart=CHART, start=START, end=END, opening=opening, vouchers=tuple(vouchers))


@pytest.mark.parametrize("fund", [TRUST, WORK])
def test_five_thousand_vouchers_are_accepted_and_every_account_is_asserted_to_the_fen(fund: str, tmp_path: Path):
    made = ledger(fund, 5_000)
    text = as_beancount(made).decode()
    found, errors, _ = loader.load_string(text)
    assert errors == []
    asserted = [entry for entry in found if type(entry).__name__ == "Balance"]
    assert len(asserted) == len(made.closing())
    assert text.count(" ~ 0.00 CNY") == len(asserted)
    assert sum(type(entry).__name__ == "Transaction" for entry in found) == 5_001


def test_a_fen_moved_in_both_legs_breaks_an_assertion():
    made = ledger(TRUST, 20)
    text = as_beancount(made).decode()
    first = next(line for line in text.splitlines() if line.startswith(("  Assets", "  Liabilities")))
    account, amount, currency = first.split()
    fen = round(float(amount) * 100) + 1
    other = next(line for line in text.splitlines() if line.startswith("  ") and line != first and "CNY" in line)
    name, figure, _ = other.split()
    changed = text.replace(first, f"  {account}  {fen / 100:.2f} {currency}", 1)
    changed = changed.replace(other, f"  {name}  {(round(float(figure) * 100) - 1) / 100:.2f} CNY", 1)
    _, errors, _ = loader.load_string(changed)
    assert any("Balance failed" in error.message for error in errors)

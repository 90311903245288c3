"""The ledgers of a year as tables that any program and any person reads: 序时账, 明细账, 日记账, 科目余额表
(R5.6, R4.9).

Amounts in yuan with two decimals; a text that a spreadsheet would run is kept as text.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from finance.rules.charts import Chart
from finance.rules.ledger import Line, balance_fen
from hoa.kernel import money

JOURNAL = ("日期", "凭证号", "摘要", "对方", "科目代码", "科目名称", "借方", "贷方")
LEDGER = ("科目代码", "科目名称", "日期", "凭证号", "摘要", "借方", "贷方", "余额")
BALANCES = ("科目代码", "科目名称", "年初余额", "本年借方", "本年贷方", "年末余额")


class Entry(NamedTuple):
    """One line of a posted voucher, in the order of the book; amounts in fen."""

    day: date
    label: str
    summary: str
    party: str
    account: str
    debit_fen: int
    credit_fen: int


def journal(entries: Iterable[Entry], chart: Chart) -> bytes:
    """序时账: every entry in the order of dates and numbers."""
    return _table(
        JOURNAL,
        (
            (
                entry.day.isoformat(),
                entry.label,
                entry.summary,
                entry.party,
                entry.account,
                chart.full_name(entry.account),
                _amount(entry.debit_fen),
                _amount(entry.credit_fen),
            )
            for entry in entries
        ),
    )


def by_account(
    entries: Sequence[Entry], opening: Mapping[str, int], chart: Chart, *, year: int, only: str | None = None
) -> bytes:
    """明细账: account by account, what was brought in, each entry, the balance after it (debits less credits). `only`
    one account and its parts: its journal (日记账).
    """
    codes = sorted({*opening, *(entry.account for entry in entries)})
    rows: list[tuple[str, ...]] = []
    for code in codes:
        if only is not None and code != only and not code.startswith(f"{only}."):
            continue
        name, balance = chart.full_name(code), opening.get(code, 0)
        rows.append((code, name, f"{year}-01-01", "", "年初余额", "", "", money.plain(balance)))
        for entry in entries:
            if entry.account == code:
                balance += entry.debit_fen - entry.credit_fen
                debit, credit = _amount(entry.debit_fen), _amount(entry.credit_fen)
                day = entry.day.isoformat()
                rows.append((code, name, day, entry.label, entry.summary, debit, credit, money.plain(balance)))
    return _table(LEDGER, rows)


def balances(entries: Sequence[Entry], opening: Mapping[str, int], chart: Chart) -> bytes:
    """科目余额表: brought in, moved, carried on; the columns of both sides add up alike."""
    lines = [Line(account=entry.account, debit_fen=entry.debit_fen, credit_fen=entry.credit_fen) for entry in entries]
    rows = []
    for code in sorted({*opening, *(line.account for line in lines)}):
        own = [line for line in lines if line.account == code]
        debit, credit = sum(line.debit_fen for line in own), sum(line.credit_fen for line in own)
        closing = opening.get(code, 0) + balance_fen(own, code)
        figures = (opening.get(code, 0), debit, credit, closing)
        rows.append((code, chart.full_name(code), *(money.plain(fen) for fen in figures)))
    return _table(BALANCES, rows)


def _amount(fen: int) -> str:
    return money.plain(fen) if fen else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _safe(text: str) -> str:
    """Not run by a spreadsheet (trust.md, exports); a negative amount stays a number."""
    number = text[:1] == "-" and text[1:].replace(".", "", 1).replace(",", "").isdecimal()
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not number else text

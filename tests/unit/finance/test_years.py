"""The end of a year, and what is brought in from the standard before."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from finance.commands import books
from finance.rules import opening, years
from finance.rules.charts import load_chart
from finance.rules.fund import old
from finance.rules.years import BookYear

CHART = load_chart("2024")


def test_a_year_is_over_on_new_years_day_and_not_before():
    with pytest.raises(years.YearNotOver):
        years.check_over(2026, date(2026, 12, 31))
    years.check_over(2026, date(2027, 1, 1))


def test_a_book_is_kept_from_the_month_it_was_opened():
    book = BookYear(name="工作经费", opened_on=date(2026, 11, 30), closed=frozenset({202611}))
    assert book.months(2026) == [202611, 202612]
    assert book.open_months(2026) == [202612]
    assert book.months(2025) == []
    assert len(book.months(2027)) == 12
    with pytest.raises(years.YearOpenMonth, match=r"工作经费.*2026-12"):
        years.check_months([book], 2026)
    years.check_months([book], 2025)
    assert (
        years.first_year([book, BookYear(name="业主共有资金", opened_on=date(2025, 1, 1), closed=frozenset())]) == 2025
    )


def test_reports_are_due_on_the_packs_days_of_the_next_year_and_february_ends_when_it_ends():
    assert years.due_day(2026, 331) == date(2027, 3, 31)
    assert years.due_day(2026, 531) == date(2027, 5, 31)
    assert years.due_day(2026, 229) == date(2027, 2, 28)
    assert years.due_day(2027, 229) == date(2028, 2, 29)
    assert years.due_day(2026, 631) == date(2027, 6, 30)


@pytest.mark.parametrize("text", ["", "26", "２０２６", "2026-01", "0000", "9999x"])
def test_what_is_no_year_is_refused(text: str):
    with pytest.raises(years.NoSuchYear):
        years.parse_year(text)


SHEET = {1: 500, 31: 300, 32: 100, 33: 200, 40: 200, 51: 900, 60: 1600, 62: 50, 91: 900, 101: 600, 105: 50, 120: 1600}


def test_an_old_sheet_is_brought_in_on_the_accounts_of_the_new_chart_without_what_was_held_in_trust():
    lines = old.read(SHEET, CHART)
    assert [(line.account, line.debit_fen, line.credit_fen) for line in lines] == [
        ("1002", 500, 0),
        ("1501", 300, 0),
        ("1502", 0, 100),
        ("2209", 0, 50),
        ("3101", 0, 600),
        ("3102", 0, 50),
    ]


def test_an_old_sheet_becomes_a_trial_balance_that_opening_balances_are_read_from(tmp_path: Path):
    sheet, out = tmp_path / "sheet.csv", tmp_path / "balance.csv"
    rows = "".join(f"{number},{fen / 100:.2f}\n" for number, fen in SHEET.items())
    sheet.write_text(f"行次,期末数\n流动资产,\n{rows}2,\n", encoding="utf-8-sig")
    said = CliRunner().invoke(books, ["old-sheet", str(sheet), "-o", str(out)])
    assert "6 accounts" in said.stdout, said.output
    balance = opening.read_text(out.read_text(encoding="utf-8-sig"))
    reading = opening.read(balance, regime="2024", fund="work", meanings={})
    assert reading.problems == ()
    assert len(reading.brought) == 6
    with pytest.raises(old.NoSuchOldRow):
        old.parse("5,1.00\n")
    with pytest.raises(old.NoOldRows):
        old.parse("行次,期末数\n")


def test_an_old_sheet_that_does_not_add_up_is_refused_with_its_line():
    with pytest.raises(old.OldSumDiffers, match=r"第 33 行“固定资产净值”写的是 ¥2.01，各行相加是 ¥2.00"):
        old.read({**SHEET, 33: 201}, CHART)
    with pytest.raises(old.OldSheetDoesNotBalance):
        old.read({1: 5}, CHART)
    with pytest.raises(old.OldTrustApart):
        old.read({51: 5, 101: 5}, CHART)


def test_every_line_of_the_old_sheet_has_a_role_of_the_new_chart_or_adds_up_lines_above_it():
    seen: set[int] = set()
    for row in old.OLD_ROWS:
        assert bool(row.role) != bool(row.of)
        assert {abs(part) for part in row.of} <= seen
        if row.role:
            assert CHART.by_role(row.role)
        seen.add(row.number)
    assert sorted(seen) == [row.number for row in old.OLD_ROWS]

"""Statements of several banks as CSV and XLSX: read back exactly what was written, whatever layout and order; and what
is no statement, or a broken one, is told apart with its row.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from finance.rules import bank, bank_proofs, bank_rows, bank_sheets
from finance.rules.bank import BankFile, read_statement
from finance.rules.bank_columns import Column, ColumnMap, complete
from hoa.community import workbook
from tests.unit.finance.statements import LAYOUTS, Moved, Row, as_csv, as_xlsx, table

# The third bank has no column that is only a day: a person says once that its moments are the days.
MOMENTS = {Column.DAY: 1, Column.DIRECTION: 2, Column.AMOUNT: 3, Column.BALANCE: 4, Column.PARTY: 5}
CHOSEN = complete(0, {**MOMENTS, Column.SUMMARY: 6, Column.REFERENCE: 7})
SOME = (
    Moved(date(2026, 1, 3), 110, "甲", "租金", "007"),
    Moved(date(2026, 1, 3), -220, "乙", "维修", "008"),
    Moved(date(2026, 1, 5), 330_330, "丙", "停车", "009"),
    Moved(date(2026, 1, 9), -70_007, "丁", "保洁", "010"),
)


def chosen_for(layout: str) -> ColumnMap | None:
    return CHOSEN if layout == "flagged" else None


def moved_of(file: BankFile) -> list[Moved]:
    return [Moved(row.day, row.amount_fen, row.party, row.summary, row.reference) for row in file.rows]


def write(rows: Sequence[Row], form: str) -> bytes:
    if form == "csv":
        return as_csv(rows)
    return as_csv(rows, encoding="utf-8-sig", separator=";") if form == "utf-8" else as_xlsx(rows, as_text="t" in form)


@pytest.mark.parametrize("form", ["csv", "utf-8", "xlsx", "text"])
@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_bank_is_read_exactly_from_each_kind_of_file(layout: str, newest_first: bool, form: str) -> None:
    rows = table(SOME, 100_000, layout, newest_first=newest_first, account="9900 0000 0000 0405")
    file = read_statement(write(rows, form), chosen=chosen_for(layout))
    assert moved_of(file) == list(SOME)
    assert (file.opening_fen, file.closing_fen) == (100_000, 100_000 + sum(one.fen for one in SOME))
    assert (file.starts_on, file.ends_on) == (date(2026, 1, 3), date(2026, 1, 9))
    assert file.account_no == ("" if layout == "flagged" else "9900 0000 0000 0405")


def test_the_third_bank_is_asked_about_once_and_then_known_wherever_its_header_stands() -> None:
    rows = table(SOME, 0, "flagged")
    with pytest.raises(bank.ColumnsUnknown):
        read_statement(as_xlsx(rows))
    first = read_statement(as_xlsx(rows), chosen=CHOSEN)
    later = [["某某银行电子回单"], [], *rows]
    assert CHOSEN is not None
    for data in (as_xlsx(later), as_csv(later)):
        assert moved_of(read_statement(data, {first.fingerprint: CHOSEN})) == list(SOME)


movements = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-(10**11), 10**11).filter(bool), st.text("甲乙䶮a,\"';1", max_size=4)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(
    movements, st.integers(-(10**9), 10**12), st.sampled_from(LAYOUTS), st.booleans(), st.sampled_from(["csv", "xlsx"])
)
def test_random_statements_are_read_back_identically(
    drawn: list[tuple[int, int, str]], opening: int, layout: str, newest_first: bool, form: str
) -> None:
    day, written = date(2026, 1, 1), []
    for number, (days, fen, party) in enumerate(drawn):
        day += timedelta(days=days)
        written.append(Moved(day, fen, party.strip(" '"), "转账", f"{number:03d}x"))
    rows = table(written, opening, layout, newest_first=newest_first)
    read = moved_of(read_statement(write(rows, form), chosen=chosen_for(layout)))
    if newest_first and written[0].day == written[-1].day:
        # Within one day nothing says which end is the older one when both add up.
        assert read in (written, written[::-1])
    else:
        assert read == written


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_wrong_balance_names_the_row_a_person_sees_in_the_file(layout: str, form: str) -> None:
    rows = table(SOME, 100_000, layout)
    at = next(number for number, row in enumerate(rows) if len(row) > 4 and 330_330 in row)
    column = rows[at].index(100_000 + 110 - 220 + 330_330)
    rows[at][column] += 1
    with pytest.raises(bank_proofs.BrokenBalance) as refused:
        read_statement(write(rows, form), chosen=chosen_for(layout))
    assert refused.value.params["row"] == at + 1


def test_what_the_file_says_of_its_ends_and_its_number_of_rows_is_held_against_it() -> None:
    rows = table(SOME, 100_000, "sides")
    header = next(number for number, row in enumerate(rows) if row[:1] == ["记账日期"])
    begin = ["", None, None, 100_000, "", "期初余额"]
    end = ["", None, None, 100_000 + sum(one.fen for one in SOME), "", "期末余额"]
    whole = [*rows[: header + 1], begin, *rows[header + 1 :], end]
    assert moved_of(read_statement(as_csv(whole))) == list(SOME)
    missing = [*rows[: header + 1], begin, *rows[header + 2 : -1]]
    with pytest.raises(bank_proofs.BrokenOpening) as refused:
        read_statement(as_csv(missing))
    assert refused.value.params["row"] == header + 3
    with pytest.raises(bank_proofs.WrongClosing):
        read_statement(as_csv([*rows[:-2], end]))
    short = [list(row) for row in rows]
    short[-1] = ["合计", None, None, None, "共5笔"]
    with pytest.raises(bank_proofs.WrongCount) as counted:
        read_statement(as_csv(short))
    assert counted.value.params["row"] == len(rows)
    preamble = [["期初余额:", 99_999], *rows]
    with pytest.raises(bank_proofs.BrokenOpening):
        read_statement(as_csv(preamble))


def test_totals_of_pages_and_of_one_column_of_amounts_are_understood() -> None:
    rows = table(SOME, 0, "sides")
    header = next(number for number, row in enumerate(rows) if row[:1] == ["记账日期"])
    paged = [
        *rows[: header + 3],
        ["本页合计", 220, 110],
        *rows[header + 3 : -1],
        ["本页合计", 70_007, 330_330],
        rows[-1],
    ]
    assert moved_of(read_statement(as_csv(paged))) == list(SOME)
    paged[-2] = ["本页合计", 70_008, 330_330]
    with pytest.raises(bank_proofs.WrongTotal):
        read_statement(as_csv(paged))
    signed = table(SOME, 0, "signed")
    net = sum(one.fen for one in SOME)
    assert moved_of(read_statement(as_csv([*signed, ["合计", "", net]]))) == list(SOME)
    with pytest.raises(bank_proofs.WrongTotal):
        read_statement(as_csv([*signed, ["合计", "", net + 1]]))


def test_a_direction_that_says_nothing_is_refused_and_a_correction_with_a_minus_is_read_by_the_balance() -> None:
    rows = table(SOME, 0, "flagged")
    vague = [list(row) for row in rows]
    vague[2][2] = "收付"
    with pytest.raises(bank_rows.BadCell) as refused:
        read_statement(as_csv(vague), chosen=CHOSEN)
    assert (refused.value.params["row"], refused.value.params["text"]) == (3, "收付")
    # The bank takes its own payment of 2.20 back: 支出 −2.20 is money in.
    taken_back = table((*SOME, replace(SOME[1], day=date(2026, 1, 10), fen=220)), 0, "flagged")
    taken_back[-1][2:4] = ["支出", -220]
    assert [one.fen for one in moved_of(read_statement(as_csv(taken_back), chosen=CHOSEN))][-1] == 220


@pytest.mark.parametrize(
    "text",
    [
        "床前明月光,疑是地上霜,举头望明月\n低头思故乡,静夜思,李白",
        "房号,业主,面积\n1-101,张三,89.50\n1-102,李四,100.20",
        "日期,事项\n2026-01-03,开会\n2026-01-04,验收 3 部电梯",
        "",
    ],
)
def test_text_with_commas_that_is_no_statement_is_told_apart_from_an_unknown_layout(text: str) -> None:
    with pytest.raises(bank_sheets.NotBankRows):
        read_statement(text.encode())
    with pytest.raises(bank_sheets.NotBankRows):
        read_statement(as_xlsx([line.split(",") for line in text.splitlines()], as_text=True))
    with pytest.raises(bank.ColumnsUnknown):
        read_statement("何时,进,出,剩\n2026-01-03,100,,1100".encode())


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (bank_sheets.MAX_UNPACKED + 1))
    assert len(out.getvalue()) < 100_000
    with pytest.raises(workbook.WorkbookTooLarge):
        read_statement(out.getvalue())
    far = Workbook()
    far.active["A1"] = "交易日期"
    far.active[f"A{bank_sheets.MAX_ROWS + 1}"] = "x"
    out = io.BytesIO()
    far.save(out)
    with pytest.raises(bank_sheets.TooManyRows):
        read_statement(out.getvalue())
    with pytest.raises(bank_sheets.TooManyRows):
        read_statement(b"x,1\n" * (bank_sheets.MAX_ROWS + 1))


def test_a_formula_in_a_cell_is_refused_with_its_row() -> None:
    rows = table(SOME, 0, "signed")
    rows[-1][3] = "=D8+C9"
    with pytest.raises(bank_rows.BadCell) as refused:
        read_statement(as_xlsx(rows))
    assert refused.value.params["row"] == len(rows)


@pytest.mark.parametrize(
    ("found", "registered", "same"),
    [
        ("9900000000000405", "9900000000000405", True),
        ("9900****0405", "9900000000000405", True),
        ("9900****0406", "9900000000000405", False),
        ("9900000000000405", "99000000000004050", False),
    ],
)
def test_a_number_with_stars_is_the_account_it_fits(found: str, registered: str, same: bool) -> None:
    assert bank.same_account(found, registered) is same


def test_a_file_of_nothing_but_separators_is_refused_before_its_cells_are_looked_at() -> None:
    with pytest.raises(bank_sheets.NotAStatement):
        bank_sheets.read_sheet(b"," * 5_000_000)


def test_characters_that_nobody_sees_do_not_come_in_with_a_banks_file() -> None:
    file = "日期,收入金额,支出金额,余额,对方户名,摘要\n2026-09-01,1.00,,2.00,甲\x01\x0b商\ufffe贸,租金\n".encode()
    assert bank_sheets.read_sheet(file).cells[1][4] == "甲商贸"

"""Reading a bank's statement: what banks write around the rows, and what must never pass."""

import csv
import io
import json
from pathlib import Path

import pytest

from finance.rules import bank, bank_proofs, bank_rows, bank_sheets
from finance.rules.bank import read_statement
from finance.rules.bank_columns import Column, complete
from finance.rules.bank_sheets import read_sheet
from hoa.community import workbook

DATA = Path(__file__).parents[2] / "data"
STATEMENT = (DATA / "bank-2026.csv").read_bytes()
ROWS = (
    "交易日期,收入,支出,余额,摘要",
    "2026-01-03,100.00,,1100.00,甲",
    "2026-01-04,,50.00,1050.00,乙",
    "2026-01-05,10.00,,1060.00,丙",
    "2026-01-06,5.00,,1065.00,丁",
)


def statement(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def test_the_sample_statement_yields_exactly_its_expected_totals():
    file = read_statement(STATEMENT)
    expected = json.loads((DATA / "bank-2026.expected.json").read_text())
    assert expected == {
        "rows": len(file.rows),
        "in_fen": file.in_fen,
        "out_fen": file.out_fen,
        "opening_fen": file.opening_fen,
        "closing_fen": file.closing_fen,
    }
    assert (file.starts_on.isoformat(), file.ends_on.isoformat()) == ("2026-01-01", "2026-09-30")
    assert file.rows[0].reference == "260103000001"


def test_a_wrong_running_balance_is_refused_and_its_row_named():
    rows = list(ROWS)
    rows[2] = rows[2].replace("1050.00", "1051.00")
    with pytest.raises(bank_proofs.BrokenBalance) as refused:
        read_statement(statement(*rows))
    assert refused.value.params["row"] == 3


@pytest.mark.parametrize(("old", "new", "row"), [("1065.00", "1066.00", 5), (",10.00", ",11.00", 4)])
def test_the_row_where_the_balance_breaks_is_named(old: str, new: str, row: int):
    with pytest.raises(bank_proofs.BrokenBalance) as refused:
        read_statement("\n".join(ROWS).replace(old, new).encode())
    assert refused.value.params["row"] == row


def test_a_break_after_the_first_row_names_both():
    with pytest.raises(bank_proofs.BrokenStart) as refused:
        read_statement("\n".join(ROWS).replace("1100.00", "1101.00").encode())
    assert (refused.value.params["first"], refused.value.params["row"]) == (2, 3)


def test_every_balance_of_the_sample_is_guarded():
    source = list(csv.reader(io.StringIO(STATEMENT.decode("gb18030"))))
    for index in range(5, 100):
        rows = [list(row) for row in source]
        rows[index][4] = rows[index][4][:-1] + ("1" if rows[index][4][-1] != "1" else "2")
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        with pytest.raises((bank_proofs.BrokenBalance, bank_proofs.BrokenStart)) as refused:
            read_statement(out.getvalue().encode("gb18030"))
        assert index + 1 in (refused.value.params["row"], refused.value.params.get("first"))


def test_newest_first_is_read_oldest_first():
    file = read_statement(statement(ROWS[0], *reversed(ROWS[1:])))
    assert [row.summary for row in file.rows] == ["甲", "乙", "丙", "丁"]
    assert file.opening_fen == 100_000


def test_one_signed_amount_or_a_direction_column_read_alike():
    signed = statement("日期,金额,余额", "20260103,100,1100", "20260104,-50,1050")
    marked = statement("日期,借贷标志,金额,余额", "20260103,贷,100,1100", "20260104,借,50,1050")
    assert [row.amount_fen for row in read_statement(signed).rows] == [10_000, -5_000]
    assert [row.amount_fen for row in read_statement(marked).rows] == [10_000, -5_000]


def test_semicolons_utf8_marks_and_guarded_serials_are_no_obstacle():
    data = '\ufeff交易日期;贷方金额(元);借方金额(元);账户余额;流水号\n2026/1/3;1,00.00;;1100;="007"\n'.replace(
        "1,00.00", "100.00"
    )
    assert read_statement(data.encode()).rows[0].reference == "007"


def test_unknown_columns_are_asked_for_once_and_remembered():
    data = statement("何时,进,出,剩", "2026-01-03,100,,1100", "2026-01-04,,50,1050")
    with pytest.raises(bank.ColumnsUnknown):
        read_statement(data)
    sheet = read_sheet(data)
    said = {Column.DAY: 0, Column.MONEY_IN: 1, Column.MONEY_OUT: 2, Column.BALANCE: 3}
    chosen = complete(0, said)
    assert sheet.header is None
    assert chosen is not None
    first = read_statement(data, chosen=chosen)
    later = statement("何时,进,出,剩", "2026-02-03,1,,1051")
    assert read_statement(later, {first.fingerprint: chosen}).rows[0].amount_fen == 100


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (("100.00,,1100", "100.00,3,1100"), bank_rows.BothSides),
        (("100.00,,1100", ",,1100"), bank_rows.BothSides),
        (("100.00,", "一百,"), bank_rows.BadCell),
        (("2026-01-03", "2026-13-03"), bank_rows.BadCell),
        (("1050.00", ""), bank_rows.BadCell),
    ],
)
def test_a_cell_that_cannot_be_read_names_its_row(change: tuple[str, str], refusal: type[Exception]):
    with pytest.raises(refusal) as refused:
        read_statement("\n".join(ROWS).replace(*change).encode())
    assert "第 " in str(refused.value)


def test_a_total_that_differs_is_refused():
    with pytest.raises(bank_proofs.WrongTotal) as refused:
        read_statement(statement(*ROWS, "合计,115.01,50.00,,"))
    assert refused.value.params["row"] == 6


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"PK\x03\x04zip", workbook.NotAWorkbook),
        (b"\xd0\xcf\x11\xe0old", workbook.OldOrLockedWorkbook),
        (b"%PDF-1.7", bank_sheets.NotAStatement),
        (b"a\x00b", bank_sheets.NotAStatement),
        (b"\xff\xff\xff\xff", bank_sheets.NotAStatement),
        (b"", bank_sheets.NotBankRows),
        (ROWS[0].encode(), bank.NoRows),
        (b"x" * (bank_sheets.MAX_BYTES + 1), bank_sheets.FileTooLarge),
    ],
)
def test_what_is_no_statement_is_refused_with_its_reason(data: bytes, refusal: type[Exception]):
    with pytest.raises(refusal):
        read_statement(data)

"""Opening balances: codes by role, the four that changed their meaning, and problems named by row."""

import pytest

from finance.rules import opening
from finance.rules.charts import TRUST, WORK, load_chart
from finance.rules.ledger import Line

CHART = load_chart("2024")
TABLE = """科目编码,科目名称,借方余额,贷方余额
1002,银行存款,"12,000.50",
1122,其他应收款,300,
1501,固定资产,5000,
1502,累计折旧,,1200.50
2206,应交税金,,100
1701,受托代理资产,9000,
2601,受托代理负债,,9000
3101,非限定性净资产,,16000
"""


def read(text: str, fund: str = WORK, regime: str = "2004", **meanings: str) -> opening.Reading:
    said = {code[1:]: answer for code, answer in meanings.items()}
    return opening.read(opening.read_text(text), regime=regime, fund=fund, meanings=said)


def test_an_old_code_goes_to_the_account_with_the_same_role():
    found = read(TABLE, _1701="2004")
    assert found.problems == ()
    assert found.lines == (
        Line(account=CHART.by_role("bank").code, debit_fen=1_200_050),
        Line(account=CHART.by_role("other_receivable").code, debit_fen=30_000),
        Line(account=CHART.by_role("fixed_asset").code, debit_fen=500_000),
        Line(account=CHART.by_role("depreciation").code, credit_fen=120_050),
        Line(account=CHART.by_role("tax_payable").code, credit_fen=10_000),
        Line(account=CHART.by_role("unrestricted").code, credit_fen=1_600_000),
    )
    assert [row.code for row in found.other_fund] == ["1701", "2601"]
    trust = read(TABLE, fund=TRUST, _1701="2004")
    assert [line.account for line in trust.lines] == [
        CHART.by_role("trust_bank").code,
        CHART.by_role("unallocated").code,
    ]


def test_the_codes_that_changed_their_meaning_are_asked_about_and_never_guessed():
    assert set(opening.changed_codes()) == {"1701", "5201", "5301", "5401"}
    for regime in opening.REGIMES:
        found = read(TABLE, regime=regime)
        assert found.asked == ("1701",)
        assert [(problem.row, type(problem.refusal)) for problem in found.problems if problem.row == 7] == [
            (7, opening.MeaningNeeded)
        ]
    long_term = "科目编码,科目名称,借方余额,贷方余额\n1701,长期待摊费用,10,\n3101,非限定性净资产,,10\n"
    assert read(long_term, regime="2024", _1701="2024").lines[0].account == "1701"


def test_every_fault_is_named_with_its_row_and_nothing_is_brought():
    wrong = """科目编码,科目名称,借方余额,贷方余额
1002,银行存款,一百,
1001,现金,5,5
9999,不知道,5,
1002,银行存款,5,
4901,其他收入,,70
1122,其他应收款,,
"""
    found = read(wrong)
    assert [(problem.row, type(problem.refusal).__name__) for problem in found.problems] == [
        (2, "AmountUnread"),
        (3, "BothColumns"),
        (4, "UnknownAccount"),
        (6, "NotClosed"),
    ]
    twice = read("科目编码,科目名称,借方余额,贷方余额\n1002,x,1,\n1002,x,1,\n")
    assert type(twice.problems[0].refusal) is opening.CodeTwice
    uneven = read("科目编码,科目名称,借方余额,贷方余额\n1002,银行存款,10,\n3101,净资产,,9.99\n")
    assert [(problem.row, type(problem.refusal)) for problem in uneven.problems] == [(0, opening.OpeningUnbalanced)]
    with pytest.raises(opening.NotATable):
        opening.read_text("这不是表")


def test_a_table_survives_being_written_out_and_read_again():
    rows = opening.read_text(TABLE)
    assert opening.read_text(opening.as_text(rows)) == rows
    assert opening.read_text(TABLE.replace(",", "\t").replace('"12\t000.50"', "12000.50"))[0].debit == "12000.50"
    assert opening.rows_of([opening.HEADER, (1002.0, "银行存款", 5.5, None)])[0].code == "1002"

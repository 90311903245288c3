"""The pages of the work fund, walked by its treasurer: open, bring the old balances in, write entries, transfer, draw
cash, count it, look things up in the ledgers, put a mistake right.
"""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from finance.rules.charts import load_chart
from finance.service import opening
from finance.tables import Voucher
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.finance.scene import Scene, open_books

BOOKS = "/c/WTY/books"
CHART = load_chart("2024")
OFFICE, MEETING = CHART.by_role("administration.1").code, CHART.by_role("administration.2").code
BANK = CHART.by_role("bank").code
TABLE = (
    "科目编码,科目名称,借方余额,贷方余额\n1002,银行存款,20000,\n1701,受托代理资产,9000,\n2601,受托代理负债,,9000\n"
    "3101,非限定性净资产,,{net}\n"
)


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform)


def through(scene: Scene, location: str) -> str:
    """Submit, approve and post what was written; the address of its page."""
    voucher_id = location.rsplit("/", 1)[-1]
    with scene.platform.database.writing() as session:
        scene._attach(session, voucher_id)
    for verb, by in (("submit", "treasurer"), ("approve", "chair"), ("post", "deputy")):
        scene.step(verb, voucher_id, by)
    return location


def rows(*entries: tuple[str, str, str]) -> dict[str, str]:
    found = {}
    for no, (account, debit, credit) in enumerate(entries):
        found |= {f"rows-{no}-account": account, f"rows-{no}-debit": debit, f"rows-{no}-credit": credit}
    return found


def opened(scene: Scene, treasurer: FlaskClient) -> None:
    answer = post(
        treasurer,
        f"{BOOKS}/open-work",
        {
            "opened_on": "2026-01-01",
            "bank": "演示银行",
            "account_name": "工作经费",
            "account_no": "9900 0000 0000 0506",
            "source": "业主大会 2025-12-20 决议",
        },
    )
    assert answer.headers["Location"].endswith("/opening?book=work")
    page = f"{BOOKS}/opening?book=work"
    wrong = post(treasurer, page, {"regime": "2004", "table": TABLE.format(net="19,999.99"), "bring": "1"})
    assert "1701 在两套制度里意思不同" in wrong.text
    wrong = post(
        treasurer,
        page,
        {"regime": "2004", "table": TABLE.format(net="19,999.99"), "meaning-1701": "2004", "bring": "1"},
    )
    assert "不相等" in wrong.text
    assert "19,999.99" in wrong.text  # what was typed is still there
    file = (io.BytesIO(TABLE.format(net="20000").encode("gb18030")), "余额表.csv")
    form = {"regime": "2004", "file": file, "meaning-1701": "2004"}
    seen = post(treasurer, page, form, content_type="multipart/form-data")
    assert "将要写入的期初余额" in seen.text
    assert "另一本账" in seen.text
    done = post(
        treasurer, page, {"regime": "2004", "table": TABLE.format(net="20000"), "meaning-1701": "2004", "bring": "1"}
    )
    through(scene, done.headers["Location"])
    again = post(
        treasurer, page, {"regime": "2004", "table": TABLE.format(net="20000"), "meaning-1701": "2004", "bring": "1"}
    )
    assert "已经有期初余额凭证" in again.text
    workbook = treasurer.get(f"{BOOKS}/opening/template.xlsx?book=work").data
    assert opening.rows_from_file(workbook)[0].name == "现金"


def test_the_treasurers_way_through_the_work_fund(app: Flask, scene: Scene):
    treasurer = signed_in(app, scene.platform, scene.people["treasurer"])
    opened(scene, treasurer)

    journal = f"{BOOKS}/vouchers/journal?book=work"
    said = {
        "day": "2026-09-10",
        "summary": "印刷和会议",
        "party": "文印店",
        "resolution": scene.assembly,
        "grounds": "",
    }
    more = post(treasurer, journal, {**said, **rows((OFFICE, "80", "")), "more": "1"})
    assert more.text.count('name="rows-') == 5 * 3
    assert 'value="80"' in more.text
    half = post(treasurer, journal, {**said, **rows((OFFICE, "80", "70"), (BANK, "", "x"))})
    assert "第 1 行" in half.text
    uneven = post(treasurer, journal, {**said, **rows((OFFICE, "80", ""), (BANK, "", "90"))})
    assert "不相等" in uneven.text
    written = post(
        treasurer, journal, {**said, **rows((OFFICE, "80", ""), (MEETING, "20", ""), ("", "", ""), (BANK, "", "100"))}
    )
    first = through(scene, written.headers["Location"])
    assert "100.00" in treasurer.get(first).text

    transfer = f"{BOOKS}/transfer"
    money = {"day": "2026-09-12", "amount": "4000", "summary": "下半年工作经费", "resolution": scene.assembly}
    halves = through(scene, post(treasurer, transfer, money).headers["Location"])
    assert "另一本账的凭证" in treasurer.get(halves).text

    carry = f"{BOOKS}/cash/carry?book=work"
    drawn = post(treasurer, carry, {"kind": "drawing", "day": "2026-09-13", "amount": "2500", "note": "零星开支"})
    through(scene, drawn.headers["Location"])
    pays = {
        "kind": "payment",
        "means": "cash",
        "day": "2026-09-14",
        "amount": "60",
        "party": "小店",
        "summary": "茶水",
        "account": MEETING,
        "resolution": scene.assembly,
    }
    through(scene, post(treasurer, f"{BOOKS}/vouchers/new?book=work", pays).headers["Location"])
    cash = treasurer.get(f"{BOOKS}/cash?book=work").text
    assert "2,440.00" in cash
    assert "超过限额" in cash
    count = f"{BOOKS}/cash/count?book=work"
    tally = {"month": "2026-09", "counted": "2,400", "witness": "吴梓超", "note": ""}
    assert "请写明原因" in post(treasurer, count, tally).text
    assert post(treasurer, count, {**tally, "note": "少 40 元，出纳补足"}).status_code == 302
    assert "已经盘点过" in post(treasurer, count, {**tally, "note": "再来"}).text

    ledger = treasurer.get(f"{BOOKS}/ledger?book=work&start=2026-01-01&end=2026-09-30").text
    assert "23,900.00" not in ledger  # 20,000 − 100 + 4,000 − 2,500 = 21,400 in the bank
    assert "21,400.00" in ledger
    entries = treasurer.get(f"{BOOKS}/ledger/entries?book=work&account={BANK}").text
    assert entries.index("从银行提取现金") < entries.index("印刷和会议")
    found = treasurer.get(f"{BOOKS}/ledger/entries?book=work&account={BANK}&amount=4000").text
    assert "下半年工作经费" in found
    assert "印刷和会议" not in found
    assert "没有按金额查找" in treasurer.get(f"{BOOKS}/ledger/entries?book=work&account={BANK}&amount=x").text
    for page in ("/vouchers?book=work", "/vouchers?book=trust", "/ledger", "/cash?book=trust", "/"):
        assert treasurer.get(BOOKS + page).status_code == 200, page

    card = {
        "name": "打印机",
        "place": "业委会办公室",
        "keeper": "谢翀龑",
        "bought_on": "2026-09-01",
        "cost": "1200",
        "life_months": "60",
        "voucher": "",
    }
    assert post(treasurer, f"{BOOKS}/assets/new", {**card, "cost": "0"}).status_code == 200
    assert post(treasurer, f"{BOOKS}/assets/new", card).status_code == 302
    asset = re.search(r'href="([^"]+/assets/[a-z0-9]+)"', treasurer.get(f"{BOOKS}/assets").text.replace("/new", "-"))[1]
    assert "早于购置日" in post(treasurer, asset, {"outcome": "found", "day": "2026-08-31", "note": ""}).text
    assert "请写明原因" in post(treasurer, asset, {"outcome": "missing", "day": "2026-09-30", "note": ""}).text
    assert post(treasurer, asset, {"outcome": "found", "day": "2026-09-30", "note": ""}).status_code == 302
    assert post(treasurer, asset, {"outcome": "gone", "day": "2026-10-01", "note": "损坏报废"}).status_code == 302
    assert "已经处置了" in post(treasurer, asset, {"outcome": "found", "day": "2026-10-02", "note": ""}).text
    assert "损坏报废" in treasurer.get(f"{BOOKS}/assets").text

    correct = post(treasurer, f"{first}/correct", {"day": "2026-09-20", "reason": "会议费应为 30"})
    edit = treasurer.get(correct.headers["Location"], follow_redirects=True)
    assert re.search(r'name="rows-1-debit"[^>]*value="20', edit.text)
    with scene.platform.database.reading() as session:
        kinds = session.scalars(select(Voucher.kind).order_by(Voucher.kind)).all()
    assert kinds == ["drawing", "journal", "journal", "opening", "payment", "reversal", "transfer", "transfer"]
    assert "由它订正" in treasurer.get(first).text

"""Bank files on their way in: a workbook nobody knows is explained once in the browser, files find their account among
several, and the command says one clear sentence about whatever is wrong.
"""

import io
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from finance.service import bank, books, matching
from finance.service.vouchers import VoucherFields
from finance.tables import BankLayout, BankLine
from hoa.cli import main
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.finance.scene import RECEIPT, Scene, open_books
from tests.unit.finance.statements import Moved, as_csv, as_xlsx, table

BOOKS = "/c/WTY/books"
FIRST, SECOND = "9900 0000 0000 0405", "9911 2222 3333 4444"
JANUARY = (Moved(date(2026, 1, 3), 110_000, "甲", "租金 1月", "1"), Moved(date(2026, 1, 9), -20_010, "乙", "维修", "2"))
FEBRUARY = (Moved(date(2026, 2, 3), 110_000, "甲", "租金 2月", "3"),)


@pytest.fixture
def scene(platform: Platform) -> Scene:
    """A fund with two accounts."""
    scene = open_books(platform)
    with platform.database.writing() as session:
        book = books.trust_book(session, scene.community)
        books.open_bank_account(session, scene.community, book=book, bank="另一银行", name="定期户", account_no=SECOND)
    return scene


def upload(client: FlaskClient, data: bytes, name: str, account: str = "") -> str:
    fields = {"file": (io.BytesIO(data), name), "account": account}
    return str(post(client, f"{BOOKS}/bank/import", fields, content_type="multipart/form-data").text)


def hidden(page: str) -> dict[str, str]:
    """What a form carries along without showing it."""
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page)
    return {name: value for name, value in found if name != "csrf_token"}


def test_a_workbook_is_explained_once_and_goes_to_the_account_that_was_chosen(app: Flask, scene: Scene):
    treasurer = signed_in(app, scene.platform, scene.people["treasurer"])
    with scene.platform.database.reading() as session:
        first, second = (row.id for row in bank.accounts_of(session, scene.community))
    strange = as_xlsx([["某某银行电子流水"], *table(JANUARY, 0, "flagged")])
    page = upload(treasurer, strange, "流水.xlsx", second)
    assert "请指一下" in page
    carried = hidden(page)
    assert carried["account"] == second
    columns = f"{BOOKS}/bank/columns"
    other = post(treasurer, columns, {**carried, "header": "0", "again": "1"}, page=f"{BOOKS}/bank/import").text
    assert '<option value="0" selected>' in other
    names = ("", "day", "direction", "amount", "balance", "party", "summary", "reference")
    said = {f"column-{at}": name for at, name in enumerate(names)}
    kept = post(
        treasurer, columns, {**carried, **said, "column-4": "", "header": "1"}, page=f"{BOOKS}/bank/import"
    ).text
    assert "还要指出" in kept
    assert '<option value="direction" selected>' in kept, "what was said is not asked again"
    preview = post(treasurer, columns, {**carried, **said, "header": "1"}, page=f"{BOOKS}/bank/import").text
    assert "读出 2 笔" in preview
    assert "尾号 4444" in preview
    done = post(treasurer, f"{BOOKS}/bank/confirm", hidden(preview), page=f"{BOOKS}/bank/import")
    assert done.status_code == 302
    with scene.platform.database.reading() as session:
        assert set(session.scalars(select(BankLine.account_id))) == {second}
        assert session.scalar(select(func.count()).select_from(BankLayout)) == 1
    # Next month nobody is asked, although the header stands elsewhere; but the account still has to be said.
    later = as_xlsx(table((*JANUARY, *FEBRUARY), 0, "flagged"))
    assert "看不出文件是哪个账户的流水" in upload(treasurer, later, "2月.xlsx")
    assert "读出 3 笔，其中 1 笔是新的" in upload(treasurer, later, "2月.xlsx", second)
    wrong = upload(treasurer, as_csv(table(FEBRUARY, 0, "signed", account=FIRST)), "另.csv", second)
    assert f"文件是账号 {FIRST} 的流水" in wrong
    assert "读出 1 笔" in upload(treasurer, as_csv(table(FEBRUARY, 0, "signed", account=FIRST)), "另.csv")
    assert first != second


def hoa(scene: Scene, *arguments: str) -> Result:
    command = ["books", "import-bank", *arguments, "--community", "WTY"]
    return CliRunner().invoke(main, command, obj=scene.platform)


def test_the_command_takes_workbooks_and_says_one_sentence_about_what_is_wrong(scene: Scene, tmp_path: Path):
    def keep(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    rows = table(JANUARY, 0, "sides", account=FIRST)
    good = keep("good.xlsx", as_xlsx(rows))
    broken = [list(row) for row in rows]
    broken[5][3] += 1
    unnamed = as_csv(table(JANUARY, 0, "signed"))
    for arguments, words in (
        ((keep("broken.xlsx", as_xlsx(broken)),), "第 6 行"),
        ((keep("poem.csv", "床前,明月,光".encode()),), "没有一行像银行流水"),
        ((keep("odd.xlsx", as_xlsx(table(JANUARY, 0, "flagged"))),), "在网页的“导入银行流水”里指一次"),
        ((keep("else.csv", as_csv(table(JANUARY, 0, "signed", account="6222 0000 1111"))),), "文件是账号 6222"),
        ((keep("unnamed.csv", unnamed),), "请选明账户"),
        ((str(tmp_path / "unnamed.csv"), "--account", "777"), "账号 777 没有登记"),
        ((good, "--account", SECOND), "文件是账号"),
        ((keep("old.xls", b"\xd0\xcf\x11\xe0"),), "旧版 .xls"),
    ):
        for dry in ((), ("--dry-run",)):
            result = hoa(scene, *arguments, *dry)
            assert result.exit_code == 1, arguments
            assert words in result.output
            assert "Traceback" not in result.output
            assert len(result.output.strip().splitlines()) == 1
    with scene.platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(BankLine)) == 0
    dry = json.loads(hoa(scene, good, "--dry-run", "--json").output)
    assert (dry["new"], dry["imported"], dry["account"]) == (2, False, FIRST.replace(" ", ""))
    assert json.loads(hoa(scene, good, "--json").output)["closing_fen"] == 89_990
    assert "0 new" in hoa(scene, good).output
    assert json.loads(hoa(scene, str(tmp_path / "unnamed.csv"), "--account", "4444", "--json").output)["new"] == 2


def test_what_was_booked_last_time_is_proposed_and_what_is_sure_is_confirmed_together(app: Flask, scene: Scene):
    treasurer = signed_in(app, scene.platform, scene.people["treasurer"])
    months = [Moved(date(2026, month, 3), 110_000, "甲", f"租金 {month}月", str(month)) for month in range(1, 7)]
    with scene.platform.database.writing() as session:
        bank.import_statement(
            session,
            scene.community,
            name="a.csv",
            data=as_csv(table(months, 0, "signed", account=FIRST)),
            by=scene.people["cashier"],
            now=scene.platform.now(),
        )
    with scene.platform.database.reading() as session:
        lines = session.scalars(select(BankLine).order_by(BankLine.seq)).all()
    fields = replace(RECEIPT, party="甲商贸有限公司", amount_fen=110_000, purpose="CR03")
    for line in lines[:2]:
        voucher = scene.posted(fields, day=line.day)
        with scene.platform.database.writing() as session:
            by, now = scene.people["treasurer"], scene.platform.now()
            matching.confirm(session, scene.community, bank_line_id=line.id, voucher_id=voucher, by=by, now=now)
    with scene.platform.database.reading() as session:
        begun: VoucherFields = matching.fields_from_line(session, lines[2], today=date(2026, 10, 20))
    assert (begun.purpose, begun.party, begun.amount_fen, begun.summary) == (
        "CR03",
        "甲商贸有限公司",
        110_000,
        "租金 3月",
    )
    form = treasurer.get(f"{BOOKS}/vouchers/new?line={lines[2].id}").text
    assert "甲商贸有限公司" in form
    page = treasurer.get(f"{BOOKS}/bank").text
    assert "和上次一样" in page
    assert page.count("有把握</span>") == 4
    sure = re.findall(r'name="line" value="(\w+)"', page)
    assert set(sure) == {line.id for line in lines[2:]}
    done = post(treasurer, f"{BOOKS}/bank/sure", {"line": sure[:3]}, page=f"{BOOKS}/bank", follow_redirects=True)
    assert "对上了 3 笔" in done.text
    again = post(treasurer, f"{BOOKS}/bank/sure", {"line": sure[:3]}, page=f"{BOOKS}/bank", follow_redirects=True)
    assert "没有改动" in again.text
    left = f"{BOOKS}/bank/lines/{lines[5].id}"
    nothing = post(treasurer, f"{left}/parts", page=left)
    assert nothing.status_code == 422
    assert "请至少勾选一张凭证" in nothing.text
    loose = scene.draft(fields, day=lines[5].day)
    too_much = {"voucher": loose, f"part-{loose}": "1100.01"}
    refused = post(treasurer, f"{left}/parts", too_much, page=left)
    assert "请写不超过两边剩余的金额" in refused.text
    assert 'value="1100.01"' in refused.text, "what was typed is kept"
    post(treasurer, f"{left}/parts", {"voucher": loose, f"part-{loose}": "100"}, page=left)
    assert "还剩 ¥1,000.00 没有凭证" in treasurer.get(left).text
    for name in ("accounts", f"bank/{lines[0].account_id}/reconciliation/2026-06"):
        assert treasurer.get(f"{BOOKS}/{name}").status_code == 200
    paper = treasurer.get(f"{BOOKS}/bank/{lines[0].account_id}/reconciliation/2026-06.pdf")
    assert paper.data[:5] == b"%PDF-"
    twice = {"book": "trust", "bank": "某银行", "name": "某户", "account_no": FIRST}
    assert "已经登记过" in post(treasurer, f"{BOOKS}/accounts", twice).text
    letters = post(treasurer, f"{BOOKS}/accounts", {**twice, "account_no": "某某"})
    assert "应是 6 到 32 位数字" in letters.text
    assert 'value="某银行"' in letters.text


@pytest.mark.sqlite_only
def test_two_thousand_open_lines_come_in_pages(app: Flask, scene: Scene):
    moved = [
        Moved(date(2026, 9, 1 + number // 70), 10_000 + number % 50, f"付款人{number % 40}", "临停", str(number))
        for number in range(2_000)
    ]
    with scene.platform.database.writing() as session:
        bank.import_statement(
            session,
            scene.community,
            name="a.csv",
            data=as_csv(table(moved, 0, "signed", account=FIRST)),
            by=scene.people["cashier"],
            now=scene.platform.now(),
        )
    treasurer = signed_in(app, scene.platform, scene.people["treasurer"])
    first, last = (treasurer.get(f"{BOOKS}/bank?page={page}").text for page in (1, 67))
    assert "还有 2000 笔没有对上" in first
    assert (first.count("<tr>"), last.count("<tr>")) == (1 + 30, 1 + 20)
    month = treasurer.get(f"{BOOKS}/month/2026-09").text
    assert "还有 1970 笔没有对上" in month
    assert len(month) < 200_000

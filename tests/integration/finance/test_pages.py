"""The pages of the books, walked as their people would: open, import, match, check, post, close, publish, read."""

import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from finance.commands import books as books_command
from finance.service import books, publication
from finance.tables import BankLine, Voucher
from hoa.demo import books as demo_books
from hoa.demo import papers
from hoa.demo import people as cast
from hoa.kernel import money
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_community

SAMPLE = (Path(__file__).parents[2] / "data" / "bank-2026.csv").read_bytes()
BOOKS = "/c/WTY/books"
ODD = ("何时,进,出,剩,谁,为何\n2026-01-03,100.00,,1100.00,甲,押金\n2026-01-04,,50.00,1050.00,乙,电费\n").encode()


@pytest.fixture
def people(platform: Platform) -> dict[str, str]:
    community = a_community(platform)
    return {"community": community, **cast.settle(platform, community, now=cast.TERM[0])}


def opened(app: Flask, platform: Platform, people: dict[str, str], opening: str = "214,560.00") -> FlaskClient:
    """The treasurer's browser, the book opened through the page."""
    treasurer = signed_in(app, platform, people["treasurer"])
    answer = post(
        treasurer,
        f"{BOOKS}/open",
        {
            "opened_on": "2026-01-01",
            "bank": "演示银行",
            "account_name": "公共收益专户",
            "account_no": "9900 0000 0000 0405",
            "opening": opening,
            "limit": "5000",
            "days": "25",
            "source": "议事规则第二十一条",
            "proof": (io.BytesIO(papers.paper("余额表", ("214,560.00",))), "余额表.pdf"),
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, answer.text
    return treasurer


def upload(client: FlaskClient, data: bytes, name: str = "a.csv"):
    return post(client, f"{BOOKS}/bank/import", {"file": (io.BytesIO(data), name)}, content_type="multipart/form-data")


def hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]


def confirm(client: FlaskClient, page: str):
    names = [part.split('"', 1)[0] for part in page.split('name="chosen-')[1:]]
    said = {f"chosen-{name}": hidden(page, f"chosen-{name}") for name in names}
    data = {"ticket": hidden(page, "ticket"), "name": "a.csv", **said}
    return post(client, f"{BOOKS}/bank/confirm", data, page=f"{BOOKS}/bank/import")


def test_the_treasurers_way_from_an_empty_book_to_a_posted_receipt(
    app: Flask, platform: Platform, people: dict[str, str]
):
    treasurer = opened(app, platform, people)
    preview = upload(treasurer, SAMPLE)
    assert "95" in preview.text
    assert money.show(22_624_994) in preview.text
    assert confirm(treasurer, preview.text).status_code == 302
    assert "没有变化" in post_and_follow(treasurer, upload(treasurer, SAMPLE).text)
    month = treasurer.get(f"{BOOKS}/month/2026-03").text
    assert "写凭证" in month
    with platform.database.reading() as session:
        line = session.scalars(select(BankLine).where(BankLine.amount_fen == 33_000).order_by(BankLine.seq)).first()
    answer = post(
        treasurer,
        f"{BOOKS}/vouchers/new?line={line.id}",
        {
            "kind": "receipt",
            "day": "2026-03-21",
            "amount": "330.00",
            "party": "结息",
            "summary": "存款利息",
            "purpose": "CR12",
            "contract": "",
            "resolution": "",
        },
    )
    voucher_url = answer.headers["Location"]
    post(treasurer, f"{voucher_url}/submit", page=voucher_url)
    refused = post(treasurer, f"{voucher_url}/approve", page=f"{BOOKS}/bank/import")
    assert refused.status_code == 403
    chair, deputy = signed_in(app, platform, people["chair"]), signed_in(app, platform, people["deputy"])
    assert post(chair, f"{voucher_url}/approve", page=voucher_url).status_code == 302
    assert post(deputy, f"{BOOKS}/vouchers/post-approved", page=f"{BOOKS}/vouchers?state=approved").status_code == 302
    assert "记-0301" in treasurer.get(voucher_url).text
    june = treasurer.get(f"{BOOKS}/month/2026-06").text
    assert "像 记-0301 那样记账" in june


def post_and_follow(client: FlaskClient, page: str) -> str:
    return client.get(confirm(client, page).headers["Location"]).text


def test_unknown_columns_are_pointed_at_once(app: Flask, platform: Platform, people: dict[str, str]):
    treasurer = opened(app, platform, people, opening="1,000.00")
    page = upload(treasurer, ODD).text
    assert "请指一下" in page
    said = {"ticket": hidden(page, "ticket"), "name": "a.csv", "header": "0"}
    unsure = post(treasurer, f"{BOOKS}/bank/columns", {**said, "column-0": "day"}, page=f"{BOOKS}/bank/import").text
    assert "还要指出" in unsure
    said |= {
        f"column-{at}": name for at, name in enumerate(("day", "money_in", "money_out", "balance", "party", "summary"))
    }
    preview = post(treasurer, f"{BOOKS}/bank/columns", said, page=f"{BOOKS}/bank/import").text
    assert confirm(treasurer, preview).status_code == 302
    later = upload(treasurer, "何时,进,出,剩,谁,为何\n2026-02-03,1.00,,1051.00,甲,押金\n".encode()).text
    assert "读出 1 笔" in later


def test_a_ticket_of_another_community_is_worth_nothing(app: Flask, platform: Platform, people: dict[str, str]):
    treasurer = opened(app, platform, people)
    ticket = hidden(upload(treasurer, SAMPLE).text, "ticket")
    for wrong in (ticket[:-1] + ("0" if ticket[-1] != "0" else "1"), "", "a.b"):
        answer = post(treasurer, f"{BOOKS}/bank/confirm", {"ticket": wrong}, page=f"{BOOKS}/bank/import")
        assert answer.status_code == 404


def test_a_broken_file_names_its_row_on_the_page(app: Flask, platform: Platform, people: dict[str, str]):
    treasurer = opened(app, platform, people)
    broken = SAMPLE.decode("gb18030").replace("280,303.35", "280,303.36").encode("gb18030")
    answer = upload(treasurer, broken)
    assert "第 32 行" in answer.text
    with platform.database.reading() as session:
        assert session.scalars(select(BankLine)).all() == []


# ----------------------------------------------------------------------------------------- the demo's nine months
@pytest.fixture
def kept(platform: Platform, people: dict[str, str]) -> dict[str, str]:
    demo_books.build(platform, people["community"], people)
    return people


def the_quarter_is_published_by_the_treasurer_and_read_by_anybody(app: Flask, platform: Platform, kept: dict[str, str]):
    treasurer, visitor = signed_in(app, platform, kept["treasurer"]), app.test_client()
    supervisor, owner = signed_in(app, platform, kept["supervisor"]), signed_in(app, platform, kept["elder"])
    month = treasurer.get(f"{BOOKS}/month").text
    for shown in ("346,094.26", "347,294.26", "226,249.94", "93,515.68", "16,500.00", "逾期 35 天", "公示第三季度"):
        assert shown in month
    assert month.count("button--main") == 1
    assert visitor.get(f"{BOOKS}/2026Q3").status_code == 403
    assert "还没有公示" in supervisor.get(f"{BOOKS}/2026Q3").text
    assert post(supervisor, f"{BOOKS}/2026Q3/publish", page="/c/WTY/bulletin/").status_code == 403
    assert post(treasurer, f"{BOOKS}/2026Q3/publish", page=f"{BOOKS}/2026Q3").status_code == 302
    page = visitor.get(f"{BOOKS}/2026Q3").text
    for shown in ("¥347,294.26", "¥346,094.26", "¥1,200.00", "电梯广告", "䶮源养护"):
        assert shown in page
    lines = visitor.get(f"{BOOKS}/2026Q3/lines").text
    voucher = lines.split("/books/vouchers/")[1].split('"')[0]
    assert visitor.get(f"{BOOKS}/vouchers/{voucher}").status_code == 200
    with platform.database.reading() as session:
        content = publication.publications(session, kept["community"])[0].content
        paid = content["spending"][0]["lines"][0]["voucher"]
    paid_page = supervisor.get(f"{BOOKS}/vouchers/{paid}").text
    document = paid_page.split("/books/documents/")[1].split("/about")[0]
    answer = supervisor.get(f"{BOOKS}/documents/{document}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert visitor.get(f"{BOOKS}/documents/{document}").status_code == 302
    assert owner.get(f"{BOOKS}/documents/{document}").status_code == 403
    assert "谢翀龑" not in visitor.get(f"{BOOKS}/vouchers/{paid}").text
    for kind in ("xlsx", "csv", "beancount"):
        assert supervisor.get(f"{BOOKS}/2026Q3.{kind}").status_code == 200
    assert visitor.get(f"{BOOKS}/contracts").status_code == 200
    assert "已到期" in visitor.get(f"{BOOKS}/contracts/2").text
    assert "3" in supervisor.get(f"{BOOKS}/vouchers?q=诚达").text
    assert supervisor.get(f"{BOOKS}/month/2026-08/close").status_code == 200


def exports_agree_with_the_books_and_bean_check_accepts_them(platform: Platform, tmp_path: Path):
    from beancount import loader
    from openpyxl import load_workbook

    def export(kind: str, start: str = "2026-01-01") -> Path:
        target = tmp_path / f"books-{start}.{kind}"
        arguments = [
            "export",
            "--community",
            "WTY",
            "--format",
            kind,
            "--from",
            start,
            "--to",
            "2026-09-30",
            "-o",
            str(target),
        ]
        result = CliRunner().invoke(books_command, arguments, obj=platform)
        assert result.exit_code == 0, result.output
        return target

    for start in ("2026-01-01", "2026-04-01"):
        entries, errors, _ = loader.load_file(str(export("beancount", start)))
        assert errors == []
        assert sum(type(entry).__name__ == "Balance" for entry in entries) >= 10
    text = (tmp_path / "books-2026-01-01.beancount").read_text()
    assert "balance Assets:1801-受托代理资产:01-公共收益专户  347294.26 ~ 0.00 CNY" in text
    sheet = load_workbook(export("xlsx")).active
    debit = sum(
        round((row[6] or 0) * 100) for row in sheet.iter_rows(min_row=2, values_only=True) if row[4] == "1801.01"
    )
    credit = sum(
        round((row[7] or 0) * 100) for row in sheet.iter_rows(min_row=2, values_only=True) if row[4] == "1801.01"
    )
    assert (debit, credit) == (21_456_000 + 22_624_994, 9_351_568)
    assert "䶮源养护" in export("csv").read_text("utf-8-sig")


def test_the_command_imports_a_statement_and_says_what_it_read(app: Flask, platform: Platform, people: dict[str, str]):
    opened(app, platform, people)
    source = Path(__file__).parents[2] / "data" / "bank-2026.csv"
    arguments = ["import-bank", str(source), "--community", "WTY", "--json"]
    dry = CliRunner().invoke(books_command, [*arguments, "--dry-run"], obj=platform)
    assert '"imported": false' in dry.output
    done = CliRunner().invoke(books_command, arguments, obj=platform)
    assert '"closing_fen": 34609426' in done.output
    again = CliRunner().invoke(books_command, arguments[:-1], obj=platform)
    assert "0 new" in again.output
    with platform.database.reading() as session:
        assert books.bank_account(session, books.trust_book(session, people["community"])).head_seq == 95
        assert session.scalars(select(Voucher)).one().state == "submitted"


def only_the_posts_of_the_books_may_act_on_them(app: Flask, platform: Platform, kept: dict[str, str]):
    """Who holds which door open: the cashier imports and keeps no books, the chair checks, supervisors
    read, the auditor's office alone opens none.
    """
    with platform.database.reading() as session:
        voucher = session.scalars(select(Voucher.id).where(Voucher.number == 5)).first()
    doors = {
        "/month": {"chair", "deputy", "treasurer", "cashier", "member", "supervisor"},
        "/bank/import": {"treasurer", "cashier"},
        "/vouchers/new": {"treasurer"},
        "/contracts/new": {"chair", "treasurer", "secretary"},
        f"/vouchers/{voucher}/reverse": {"treasurer"},
        "/vouchers": {"chair", "deputy", "treasurer", "cashier", "member", "supervisor"},
    }
    askers = ("chair", "deputy", "treasurer", "cashier", "member", "supervisor", "auditor", "manager", "clerk", "elder")
    for asker in askers:
        client = signed_in(app, platform, kept[asker])
        for door, holders in doors.items():
            expected = 200 if asker in holders else 403
            assert client.get(BOOKS + door).status_code == expected, (asker, door)


def a_wrong_pair_is_taken_apart_and_a_wrong_voucher_reversed(app: Flask, platform: Platform, kept: dict[str, str]):
    treasurer = signed_in(app, platform, kept["treasurer"])
    with platform.database.reading() as session:
        voucher = session.scalars(select(Voucher.id).where(Voucher.number == 5, Voucher.month == 202609)).one()
        loose = session.scalars(select(BankLine).where(BankLine.amount_fen == -120_000)).one()
    url = f"{BOOKS}/vouchers/{voucher}"
    late = post(treasurer, f"{url}/reverse", {"day": "2026-09-30", "reason": "记错了来源"})
    assert "已经结账" in late.text
    red = post(treasurer, f"{url}/reverse", {"day": "2026-10-10", "reason": "记错了来源"})
    assert "红字凭证" in treasurer.get(red.headers["Location"]).text
    fields = {
        "kind": "payment",
        "day": "2026-10-08",
        "amount": "1200",
        "party": "某人",
        "summary": "退押金",
        "purpose": "U5",
    }
    begun = treasurer.get(f"{BOOKS}/vouchers/new?line={loose.id}").text
    assert "已经结账" in begun, "the line is of a closed month"
    assert 'value="2026-08-05"' not in begun, "a day that would be refused is not proposed"
    draft = post(treasurer, f"{BOOKS}/vouchers/new?line={loose.id}", {**fields, "contract": "", "resolution": ""})
    page = draft.headers["Location"]
    refused = post(treasurer, f"{page}/submit", page=page)
    assert refused.status_code == 422
    assert "依据" in refused.text
    assert f"{page}/edit" in refused.text, "the page that refuses also leads to the cure"
    scan = {"file": (io.BytesIO(b"<svg/>"), "x.pdf"), "kind": "invoice"}
    wrong = post(treasurer, f"{page}/documents", scan, page=page, content_type="multipart/form-data")
    assert "不是 PDF" in wrong.text
    line_page = f"{BOOKS}/bank/lines/{loose.id}"
    pair = re.search(r"/bank/matches/(\w+)/release", treasurer.get(line_page).text)
    assert pair is not None
    silent = post(treasurer, f"{BOOKS}/bank/matches/{pair[1]}/release", {"reason": " "}, page=line_page)
    assert silent.status_code == 422
    gone = post(treasurer, f"{BOOKS}/bank/matches/{pair[1]}/release", {"reason": "不是押金"}, page=line_page)
    assert "不是押金" in treasurer.get(gone.headers["Location"]).text
    assert post(treasurer, f"{page}/discard", page=page).status_code == 302
    assert treasurer.get(page).status_code == 404


def a_contract_is_written_down_with_its_schedule(app: Flask, platform: Platform, kept: dict[str, str]):
    secretary = signed_in(app, platform, kept["secretary"])
    form = {
        "direction": "income",
        "title": "自动售货机",
        "party": "售货机运营商",
        "common_part": "1 幢大堂",
        "purpose": "CR05",
        "starts_on": "2026-10-01",
        "ends_on": "2027-09-30",
        "frequency": "quarterly",
        "first_due_on": "2026-12-15",
        "amount": "900",
        "resolution": "",
    }
    refused = post(secretary, f"{BOOKS}/contracts/new", form)
    assert "第二百七十八条" in refused.text
    page = secretary.get(f"{BOOKS}/contracts/new").text
    decision = next(part.split('"')[0] for part in page.split('<option value="') if "充电桩、公共用房" in part)
    made = post(secretary, f"{BOOKS}/contracts/new", {**form, "resolution": decision})
    assert secretary.get(made.headers["Location"]).text.count("第 ") >= 4


@pytest.mark.slow
def test_the_demos_nine_months_on_their_pages_and_in_their_files(
    app: Flask, platform: Platform, kept: dict[str, str], tmp_path: Path
):
    """One run for all, because keeping nine months of books takes seconds."""
    only_the_posts_of_the_books_may_act_on_them(app, platform, kept)
    exports_agree_with_the_books_and_bean_check_accepts_them(platform, tmp_path)
    the_quarter_is_published_by_the_treasurer_and_read_by_anybody(app, platform, kept)
    a_contract_is_written_down_with_its_schedule(app, platform, kept)
    a_wrong_pair_is_taken_apart_and_a_wrong_voucher_reversed(app, platform, kept)

"""What owners and supervisors see: a quarter previewed, published, moved and published again; contracts that change;
who looked at what; a request to see originals. Names and summaries with mark-up in them stay text everywhere.
"""

import io
import re
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from finance.contract_tables import RentLetter
from finance.disclosure.tables import Inspection, ViewLog
from finance.rules import contracts as rules
from finance.rules.contracts import ChangeKind, Direction, Frequency, Step
from finance.service import bank, books, closing, contract_changes, contracts, inspections, matching, related
from finance.service.contract_changes import ChangeFields
from finance.service.contracts import ContractFields
from finance.tables import Attachment, Contract, RelatedParty
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.finance.clients import engage
from tests.integration.finance.scene import PAYMENT, RECEIPT, Scene, open_books
from tests.integration.people import a_person

BOOKS = "/c/WTY/books"
MARKUP = "<img src=x onerror=alert(1)>"
HEADER = "交易日期,交易时间,收入金额,支出金额,账户余额,对方户名,对方账号,摘要,流水号"
LINES = """起始日期:,20260701,截止日期:,20260930
交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号
20260915,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金 9月,1
20260920,,2600.00,400.00,顺发建材经营部,垃圾房维修,2
"""
RENT = ContractFields(
    direction=Direction.INCOME,
    title=f"公共用房 {MARKUP}",
    common_part="3 幢架空层",
    party="渝璧甲商贸有限公司",
    purpose="CR07",
    frequency=Frequency.MONTHLY,
    starts_on=date(2026, 7, 1),
    ends_on=date(2026, 12, 31),
    first_due_on=date(2026, 7, 15),
    amount_fen=300_000,
)


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform, opened_on=date(2026, 7, 1))


def make(scene: Scene, **changes: object) -> int:
    with scene.platform.database.writing() as session:
        fields = replace(RENT, resolution_id=scene.assembly, **changes)  # type: ignore[arg-type]
        return contracts.make(
            session, scene.community, fields=fields, by=scene.people["treasurer"], now=scene.platform.now()
        ).number


def close_the_quarter(scene: Scene) -> str:
    """A receipt and a payment, matched with the bank, and three months closed; the payment's id."""
    scene.posted(RECEIPT)
    paid = scene.posted(PAYMENT, summary=f"垃圾房维修 {MARKUP}", party=f"顺发建材经营部{MARKUP}")
    now, by = scene.platform.now(), scene.people["treasurer"]
    with scene.platform.database.writing() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        bank.import_statement(
            session, scene.community, account_id=account.id, name="a.csv", data=LINES.encode(), by=by, now=now
        )
        for row in matching.open_lines(session, account, today=date(2026, 10, 20)):
            for proposal in row.proposals[:1]:
                matching.confirm(
                    session, scene.community, bank_line_id=row.line.id, voucher_id=proposal.id, by=by, now=now
                )
        for month in (202607, 202608, 202609):
            closing.close_month(session, scene.community, month=month, by=by, now=now)
    return paid


def browser(app: Flask, scene: Scene, who: str) -> FlaskClient:
    return signed_in(app, scene.platform, scene.people[who])


def test_a_quarter_is_previewed_published_moves_and_is_published_again(app: Flask, scene: Scene):
    make(scene)
    paid = close_the_quarter(scene)
    treasurer, supervisor = browser(app, scene, "treasurer"), browser(app, scene, "supervisor")
    anybody = app.test_client()
    page = f"{BOOKS}/2026Q3"
    assert "请公示：2026 年第三季度公共收益收支表" in treasurer.get("/c/WTY/").text
    assert "预览将要公示的账目" in supervisor.get("/c/WTY/").text
    assert anybody.get(page).status_code == 403

    preview = supervisor.get(page).text
    assert f"应收的 {'¥3,000.00'}" in preview
    seen = re.search(r'name="hash" value="(\w+)"', preview)
    assert seen
    answer = post(supervisor, f"{page}/preview", {"hash": seen[1], "word": "objected", "reason": " "}, page=page)
    assert "请写明不同意的理由" in answer.text
    stale = post(supervisor, f"{page}/preview", {"hash": "0" * 64, "word": "agreed"}, page=page)
    assert "请重新看一遍" in stale.text
    long = post(supervisor, f"{page}/preview", {"hash": seen[1], "word": "objected", "reason": "长" * 501}, page=page)
    assert "长" * 501 in long.text
    said = {"hash": seen[1], "word": "objected", "reason": f"请先催租 {MARKUP}"}
    assert post(supervisor, f"{page}/preview", said, page=page).status_code == 302
    assert "请先催租" in treasurer.get(page).text
    assert post(treasurer, f"{page}/publish", page=page).status_code == 302
    assert "请在公示页面提出异议" in post(supervisor, f"{page}/preview", said, page=BOOKS + "/related").text

    for shown in (page, f"{page}/lines", f"{BOOKS}/", f"{BOOKS}/2026-09", f"{BOOKS}/search?q=垃圾房"):
        read = anybody.get(shown)
        assert read.status_code == 200, shown
        assert MARKUP not in read.text
        assert "垃圾房维修 &lt;img" in read.text
    assert "请先催租 &lt;img" in anybody.get(page).text
    assert "收了 ¥3,000.00，花了 ¥2,600.00，现在还有 ¥400.00" in anybody.get(f"{BOOKS}/").text
    assert "找到 0 笔" in anybody.get(f"{BOOKS}/search?q=没有这个").text
    assert "顺发建材经营部" in anybody.get(f"{BOOKS}/search?q=2600.00").text
    assert anybody.get(f"{BOOKS}/vouchers/{paid}").status_code == 200
    assert anybody.get(f"{BOOKS}/2026Q2").status_code == 403
    assert anybody.get(f"{BOOKS}/2026H1/lines").status_code == 404

    make(scene, title="后来补登的合同", starts_on=date(2026, 8, 1), first_due_on=date(2026, 8, 1))
    assert "合同清单或应收款变了" in anybody.get(page).text
    scene.platform.clock.advance(minutes=1)
    assert post(treasurer, f"{page}/publish", page=page).status_code == 302
    again = anybody.get(page).text
    assert "这是重新公示" in again
    assert "公示后账目有变动" not in again
    assert "内容没有变化" in post(treasurer, f"{page}/publish", page=BOOKS + "/contracts/new").text


def test_half_a_year_of_the_maintenance_fund_is_stated_checked_and_published(app: Flask, scene: Scene):
    close_the_quarter(scene)
    treasurer = browser(app, scene, "treasurer")
    figures = {
        "opening": "1000",
        "interest": "10",
        "from_revenue": "0",
        "other_in": "0",
        "spent": "5",
        "closing": "1006",
        "keeper": "管理中心",
        "note": "",
    }
    page = f"{BOOKS}/2026H2/maintenance"
    wrong = post(treasurer, page, figures).text
    assert "期末余额是 ¥1,006.00" in wrong
    assert 'value="1006"' in wrong
    topped = post(treasurer, page, {**figures, "from_revenue": "1", "closing": "1006"}).text
    assert "请先查明差在哪里" in topped
    assert post(treasurer, page, {**figures, "closing": "1005"}).status_code == 302
    shown = treasurer.get(f"{BOOKS}/2026H2").text
    assert "维修资金还有 ¥1,005.00" in shown
    assert "还没有过完" in post(treasurer, f"{BOOKS}/2026H2/publish", page=page).text
    assert treasurer.get(f"{BOOKS}/2026Q3/maintenance").status_code == 404


def test_a_contract_goes_on_by_changes_and_its_row_stays(app: Flask, scene: Scene):
    now, by = scene.platform.now(), scene.people["treasurer"]
    number = make(scene, steps=(Step(day=date(2026, 11, 1), amount_fen=330_000),))
    scene.posted(RECEIPT, **settles(scene, number, 3))
    amended = ChangeFields(
        kind=ChangeKind.AMEND,
        effective_on=date(2026, 10, 1),
        ends_on=date(2026, 12, 31),
        frequency=Frequency.LISTED,
        first_due_on=None,
        amount_fen=0,
        reason="改为年底一次付",
        listed=(Step(day=date(2026, 12, 20), amount_fen=900_000),),
    )
    with scene.platform.database.writing() as session:
        early = replace(amended, effective_on=date(2026, 9, 1), listed=())
        with pytest.raises(rules.InstalmentSettled):
            contract_changes.change(session, scene.community, number=number, fields=early, by=by, now=now)
        contract_changes.change(session, scene.community, number=number, fields=amended, by=by, now=now)
        renewed = replace(
            amended,
            kind=ChangeKind.RENEW,
            effective_on=date(2027, 1, 1),
            ends_on=date(2027, 12, 31),
            frequency=Frequency.YEARLY,
            first_due_on=date(2027, 1, 5),
            amount_fen=4_000_000,
            reason="续签一年",
            listed=(),
        )
        contract_changes.change(session, scene.community, number=number, fields=renewed, by=by, now=now)
    with scene.platform.database.reading() as session:
        row = contracts.find(session, scene.community, number)
        view = contracts.view(session, row, today=date(2026, 10, 20))
        assert [(due.due.no, due.due.amount_fen) for due in view.dues] == [
            (1, 300_000),
            (2, 300_000),
            (3, 300_000),
            (7, 900_000),
            (8, 4_000_000),
        ]
        assert (row.ends_on, view.ends_on) == (date(2026, 12, 31), date(2027, 12, 31))
        before = contracts.views(session, scene.community, today=date(2026, 9, 30), effective_by=date(2026, 9, 30))
        assert [due.due.amount_fen for due in before[0].dues] == [300_000] * 4 + [330_000] * 2
    treasurer = browser(app, scene, "treasurer")
    ended = {
        "kind": "end",
        "effective_on": "",
        "ends_on": "2026-10-31",
        "frequency": "yearly",
        "amount": "0",
        "reason": "",
        "resolution": "",
    }
    page = f"{BOOKS}/contracts/{number}/change"
    assert "请填写这一项" in post(treasurer, page, ended).text
    assert post(treasurer, page, {**ended, "reason": f"退租 {MARKUP}"}).status_code == 302
    shown = app.test_client().get(f"{BOOKS}/contracts/{number}").text
    assert "提前终止" in shown
    assert "退租 &lt;img" in shown
    assert MARKUP not in shown
    assert "提前终止，不能再改" in post(treasurer, page, {**ended, "reason": "再来"}).text
    for statement in ("UPDATE finance_contract SET party = 'x'", "DELETE FROM finance_due"):
        with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
            session.execute(text(statement))


def settles(scene: Scene, number: int, due_no: int) -> dict[str, object]:
    with scene.platform.database.reading() as session:
        row = contracts.find(session, scene.community, number)
        return {"contract_id": row.id, "due_no": due_no, "resolution_id": scene.assembly}


def test_the_rent_roll_its_files_and_a_letter_about_what_is_overdue(app: Flask, scene: Scene):
    number = make(scene)
    treasurer, anybody = browser(app, scene, "treasurer"), app.test_client()
    shown = anybody.get(f"{BOOKS}/rent-roll").text
    assert "应收 ¥18,000.00，收到 ¥0.00" in shown
    assert MARKUP not in shown
    book = load_workbook(io.BytesIO(anybody.get(f"{BOOKS}/rent-roll.xlsx").data))
    assert book.active.max_row == 7
    assert anybody.get(f"{BOOKS}/rent-roll.csv").data.decode("utf-8-sig").count("3000.00") == 12
    assert anybody.get(f"{BOOKS}/rent-roll.ods").status_code == 404
    assert "2027" not in anybody.get(f"{BOOKS}/rent-roll?year=99999").text

    page = f"{BOOKS}/contracts/{number}/letter"
    letter = treasurer.get(page).text
    assert "逾期 97 天" in letter
    assert "壹万贰仟元整" in letter
    assert post(treasurer, page).status_code == 302
    work(scene.platform)
    with scene.platform.database.reading() as session:
        row = session.scalars(select(RentLetter)).one()
        assert row.amount_fen == 1_200_000
        job = session.scalar(text("SELECT id FROM job WHERE kind = 'finance.letter'"))
    made = treasurer.get(f"{page}/{job}.pdf")
    assert made.data.startswith(b"%PDF")
    assert post(treasurer, page, {"letter": row.id}).status_code == 302
    assert treasurer.get(f"{BOOKS}/contracts/{number + 1}/letter/{job}.pdf").status_code == 404


def test_the_form_of_a_contract_names_the_line_it_cannot_read(app: Flask, scene: Scene):
    treasurer = browser(app, scene, "treasurer")
    form = {
        "direction": "spending",
        "title": "屋面防水",
        "party": "某某防水",
        "purpose": "U5",
        "starts_on": "2026-10-01",
        "ends_on": "2027-09-30",
        "frequency": "listed",
        "first_due_on": "2026-10-15",
        "amount": "0",
        "deposit": "0",
        "listed": "2026-10-15 5000\n下个月 2000",
        "method": "quotes",
        "quotes": "某某防水 7000.50\n某乙 8000",
        "invoicing": "issued",
    }
    page = f"{BOOKS}/contracts/new"
    wrong = post(treasurer, page, form).text
    assert "第 2 行“下个月 2000”读不懂" in wrong
    assert "下个月 2000</textarea>" in wrong
    assert "至少两家" in post(treasurer, page, {**form, "listed": "2026-10-15 5000", "quotes": ""}).text
    made = post(treasurer, page, {**form, "listed": "2026-10-15 5000\n2027-09-01 2000.50"})
    assert made.status_code == 302
    shown = treasurer.get(made.headers["Location"]).text
    assert "某乙 ¥8,000.00" in shown
    assert "¥2,000.50" in shown or "2,000.50" in shown
    assert "某某防水" in treasurer.get(f"{BOOKS}/contracts?q=防水").text
    assert "没有找到" in treasurer.get(f"{BOOKS}/contracts?q=没有这家").text


def test_a_declaration_is_made_and_ended_by_different_people(app: Flask, scene: Scene):
    chair, supervisor = browser(app, scene, "chair"), browser(app, scene, "supervisor")
    page = f"{BOOKS}/related"
    about = {"person": scene.people["chair"], "party": f"兴隆五金{MARKUP}", "relation": "弟弟经营", "since": ""}
    assert post(chair, page, about).status_code == 302
    assert "已经申报过了" in post(chair, page, about).text
    assert "不能在今天以后" in post(chair, page, {**about, "party": "乙", "since": "2030-01-01"}).text
    with scene.platform.database.reading() as session:
        row = session.scalars(select(RelatedParty)).one()
        assert [found.party for found in related.everything(session, scene.community)] == [f"兴隆五金{MARKUP}"]
    ended = {"until": "2026-10-01", "basis": "看过转让登记"}
    assert "请由另一位委员" in post(chair, f"{page}/{row.id}/end", ended).text
    assert post(supervisor, f"{page}/{row.id}/end", ended).status_code == 302
    assert "已结束" in supervisor.get(page).text
    assert MARKUP not in supervisor.get(page).text
    assert "已经登记结束" in post(supervisor, f"{page}/{row.id}/end", ended, page=page).text
    assert post(chair, page, {**about, "since": "2026-10-10"}).status_code == 302
    assert app.test_client().get(page).status_code == 302


def test_whoever_watches_the_books_is_logged_and_supervisors_read_the_log(app: Flask, scene: Scene):
    paid = close_the_quarter(scene)
    treasurer, supervisor = browser(app, scene, "treasurer"), browser(app, scene, "supervisor")
    engaged = engage(scene.platform, scene.community, scene.people)
    auditor, anybody = browser(app, scene, "auditor"), app.test_client()
    for client in (treasurer, supervisor, auditor):
        for path in (f"/vouchers/{paid}", "/2026Q3.csv", "/2026Q3"):
            assert client.get(BOOKS + path).status_code == 200
    # The auditor reads the bank's lines of the agreed days on the page of the engagement.
    for client, page in (
        (treasurer, f"{BOOKS}/month/2026-09"),
        (supervisor, f"{BOOKS}/month/2026-09"),
        (auditor, f"/c/WTY/engagements/{engaged.id}/bank"),
    ):
        assert client.get(page).status_code == 200
    anybody.get(f"{BOOKS}/vouchers/{paid}")
    assert supervisor.get(f"{BOOKS}/vouchers/missing").status_code == 404
    with scene.platform.database.reading() as session:
        found = session.execute(
            select(ViewLog.person_id, ViewLog.kind, func.count()).group_by(ViewLog.person_id, ViewLog.kind)
        ).all()
        assert sorted(found) == sorted(
            (scene.people[who], kind, 1)
            for who, lines in (("supervisor", "bank"), ("auditor", "page"))
            for kind in ("voucher", lines, "export", "statement")
        )
    # The pages of a document are pictures of their own: one look, whether or not the page around them was asked for.
    with scene.platform.database.reading() as session:
        (paper,) = session.scalars(select(Attachment.document_id).where(Attachment.voucher_id == paid)).all()
    for _ in range(2):
        assert supervisor.get(f"{BOOKS}/documents/{paper}/pages/1").status_code == 200
    with scene.platform.database.reading() as session:
        looked = select(ViewLog.person_id).where(ViewLog.kind == "document", ViewLog.object_id == paper)
        assert session.scalars(looked).all() == [scene.people["supervisor"]]
    log = supervisor.get(f"{BOOKS}/views?q=垃圾房").text
    assert log.count("垃圾房维修 &lt;img") == 2
    assert "没有" not in log.split("<h1", 1)[1].split("</table>")[0]
    assert treasurer.get(f"{BOOKS}/views").status_code == 403
    with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
        session.execute(text("DELETE FROM finance_view_log"))


def test_an_owner_asks_to_see_originals_and_is_let_in_for_some_days(app: Flask, scene: Scene):
    paid = scene.posted(PAYMENT)
    owner = a_person(scene.platform, "萧春怡")
    now = scene.platform.now()
    asked = {"starts_on": date(2026, 9, 1), "ends_on": date(2026, 9, 30), "by": owner, "now": now}
    with scene.platform.database.writing() as session:
        with pytest.raises(inspections.NotSaidWhat):
            inspections.ask(session, scene.community, wanted=" ", **asked)
        with pytest.raises(inspections.UpsideDown):
            inspections.ask(session, scene.community, wanted="x", **{**asked, "ends_on": date(2026, 8, 1)})
        row = inspections.ask(session, scene.community, wanted=f"9 月维修的发票 {MARKUP}", **asked)
        assert row.answer_due == date(2026, 11, 3)
        with pytest.raises(inspections.AskedAlready):
            inspections.ask(session, scene.community, wanted="再问", **asked)
        request = row.id
    reader, chair = signed_in(app, scene.platform, owner), browser(app, scene, "chair")
    assert reader.get(f"{BOOKS}/vouchers/{paid}").status_code == 403
    assert "答复查阅申请" in chair.get("/c/WTY/").text
    page = f"{BOOKS}/inspections/{request}"
    assert "请写明理由" in post(chair, page, {"outcome": "refused", "text": ""}).text
    far = {"outcome": "granted", "open_from": "2026-10-20", "open_until": "2027-01-01"}
    assert "最多 15 天" in post(chair, page, far).text
    assert post(chair, page, {"outcome": "granted", "place": "办公室"}).status_code == 302
    assert "答复不能修改" in post(chair, page, {"outcome": "granted"}, page=f"{BOOKS}/contracts/new").text
    assert "同意" in reader.get(f"{BOOKS}/inspections").text
    shown = reader.get(f"{BOOKS}/vouchers/{paid}")
    assert shown.status_code == 200
    everything = chair.get(f"{BOOKS}/inspections").text
    assert "萧春怡" in everything
    assert MARKUP not in everything
    with scene.platform.database.reading() as session:
        assert [row.person_id for row in session.scalars(select(ViewLog))] == [owner]
        granted = session.scalars(select(Inspection)).one()
        for day, let_in in ((date(2026, 8, 31), False), (date(2026, 9, 30), True), (date(2026, 10, 1), False)):
            assert inspections.lets_in(session, scene.community, person_id=owner, day=day, now=now) is let_in
        assert granted.open_until == date(2026, 11, 3)
        assert session.scalar(select(func.count()).select_from(Contract)) == 0

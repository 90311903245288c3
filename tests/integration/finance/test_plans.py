"""Budgets, the top-up of the maintenance fund, allowances and what the property fee covers: kept, shown, refused."""

import io
from datetime import date

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from finance.audit.collect import collect
from finance.rules.charts import WORK
from finance.service import books, vouchers
from finance.shares.providers import budget_lines
from finance.shares.providers import shares as told_shares
from finance.shares.rules import allowances as allowance_rules
from finance.shares.rules import budgets as budget_rules
from finance.shares.rules import topup as topup_rules
from finance.shares.rules.budgets import BudgetLine
from finance.shares.rules.runs import NotAtThisStep
from finance.shares.service import allowances, budgets, fee_items, topup
from finance.shares.service.standing import BatchState
from finance.shares.tables import AllowanceRun, Budget, TopUpCertificate
from finance.tables import Voucher
from hoa.community import pack_choice
from hoa.db import get
from hoa.demo import papers
from hoa.kernel.errors import NotFound
from hoa.offices.tables import Office
from hoa.platform import Platform
from hoa.resolutions import service as resolutions
from tests.integration.community.scene import post, signed_in, work
from tests.integration.finance.scene import PAYMENT, Scene, open_books

SHARES = "/c/WTY/shares"
BANK_SLIP = papers.paper("到账证明", ("50,000.00",))


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform)


def act(scene: Scene, verb, by: str = "treasurer", **more: object):
    with scene.platform.database.writing() as session:
        return verb(session, scene.community, by=scene.people[by], now=scene.platform.now(), **more)


def decided(scene: Scene, **changes: object) -> str:
    fields = {
        "source": "assembly",
        "matter": "M9",
        "title": "2026 年预算",
        "text": "…",
        "decided_on": date(2026, 1, 5),
        **changes,
    }
    with scene.platform.database.writing() as session:
        return resolutions.enter(session, scene.community, now=scene.platform.now(), **fields).id  # type: ignore[arg-type]


def test_a_budget_is_drafted_adopted_revised_and_shown_beside_the_books(app: Flask, scene: Scene):
    scene.posted(amount_fen=300_000)
    treasurer = signed_in(app, scene.platform, scene.people["treasurer"])
    visitor, page = app.test_client(), f"{SHARES}/budget/trust/2026"
    assert "还没有生效的预算" in visitor.get(page).text
    edit = post(treasurer, f"{page}/draft", page=page).headers["Location"]
    wrong = post(treasurer, edit, {"planned-income.CR07": "很多", "planned-use.U5": "1", "note-use.U5": "垃圾房"})
    assert "不是金额" in wrong.text
    assert "很多" in wrong.text
    assert "垃圾房" in wrong.text
    assert "至少要有一行" in post(treasurer, edit, {"planned-use.U5": ""}).text
    lines = {"planned-income.CR07": "36,000", "planned-use.U5": "2,000.00", "note-use.U5": "垃圾房"}
    assert post(treasurer, edit, lines).status_code == 302
    # Filled in as a workbook and sent back it is the same draft; a wrong row is named.
    sheet = load_workbook(io.BytesIO(treasurer.get(f"{page}.xlsx?draft=1").data))
    rows = {row[0].value: row for row in sheet.active.iter_rows()}  # type: ignore[union-attr]
    assert rows["2601.55"][3].value == "2000.00"
    rows["2601.55"][3].value = "1,999.99"

    def send() -> str:
        out = io.BytesIO()
        sheet.save(out)
        file = {"file": (io.BytesIO(out.getvalue()), "预算.xlsx")}
        answer = post(treasurer, f"{edit}/upload", file, page=edit, content_type="multipart/form-data")
        return answer.text if answer.status_code == 200 else "taken"

    assert send() == "taken"
    rows["2601.55"][3].value = "-5"
    assert "第 " in send()
    rows["2601.55"][3].value, rows["2601.55"][0].value = "5", "9999"
    assert "科目编号" in send()
    with scene.platform.database.reading() as session:
        draft = session.scalars(select(Budget)).one()
        assert [row.planned_fen for row in budgets.lines_of(session, draft)] == [3_600_000, 199_999]
    for refusal, resolution in (
        (budget_rules.BudgetNeedsAssembly, scene.committee),
        (budget_rules.BudgetDecisionOver, decided(scene, valid_until=date(2026, 2, 1))),
        (budget_rules.BudgetOverDecision, decided(scene, limit_fen=199_998)),
        (NotFound, "x"),
    ):
        with pytest.raises(refusal):
            act(scene, budgets.adopt, budget_id=draft.id, resolution_id=resolution)
    first = decided(scene, limit_fen=199_999)
    assert post(treasurer, f"{edit}/adopt", {"resolution": first}, page=edit).status_code == 302
    shown = visitor.get(page).text
    for expected in ("¥36,000.00", "¥3,000.00", "¥1,999.99", "第 1 版"):
        assert expected in shown, expected
    with pytest.raises(budget_rules.NotADraftBudget):
        act(scene, budgets.adopt, budget_id=draft.id, resolution_id=decided(scene))
    assert treasurer.get(edit).status_code == 409
    # A payment above its line says so on its page, to whoever checks it.
    voucher = scene.draft(PAYMENT, amount_fen=200_000)
    assert "连同在途的凭证会超出" in treasurer.get(f"/c/WTY/books/vouchers/{voucher}").text
    assert "连同在途" not in treasurer.get(f"/c/WTY/books/vouchers/{scene.draft(PAYMENT, amount_fen=199_999)}").text
    # Another version needs another resolution.
    again = act(scene, budgets.begin, kind="trust", year=2026)
    with pytest.raises(budget_rules.DraftOpen):
        act(scene, budgets.begin, kind="trust", year=2026)
    with pytest.raises(budget_rules.SameDecision):
        act(scene, budgets.adopt, budget_id=again.id, resolution_id=first)
    more = [BudgetLine(role="use.U5", name="", income=False, planned_fen=500_000)]
    act(scene, budgets.save, budget_id=again.id, lines=more, note="")
    act(scene, budgets.adopt, budget_id=again.id, resolution_id=decided(scene, title="修改预算"))
    assert "第 2 版" in visitor.get(page).text
    third = act(scene, budgets.begin, kind="trust", year=2026)
    assert (
        post(treasurer, f"{SHARES}/budgets/{third.id}/discard", page=f"{SHARES}/budgets/{third.id}").status_code == 302
    )
    with scene.platform.database.reading() as session:
        told = budget_lines(session, scene.community, start=date(2026, 1, 1), end=date(2026, 9, 30))
        assert [(row.book, row.budget_fen, row.actual_fen) for row in told] == [("trust", 500_000, 0)]
    with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
        session.execute(text("UPDATE budget SET year = 2027 WHERE version = 1"))
    assert visitor.get(f"{SHARES}/budget/{WORK}/2026").status_code == 404
    assert visitor.get(f"{SHARES}/budget/other/2026").status_code == 404


def test_the_top_up_is_due_by_the_place_or_the_assembly_and_proved_by_a_certificate(app: Flask, scene: Scene):
    scene.posted(amount_fen=100_000)
    treasurer, page = signed_in(app, scene.platform, scene.people["treasurer"]), f"{SHARES}/topup"
    with scene.platform.database.reading() as session:
        year = topup.of_year(session, scene.community, 2026, day=date(2026, 10, 20))
    assert (year.income_fen, year.due_fen, year.paid_fen) == (100_000, 0, 0)
    with scene.platform.database.writing() as session:
        pack_choice.choose(
            session,
            scene.community,
            code="cn-shanghai",
            reason="测试",
            by=scene.people["clerk"],
            now=scene.platform.now(),
        )
    term = {"year": "2026", "percent": "40", "resolution": decided(scene), "fund_low": ""}
    assert "百分之 50" in post(treasurer, f"{page}/term", term).text
    assert "请选业主大会的决议" in post(treasurer, f"{page}/term", {**term, "percent": "60", "resolution": ""}).text
    assert post(treasurer, f"{page}/term", {**term, "percent": "60"}).status_code == 302
    paid = scene.posted(
        PAYMENT, amount_fen=59_999, purpose="U1", party="维修资金管理中心", resolution_id=decided(scene)
    )
    with scene.platform.database.reading() as session:
        year = topup.of_year(session, scene.community, 2026, day=date(2026, 10, 20))
        assert (year.due_fen, year.paid_fen, year.missing_fen, year.unproved_fen) == (60_000, 59_999, 1, 59_999)
        assert get(session, Voucher, scene.community, paid).state == "posted"
        # Judged in February, not before.
        for as_of, expected in ((date(2027, 1, 31), 0), (date(2027, 2, 1), 1)):
            data = collect(session, scene.community, start=date(2026, 1, 1), end=date(2026, 12, 31), as_of=as_of)
            assert sum(row.year == 2026 for row in data.topups) == expected
        (told,) = told_shares(session, scene.community, start=date(2026, 1, 1), end=date(2026, 12, 31))
        assert (told.required_fen, told.actual_fen) == (60_000, 59_999)
    slip = {"year": "2026", "amount": "0", "day": "2026-09-21"}
    assert "必须大于零" in post(treasurer, f"{page}/certificate", slip).text
    assert "请上传" in post(treasurer, f"{page}/certificate", {**slip, "amount": "599.99"}).text
    late = {**slip, "amount": "599.99", "day": "2026-10-21"}
    assert "不能晚于今天" in post(treasurer, f"{page}/certificate", late).text
    file = {"file": (io.BytesIO(BANK_SLIP), "证明.pdf")}
    given = {**slip, "amount": "599.99", **file}
    assert post(treasurer, f"{page}/certificate", given, content_type="multipart/form-data").status_code == 302
    shown = app.test_client().get(page).text
    assert "¥599.99" in shown
    assert "还差" in shown
    with scene.platform.database.reading() as session:
        certificate = session.scalars(select(TopUpCertificate)).one()
    assert treasurer.get(f"{page}/certificates/{certificate.id}").data == BANK_SLIP
    assert app.test_client().get(f"{page}/certificates/{certificate.id}").status_code == 302
    with pytest.raises(topup_rules.BadPercent):
        act(scene, topup.set_term, year=2026, percent=101, resolution_id=decided(scene), fund_low=None, note="")
    with pytest.raises(budget_rules.BadYear):
        act(scene, topup.set_term, year=1999, percent=None, resolution_id=None, fund_low=True, note="")


def test_allowances_follow_the_standards_and_the_offices_and_are_paid_from_the_work_fund(app: Flask, scene: Scene):
    treasurer = signed_in(app, scene.platform, scene.people["treasurer"])
    chair = signed_in(app, scene.platform, scene.people["chair"])
    page = f"{SHARES}/allowances"
    with pytest.raises(books.BookNotOpened):
        act(scene, allowances.make, month=202609)
    with scene.platform.database.writing() as session:
        books.open_book(session, scene.community, opened_on=date(2026, 1, 1), limits_source="议事规则", kind=WORK)
    with pytest.raises(allowance_rules.NobodyEntitled):
        act(scene, allowances.make, month=202609)
    ground = decided(scene, title="津贴标准", valid_until=date(2026, 12, 31))
    standard = {"post": "owners_committee.chair", "monthly_fen": 90_000, "from_on": date(2026, 2, 1), "until_on": None}
    for refusal, changes in (
        (allowance_rules.UnknownPost, {"post": "auditor.auditor"}),
        (allowance_rules.StandardNeedsAssembly, {"resolution_id": scene.committee}),
        (allowance_rules.StandardBeforeDecision, {"from_on": date(2026, 1, 4)}),
        (allowance_rules.BadStandard, {"monthly_fen": 0}),
    ):
        with pytest.raises(refusal):
            act(scene, allowances.set_standard, **{**standard, "resolution_id": ground, **changes})
    form = {"post": "owners_committee.chair", "amount": "900", "from_on": "2026-02-01", "resolution": ground}
    assert post(treasurer, f"{page}/standard", form).status_code == 302
    assert "已经有一个标准" in post(treasurer, f"{page}/standard", form).text
    member = {**form, "post": "owners_committee.member", "amount": "300"}
    assert post(treasurer, f"{page}/standard", member).status_code == 302
    assert "还没有过完" in post(treasurer, f"{page}/make", {"month": "2026-10"}, page=page).text
    assert "不是月份" in post(treasurer, f"{page}/make", {"month": "10"}, page=page).text
    made = post(treasurer, f"{page}/make", {"month": "2026-09"}, page=page).headers["Location"]
    run_id = made.rsplit("/", 1)[1]
    with scene.platform.database.reading() as session:
        row = get(session, AllowanceRun, scene.community, run_id)
        entries = allowances.entries(session, row)
        assert [(entry.amount_fen, entry.days, entry.taxed) for entry in entries] == [
            (90_000, 30, True),
            (30_000, 30, False),
            (30_000, 30, False),
        ]
    with pytest.raises(allowance_rules.OwnAllowance):
        act(scene, allowances.check, run_id=run_id)
    # Somebody's term turns out to have ended: the list is refused and made anew.
    with scene.platform.database.writing() as session:
        office = session.scalars(
            select(Office).where(Office.community_id == scene.community, Office.person_id == scene.people["member"])
        ).one()
        office.ends_at = office.ends_at.replace(year=2026, month=9, day=16)
    with pytest.raises(allowance_rules.StaleAllowances):
        act(scene, allowances.check, "chair", run_id=run_id)
    made = post(treasurer, f"{page}/make", {"month": "2026-09"}, page=page).headers["Location"]
    run_id = made.rsplit("/", 1)[1]
    work(scene.platform)
    with pytest.raises(NotAtThisStep):
        act(scene, allowances.pay, run_id=run_id)
    assert post(chair, f"{made}/check", page=made).status_code == 302
    with pytest.raises(allowance_rules.MonthAlreadyRun):
        act(scene, allowances.make, month=202609)
    assert post(treasurer, f"{made}/pay", page=made).status_code == 302
    with pytest.raises(NotAtThisStep):
        act(scene, allowances.pay, run_id=run_id)
    with scene.platform.database.reading() as session:
        row = get(session, AllowanceRun, scene.community, run_id)
        assert row.total_fen == 90_000 + 30_000 + 15_000
        voucher = get(session, Voucher, scene.community, row.voucher_id or "")
        assert vouchers.lines_of(session, voucher)[0].account == "5301.03"
        assert voucher.party_is_person
    scene.step("approve", voucher.id, "chair")
    scene.step("post", voucher.id, "deputy")
    with scene.platform.database.reading() as session:
        assert allowances.state_of(session, get(session, AllowanceRun, scene.community, run_id)) is BatchState.BOOKED
        data = collect(
            session, scene.community, start=date(2026, 9, 1), end=date(2026, 10, 31), as_of=date(2026, 11, 1)
        )
        assert [(row.amount_fen, row.entitled_fen) for row in data.allowances] == [
            (90_000, 90_000),
            (30_000, 30_000),
            (15_000, 15_000),
        ]
        assert allowances.verify(session, scene.community) == []
        allowances.entries(session, get(session, AllowanceRun, scene.community, run_id))[0].amount_fen += 1
        with session.no_autoflush:
            assert len(allowances.verify(session, scene.community)) == 1
        session.rollback()
        assert [row.listed for row in data.allowance_payments] == [True]
        found = allowances.standards(session, scene.community)
    ended = f"{page}/standards/{found[0].id}/end"
    assert post(treasurer, ended, {"until_on": "2026-01-01"}).status_code == 200
    assert post(treasurer, ended, {"until_on": "2026-12-31"}).status_code == 302
    public = app.test_client().get(page).text
    assert "¥1,350.00" in public
    assert "鲁秀诺" not in public
    assert app.test_client().get(made).status_code == 302
    assert "鲁秀诺" in chair.get(made).text


def test_what_the_property_fee_covers_is_written_down_and_shown(app: Flask, scene: Scene):
    treasurer, page = signed_in(app, scene.platform, scene.people["treasurer"]), f"{SHARES}/fee-items"
    item = {"title": "楼道保洁", "words": "保洁，清扫", "company": "晴川物业", "from_on": "2026-01-01"}
    assert "至少两个字" in post(treasurer, f"{page}/new", {**item, "words": "扫"}).text
    assert "不能早于" in post(treasurer, f"{page}/new", {**item, "until_on": "2025-12-31"}).text
    assert post(treasurer, f"{page}/new", item).status_code == 302
    assert "保洁、清扫" in app.test_client().get(page).text
    with scene.platform.database.reading() as session:
        (row,) = fee_items.items(session, scene.community)
        data = collect(session, scene.community, start=date(2026, 1, 1), end=date(2026, 9, 30), as_of=date(2026, 10, 1))
        assert data.fee_items[0].words == ("保洁", "清扫")
    assert "不能早于" in post(treasurer, f"{page}/{row.id}/end", {"until_on": "2025-12-31"}).text
    assert post(treasurer, f"{page}/{row.id}/end", {"until_on": "2026-12-31"}).status_code == 302

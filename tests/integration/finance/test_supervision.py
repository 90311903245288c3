"""Supervision on the demo's books: a finding from the live list until it is mended, questions, annotations, samples,
objections, the scorecard, the lists, and audits at the end of a term."""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from finance.audit import content as contents
from finance.audit import service as audit
from finance.supervision import providers
from finance.supervision.rules import departures as term_rules
from finance.supervision.rules.cases import Kind
from finance.supervision.service import cases, departures, samples
from finance.supervision.tables import Case, TermAudit
from finance.tables import Voucher
from hoa.app import create_app, wire
from hoa.bulletin import service as bulletin
from hoa.demo import books as demo_books
from hoa.demo import papers
from hoa.demo import people as cast
from hoa.offices import service as offices
from hoa.offices.tables import Office
from hoa.platform import Platform
from tests.integration.community.scene import csrf, post, signed_in, work
from tests.integration.finance.clients import engage
from tests.integration.people import a_community

HERE = "/c/WTY/supervision"
START, END = date(2026, 1, 1), date(2026, 9, 30)


class Desk:
    """The demo's books, its people in browsers, and what they do."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.community = a_community(platform)
        self.people: Mapping[str, str] = cast.settle(platform, self.community, now=cast.TERM[0])
        demo_books.build(platform, self.community, self.people)
        engage(platform, self.community, self.people)
        self.app: Flask = create_app(platform)
        self.visitor = self.app.test_client()
        self.enter()

    def enter(self) -> None:
        """Everybody signs in, at first and after a long time."""
        self.supervisor, self.treasurer, self.officer, self.auditor = (
            signed_in(self.app, self.platform, self.people[name])
            for name in ("supervisor", "treasurer", "officer", "auditor")
        )

    def case(self, number: int = 1, kind: str = "finding") -> Case:
        with self.platform.database.reading() as session:
            query = select(Case).where(Case.kind == kind, Case.number == number)
            return session.scalars(query).one()

    def needs(self, name: str) -> list[str]:
        """What the start page asks of somebody."""
        page = signed_in(self.app, self.platform, self.people[name]).get("/c/WTY/").text
        return [line for line in page.splitlines() if "supervision" in line or "答复" in line or "认定" in line]

    def decide(self, act: str, case: Case, **more: str) -> TestResponse:
        url = f"{HERE}/cases/{case.id}"
        said = {"act": act, "because": "理由在此", "voucher": "", "paper": ""} | more
        answer: TestResponse = post(self.supervisor, f"{url}/decide", said, page=url)
        return answer


@pytest.fixture
def desk(platform: Platform) -> Desk:
    return Desk(platform)


def test_supervision_from_the_live_list_to_the_lists(desk: Desk) -> None:
    """One walk over everything, because the demo's books take seconds to build."""
    a_finding_is_taken_up_answered_sent_back_and_corrected(desk)
    a_finding_by_hand_and_a_question_are_escalated_and_published(desk)
    a_voucher_is_annotated_for_those_inside_only(desk)
    samples_are_drawn_again_by_anybody_and_ticked_once(desk)
    supervisors_object_to_a_publication_and_it_stays_published(desk)
    the_committee_is_scored_by_several_and_the_averages_are_published(desk)
    the_lists_come_as_page_workbook_and_paper(desk)
    the_report_is_told_what_supervision_knows(desk)
    reports_take_their_findings_up_and_note_what_they_see_again(desk)
    nothing_of_it_can_be_rewritten(desk)


def a_finding_is_taken_up_answered_sent_back_and_corrected(desk: Desk) -> None:
    live = desk.supervisor.get(f"{HERE}/live")
    assert live.status_code == 200
    assert "严重的 5 个" in live.text
    assert desk.treasurer.get(f"{HERE}/live").status_code == 403
    key = live.text.split('name="key" value="')[1].split('"')[0]
    for _ in range(2):  # the same fact is followed once
        taken = post(desk.supervisor, f"{HERE}/live/take", {"key": key}, page=f"{HERE}/live")
        assert taken.status_code == 302
    assert post(desk.supervisor, f"{HERE}/live/take", {"key": "x"}, page=f"{HERE}/live").status_code == 404
    case = desk.case()
    url = f"{HERE}/cases/{case.id}"
    with desk.platform.database.reading() as session:
        assert len(cases.cases(session, desk.community)) == 1
    assert case.severity == "high"
    assert desk.visitor.get(url).status_code == 404
    assert any("请答复监督委员会" in line for line in desk.needs("treasurer"))
    assert post(desk.supervisor, f"{url}/answer", {"text": "…"}, page=url).status_code == 403
    assert "请填写这一项" in post(desk.treasurer, f"{url}/answer", {"text": ""}, page=url).text
    said = {
        "text": "已向对方追回",
        "file": (io.BytesIO(papers.paper("说明", ("追回单",))), "说明.pdf"),
    }
    answered = post(desk.treasurer, f"{url}/answer", said, page=url, content_type="multipart/form-data")
    assert answered.status_code == 302
    page = desk.supervisor.get(url).text
    assert "已向对方追回" in page
    paper = page.split(f"{url}/papers/")[1].split('"')[0]
    assert desk.supervisor.get(f"{url}/papers/{paper}").mimetype == "application/pdf"
    with desk.platform.database.reading() as session:
        other = session.scalars(text("SELECT id FROM finance_document")).first()
    assert desk.supervisor.get(f"{url}/papers/{other}").status_code == (200 if other == paper else 404)
    assert any("请认定" in line for line in desk.needs("supervisor"))
    assert "要指明更正的凭证" in desk.decide("correct", case).text
    assert desk.decide("return", case).status_code == 302
    assert desk.case().state == "open"
    with desk.platform.database.reading() as session:
        voucher = session.scalars(select(Voucher.id).where(Voucher.state == "posted")).first()
    assert voucher is not None
    assert desk.decide("correct", case, voucher=voucher).status_code == 302
    assert desk.case().state == "corrected"
    assert desk.decide("accept", case).status_code == 200  # not possible now: told on the page
    assert desk.decide("reopen", case).status_code == 302
    assert (desk.case().state, desk.case().closed_at) == ("open", None)


def a_finding_by_hand_and_a_question_are_escalated_and_published(desk: Desk) -> None:
    with desk.platform.database.reading() as session:
        voucher = session.scalars(select(Voucher).where(Voucher.state == "posted")).first()
        assert voucher is not None
        about = f"voucher:{voucher.id}"
    finding = {
        "about": about,
        "title": "保洁合同没有比价",
        "fact": "%(x)s 没有询价记录",
        "severity": "high",
        "rule": "议事规则第八条",
        "amount": "1,200.50",
        "office": "主任",
        "advice": "补充询价",
        "due_on": "",
    }
    assert desk.supervisor.get(f"{HERE}/findings/new?about={about}").status_code == 200
    assert desk.supervisor.get(f"{HERE}/findings/new?about=voucher:x").status_code == 404
    refused = post(desk.auditor, f"{HERE}/findings/new", finding | {"due_on": "2020-01-01"})
    assert "不能早于今天" in refused.text
    assert "补充询价" in refused.text
    assert post(desk.auditor, f"{HERE}/findings/new", finding).status_code == 302
    case = desk.case(2)
    assert (case.amount_fen, case.check_id, case.evidence[0]["kind"]) == (120_050, "", "voucher")
    assert "%(x)s 没有询价记录" in desk.supervisor.get(f"{HERE}/cases/{case.id}").text
    asked = post(desk.supervisor, f"{HERE}/questions/new", {"about": "", "title": "为什么晚对账", "text": "八月晚了"})
    assert asked.status_code == 302
    question = desk.case(1, "question")
    assert (question.due_on - date(2026, 10, 20)).days >= 10
    desk.platform.clock.advance(days=60)  # type: ignore[attr-defined]
    desk.enter()
    assert "逾期" in desk.supervisor.get(f"{HERE}/").text
    assert desk.decide("escalate", question).status_code == 302
    assert "监督委员会提请处理" in desk.officer.get("/").text
    with desk.platform.database.reading() as session:
        days: Any = {"start": START, "end": date(2026, 12, 19)}
        found = contents.checks_only(session, desk.community, **days, now=desk.platform.now())
        overdue = [one for one in found["findings"] if one["code"] == "F27"]
        assert {one["evidence"][0]["id"] for one in overdue} == {desk.case(1).id, case.id, question.id}
        with desk.platform.database.writing() as writing:  # what watches the list is not put on it
            taken = cases.take_up(
                writing, desk.community, findings=overdue, start=START, end=END, by=None, now=desk.platform.now()
            )
        assert taken == []
    url = f"{HERE}/cases/{question.id}"
    assert desk.visitor.get(url).status_code == 404
    assert post(desk.supervisor, f"{url}/publish", page=url).status_code == 302
    shown = desk.visitor.get(url).text
    assert "八月晚了" in shown
    assert "顾杰" not in shown
    assert "为什么晚对账" in desk.visitor.get(f"{HERE}/questions").text


def a_voucher_is_annotated_for_those_inside_only(desk: Desk) -> None:
    with desk.platform.database.reading() as session:
        voucher = session.scalars(select(Voucher).where(Voucher.state == "posted")).first()
        assert voucher is not None
        before, page = voucher.hash, f"/c/WTY/books/vouchers/{voucher.id}"
    url = f"{HERE}/vouchers/{voucher.id}/note"
    assert "请填写这一项" in post(desk.supervisor, url, {"text": " "}).text
    assert post(desk.supervisor, url, {"text": "单价偏高，请留意"}).status_code == 302
    assert "单价偏高" in desk.supervisor.get(page).text
    assert "单价偏高" in desk.treasurer.get(page).text
    owner = signed_in(desk.app, desk.platform, desk.people["elder"])
    assert "单价偏高" not in owner.get(page).text
    with desk.platform.database.reading() as session:
        assert session.scalars(select(Voucher.hash).where(Voucher.id == voucher.id)).one() == before


def samples_are_drawn_again_by_anybody_and_ticked_once(desk: Desk) -> None:
    days = {"start": "2026-01-01", "end": "2026-09-30", "threshold": "5000", "size": "5", "account": ""}
    new = f"{HERE}/samples/new"
    assert "按整月抽" in post(desk.supervisor, new, days | {"method": "random", "end": "2026-09-29"}).text
    assert "2026-10 还没有结账" in post(desk.supervisor, new, days | {"method": "random", "end": "2026-10-31"}).text
    assert "截止日期" in post(desk.supervisor, new, days | {"method": "above", "end": "2025-01-01"}).text
    above = post(desk.supervisor, new, days | {"method": "above"}).headers["Location"]
    assert "抽凭清单" in desk.supervisor.get(above).text
    # A seed that is sent along is not asked for: whoever draws chooses nothing.
    drawn = post(desk.supervisor, new, days | {"method": "random", "seed": "好看的"}).headers["Location"]
    proof = json.loads(desk.visitor.get(f"{drawn}/proof.json").data)

    def sha(text: str) -> str:  # as docs/sampling.md says, with nothing of ours
        return hashlib.sha256(text.encode()).hexdigest()

    ordered = []
    for hashes in proof["months"].values():
        seed = sha(json.dumps(sorted(hashes), separators=(",", ":")))
        assert seed in desk.supervisor.get(drawn).text
        ordered += [(sha(f"hoa-sample-2\n{seed}\n{voucher}"), voucher) for voucher in hashes]
    assert proof["drawn"] == [voucher for _, voucher in sorted(ordered)][:5]
    assert sha(json.dumps(proof["population"], separators=(",", ":"))) == proof["digest"]
    more = post(desk.supervisor, new, days | {"method": "random", "size": "7"}).headers["Location"]
    assert json.loads(desk.visitor.get(f"{more}/proof.json").data)["drawn"][:5] == proof["drawn"]
    with desk.platform.database.reading() as session:
        rows = samples.samples(session, desk.community)
        items = [line.item.id for line in samples.lines(session, rows[1])]
        big = samples.lines(session, rows[2])
        assert all(line.voucher.amount_fen >= 500_000 for line in big)
        assert samples.verify(session, desk.community) == []
    ticked = f"{HERE}/samples/items/{items[0]}"
    assert "请写明内容" in post(desk.supervisor, ticked, {"result": "wrong", "note": ""}, page=drawn).text
    post(desk.supervisor, ticked, {"result": "wrong", "note": "没有验收单"}, page=drawn)
    again = post(desk.supervisor, ticked, {"result": "sound", "note": ""}, page=drawn)
    assert "不能修改" in again.text
    unsaid = post(desk.supervisor, f"{HERE}/samples/items/{items[1]}", {"result": "", "note": "还要问"}, page=drawn)
    assert "请选择核对的结果" in unsaid.text
    assert 'value="还要问"' in unsaid.text
    assert "没有验收单" in again.text
    assert "已核对 1 张，有问题 1 张" in desk.treasurer.get(f"{HERE}/samples").text


def supervisors_object_to_a_publication_and_it_stays_published(desk: Desk) -> None:
    with desk.platform.database.writing() as session:
        notice = bulletin.publish_notice(
            session,
            desk.community,
            title="停水",
            body="明天",
            by=desk.people["chair"],
            now=desk.platform.now(),
        ).id
    url, page = f"{HERE}/publications/{notice}/object", f"/c/WTY/bulletin/{notice}"
    assert post(desk.treasurer, url, {"text": "x"}, page=f"{HERE}/lists").status_code == 403
    assert post(desk.supervisor, url, {"text": "没有说明依据"}).status_code == 302
    assert "没有说明依据" in desk.visitor.get(page).text
    assert "监督委员会有异议" in desk.visitor.get("/c/WTY/bulletin/").text
    lift = desk.supervisor.get(page).text.split('href="/c/WTY/supervision/objections/')[1].split('"')[0]
    assert post(desk.supervisor, f"{HERE}/objections/{lift}", {"text": "已补充"}).status_code == 302
    assert "已补充" in desk.visitor.get(page).text
    assert post(desk.supervisor, f"{HERE}/objections/{lift}", {"text": "再来"}).status_code == 409
    assert "监督委员会有异议" not in desk.visitor.get("/c/WTY/bulletin/").text


def the_committee_is_scored_by_several_and_the_averages_are_published(desk: Desk) -> None:
    page = f"{HERE}/scores"
    assert "合计应为 100" in post(desk.supervisor, f"{page}/sheet", {"lines": "对账 60\n公示 30"}).text
    assert "第 1 行看不懂" in post(desk.supervisor, f"{page}/sheet", {"lines": "对账"}).text
    assert post(desk.supervisor, f"{page}/sheet", {"lines": "对账 60\n公示 40"}).status_code == 302
    period = {"start": "2026-01-01", "end": "2026-09-30", "owners": ""}
    url = post(desk.supervisor, f"{page}/open", period, page=page).headers["Location"]
    assert "还没有结束" in post(desk.supervisor, f"{page}/open", period, page=f"{page}/sheet").text
    second = signed_in(desk.app, desk.platform, desk.people["second_supervisor"])
    marks = {"points-0": "5", "points-1": "8", "reason-0": "", "reason-1": "", "reason": "总体可以"}
    refused = post(desk.supervisor, url, marks).text
    assert "低于 6 分" in refused
    assert 'value="8"' in refused
    assert post(desk.supervisor, url, marks | {"reason-0": "八月晚了"}).status_code == 302
    assert post(second, url, marks | {"points-0": "10"}).status_code == 302
    assert post(second, url, marks | {"points-0": "9"}).status_code == 302  # said again, the last counts
    assert desk.visitor.get(url).status_code == 404
    owner = signed_in(desk.app, desk.platform, desk.people["elder"])
    assert owner.get(url).status_code == 404  # no unit, no power
    assert post(desk.supervisor, f"{url}/close", page=url).status_code == 302
    shown = desk.visitor.get(url).text
    assert "74.00" in shown  # (5+9)/2*6 + 8*4
    assert "7.00" in shown
    assert "总体可以" in shown
    assert "余英" not in shown
    assert desk.supervisor.post(url, data={"csrf_token": csrf(desk.supervisor, f"{page}/sheet")}).status_code == 200


def the_lists_come_as_page_workbook_and_paper(desk: Desk) -> None:
    page = desk.treasurer.get(f"{HERE}/lists").text
    for shown in ("问题清单", "责任清单", "整改清单", "保洁合同没有比价", "¥1,200.50"):
        assert shown in page
    book = load_workbook(io.BytesIO(desk.treasurer.get(f"{HERE}/lists.xlsx").data))
    assert book.sheetnames == ["问题清单", "责任清单", "整改清单"]
    amounts = [row[5] for row in book["问题清单"].iter_rows(min_row=2, values_only=True)]
    assert 1200.5 in amounts
    job = post(desk.treasurer, f"{HERE}/lists/paper", page=f"{HERE}/lists").headers["Location"]
    work(desk.platform)
    paper = f"{HERE}/lists/paper/{job.rsplit('/', 1)[1]}.pdf"
    assert desk.treasurer.get(paper).data.startswith(b"%PDF")
    assert desk.supervisor.get(paper).status_code == 404


def the_report_is_told_what_supervision_knows(desk: Desk) -> None:
    wire(desk.platform)
    with desk.platform.database.reading() as session:
        later = {"start": date(2027, 1, 1), "end": date(2027, 3, 31)}
        inside = {"start": START, "end": date(2026, 12, 31)}
        carried = providers.carried(session, desk.community, **later)
        assert [(one.no, one.title) for one in carried][1] == (2, "保洁合同没有比价")
        assert providers.carried(session, desk.community, **inside) == []
        assert [one.about for one in providers.questions(session, desk.community, **inside)] == ["为什么晚对账"]
        assert {one.result for one in providers.sampled(session, desk.community, **inside)} == {"还没有核对", "有问题"}
        scored = providers.evaluation(session, desk.community, **inside)
        assert [(one.item, one.average_milli, one.raters) for one in scored] == [("对账", 7000, 2), ("公示", 8000, 2)]
        keys = {one.key: one for one in providers.answers(session, desk.community, **inside)}
        assert "已向对方追回" in keys[desk.case().key].answer


def reports_take_their_findings_up_and_note_what_they_see_again(desk: Desk) -> None:
    now = desk.platform.now()
    days: Any = {"start": START, "end": END}
    with desk.platform.database.reading() as session:
        warned = audit.warnings(session, desk.community, **days, now=now)
        found = contents.checks_only(session, desk.community, **days, now=now)["findings"]
    assert warned == found  # the demo's books give no mere hints
    hint = found[0] | {"key": "hint", "severity": "low"}
    found = [*found, hint]
    with desk.platform.database.writing() as session:
        first, second = (
            audit.begin(session, desk.community, **days, by=desk.people["supervisor"], now=now).id for _ in range(2)
        )
        for report in (first, second, second):  # a job that ran twice notes it once
            taken = cases.take_up(session, desk.community, findings=found, **days, by=None, now=now, report_id=report)
        assert {case.key for case in taken} == {one["key"] for one in warned}
        taken_by_hand = cases.take_up(session, desk.community, findings=[hint], **days, by=None, now=now, hints=True)
        assert [case.key for case in taken_by_hand] == ["hint"]
        rows = cases.cases(session, desk.community, kind=Kind.FINDING)
        assert sorted(case.number for case in rows) == list(range(1, len(rows) + 1))
        told = cases.steps_of(session, desk.community, taken)
        for case in taken:
            reports = [step.report_id for step in told[case.id] if step.report_id]
            assert reports == [first, second], case.title


def nothing_of_it_can_be_rewritten(desk: Desk) -> None:
    for statement in (
        "UPDATE supervision_case SET sentence = 'x'",
        "DELETE FROM supervision_case",
        "UPDATE supervision_step SET because = 'x'",
        "DELETE FROM supervision_step",
        "UPDATE supervision_annotation SET text = 'x'",
        "UPDATE supervision_sample SET seed = 'x'",
        "UPDATE supervision_sample_item SET result = 'sound' WHERE result IS NOT NULL",
        "UPDATE supervision_sample_item SET hash = 'x'",
        "UPDATE supervision_objection SET text = 'x'",
        "UPDATE supervision_rating SET reason = 'x'",
        "UPDATE supervision_evaluation SET owners = NOT owners",
    ):
        with pytest.raises(DBAPIError), desk.platform.database.writing() as session:
            session.execute(text(statement))


# --------------------------------------------------------------------------------------------- the end of an office


def test_an_audit_of_a_leaving_member_goes_from_the_checklist_to_the_final_opinion(desk: Desk) -> None:
    platform = desk.platform
    with platform.database.writing() as session:
        office = session.scalars(select(Office).where(Office.person_id == desk.people["cashier"])).one()
        offices.end(
            session,
            desk.community,
            office_id=office.id,
            basis="辞职",
            by=desk.people["officer"],
            now=platform.now(),
        )
    platform.clock.advance(days=1)  # type: ignore[attr-defined]
    supervisor, cashier = (signed_in(desk.app, platform, desk.people[name]) for name in ("supervisor", "cashier"))
    page = supervisor.get(f"{HERE}/terms").text
    assert "昌杰勇" in page
    subject = page.split('name="subject" value="')[1].split('"')[0]
    urls = {
        post(supervisor, f"{HERE}/terms", {"subject": subject}, page=f"{HERE}/findings/new").headers["Location"]
        for _ in range(2)
    }
    assert len(urls) == 1
    url = urls.pop()
    points = {f"word-{point}": "sound" for point in term_rules.POINTS}
    refused = post(supervisor, f"{url}/marks", points | {"word-tokens": "wrong"}, page=url)
    assert "有问题的请写明情况" in refused.text
    with platform.database.reading() as session:
        row = session.scalars(select(TermAudit)).one()
        assert departures.marks(session, row) == {}
        assert row.starts_on == date(2026, 1, 1)  # the books begin later than the office
    early = post(supervisor, f"{url}/draft", {"text": "草稿"}, page=url)
    assert "还有 14 项" in early.text
    wrong = points | {"word-tokens": "wrong", "note-tokens": "网银盾还没有交"}
    assert post(supervisor, f"{url}/marks", wrong, page=url).status_code == 302
    assert post(supervisor, f"{url}/draft", {"text": "网银盾没有移交"}, page=url).status_code == 302
    assert "离任审计征求您的意见" in cashier.get("/c/WTY/").text
    assert "网银盾没有移交" in cashier.get(url).text
    assert "不能提前定稿" in post(supervisor, f"{url}/final", {"text": "定稿"}, page=url).text
    other = post(desk.treasurer, f"{url}/reply", {"text": "不是我"}, page=f"{HERE}/lists")
    assert "只有离任的委员" in other.text
    assert post(cashier, f"{url}/reply", {"text": "周一就交"}, page=url).status_code == 302
    assert post(supervisor, f"{url}/final", {"text": "网银盾已催交"}, page=url).status_code == 302
    assert "网银盾已催交" in cashier.get(url).text
    owner = signed_in(desk.app, platform, desk.people["elder"])
    assert owner.get(url).status_code == 404
    for statement in ("UPDATE supervision_term_audit SET opinion = 'x'", "DELETE FROM supervision_term_reply"):
        with pytest.raises(DBAPIError), platform.database.writing() as session:
            session.execute(text(statement))

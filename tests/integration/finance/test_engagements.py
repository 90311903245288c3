"""A third-party auditor: let in for some days and a period, sees that and nothing else, every look in the log, and the
report before the owners under its hash."""

import io
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from finance.disclosure.tables import ViewLog
from finance.engagements import rules, scope, service
from finance.engagements.rules import Bounds
from finance.engagements.service import Terms
from finance.engagements.tables import Engagement
from finance.supervision.service import cases
from finance.supervision.tables import Case
from hoa.bulletin.tables import Publication
from hoa.demo import papers
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import AUDITOR, OWNER
from hoa.offices import service as offices
from hoa.platform import Platform
from hoa.web.access import access_of
from tests.integration.finance.clients import as_person, engage
from tests.integration.finance.scene import PAYMENT, RECEIPT, Scene, open_books
from tests.integration.people import a_person

HERE = "/c/WTY"
PHONE = "13900000077"


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform, opened_on=date(2026, 7, 1))


def terms(**changes: object) -> Terms:
    values: dict[str, object] = {
        "firm": "公正会计师事务所",
        "name": "容守正",
        "phone": PHONE,
        "parts": ("books",),
        "bounds": Bounds(date(2026, 8, 1), date(2026, 8, 31), date(2026, 10, 20), date(2026, 10, 31)),
        "resolution_id": None,
        "basis": "议事规则第三十条",
        "fee_fen": 800_000,
    }
    return Terms(**(values | changes))  # type: ignore[arg-type]


def invited(scene: Scene, **changes: object) -> Engagement:
    platform = scene.platform
    with platform.database.writing() as session:
        row = service.invite(
            session,
            platform.keys,
            scene.community,
            terms=terms(**changes),
            by=scene.people["chair"],
            now=platform.now(),
        )
        session.expunge(row)
        return row


def test_the_auditor_sees_the_agreed_days_and_nothing_else_and_every_look_is_logged(app: Flask, scene: Scene):
    july = scene.posted(RECEIPT, day=date(2026, 7, 20))
    august = scene.posted(PAYMENT, day=date(2026, 8, 20))
    engaged = invited(scene)
    browser = as_person(app, scene.platform, engaged.person_id)
    assert browser.get(f"{HERE}/books/vouchers/{august}").status_code == 200
    led = browser.get(f"{HERE}/books/vouchers", follow_redirects=True)
    assert led.request.args["start"] == "2026-08-01"
    page = led.get_data(as_text=True)
    assert august in page
    assert july not in page
    assert browser.get(f"{HERE}/engagements/{engaged.id}/bank").status_code == 200
    assert browser.get(f"{HERE}/books/ledger?start=2026-08-01&end=2026-08-31").status_code == 200
    for outside in (
        f"vouchers/{july}",
        "vouchers?start=2026-07-31&end=2026-08-31",
        "month",
        "month/2026-08",
        "ledger?start=2026-08-01&end=2026-09-01",
        "2026-07",
        "2026Q3.xlsx",
        "bank",
        "cash",
        "year/2026",
    ):
        answer = browser.get(f"{HERE}/books/{outside}")
        assert answer.status_code in (302, 303, 403, 404), outside
        assert "400.00" not in answer.get_data(as_text=True), outside
    for closed in ("/supervision/", "/offices/log/", "/shares/", "/audit/check?start=2026-07-01&end=2026-08-31"):
        assert browser.get(HERE + closed).status_code in (200, 302, 303, 403, 404)
    asked = browser.post(f"{HERE}/audit/reports", data={"start": "2026-07-01", "end": "2026-08-31"})
    assert asked.status_code in (400, 403)
    with scene.platform.database.reading() as session:
        rows = session.scalars(select(ViewLog).where(ViewLog.person_id == engaged.person_id)).all()
    assert {row.engagement_id for row in rows} == {engaged.id}
    assert {("voucher", august)} <= {(row.kind, row.object_id) for row in rows}
    assert not any(july in (row.object_id, row.label) for row in rows)
    assert any(row.object_id == "finance.ledger" for row in rows)


def test_the_published_agreement_leads_whoever_may_not_open_the_engagement_to_its_text_on_the_board(
    app: Flask, scene: Scene
):
    engaged = invited(scene)
    page, link = f"{HERE}/engagements/{engaged.id}", f'href="{HERE}/engagements/{engaged.id}"'
    stranger = as_person(app, scene.platform, a_person(scene.platform))
    for shown_on in (f"{HERE}/", f"{HERE}/bulletin/"):
        assert link not in stranger.get(shown_on).get_data(as_text=True)
        assert "第三方审计" in stranger.get(shown_on).get_data(as_text=True)
        assert link in as_person(app, scene.platform, scene.people["chair"]).get(shown_on).get_data(as_text=True)
        assert link in app.test_client().get(shown_on).get_data(as_text=True)
    assert stranger.get(page).status_code == 403
    assert app.test_client().get(page).status_code == 302


def test_what_the_auditor_asks_leads_to_its_answer_and_the_start_page_to_the_engagement(app: Flask, scene: Scene):
    engaged = invited(scene)
    browser = as_person(app, scene.platform, engaged.person_id)
    app.config.update(WTF_CSRF_ENABLED=False)
    assert f"/engagements/{engaged.id}" in browser.get(f"{HERE}/").get_data(as_text=True)
    asked = browser.post(
        f"{HERE}/supervision/questions/new",
        data={"title": "八月的灯具", "text": "为什么分两天付？"},
        follow_redirects=True,
    )
    assert asked.status_code == 200
    assert "为什么分两天付？" in asked.get_data(as_text=True)
    assert asked.request.path in browser.get(f"{HERE}/engagements/{engaged.id}").get_data(as_text=True)
    with scene.platform.database.writing() as session:
        mine = session.scalars(select(Case)).one()
        other = cases.ask(
            session, scene.community, title="别的", text="别人问的", by=scene.people["chair"], now=scene.platform.now()
        ).id
        assert mine.raised_by == engaged.person_id
    assert browser.get(f"{HERE}/supervision/cases/{other}").status_code == 404


def test_nothing_sent_along_stands_in_for_the_voucher_the_month_or_the_days_of_a_page(app: Flask, scene: Scene):
    july = scene.posted(RECEIPT, day=date(2026, 7, 20))
    august = scene.posted(PAYMENT, day=date(2026, 8, 20))
    agreed = Bounds(date(2026, 8, 1), date(2026, 8, 30), date(2026, 10, 20), date(2026, 10, 31))
    browser = as_person(app, scene.platform, invited(scene, bounds=agreed).person_id)
    days = {"start": "2026-08-01", "end": "2026-08-30"}
    assert browser.get(f"{HERE}/books/vouchers", query_string=days).status_code == 200
    for path, query, form in (
        (f"vouchers/{july}", {"voucher_id": august}, {}),
        (f"vouchers/{july}", {}, {"voucher_id": august}),
        ("vouchers", {"start": "2026-07-01", "end": "2026-08-30"}, days),
        ("month/2026-07", {"month": "2026-08"}, {}),
        ("month/2026-08", {}, {}),  # its last day was not agreed
        ("statements/2026-07", {"span": "2026-08"}, {}),
        ("statements/2026-08/02/income.1?column=year", {}, {}),
    ):
        answer = browser.open(f"{HERE}/books/{path}", method="GET", query_string=query or None, data=form)
        assert answer.status_code in (302, 303, 403, 404), (path, query, form)


def test_after_the_last_day_and_after_an_early_end_nothing_is_left(app: Flask, scene: Scene, clock: FrozenClock):
    august = scene.posted(PAYMENT, day=date(2026, 8, 20))
    engaged = invited(scene)
    browser = as_person(app, scene.platform, engaged.person_id)
    url = f"{HERE}/books/vouchers/{august}"
    clock.advance(days=11, hours=13, minutes=59)
    assert browser.get(url).status_code == 200
    clock.advance(minutes=1)
    assert browser.get(url).status_code == 403
    again = invited(scene, bounds=Bounds(date(2026, 8, 1), date(2026, 8, 31), today(clock.now()), today(clock.now())))
    browser = as_person(app, scene.platform, again.person_id)
    assert browser.get(url).status_code == 200
    with scene.platform.database.writing() as session:
        service.end(session, scene.community, again.id, reason="机构换人", by=scene.people["chair"], now=clock.now())
    assert browser.get(url).status_code == 403
    with scene.platform.database.writing() as session, pytest.raises(service.AlreadyOver):
        service.end(session, scene.community, again.id, reason="再来", by=scene.people["chair"], now=clock.now())


def test_every_page_of_an_auditor_is_in_the_list_of_dated_pages_or_closed_to_third_parties(app: Flask, scene: Scene):
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(scope.DATED) <= known, "an address that no longer exists"
    engaged = invited(scene)
    browser = as_person(app, scene.platform, engaged.person_id)
    lent = {
        power
        for room in app.extensions["hoa.rooms"]
        for power, posts in room.powers.items()
        if AUDITOR in posts and len(posts) < 20
    }
    tried = 0
    for rule in app.url_map.iter_rules():
        needs = (access_of(app, rule.endpoint) or "").removeprefix("power:")
        if needs not in lent or rule.endpoint in scope.DATED or rule.arguments != {"community_code"}:
            continue
        if "GET" not in (rule.methods or ()):
            continue
        tried += 1
        answer = browser.get(rule.rule.replace("<community_code>", "WTY"))
        assert (answer.status_code, answer.headers.get("Location", "")) == (
            302,
            f"{HERE}/engagements/{engaged.id}",
        ), rule.endpoint
    assert tried >= 8


def test_the_office_without_an_engagement_opens_nothing_that_it_alone_gives(app: Flask, scene: Scene):
    """Every page that asks for a power of the auditor's refuses whoever holds the bare office, also what is dated and
    would be open within an engagement; what every owner may read they may too.
    """
    voucher = scene.posted(PAYMENT, day=date(2026, 8, 20))
    browser = as_person(app, scene.platform, scene.people["auditor"])
    lent = {
        power
        for room in app.extensions["hoa.rooms"]
        for power, posts in room.powers.items()
        if AUDITOR in posts and OWNER not in posts
    }
    tried = 0
    for rule in app.url_map.iter_rules():
        needs = (access_of(app, rule.endpoint) or "").removeprefix("power:")
        if needs not in lent or rule.arguments != {"community_code"} or "GET" not in (rule.methods or ()):
            continue
        tried += 1
        answer = browser.get(rule.rule.replace("<community_code>", "WTY"))
        assert (answer.status_code, "要先有审计约定" in answer.text) == (403, True), rule.endpoint
    assert tried >= 15
    assert browser.get(f"{HERE}/books/vouchers/{voucher}").status_code in (403, 404)
    assert "垃圾房维修" not in browser.get(f"{HERE}/").text
    assert browser.get(f"{HERE}/engagements/").status_code == 200
    app.config.update(WTF_CSRF_ENABLED=False)
    finding = browser.post(f"{HERE}/supervision/findings/new", data={"title": "x"})
    assert (finding.status_code, "要先有审计约定" in finding.text) == (403, True)
    with scene.platform.database.reading() as session:
        assert session.scalars(select(ViewLog)).all() == []
    # The engagement opens its days; when it is ended early the street's appointment stands, and opens nothing again.
    engaged = engage(scene.platform, scene.community, scene.people)
    assert browser.get(f"{HERE}/books/vouchers/{voucher}").status_code == 200
    now, chair = scene.platform.now(), scene.people["chair"]
    with scene.platform.database.writing() as session:
        service.end(session, scene.community, engaged.id, reason="换人", by=chair, now=now)
        assert AUDITOR in offices.posts_held(session, scene.community, scene.people["auditor"], now)
    assert browser.get(f"{HERE}/books/vouchers/{voucher}").status_code == 403


def test_the_auditor_draws_vouchers_of_the_agreed_days_only(app: Flask, scene: Scene):
    scene.posted(RECEIPT, day=date(2026, 7, 20))
    scene.posted(PAYMENT, day=date(2026, 8, 20))
    browser = as_person(app, scene.platform, invited(scene).person_id)
    app.config.update(WTF_CSRF_ENABLED=False)
    draw = {"method": "above", "threshold": "1", "start": "2026-08-01", "end": "2026-08-31"}
    outside = browser.post(f"{HERE}/supervision/samples/new", data=draw | {"start": "2026-07-31"})
    assert (outside.status_code, "的范围" in outside.text) == (403, True)
    drawn = browser.post(f"{HERE}/supervision/samples/new", data=draw)
    assert drawn.status_code == 302, drawn.text
    page = browser.get(drawn.headers["Location"])
    assert (page.status_code, "垃圾房维修" in page.text) == (200, True)


def test_a_supervisor_who_was_given_the_office_too_keeps_what_supervisors_may(app: Flask, scene: Scene):
    with scene.platform.database.writing() as session:
        offices.appoint(
            session,
            scene.community,
            post=AUDITOR,
            person_id=scene.people["supervisor"],
            starts_at=scene.platform.now(),
            ends_at=scene.platform.now() + timedelta(days=30),
            basis="街道委派书",
            by=scene.people["officer"],
            now=scene.platform.now(),
        )
    browser = as_person(app, scene.platform, scene.people["supervisor"])
    assert browser.get(f"{HERE}/audit/check").status_code == 200
    assert browser.get(f"{HERE}/books/month").status_code == 200


def test_the_report_is_handed_in_once_and_put_before_the_owners_under_its_hash(app: Flask, scene: Scene):
    engaged = invited(scene)
    url = f"{HERE}/engagements/{engaged.id}"
    auditor = as_person(app, scene.platform, engaged.person_id)
    chair, owner = (as_person(app, scene.platform, scene.people[key]) for key in ("chair", "deputy"))
    visitor = app.test_client()
    app.config.update(WTF_CSRF_ENABLED=False)
    pdf = papers.paper("审计报告", ("保留意见",))
    assert "请先选择文件" in auditor.post(f"{url}/report", data={"opinion": "unqualified"}).get_data(as_text=True)
    sent = {"opinion": "qualified", "file": (io.BytesIO(b"<svg onload=x>"), "报告.pdf")}
    assert "PDF" in auditor.post(f"{url}/report", data=sent).get_data(as_text=True)
    sent = {"opinion": "qualified", "file": (io.BytesIO(pdf), "报告.pdf")}
    assert auditor.post(f"{url}/report", data=sent).status_code == 302
    sent = {"opinion": "unqualified", "file": (io.BytesIO(pdf), "报告.pdf")}
    assert "不能再换" in auditor.post(f"{url}/report", data=sent).get_data(as_text=True)
    assert owner.get(f"{url}/report.pdf").data == pdf
    assert visitor.get(f"{url}/report.pdf").status_code == 302
    assert chair.post(f"{url}/publish").status_code == 302
    assert chair.post(f"{url}/publish").status_code == 409
    with scene.platform.database.reading() as session:
        shown = session.scalars(select(Publication).where(Publication.kind == service.REPORT)).one()
        row = session.get(Engagement, (scene.community, engaged.id))
        assert row is not None
        assert shown.content["report"] == row.report_digest
        letter = session.scalars(select(Publication).where(Publication.kind == service.LETTER)).one()
        assert "费用 ¥8,000.00" in letter.body
        assert service.verify(session, scene.platform.files, scene.community) == []
    page = chair.get(url).get_data(as_text=True)
    assert "保留意见" in page


def test_who_is_not_independent_and_what_is_not_reasonable_is_refused(scene: Scene):
    day = today(scene.platform.now())
    good = terms().bounds
    for refusal, changes in (
        (rules.PartNeeded, {"parts": ()}),
        (rules.PeriodUpsideDown, {"bounds": good._replace(ends_on=date(2026, 7, 31))}),
        (rules.OpensBeforeToday, {"bounds": good._replace(opens_on=day - timedelta(days=1))}),
        (rules.OpenTooLong, {"bounds": good._replace(closes_on=good.opens_on + timedelta(days=90))}),
        (rules.OpenTooLong, {"bounds": good._replace(closes_on=good.opens_on - timedelta(days=1))}),
    ):
        with pytest.raises(refusal):
            invited(scene, **changes)
    invited(scene, bounds=good._replace(closes_on=good.opens_on + timedelta(days=89)))
    with pytest.raises(service.StillOpen):
        invited(scene)
    with pytest.raises(service.OtherName):
        invited(scene, name="别人")


@pytest.mark.parametrize("change", ["closes_on = '2027-12-31'", "starts_on = '2020-01-01'", "fee_fen = 1"])
def test_the_database_keeps_what_was_agreed(scene: Scene, change: str):
    invited(scene)
    with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
        session.execute(text(f"UPDATE engagement SET {change}"))
    with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
        session.execute(text("DELETE FROM engagement"))


def test_verification_names_an_engagement_that_was_widened_behind_the_platform(scene: Scene):
    engaged = invited(scene)
    with scene.platform.database.writing() as session:
        assert service.verify(session, scene.platform.files, scene.community) == []
        session.execute(text("""UPDATE engagement SET parts = '["books", "votes"]'"""))
    with scene.platform.database.reading() as session:
        found = service.verify(session, scene.platform.files, scene.community)
    assert found == [f"engagement {engaged.label}: it is not what was announced"]

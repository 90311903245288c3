"""The inbox of a unit from what was given to it to the result; the register of units."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from hoa.affairs.rules import handing
from hoa.affairs.rules.clocks import Profile
from hoa.affairs.rules.states import State
from hoa.affairs.service import handlers, handling, photos, reading
from hoa.kernel.posts import COMMITTEE_ALTERNATE
from hoa.offices import service as offices
from hoa.platform import Platform
from tests.integration.affairs.scene import REPORTER_NAME, REPORTER_PHONE, SECRET, TITLE, Scene, open_scene
from tests.integration.community.scene import officer, post, signed_in
from tests.integration.people import a_community

HERE = "/c/WTY/handling"


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_scene(platform)


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "JPEG")
    out.seek(0)
    return out


Browser = Callable[[str], FlaskClient]


@pytest.fixture
def browser(scene: Scene, app: Flask) -> Browser:
    """Somebody of the scene in a browser, signed in a moment ago."""
    return lambda who: signed_in(app, scene.platform, scene.people[who])


def test_a_unit_works_through_its_inbox(scene: Scene, browser: Browser) -> None:
    """Progress, pause, resume and the result, with what is wrong said and nothing typed lost."""
    other = scene.receive(phone=None, name="")
    scene.assign(other, handler="lift", title="北门道闸")
    first = scene.receive(may_call=True)
    scene.assign(first, profile=Profile.P13710)
    scene.pass_days(1)
    second = scene.receive(may_call=False)
    scene.assign(second, title="路灯不亮")
    manager = browser("manager")
    needs = manager.get("/c/WTY/my").text
    assert f"请办理：{TITLE}" in needs
    assert f"{HERE}/{second}" in needs

    inbox = manager.get(f"{HERE}/").text
    assert "2 件诉求等您办理" in inbox
    assert inbox.index(first) < inbox.index(second)
    assert other not in inbox
    page = f"{HERE}/{first}"
    shown = manager.get(page).text
    assert SECRET in shown
    assert REPORTER_NAME in shown
    assert REPORTER_PHONE in shown
    assert "提出方案" in shown
    quiet = manager.get(f"{HERE}/{second}").text
    assert REPORTER_NAME not in quiet
    assert REPORTER_PHONE not in quiet
    assert "不愿公开姓名电话" in quiet
    assert manager.get(f"{HERE}/{other}").status_code == 404
    assert browser("owner").get(page).status_code == 404

    assert "必填" not in post(manager, f"{page}/progress", {"progress-text": "维保单位已到场检查"}, page=page).text
    wrong = post(manager, f"{page}/pause", {"pause-reason": "等曳引机到货", "pause-until": "2027-12-01"}, page=page)
    assert wrong.status_code == 422
    assert "等曳引机到货" in wrong.text
    assert "2027-01-19" in wrong.text
    assert scene.row(first).state == State.ASSIGNED
    until = (scene.now() + timedelta(days=9)).date().isoformat()
    post(manager, f"{page}/pause", {"pause-reason": "等曳引机到货", "pause-until": until}, page=page)
    assert scene.row(first).state == State.PAUSED
    assert "等曳引机到货" in manager.get(page).text
    assert "预计 2026年10月30日 继续办理" in manager.get(f"{HERE}/").text
    scene.pass_days(10)
    manager = browser("manager")
    assert "说好继续办理的日子已过" in manager.get("/c/WTY/my").text
    due = scene.row(first).due_on
    post(manager, f"{page}/resume", page=page)
    assert scene.row(first).state == State.ASSIGNED
    assert scene.row(first).due_on != due

    for sent, said in (
        ({"answer-text": ""}, "请填写这一项"),
        ({"answer-text": "换好了", "answer-photos": (io.BytesIO(b"<svg/>"), "a.svg")}, "不是照片"),
        ({"answer-text": "换好了", "answer-photos": [(picture(), f"{n}.jpg") for n in range(5)]}, "最多 4 张"),
    ):
        refused = post(manager, f"{page}/answer", sent, page=page, content_type="multipart/form-data")
        assert refused.status_code == 422
        assert said in refused.text
        assert ("照片没有保存" in refused.text) == ("answer-photos" in sent)
        assert "换好了" in refused.text or not sent["answer-text"]
    assert scene.row(first).state == State.ASSIGNED
    sent = {"answer-text": "换好了，请验收", "answer-photos": [(picture(), "a.jpg")]}
    done = post(manager, f"{page}/answer", sent, page=page, content_type="multipart/form-data")
    assert done.status_code == 302
    assert scene.row(first).state == State.ANSWERED
    with scene.platform.database.reading() as session:
        (shot,) = photos.photos(session, scene.row(first))
        assert (shot.phase, shot.cleared_at) == ("after", None)
    answered = manager.get(page).text
    assert "换好了，请验收" in answered
    assert REPORTER_PHONE not in answered
    assert "反馈结果</button>" not in answered
    assert manager.get(f"{page}/photos/{shot.id}").mimetype == "image/jpeg"
    assert manager.get(f"{HERE}/{second}/photos/{shot.id}").status_code == 404

    # A page left open: the result is there already, and what was typed is shown again.
    stale = post(manager, f"{page}/progress", {"progress-text": "还有一句话要说"}, page=f"{HERE}/{second}")
    assert stale.status_code == 409
    assert "还有一句话要说" in stale.text
    assert "待评价" in stale.text


def test_what_is_not_theirs_goes_back_in_the_first_working_day_only(scene: Scene, browser: Browser) -> None:
    """首问负责: with whose it is; later the desk moves it."""
    made, late = scene.suggestion(State.ASSIGNED), scene.suggestion(State.ASSIGNED, name="", phone=None)
    manager = browser("manager")
    page = f"{HERE}/{made}"
    said = {"hand_back-belongs_to": "", "hand_back-why": "表后线路由供电公司维护"}
    missing = post(manager, f"{page}/hand-back", said, page=page)
    assert missing.status_code == 422
    assert said["hand_back-why"] in missing.text
    sent = post(manager, f"{page}/hand-back", {**said, "hand_back-belongs_to": "供电公司"}, page=page)
    assert sent.headers["Location"] == f"{HERE}/"
    assert (scene.row(made).state, scene.row(made).handler_id) == (State.RECEIVED, None)
    with scene.platform.database.reading() as session:
        assert reading.history(session, scene.row(made))[-1].reason == "应由供电公司办理：表后线路由供电公司维护"
    # The page that is still open elsewhere says what happened, with what was typed there.
    moved = post(manager, f"{page}/answer", {"answer-text": "我们其实已经修好了"}, page=f"{HERE}/{late}")
    assert moved.status_code == 409
    assert "不在您单位办理" in moved.text
    assert "我们其实已经修好了" in moved.text

    scene.pass_days(2)
    manager, page = browser("manager"), f"{HERE}/{late}"
    assert "hand-back" not in manager.get(page).text
    refused = post(manager, f"{page}/hand-back", {**said, "hand_back-belongs_to": "供电公司"}, page=page)
    assert refused.status_code == 409
    assert "2026-10-21" in refused.text
    assert said["hand_back-why"] in refused.text
    scene.pass_days(20)
    with (
        pytest.raises(handing.LateCannotPause),
        scene.platform.database.writing() as session,
    ):
        row = reading.find(session, scene.community, late)
        handling.pause(
            session,
            row,
            reason="等",
            until=date(2026, 12, 1),
            handler_id=str(row.handler_id),
            by=scene.desk,
            now=scene.now(),
        )
    needs = browser("manager").get("/c/WTY/my").text
    assert f"请办理：{TITLE}" in needs


def test_who_works_for_a_unit_follows_from_posts_and_an_alternate_waits(scene: Scene) -> None:
    alternate = officer(scene.platform, scene.community, COMMITTEE_ALTERNATE, name="候补", phone="13900000155")
    there = a_community(scene.platform, "BYL", "别院里")
    with scene.platform.database.writing() as session:
        now = scene.now()
        row = handlers.add_office(session, scene.community, body="owners_committee", by=scene.desk, now=now)
        with pytest.raises(handlers.NameTaken):
            handlers.add_office(session, scene.community, body="owners_committee", by=scene.desk, now=now)
        for body in ("auditor", "no_body"):
            with pytest.raises(handlers.NotABody):
                handlers.add_office(session, scene.community, body=body, by=scene.desk, now=now)
        people = handlers.people(session, row, now)
        assert scene.people["chair"] in people
        assert alternate not in people
        assert [one.id for one in handlers.handled_by(session, scene.community, scene.people["chair"], now)] == [row.id]
        assert not handlers.handled_by(session, scene.community, alternate, now)
        assert not handlers.handled_by(session, there, scene.people["lift_contact"], now)
        lift = handlers.find(session, scene.community, scene.handlers["lift"])
        assert handlers.people(session, lift, now) == [scene.people["lift_contact"]]
        chair = next(
            one for one in offices.roster(session, scene.community, now=now) if one.person.id == scene.people["chair"]
        )
        offices.end(session, scene.community, office_id=chair.office.id, basis="辞职", by=scene.desk, now=now)
        assert scene.people["chair"] not in handlers.people(session, row, now)


def test_the_register_of_units(scene: Scene, browser: Browser) -> None:
    """Added, counted, ended only when nothing is open; not for somebody without the power."""
    register = "/c/WTY/handlers/"
    late = scene.suggestion(State.ASSIGNED)
    scene.pass_days(30)
    clerk = browser("clerk")
    shown = clerk.get(register).text
    assert "渝升电梯维保" in shown
    assert "139****0177" in shown
    assert "13900000177" not in shown
    assert '<span class="tag tag--error">1</span>' in shown
    assert browser("owner").get(register).status_code == 403

    office = f"{register}office"
    assert post(clerk, office, {"body": "street_office"}).headers["Location"] == register
    assert 'value="street_office"' not in clerk.get(office).text
    outside = f"{register}outside"
    for sent, said in (
        ({"name": "自来水公司", "contact": "水先生", "phone": "12"}, "自来水公司"),
        ({"name": "自来水公司", "contact": "不是她", "phone": "13900000199"}, "姓名不同"),
        ({"name": "渝升电梯维保", "contact": "升大修", "phone": "13900000177"}, "不用再加"),
    ):
        refused = post(clerk, outside, sent)
        assert refused.status_code == 200
        assert said in refused.text
        assert sent["name"] in refused.text
    added = post(clerk, outside, {"name": "自来水公司", "contact": "水先生", "phone": "13900000144"})
    assert added.headers["Location"].startswith("/jobs/")

    property_end = f"{register}{scene.handlers['property']}/end"
    refused = post(clerk, property_end, page=register)
    assert refused.status_code == 409
    assert "还有 1 件没有办完" in refused.text
    scene.act("reassign", late, handler_id=scene.handlers["lift"], reason="归维保单位", by=scene.desk)
    assert post(clerk, property_end, page=register).status_code == 302
    assert post(clerk, property_end, page=register).status_code == 409
    assert browser("manager").get(f"{HERE}/").text.count("您现在不在任何承办单位") == 1
    assert post(clerk, f"{register}{scene.handlers['property']}/link", page=register).status_code == 409

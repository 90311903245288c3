"""The pages of a preparation: the street walks it through, owners read it, nobody else touches it."""

import hashlib
import io
import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from hoa.bulletin import service as bulletin
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR, PROPERTY_STAFF, Post
from hoa.offices.preparing import announcing
from hoa.offices.preparing.rules import papers
from hoa.offices.preparing.rules.trigger import Kind
from hoa.platform import Platform
from tests.integration.community.scene import officer, post, signed_in
from tests.integration.offices.preparing_scene import OWNERS, Scene, a_pdf

HOME = "/c/WTY/preparing"


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return Scene(platform)


def browser(app: Flask, scene: Scene, person: str) -> FlaskClient:
    return signed_in(app, scene.platform, person)


def send(client: FlaskClient, url: str, **fields: object):
    """A form with a file in it."""
    return post(client, url, fields, content_type="multipart/form-data", follow_redirects=True)


def a_report() -> tuple[io.BytesIO, str]:
    return io.BytesIO(a_pdf("书面申请")), "书面申请.pdf"


def started(client: FlaskClient, **more: object) -> str:
    """The first preparation, through the form; its id."""
    fields: dict[str, object] = {
        "ground": "owners",
        "received_on": "2026-10-19",
        "delivered": "500.00",
        "total": "800.00",
        "heads": "2",
        "asked": "200",
        "report": a_report(),
    }
    answer = send(client, f"{HOME}/start", **(fields | more))
    found = re.search(r"/preparing/([0-9a-z]{10,})/group", answer.text)
    assert found, answer.text
    return found[1]


def add(client: FlaskClient, made: str, name: str, phone: str, delegation: str, **more: str):
    fields = {"name": name, "phone": phone, "delegation": delegation, "basis": "推荐", **more}
    return post(client, f"{HOME}/{made}/group", fields, follow_redirects=True)


def test_the_street_walks_from_the_report_to_the_announced_list(app: Flask, scene: Scene):
    clerk = browser(app, scene, scene.second)
    assert "面积已达到条件" in clerk.get(f"{HOME}/").text
    made = started(clerk)
    page = clerk.get(f"{HOME}/{made}/group").text
    assert "还没有组长" in page
    assert "成立小组</button>" not in page
    add(clerk, made, "罗正言", "19900001003", "street", leader="y")
    add(clerk, made, "秦雅宁", "19900001001", "residents")
    for name, number in zip(OWNERS[:3], range(3), strict=True):
        assert name in add(clerk, made, name, f"1990000020{number}", "owner").text
    page, day = f"{HOME}/{made}/group", {"formed_on": "2026-10-20"}
    assert "请选择要上传的文件" in post(clerk, f"{page}/form", day, page=page).text
    fields = day | {"decision": (io.BytesIO(a_pdf("决定")), "决定.pdf")}
    answer = post(clerk, f"{page}/form", fields, page=page, content_type="multipart/form-data", follow_redirects=True)
    assert "小组已成立" in answer.text
    assert "2026年10月27日" in answer.text
    assert "已公告" in post(clerk, f"{HOME}/{made}/announce/members", follow_redirects=True).text
    assert "筹备组成员名单" in app.test_client().get("/c/WTY/bulletin/").text


def test_what_the_rules_refuse_is_said_on_the_form_and_changes_nothing(app: Flask, scene: Scene):
    clerk = browser(app, scene, scene.second)
    answer = send(
        clerk,
        f"{HOME}/start",
        ground="owners",
        received_on="2026-10-19",
        delivered="400.00",
        total="800.00",
        heads="2",
        report=a_report(),
    )
    assert "还差 0.01 m²" in answer.text
    assert (
        "请选择要上传的文件"
        in send(
            clerk, f"{HOME}/start-re-election", ground="term", received_on="2026-10-19", term_ends_on="2027-03-31"
        ).text
    )
    with scene.platform.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM preparation")) == 0
    made = started(clerk)
    assert "须本人书面同意" in add(clerk, made, "高敬之", "19900001004", "branch").text
    assert "账户是罗**的" in add(clerk, made, "罗正直", "19900001003", "street").text
    assert "不是本小区已核验身份的业主" in add(clerk, made, "路人甲", "19900000301", "owner").text
    with scene.platform.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM preparation_member")) == 0


def test_visitors_read_the_clock_and_masked_names_until_the_list_is_announced(app: Flask, scene: Scene):
    made = scene.formed()
    page = app.test_client().get(f"{HOME}/{made}").text
    assert "现在：公告成员名单" in page
    assert "7 天 · 已过 0 天 · 最迟 2026年10月27日" in page
    assert "平**" in page
    assert "平志晓" not in page
    assert "登记完成" not in page
    with scene.platform.database.writing() as session:
        announcing.announce_members(
            session, scene.id, made, url=f"{HOME}/{made}", by=scene.street, now=scene.platform.now()
        )
    assert "平志晓" in app.test_client().get(f"{HOME}/{made}").text


def test_papers_are_closed_until_published_and_the_developers_stay_closed(app: Flask, scene: Scene):
    made = scene.formed()
    (roll,) = scene.file(made, [papers.Paper.OWNER_ROLL])
    ids = scene.file(made, papers.published(Kind.FIRST))
    visitor, member = app.test_client(), browser(app, scene, scene.owners[0])
    address = f"{HOME}/{made}/papers/{ids[0]}"
    assert visitor.get(address).status_code == 404
    assert member.get(address).status_code == 200
    assert (
        "已公告"
        in post(browser(app, scene, scene.street), f"{HOME}/{made}/announce/publish", follow_redirects=True).text
    )
    sent = {paper.id: paper.sha256 for paper in scene.of(made).papers}
    answer = visitor.get(address)
    assert (answer.status_code, answer.headers["X-Content-SHA256"]) == (200, sent[ids[0]])
    assert hashlib.sha256(answer.data).hexdigest() == sent[ids[0]]
    assert visitor.get(f"{HOME}/{made}/papers/{roll}").status_code == 404
    assert visitor.get(f"{HOME}/{made}/report").status_code == 302
    assert member.get(f"{HOME}/{made}/report").status_code == 200


def test_the_group_sends_papers_and_marks_its_steps_but_not_the_streets(app: Flask, scene: Scene):
    made = scene.formed()
    member = browser(app, scene, scene.owners[0])
    answer = send(member, f"{HOME}/{made}/papers", kind="covenant", file=(io.BytesIO(a_pdf("规约")), "规约.pdf"))
    assert "文件已保存" in answer.text
    page = f"{HOME}/{made}/steps/publish"
    assert "请上传凭据" in send(member, page, done_on="2026-10-20").text
    answer = send(member, page, done_on="2026-10-20", file=(io.BytesIO(a_pdf("张贴")), "张贴照片.pdf"))
    assert "已登记完成" in answer.text
    assert "已撤回" in post(member, f"{page}/undo", {"reason": "登记错了"}, follow_redirects=True).text
    assert member.get(f"{HOME}/{made}/steps/form").status_code == 404
    assert member.get(f"{HOME}/{made}/announce/members").status_code == 403
    assert member.get(f"{HOME}/{made}/group").status_code == 403


def test_a_member_is_removed_with_a_reason_and_the_street_is_told(app: Flask, scene: Scene):
    made = scene.formed()
    member = scene.of(made).members[-1]
    clerk = browser(app, scene, scene.second)
    page = f"{HOME}/{made}/group/{member.id}/remove"
    assert "请填写这一项" in post(clerk, page).text
    assert "已移出" in post(clerk, page, {"reason": "搬走"}, follow_redirects=True).text
    assert "小组的组成不符合要求" in clerk.get("/c/WTY/").text
    assert "已结束" in post(clerk, f"{HOME}/{made}/finish", {"reason": "重新组建"}, follow_redirects=True).text


@pytest.mark.parametrize("who", [COMMITTEE_CHAIR, PROPERTY_STAFF, None])
def test_nobody_but_the_authorities_starts_or_changes_a_preparation(app: Flask, scene: Scene, who: Post | None):
    made = scene.formed()
    person = officer(scene.platform, scene.id, who, name="路人乙", phone="19900000302")
    client = browser(app, scene, person)
    for page in (
        "start",
        "start-re-election",
        f"{made}/group",
        f"{made}/papers",
        f"{made}/steps/publish",
        f"{made}/report",
    ):
        assert client.get(f"{HOME}/{page}").status_code == 403, page
    for page in ("group/form", "meeting", "steps/members/undo", "announce/members", "finish"):
        token = {"csrf_token": "x"}
        assert client.post(f"{HOME}/{made}/{page}", data=token).status_code in (400, 403), page
    assert scene.of(made).row.ended_at is None


def test_the_street_of_another_community_finds_nothing_here(app: Flask, scene: Scene):
    made = scene.formed()
    other = Scene(scene.platform, "BYL")
    client = browser(app, other, other.street)
    for page in ("", "/group", "/papers", "/steps/publish", "/report", "/finish", "/announce/members"):
        assert client.get(f"/c/BYL/preparing/{made}{page}").status_code == 404, page
        assert client.get(f"{HOME}/{made}{page}").status_code in (200, 403), page
    assert client.get(f"{HOME}/{made}/group").status_code == 403


def asked(app: Flask, scene: Scene, person: str, path: str = "/c/WTY/") -> str:
    return browser(app, scene, person).get(path).text


def test_whose_turn_it_is_sees_it_and_what_is_late_is_urgent_for_the_street(
    app: Flask, scene: Scene, clock: FrozenClock
):
    assert "可以筹备首次业主大会" in asked(app, scene, scene.street)
    scene.formed()
    assert "公告成员名单" in asked(app, scene, scene.owners[0])
    assert "公告成员名单" in _waiting(asked(app, scene, scene.street)), "the leader is of the street and of the group"
    assert "公告成员名单" not in _waiting(asked(app, scene, scene.second))
    clock.advance(days=8)
    page = asked(app, scene, scene.second)
    assert "公告成员名单已超期" in page
    assert "急" in page
    page = asked(app, scene, scene.street, "/")
    assert "首次业主大会筹备：公告成员名单" in page
    assert f"{HOME}/" in page


def _waiting(page: str) -> str:
    """What waits for this person, without what the page tells everybody."""
    return page.split("我要提诉求")[0]


def test_the_clock_says_what_a_rest_day_means(app: Flask, scene: Scene):
    # The term ends on Sunday 27 December 2026; three months before is 27 September, so the report was late.
    made = scene.start_again(ends=date(2026, 12, 27))
    page = app.test_client().get(f"{HOME}/{made}").text
    assert "已完成，超期" in page
    assert "最迟 2026年9月27日" in page
    assert "最迟 2026年12月27日 · 这天是休息日，不顺延，请在 2026年12月25日 前办好" in page
    assert "2026年12月19日 是休息日，顺延到下一个工作日（民法典第 203 条）" in page


def test_a_clock_that_runs_into_a_year_not_announced_says_so(app: Flask, scene: Scene):
    made = scene.start_again(ends=date(2027, 3, 31))
    assert "放假安排还没有公布" in app.test_client().get(f"{HOME}/{made}").text


def test_the_day_of_the_meeting_moves_the_last_day_of_the_announcement(app: Flask, scene: Scene):
    made = scene.formed()
    member = browser(app, scene, scene.owners[0])
    page = f"{HOME}/{made}"
    day = (scene.day + timedelta(days=30)).isoformat()
    assert "会议最早在" in post(member, f"{page}/meeting", {"day": "2026-10-25"}, page=page).text
    assert "最迟 2026年11月4日" in post(member, f"{page}/meeting", {"day": day}, page=page, follow_redirects=True).text


def test_the_group_answers_objections_to_what_it_announced_and_to_nothing_else(app: Flask, scene: Scene):
    made = scene.formed()
    with scene.platform.database.writing() as session:
        step = announcing.announce_members(
            session, scene.id, made, url=f"{HOME}/{made}", by=scene.street, now=scene.platform.now()
        )
        notice = bulletin.publish_notice(
            session, scene.id, title="停水", body="明日停水", by=scene.clerk, now=scene.platform.now()
        )
        ours, theirs = (
            bulletin.object_to(
                session, scene.id, publication_id=one, text="有异议", by=scene.owners[4], now=scene.platform.now()
            ).id
            for one in (step.publication_id or "", notice.id)
        )
    leader = browser(app, scene, scene.street)
    assert "答复业主异议" in leader.get("/c/WTY/").text
    answer = post(leader, f"/c/WTY/bulletin/objections/{ours}", {"text": "已核实，没有亲属"}, follow_redirects=True)
    assert "已核实，没有亲属" in answer.text
    assert leader.get(f"/c/WTY/bulletin/objections/{theirs}").status_code == 403
    assert browser(app, scene, scene.owners[0]).get(f"/c/WTY/bulletin/objections/{ours}").status_code == 403

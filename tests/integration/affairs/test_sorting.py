"""The desk's pages: sorting one after the other, what staff do afterwards, the list and its files, intake, common
problems; every refusal keeps what was typed."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hoa.affairs.rules.intake import MOST_AN_HOUR
from hoa.affairs.rules.states import State
from hoa.affairs.service import desk as service
from hoa.affairs.service import life, photos, reading
from hoa.affairs.tables import Check, Cluster, Photo, Rating, Step, Suggestion
from hoa.app import create_app
from hoa.kernel.errors import Busy
from hoa.platform import Platform
from tests.integration.affairs.scene import (
    ANSWER,
    REPORTER_NAME,
    REPORTER_PHONE,
    SECRET,
    TITLE,
    Scene,
    open_scene,
)
from tests.integration.community.scene import SMALL, do_import, signed_in, workbook
from tests.integration.people import a_community

HERE = "/c/WTY/sorting"


def picture(colour: str = "green") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return out.getvalue()


class Desk:
    """The scene with its people in browsers."""

    def __init__(self, platform: Platform) -> None:
        self.scene: Scene = open_scene(platform)
        self.platform = platform
        self.app: Flask = create_app(platform)
        self.app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        self.clerk, self.supervisor, self.manager, self.owner = (
            self.browser(self.scene.people[name]) for name in ("clerk", "supervisor", "manager", "owner")
        )

    def browser(self, person: str) -> FlaskClient:
        return signed_in(self.app, self.platform, person)

    def seen(self, suggestion_id: str) -> str:
        """How old a page is that is opened now."""
        with self.platform.database.reading() as session:
            query = select(func.max(Step.seq)).where(Step.suggestion_id == suggestion_id)
            return str(session.scalar(query))

    def decide(self, suggestion_id: str, client: FlaskClient | None = None, /, **more: Any) -> TestResponse:
        said = {"seen": self.seen(suggestion_id), "title": TITLE, "profile": "ten"} | more
        return (client or self.clerk).post(f"{HERE}/waiting/{suggestion_id}", data=said)

    def act(self, name: str, suggestion_id: str, client: FlaskClient | None = None, /, **more: Any) -> TestResponse:
        """One of the forms of a suggestion's page; its fields carry the form's name."""
        said = {f"{name}-{key}": value for key, value in ({"seen": self.seen(suggestion_id)} | more).items()}
        answer: TestResponse = (client or self.clerk).post(f"{HERE}/suggestions/{suggestion_id}/{name}", data=said)
        return answer

    def row(self, suggestion_id: str) -> Suggestion:
        return self.scene.row(suggestion_id)

    def last_step(self, suggestion_id: str) -> Step:
        with self.platform.database.reading() as session:
            return reading.history(session, reading.find(session, self.scene.community, suggestion_id))[-1]

    def count(self, table: type[Any]) -> int:
        with self.platform.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def photo(self, suggestion_id: str, phase: photos.Phase = photos.Phase.BEFORE, colour: str = "green") -> str:
        with self.platform.database.writing() as session:
            row = reading.find(session, self.scene.community, suggestion_id)
            kept = photos.checked(picture(colour), "照片.jpg")
            made = photos.add(session, self.platform.files, row, [kept], phase=phase, now=self.platform.now())
            return made[0].id


@pytest.fixture
def desk(platform: Platform) -> Desk:
    return Desk(platform)


def moved_to(answer: TestResponse) -> str:
    assert answer.status_code == 302, answer.text[:2000]
    return str(answer.headers["Location"])


def test_a_day_at_the_desk(desk: Desk) -> None:
    the_desk_is_for_those_who_sort(desk)
    waiting = []
    for number in "一二三四五":
        desk.scene.pass_days(0.01)
        waiting.append(desk.scene.receive(text=f"第{number}件：{number}号楼路灯坏了"))
    first, second, third, fourth, fifth = waiting
    the_oldest_is_shown_first_with_everything_about_it(desk, first, second)
    what_is_missing_is_said_and_nothing_typed_is_lost(desk, first)
    each_decision_opens_the_next(desk, first, second, third, fourth, fifth)
    what_somebody_else_sorted_meanwhile_is_told(desk)
    what_waits_too_long_is_urgent(desk)


def the_desk_is_for_those_who_sort(desk: Desk) -> None:
    assert "没有等待梳理的诉求" in desk.clerk.get(f"{HERE}/").text
    waiting = desk.scene.receive()
    for client in (desk.supervisor, desk.manager, desk.owner):
        assert client.get(f"{HERE}/").status_code == 403
        assert client.get(f"{HERE}/waiting/{waiting}").status_code == 403
        assert desk.decide(waiting, client, decision="refuse", refusal="不行").status_code == 403
    assert desk.app.test_client().get(f"{HERE}/").status_code == 302
    a_community(desk.platform, "BYL", "别院里")
    assert desk.clerk.get(f"/c/BYL/sorting/waiting/{waiting}").status_code == 403
    assert desk.clerk.get(f"{HERE}/waiting/nothing").status_code == 404
    assert desk.row(waiting).state == State.RECEIVED
    assert desk.decide(waiting, decision="refuse", refusal="重复提交").status_code == 302


def the_oldest_is_shown_first_with_everything_about_it(desk: Desk, first: str, second: str) -> None:
    photo = desk.photo(first)
    page = desk.clerk.get(f"{HERE}/").text
    assert f"/waiting/{first}" in page
    for words in (
        "第 1 件，共 5 件",
        "第一件",
        REPORTER_NAME,
        REPORTER_PHONE,
        "不同意把姓名电话给承办单位",
        f"photos/{photo}",
    ):
        assert words in page, words
    assert "最迟 2026年10月21日 梳理" in page
    # What others wrote about the same thing, to be merged into; and the title proposed from the text.
    assert desk.row(second).label in page
    assert 'value="第一件：一号楼路灯坏了"' in page
    assert desk.clerk.get(f"{HERE}/suggestions/{first}/photos/{photo}").mimetype == "image/jpeg"
    assert desk.owner.get(f"{HERE}/suggestions/{first}/photos/{photo}").status_code == 403
    assert desk.clerk.get(f"{HERE}/suggestions/{second}/photos/{photo}").status_code == 404


def what_is_missing_is_said_and_nothing_typed_is_lost(desk: Desk, first: str) -> None:
    before = desk.count(Step)
    assert "请填写这一项" in desk.decide(first, answer="马上换灯泡").text
    assert "马上换灯泡" in desk.decide(first, answer="马上换灯泡").text
    for decision, said in (
        ("at_once", {"title": "", "answer": "马上换灯泡"}),
        ("at_once", {"title": "路灯不亮已经很久了", "answer": ""}),
        ("undertaken", {"handler": "", "reason": "请今天去看"}),
        ("refuse", {"refusal": "", "reason": "请今天去看"}),
    ):
        page = desk.decide(first, decision=decision, **said).text
        assert "请填写这一项" in page, decision
        assert all(words in page for words in said.values())
    for said, wrong in (
        ({"decision": "merge"}, "请选择要并入哪一件"),
        ({"decision": "merge", "into_label": "2026-9999"}, "没有编号为“2026-9999”的诉求"),
        ({"decision": "merge", "into_label": desk.row(first).label}, "不能并入它自己"),
    ):
        refused = desk.decide(first, **said)
        assert (refused.status_code, wrong in refused.text) == (422, True), said
        assert said.get("into_label", "") in refused.text
    assert "太长了" in desk.decide(first, decision="refuse", refusal="长" * 501).text
    assert "长" * 501 in desk.decide(first, decision="refuse", refusal="长" * 501).text
    assert desk.decide(first, decision="undertaken", handler="nobody").status_code == 200
    assert desk.decide(first, decision="nonsense").status_code == 200
    assert desk.count(Step) == before


def each_decision_opens_the_next(desk: Desk, first: str, second: str, third: str, fourth: str, fifth: str) -> None:
    office, lift = desk.scene.handlers["property"], desk.scene.handlers["lift"]
    followed = moved_to(desk.decide(first, decision="at_once", title="路灯已换", answer="换好了"))
    assert followed.endswith(f"/waiting/{second}")
    page = desk.clerk.get(followed).text
    assert "已即办答复" in page
    assert "第 1 件，共 4 件" in page
    assert (desk.row(first).state, desk.row(first).title) == (State.ANSWERED, "路灯已换")

    said = {"decision": "undertaken", "handler": office, "profile": "13710", "reason": "请今天去看"}
    assert moved_to(desk.decide(second, **said)).endswith(f"/waiting/{third}")
    row = desk.row(second)
    assert (row.state, row.handler_id, row.profile, row.sorting) == (State.ASSIGNED, office, "13710", "undertaken")
    # The unit that got the last one of this kind is proposed for the next.
    assert f'<option selected value="{office}">' in desk.clerk.get(f"{HERE}/waiting/{third}").text

    assert moved_to(desk.decide(third, decision="referred", handler=lift)).endswith(f"/waiting/{fourth}")
    assert (desk.row(third).sorting, desk.row(third).handler_id) == ("referred", lift)
    # Skipping is a link; the last one goes back to what was skipped.
    assert f"/waiting/{fifth}" in desk.clerk.get(f"{HERE}/waiting/{fourth}").text
    label = desk.row(second).label
    assert moved_to(desk.decide(fifth, decision="merge", into_label=label, into=third)).endswith("/sorting/")
    assert (desk.row(fifth).state, desk.row(fifth).merged_into_id) == (State.MERGED, second)
    assert moved_to(desk.decide(fourth, decision="refuse", refusal="不归本小区管")).endswith("/sorting/")
    assert (desk.row(fourth).state, desk.last_step(fourth).reason) == (State.REFUSED, "不归本小区管")
    assert "没有等待梳理的诉求" in desk.clerk.get(f"{HERE}/").text


def what_somebody_else_sorted_meanwhile_is_told(desk: Desk) -> None:
    one = desk.scene.receive()
    said = {"seen": desk.seen(one), "decision": "refuse", "refusal": "这句话不能丢", "title": TITLE, "profile": "ten"}
    desk.scene.assign(one)
    late = desk.clerk.post(f"{HERE}/waiting/{one}", data=said)
    assert (late.status_code, desk.row(one).state) == (409, State.ASSIGNED)
    for words in ("这句话不能丢", "又有了新的进展", "刷新"):
        assert words in late.text
    assert moved_to(desk.clerk.get(f"{HERE}/waiting/{one}")).endswith(f"/suggestions/{one}")
    # Handed back it waits again, with the reason; a page from before is still too old.
    desk.scene.handle("hand_back", one, reason="这盏灯归市政")
    assert desk.clerk.post(f"{HERE}/waiting/{one}", data=said).status_code == 409
    assert "这盏灯归市政" in desk.clerk.get(f"{HERE}/").text
    assert desk.decide(one, decision="refuse", refusal="归市政").status_code == 302


def what_waits_too_long_is_urgent(desk: Desk) -> None:
    desk.scene.suggestion(State.RATED)
    desk.scene.receive()
    home = desk.clerk.get("/c/WTY/").text
    assert "1 件诉求待梳理" in home
    assert "1 件诉求已评价，可以公示" in home
    assert ">急<" not in home
    assert "待梳理" not in desk.supervisor.get("/c/WTY/").text
    desk.scene.pass_days(3)
    clerk = desk.browser(desk.scene.desk)
    assert "梳理已逾期 2 个工作日" in clerk.get(f"{HERE}/").text
    assert ">急<" in clerk.get("/c/WTY/").text


def test_what_staff_do_with_one_suggestion(desk: Desk) -> None:
    one = desk.scene.suggestion(State.ASSIGNED)
    the_page_tells_everything_to_staff_only(desk, one)
    it_is_given_to_another_unit(desk, one)
    it_is_merged_while_it_is_handled(desk)
    calls_and_visits_are_recorded(desk)
    a_call_may_bring_a_second_round(desk)
    it_is_published_with_masked_words_and_ticked_pictures(desk)


def the_page_tells_everything_to_staff_only(desk: Desk, one: str) -> None:
    url = f"{HERE}/suggestions/{one}"
    for client, status in ((desk.clerk, 200), (desk.supervisor, 200), (desk.manager, 403), (desk.owner, 403)):
        assert client.get(url).status_code == status
    page = desk.supervisor.get(url).text
    for words in (SECRET, REPORTER_NAME, REPORTER_PHONE, "收到诉求", "交办", "10个工作日", "秦雅宁"):
        assert words in page, words
    assert "改派给别的单位" in desk.clerk.get(url).text
    assert "改派给别的单位" not in page
    for name in ("reassign", "merge"):
        assert desk.act(name, one, desk.supervisor).status_code == 403
    for name in ("reassign", "merge", "check", "again", "publish"):
        assert desk.act(name, one, desk.manager).status_code == 403
        assert desk.clerk.post(f"{HERE}/suggestions/nothing/{name}").status_code == 404
    # A street officer reads and supervises, but publishes nothing.
    officer = desk.browser(desk.scene.people["officer"])
    assert desk.act("publish", one, officer).status_code == 403


def it_is_given_to_another_unit(desk: Desk, one: str) -> None:
    lift, reason = desk.scene.handlers["lift"], "门机的事归维保公司"
    assert "请填写这一项" in desk.act("reassign", one, handler=lift, reason="").text
    old = desk.seen(one)
    desk.scene.handle("progress", one, text="已到现场")
    stale = desk.act("reassign", one, seen=old, handler=lift, reason=reason)
    assert (stale.status_code, reason in stale.text, "现在已刷新" in stale.text) == (409, True, True)
    due = desk.row(one).due_on
    moved_to(desk.act("reassign", one, handler=lift, reason=reason))
    assert (desk.row(one).handler_id, desk.row(one).due_on) == (lift, due)
    desk.scene.handle("answer", one, text=ANSWER)
    late = desk.act("reassign", one, handler=desk.scene.handlers["property"], reason=reason)
    assert (late.status_code, "请刷新页面" in late.text, reason in late.text) == (409, True, True)


def test_two_desks_that_decide_at_the_same_instant_decide_once(desk: Desk) -> None:
    """The second waits while the first has looked how old its page is and has not written yet, then reads anew."""
    database, here = desk.platform.database, desk.scene.community
    one, other = (desk.row(desk.scene.suggestion(State.ASSIGNED)) for _ in range(2))
    seen = {row.id: desk.seen(row.id) for row in (one, other)}

    def decide(session: Session, row: Suggestion, also: list[str]) -> None:
        service.demand_fresh(session, row, seen[row.id], also=also)
        unit, now = desk.scene.handlers["lift"], desk.platform.now()
        life.reassign(session, here, row.id, handler_id=unit, reason="门机的事", by=desk.scene.desk, now=now)

    def second(row: Suggestion, also: list[str]) -> str:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(at_once, row, also).result()

    def at_once(row: Suggestion, also: list[str]) -> str:
        """Decides without waiting for the other desk: SQLite has one writer, PostgreSQL a lock on the row."""
        try:
            with database.writing(seconds=0.01) as session:
                if not database.is_sqlite:
                    session.execute(text("SET LOCAL lock_timeout = '10ms'"))
                decide(session, row, also)
        except (Busy, service.Moved) as refusal:
            return type(refusal).__name__
        return "decided"

    with database.writing() as session:
        service.demand_fresh(session, one, seen[one.id], also=[other.id])
        # Both rows of a merge are held, whichever of the two the other desk begins with.
        assert [second(one, []), second(other, [one.id])] == ["Busy", "Busy"]
        decide(session, one, [other.id])
    assert second(one, []) == "Moved"
    assert second(other, [one.id]) == "decided"


def it_is_merged_while_it_is_handled(desk: Desk) -> None:
    one, other = desk.scene.suggestion(State.ASSIGNED), desk.scene.suggestion(State.ASSIGNED)
    assert "没有编号为“2026-0999”的诉求" in desk.act("merge", one, label="2026-0999").text
    moved_to(desk.act("merge", one, label=desk.row(other).label))
    assert desk.row(one).merged_into_id == other
    assert desk.row(other).label in desk.clerk.get(f"{HERE}/suggestions/{one}").text
    assert desk.row(one).label in desk.clerk.get(f"{HERE}/suggestions/{other}").text
    assert desk.act("merge", one, label=desk.row(other).label).status_code == 409


def calls_and_visits_are_recorded(desk: Desk) -> None:
    one = desk.scene.suggestion(State.ANSWERED)
    assert "请填写这一项" in desk.act("check", one, kind="call", outcome="", text="没人接").text
    told = desk.act("check", one, kind="site", outcome="solved", stars="5", text="现场看过")
    assert (told.status_code, "评价要由提出人本人说出" in told.text, "现场看过" in told.text) == (422, True, True)
    assert desk.act("check", one, kind="call", outcome="unreached", stars="5").status_code == 422
    assert desk.act("check", one, kind="call", outcome="solved", stars="x").status_code == 200
    svg = (io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "现场.svg")
    bad = desk.act("check", one, kind="site", outcome="solved", text="门已修好", pictures=svg)
    assert (bad.status_code, "不是照片" in bad.text, "门已修好" in bad.text) == (422, True, True)
    assert desk.count(Check) == desk.count(Rating) == 0
    shot = (io.BytesIO(picture("blue")), "现场.jpg")
    moved_to(desk.act("check", one, desk.supervisor, kind="site", outcome="partly", text="门还响", pictures=shot))
    moved_to(desk.act("check", one, kind="call", outcome="solved", stars="4", text="满意"))
    assert desk.row(one).state == State.RATED
    with desk.platform.database.reading() as session:
        rating = session.scalars(select(Rating)).one()
        assert (rating.stars, rating.via) == (4, "call")
        assert session.scalars(select(Photo.phase)).all() == ["after"]
    page = desk.clerk.get(f"{HERE}/suggestions/{one}").text
    assert all(words in page for words in ("实地验收：部分解决", "电话回访：已解决", "4 星", "顾杰"))
    waiting = desk.scene.receive()
    refused = desk.act("check", waiting, kind="call", outcome="solved", text="还没有答复就打了电话")
    assert (refused.status_code, "还没有答复就打了电话" in refused.text) == (409, True)


def a_call_may_bring_a_second_round(desk: Desk) -> None:
    one = desk.scene.suggestion(State.ANSWERED)
    assert "请填写这一项" in desk.act("again", one, reason="").text
    moved_to(desk.act("again", one, desk.supervisor, reason="门还是关不上"))
    assert (desk.row(one).round, desk.row(one).state) == (2, State.ASSIGNED)
    desk.scene.handle("answer", one, text=ANSWER)
    assert "提出人要求重办" not in desk.clerk.get(f"{HERE}/suggestions/{one}").text
    assert desk.act("again", one, reason="还是不行").status_code == 409


def it_is_published_with_masked_words_and_ticked_pictures(desk: Desk) -> None:
    one = desk.scene.suggestion(State.RATED)
    url = f"{HERE}/suggestions/{one}"
    before, after = desk.photo(one), desk.photo(one, photos.Phase.AFTER, "blue")
    page = desk.clerk.get(url).text
    proposal = page.split('name="publish-text"')[1].split("</textarea>")[0]
    assert "电梯停了两天" in proposal
    assert "901" not in proposal
    assert ANSWER in page.split('name="publish-answer"')[1]

    # One picture at a time, with a way back.
    for open_to_all, cleared in (("yes", True), ("", False)):
        moved_to(desk.clerk.post(f"{url}/photos/{before}", data={"open": open_to_all}))
        with desk.platform.database.reading() as session:
            shown = session.scalars(select(Photo).where(Photo.id == before)).one()
            assert (shown.cleared_at is not None, shown.cleared_by_id is not None) == (cleared, cleared)
    assert desk.manager.post(f"{url}/photos/{before}", data={"open": "yes"}).status_code == 403
    other = desk.scene.receive()
    assert desk.clerk.post(f"{HERE}/suggestions/{other}/photos/{before}", data={"open": "yes"}).status_code == 404

    said: dict[str, Any] = {"text": "电梯停了两天。", "answer": "已经修好。", "pictures": [after]}
    assert "请填写这一项" in desk.act("publish", one, **(said | {"text": ""})).text
    assert desk.act("publish", one, **(said | {"pictures": ["elsewhere"]})).status_code == 200
    assert desk.act("publish", desk.scene.suggestion(State.ANSWERED), **said | {"pictures": []}).status_code == 409
    assert desk.row(one).state == State.RATED
    moved_to(desk.act("publish", one, desk.supervisor, **said))
    row = desk.row(one)
    assert (row.state, row.public_text, row.public_answer) == (State.PUBLISHED, "电梯停了两天。", "已经修好。")
    with desk.platform.database.reading() as session:
        public = photos.photos(session, reading.find(session, row.community_id, row.id), cleared=True)
        assert [one.id for one in public] == [after]


def test_the_list_is_searched_filtered_and_taken_away_without_names(desk: Desk) -> None:
    made = {state: desk.scene.suggestion(state) for state in State}
    desk.scene.act("merge", desk.scene.receive(), into_id=made[State.ASSIGNED], by=desk.scene.desk)
    gate = desk.scene.receive(
        category="order_gate", channel="phone", text="=HYPERLINK(门禁坏了)", building="1", entrance=""
    )
    desk.scene.assign(gate, title="=1+1 门禁", handler="lift")
    assert desk.owner.get(f"{HERE}/list").status_code == 403
    assert desk.manager.get(f"{HERE}/list.csv").status_code == 403
    assert desk.clerk.get(f"{HERE}/list.pdf").status_code == 404

    def found(**wanted: str) -> set[str]:
        page = desk.clerk.get(f"{HERE}/list", query_string=wanted).text
        return set(re.findall(r"/sorting/suggestions/([a-z0-9]+)\"", page))

    everything = found()
    assert set(made.values()) < everything
    assert found(state="published") == {made[State.PUBLISHED]}
    opened = {row for row in everything if desk.row(row).state in ("received", "assigned", "paused")}
    assert found(state="open") == opened
    assert found(category="order_gate") == found(channel="phone") == found(q="门禁") == {gate}
    assert found(handler=desk.scene.handlers["lift"]) == {gate}
    assert found(q=desk.row(gate).label) == {gate}
    assert found(since="2026-10-21") == found(q="没有这样的字") == set()
    assert found(until="2026-10-20") == everything
    assert found(overdue="y") == set()
    wrong = desk.clerk.get(f"{HERE}/list?since=2026-13-99&state=nonsense&page=99")
    assert (wrong.status_code, "还有内容要改" in wrong.text) == (200, True)
    the_files_hold_public_words_only(desk, gate)
    desk.scene.pass_days(30)
    desk.clerk = desk.browser(desk.scene.desk)
    assert gate in found(overdue="y")
    assert made[State.PUBLISHED] not in found(overdue="y")


def the_files_hold_public_words_only(desk: Desk, gate: str) -> None:
    book = load_workbook(io.BytesIO(desk.clerk.get(f"{HERE}/list.xlsx").data))
    assert book.sheetnames == ["全部诉求", "问题清单", "责任清单", "整改清单"]
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    csv = desk.clerk.get(f"{HERE}/list.csv").data.decode("utf-8-sig")
    texts = " ".join(str(cell.value) for cell in cells) + csv
    for secret in (REPORTER_NAME, REPORTER_PHONE, SECRET, "HYPERLINK", "谢谢"):
        assert secret not in texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert "'=1+1 门禁" in csv
    for words in (TITLE, ANSWER, "渝升电梯维保", "期限内", "5"):
        assert words in texts
    narrowed = desk.clerk.get(f"{HERE}/list.csv?category=order_gate").data.decode("utf-8-sig").splitlines()
    assert len(narrowed) == 2
    assert narrowed[1].startswith(desk.row(gate).label)


def test_staff_write_down_what_they_hear(desk: Desk) -> None:
    do_import(desk.platform, desk.scene.community, workbook(SMALL))
    url = f"{HERE}/take"
    assert desk.owner.get(url).status_code == 403
    assert desk.supervisor.get(url).status_code == 403
    where = 'parts:["1\\u680b", "1\\u5355\\u5143"]'
    said: dict[str, Any] = {
        "channel": "phone",
        "category": "lift",
        "text": "电话里说一单元电梯异响",
        "where": where,
        "floor": "2",
        "spot": "电梯厅",
        "name": "赵阿姨",
        "phone": "199 0000 0258",
        "then": "next",
    }
    for changed, wrong in (
        ({"channel": "poster"}, "还有内容要改"),
        ({"channel": ""}, "请填写这一项"),
        ({"category": ""}, "请填写这一项"),
        ({"where": 'parts:["9栋", ""]'}, "还有内容要改"),
        ({"floor": "44"}, "没有第“44”层"),
        ({"floor": "一百"}, "还有内容要改"),
        ({"phone": "12345"}, "手机号"),
        ({"text": "长" * 1001}, "太长了"),
        ({"text": ""}, "请写一句话"),
        ({"pictures": (io.BytesIO(b"%PDF-1.4"), "单子.pdf")}, "不是照片"),
        ({"pictures": [(io.BytesIO(picture()), f"{n}.jpg") for n in range(5)]}, "最多 4 张"),
    ):
        refused = desk.manager.post(url, data=said | changed)
        assert (refused.status_code, wrong in refused.text) == (200, True), changed
        assert "赵阿姨" in refused.text
        assert ("照片没有保存" in refused.text) == ("pictures" in changed)
    assert desk.count(Suggestion) == 0
    followed = moved_to(desk.manager.post(url, data=said | {"pictures": (io.BytesIO(picture()), "a.jpg")}))
    page = desk.manager.get(followed).text
    assert "2026-0001 已登记" in page
    assert re.search(r'value="phone"[^>]* checked', page)
    assert "赵阿姨" not in page
    moved_to(
        desk.manager.post(url, data=said | {"where": "", "floor": "", "channel": "group", "phone": "", "then": ""})
    )
    with desk.platform.database.reading() as session:
        first, second = session.scalars(select(Suggestion).order_by(Suggestion.number))
        assert (first.building, first.entrance, first.floor, first.channel) == ("1栋", "1单元", 2, "phone")
        assert first.received_by_id == desk.scene.people["manager"]
        assert first.reporter_phone_sealed is not None
        assert (second.building, second.channel, second.reporter_phone_sealed) == ("", "group", None)
        assert session.scalars(select(Photo.suggestion_id)).all() == [first.id]
    assert "赵阿姨" in desk.clerk.get(f"{HERE}/suggestions/{first.id}").text

    # A phone that staff type was proven by nobody: it hears no more of this than somebody who reports a lot.
    phone = {"phone": "19900000259", "text": "同一个号码"}
    for _ in range(MOST_AN_HOUR):
        moved_to(desk.manager.post(url, data=said | phone))
    taken = desk.count(Suggestion)
    refused = desk.manager.post(url, data=said | phone)
    assert "这个手机号刚才已经登记了 6 件" in refused.text
    assert "赵阿姨" in refused.text
    assert desk.count(Suggestion) == taken


def test_a_common_cause_is_put_together_and_raised_as_one(desk: Desk) -> None:
    one, two, ended = desk.scene.receive(), desk.scene.suggestion(State.ASSIGNED), desk.scene.suggestion(State.RATED)
    new = f"{HERE}/clusters/new"
    assert "还没有共性问题" in desk.clerk.get(f"{HERE}/clusters").text
    assert "请先勾选几件诉求" in desk.clerk.get(f"{new}?ids={one}").text
    assert desk.clerk.get(f"{new}?ids={one}&ids=nothing").status_code == 404
    assert desk.supervisor.get(f"{new}?ids={one}&ids={two}").status_code == 403
    said = {"title": "电梯门机老化", "text": "同一批门机，建议一起更换。"}
    assert "请填写这一项" in desk.clerk.post(f"{new}?ids={one}&ids={two}", data=said | {"title": ""}).text
    refused = desk.clerk.post(f"{new}?ids={one}&ids={ended}", data=said)
    assert "请刷新页面" in refused.text
    assert "同一批门机" in refused.text
    assert desk.count(Cluster) == 0
    url = moved_to(desk.clerk.post(f"{new}?ids={one}&ids={two}&ids={one}", data=said))
    again = desk.clerk.post(f"{new}?ids={one}&ids={two}", data=said)
    assert "已经归入另一个共性问题" in again.text

    page = desk.supervisor.get(url).text
    assert "G2026-001" in page
    assert "上报给" not in page
    assert "上报给" in desk.clerk.get(url).text
    up = {"to": "street_office", "reason": "超出小区能力"}
    assert desk.supervisor.post(f"{url}/raise", data=up).status_code == 403
    assert "请填写这一项" in desk.clerk.post(f"{url}/raise", data=up | {"reason": ""}).text
    assert desk.clerk.post(f"{url}/raise", data=up | {"to": "auditor"}).status_code == 200
    moved_to(desk.clerk.post(f"{url}/raise", data=up))
    for member in (one, two):
        step = desk.last_step(member)
        assert (step.action, step.reason) == ("raise", "超出小区能力")
        assert "G2026-001" in desk.clerk.get(f"{HERE}/suggestions/{member}").text
    twice = desk.clerk.post(f"{url}/raise", data=up)
    assert (twice.status_code, "已经上报" in twice.text, "超出小区能力" in twice.text) == (409, True, True)
    assert "街道办事处" in desk.clerk.get(f"{HERE}/clusters").text
    assert desk.clerk.get(f"{HERE}/clusters/nothing").status_code == 404
    assert desk.clerk.post(f"{HERE}/clusters/nothing/raise", data=up).status_code == 404
    one_more_and_one_out_again(desk, url, one)


def one_more_and_one_out_again(desk: Desk, url: str, member: str) -> None:
    assert "再归入一件" in desk.clerk.get(url).text
    assert "移出一件" not in desk.clerk.get(url).text, "two are the fewest"
    assert "再归入一件" not in desk.supervisor.get(url).text
    third, fourth = desk.row(desk.scene.receive()), desk.row(desk.scene.receive())
    add, take = f"{url}/add", f"{url}/take"
    assert desk.supervisor.post(add, data={"add-label": third.label}).status_code == 403
    assert "请填写这一项" in desk.clerk.post(add, data={}).text
    unknown = desk.clerk.post(add, data={"add-label": "2031-0009"})
    assert ("没有编号为“2031-0009”的诉求" in unknown.text, "2031-0009" in unknown.text) == (True, True)
    moved_to(desk.clerk.post(add, data={"add-label": f" {third.label} "}))
    twice = desk.clerk.post(add, data={"add-label": third.label})
    assert (twice.status_code, "已经在这个共性问题里" in twice.text) == (409, True)
    assert third.label in desk.clerk.get(url).text
    assert desk.supervisor.post(take, data={"take-which": third.id, "take-reason": "r"}).status_code == 403
    missing = desk.clerk.post(take, data={"take-which": third.id, "take-reason": ""})
    assert "请填写这一项" in missing.text
    assert f'value="{third.id}" selected' in missing.text or f'selected value="{third.id}"' in missing.text
    other = desk.clerk.post(take, data={"take-which": fourth.id, "take-reason": "是另一台"})
    assert (other.status_code, "是另一台" in other.text) == (200, True)
    moved_to(desk.clerk.post(take, data={"take-which": third.id, "take-reason": "是另一台电梯"}))
    assert (desk.last_step(third.id).action, desk.last_step(third.id).reason) == ("uncluster", "是另一台电梯")
    gone = desk.clerk.post(take, data={"take-which": member, "take-reason": "也不是"})
    assert (gone.status_code, "至少要有 2 件" in gone.text, "也不是" in gone.text) == (422, True, True)
    assert desk.row(member).cluster_id is not None
    for verb in (add, take):
        assert desk.clerk.post(verb.replace(url, f"{HERE}/clusters/nothing"), data={}).status_code == 404

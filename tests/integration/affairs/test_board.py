"""The public board: what everybody may read, the figures and their lists, pictures, messages and the feed."""

import io
import re
from typing import Any
from xml.etree import ElementTree as ET

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from hoa.affairs.board_tables import BoardAnnouncement
from hoa.affairs.rules.figures import Outcome, Period
from hoa.affairs.rules.states import Sorting, State
from hoa.affairs.service import announcing, closing, figures, letters, photos, reading
from hoa.app import create_worker
from hoa.jobs import Job, Run
from hoa.kernel.clock import today
from hoa.platform import Platform
from tests.integration.affairs.scene import ANSWER, REPORTER_NAME, REPORTER_PHONE, TITLE, Scene, open_scene
from tests.integration.community.scene import csrf, signed_in

BOARD = "/c/WTY/suggestions/"
ATOM = "{http://www.w3.org/2005/Atom}"


def picture(scene: Scene, suggestion_id: str, phase: str, *, cleared: bool) -> str:
    """The id of a new picture."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green" if cleared else "red").save(out, "PNG")
    kept = photos.checked(out.getvalue(), "a.png")
    with scene.platform.database.writing() as session:
        row = reading.find(session, scene.community, suggestion_id)
        (made,) = photos.add(session, scene.platform.files, row, [kept], phase=phase, now=scene.now())
        if cleared:
            photos.clear(session, scene.community, made.id, by=scene.desk, now=scene.now())
        return made.id


def test_everybody_reads_how_each_one_stands_and_nothing_more(platform: Platform, client: FlaskClient) -> None:
    scene = open_scene(platform)
    made = {state: scene.suggestion(state) for state in State}
    late = scene.suggestion(State.ASSIGNED, category="parking", building="5")
    first = scene.receive(category="greening")
    scene.act("refuse", first, reason=f"{REPORTER_NAME}家 3幢2单元901 的事不归小区管", by=scene.desk)
    scene.pass_days(30)
    with platform.database.writing() as session:
        letter = letters.issue(
            session,
            scene.community,
            late,
            text="请尽快办理并答复",
            answer_by=today(scene.now()).replace(day=23, month=11),
            by=scene.people["officer"],
            now=scene.now(),
        )
    board = client.get(BOARD).text
    assert board.count("2026-00") >= len(State)
    assert client.get(f"{BOARD}?page={10**30}").status_code == 200
    assert "其中逾期" in board
    assert "已逾期" in board
    assert "逾期" in client.get(BOARD + "?overdue=1&building=5").text
    # Before triage: category only. Raw text is neither shown nor searched; the title is.
    assert "找到 0 件" in client.get(BOARD + "?q=老人上不去").text
    assert "找到 0 件" not in client.get(BOARD + "?q=电梯停运").text
    assert "找到 1 件" in client.get(BOARD + f"?q={scene.row(late).label}").text
    for state, row_id in made.items():
        page = client.get(BOARD + scene.row(row_id).label)
        assert page.status_code == 200, state
        assert ("更换曳引机" in page.text) is (state is State.PUBLISHED), state
        assert ("等配件到货" in page.text) is (state is State.PAUSED), state
        assert ("说明" in page.text and "修好了，谢谢" in page.text) is False, state
    shown = client.get(BOARD + scene.row(late).label).text
    assert f"督办函 {letter.label}" in shown
    assert "我也遇到了" in shown
    assert "从诉求到付款" not in shown, "a chain of one link leads nowhere"
    assert (
        "从诉求到付款"
        not in signed_in(client.application, platform, scene.desk).get(BOARD + scene.row(late).label).text
    )
    refused = client.get(BOARD + scene.row(first).label).text
    assert "苟** 3幢2单元9**" in refused.replace("家", " ").replace("  ", " ")
    merged = client.get(BOARD + scene.row(made[State.MERGED]).label).text
    assert "这件事并入了" in merged
    for wrong in (
        "2026-9999",
        "2026-1",
        "x",
        "2026-0001x",
        "months/2026",
        "months/x",
        "?state=x",
        "?handler=x",
        "?year=99",
    ):
        assert client.get(BOARD + wrong).status_code == 404, wrong
    assert client.get(BOARD + "?q=" + "长" * 61).status_code == 422
    assert client.get(BOARD + "?page=99").status_code == 200
    client.set_cookie("hoa-language", "en")
    for path in ("", scene.row(made[State.PUBLISHED]).label, "figures", "months/2026-10"):
        page = client.get(BOARD + path)
        assert (page.status_code, page.text.count("<h1")) == (200, 1), path


def test_every_figure_leads_to_the_list_it_counts(platform: Platform, client: FlaskClient) -> None:
    scene = open_scene(platform)
    for state in State:
        scene.suggestion(state)
    again = scene.suggestion(State.ANSWERED, category="parking")
    scene.act("reopen", again, reason="又坏了")
    at_once = scene.receive(category="cleaning")
    scene.act("answer_at_once", at_once, title="楼道灯", text="已换", by=scene.desk)
    scene.assign(scene.receive(category="fire_safety"), handler="lift", sorting=Sorting.REFERRED)
    scene.pass_days(20)
    day = today(scene.now())
    with platform.database.reading() as session:
        told = figures.told(session, scene.community, Period(2026), day=day)
    page = client.get(BOARD + "figures").text
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/c/WTY/suggestions/\?[^"]+)"', page)}
    handler_ids = scene.handlers
    expected: dict[str, int] = {
        "year=2026": told.whole.received,
        "year=2026&reopened=1": told.whole.reopened,
        "overdue=1": told.overdue_now,
        **{f"year=2026&outcome={one}": getattr(told.whole, one) for one in Outcome},
        **{f"year=2026&category={key}": found.received for key, found in told.categories},
        **{f"year=2026&class={key or 'none'}": found.received for key, found in told.sortings},
        **{f"year=2026&stars={5 - place}": times for place, times in enumerate(told.whole.stars)},
        f"year=2026&handler={handler_ids['property']}": sum(f.received for name, f in told.handlers if "物业" in name),
        f"year=2026&handler={handler_ids['lift']}": sum(f.received for name, f in told.handlers if "渝升" in name),
    }
    assert {link.partition("?")[2] for link in links} == set(expected)
    for query, number in expected.items():
        assert f"找到 {number} 件" in client.get(BOARD + "?" + query).text, query
    both = client.get(BOARD + "?year=2026&outcome=late&building=4").text
    assert "找到 0 件" in both
    assert (told.whole.reopened, told.whole.stars[0], told.whole.outside) == (1, 2, 3)
    assert told.whole.late == told.overdue_now > 0
    assert sum(times for _, times in told.channels) == told.whole.received
    # What was received this year is nothing of last year, and the other way round.
    before = client.get(BOARD + "figures?period=2025")
    assert before.status_code == 200
    assert "这段时间没有收到诉求" in before.text
    home = client.get("/c/WTY/").text
    assert "码上提" in home
    assert "我要提诉求" in home
    assert f"现在逾期 {told.overdue_now} 件" in home


def test_a_picture_is_public_once_it_was_looked_at_and_the_answer_is_published(
    platform: Platform, client: FlaskClient
) -> None:
    scene = open_scene(platform)
    row_id, other = scene.suggestion(State.RATED), scene.suggestion(State.PUBLISHED)
    before = picture(scene, row_id, "before", cleared=True)
    after = picture(scene, row_id, "after", cleared=False)
    label = scene.row(row_id).label
    assert client.get(f"{BOARD}{label}/photos/{before}").status_code == 404
    scene.act("publish", row_id, public_text="电梯停运", public_answer=ANSWER, by=scene.desk)
    page = client.get(BOARD + label).text
    assert before in page
    assert after not in page
    shown = client.get(f"{BOARD}{label}/photos/{before}")
    assert (shown.status_code, shown.mimetype, shown.headers["X-Content-Type-Options"]) == (200, "image/png", "nosniff")
    assert client.get(f"{BOARD}{label}/photos/{after}").status_code == 404
    assert client.get(f"{BOARD}{scene.row(other).label}/photos/{before}").status_code == 404


def messages(platform: Platform, kind: str) -> list[str]:
    path = platform.settings.data / "sms.jsonl"
    return [line for line in path.read_text().splitlines() if kind in line] if path.exists() else []


def run_jobs(platform: Platform) -> None:
    worker = create_worker(platform)
    while worker.run_one():
        pass


def test_a_subscriber_hears_of_a_published_answer_once(app: Flask, platform: Platform) -> None:
    scene = open_scene(platform)
    owner = signed_in(app, platform, scene.people["owner"])
    assert "有诉求办结公示发短信告诉我" in owner.get(BOARD).text
    for _ in range(2):
        owner.post(BOARD + "subscription", data={"csrf_token": csrf(owner, BOARD), "want": "yes"})
    run_jobs(platform)
    published = scene.suggestion(State.PUBLISHED)
    with platform.database.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == closing.ANNOUNCE)).one()
        assert job.payload == {"suggestion": published}
    run_jobs(platform)
    sent = messages(platform, "suggestion-board")
    assert len(sent) == 1
    assert TITLE in sent[0]
    assert scene.row(published).label in sent[0]
    assert REPORTER_NAME not in sent[0]
    assert REPORTER_PHONE not in sent[0]
    # The job again, as after a crash: nobody is told twice.
    assert announcing.announce(Run(platform, job)) == {"told": 0}
    with platform.database.reading() as session:
        assert [row.outcome for row in session.scalars(select(BoardAnnouncement))] == ["sent"]
    owner.post(BOARD + "subscription", data={"csrf_token": csrf(owner, BOARD), "want": "no"})
    scene.suggestion(State.PUBLISHED)
    run_jobs(platform)
    assert len(messages(platform, "suggestion-board")) == 1


def parsed(response: Any) -> ET.Element:
    return ET.fromstring(response.data)  # noqa: S314 - our own feed


def _texts(element: ET.Element) -> dict[str, Any]:
    return {child.tag.removeprefix(ATOM): child.text for child in element}


def test_the_feed_is_atom_and_says_when_nothing_changed(platform: Platform, client: FlaskClient) -> None:
    scene = open_scene(platform)
    address = BOARD + "suggestions.atom"
    empty = parsed(client.get(address))
    assert {"id", "title", "updated", "author", "link"} <= {child.tag.removeprefix(ATOM) for child in empty}
    row_id = scene.receive()
    scene.assign(row_id, title="灯 <b>坏</b> & 暗")
    published = scene.suggestion(State.PUBLISHED)
    answer = client.get(address)
    assert answer.mimetype == "application/atom+xml"
    feed = parsed(answer)
    assert feed.tag == ATOM + "feed"
    assert [link.get("rel") for link in feed.findall(ATOM + "link")] == ["self", "alternate"]
    entries = feed.findall(ATOM + "entry")
    ids = [_texts(entry)["id"] for entry in entries]
    assert len(set(ids)) == len(ids) == 2
    assert all(one.startswith("tag:") for one in ids)
    told = {_texts(entry)["title"].partition(" ")[0]: _texts(entry) for entry in entries}
    open_one, done = told[scene.row(row_id).label], told[scene.row(published).label]
    assert open_one["title"].endswith("灯 <b>坏</b> & 暗")
    assert "content" not in open_one
    assert ANSWER in done["content"]
    for entry in (open_one, done, _texts(feed)):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", entry["updated"])
    for header in ({"If-None-Match": answer.headers["ETag"]}, {"If-Modified-Since": answer.headers["Last-Modified"]}):
        again = client.get(address, headers=header)
        assert (again.status_code, again.data) == (304, b"")
    scene.pass_days(1)
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    scene.handle("progress", row_id, text="正在采购")
    changed = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200
    assert parsed(changed).find(f"{ATOM}entry/{ATOM}id").text == open_one["id"]  # type: ignore[union-attr]

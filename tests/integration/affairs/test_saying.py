"""Saying something from a poster or without one: nothing typed is lost, nobody is named."""

import io
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from hoa.affairs.rules.intake import MOST_AN_HOUR, MOST_TEXT
from hoa.affairs.rules.states import State
from hoa.affairs.service import drafts, intake, links, photos, places, public, reading
from hoa.affairs.tables import Draft, DraftPhoto, Follower, Place, Suggestion
from hoa.app import create_app
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import RESIDENTS_STAFF
from hoa.platform import Platform
from tests.integration.accounts.browsing import code_sent, messages
from tests.integration.affairs.scene import Scene, open_scene
from tests.integration.community.scene import a_register, csrf, officer, post, signed_in, work
from tests.integration.people import a_community

HERE = "/c/WTY"
PHONE, NAME = "13900000121", "乐言之"
WORDS = "电梯里的灯坏了，晚上一片黑，老人不敢坐"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def photograph(*, size: tuple[int, int] = (40, 30), colour: str = "green") -> bytes:
    """A JPEG as a phone makes it: with the place, the camera and a remark in it."""
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif, comment=b"taken at home")
    return out.getvalue()


@pytest.fixture
def community(platform: Platform) -> str:
    return a_register(platform)


@pytest.fixture
def desk(app: Flask, platform: Platform, community: str) -> FlaskClient:
    clerk = officer(platform, community, RESIDENTS_STAFF, name="祝安", phone="13900000122")
    return signed_in(app, platform, clerk)


def a_place(platform: Platform, community: str, *, name: str = "1栋电梯厅") -> Place:
    clerk = _somebody(platform)
    with platform.database.writing() as session:
        row = places.add(
            session,
            community,
            name=name,
            building="1栋",
            entrance="1单元",
            floor=1,
            by=clerk,
            now=platform.now(),
        )
        session.expunge_all()
        return row


def _somebody(platform: Platform) -> str:
    return officer(platform, None, None, name="祝安", phone="13900000122")


def action_of(page: TestResponse) -> str:
    found = re.search(r'action="([^"]+/say/draft/[^"]+)"', page.text)
    assert found, "no page to write on"
    return unescape(found[1])


def written(client: FlaskClient, query: str, data: Mapping[str, Any]) -> TestResponse:
    """Open the page to write on and send it, as a browser does: with every hidden field that stands in it."""
    page = client.get(f"{HERE}/say/new?{query}")
    assert page.status_code == 200
    return client.post(action_of(page), data={**hidden(page), **data}, content_type="multipart/form-data")


def multipart(fields: Mapping[str, str], name: str, content: bytes) -> tuple[bytes, str]:
    """A form with one large picture, as bytes; the test client would leave a temporary file open."""
    head = "--edge\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    parts.append(f'{head}"photos"; filename="{name}"\r\n\r\n')
    return "".join(parts).encode() + content + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge"


def hidden(page: TestResponse) -> dict[str, str]:
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    }


def only(platform: Platform, community: str) -> Suggestion:
    with platform.database.reading() as session:
        (row,) = reading.listed(session, community)
        session.expunge_all()
        return row


def number_of(platform: Platform, community: str) -> int:
    with platform.database.reading() as session:
        return reading.count(session, community)


def test_a_stranger_reports_from_a_poster_and_nothing_is_lost_on_the_way(
    app: Flask, platform: Platform, community: str, clock: FrozenClock, caplog: pytest.LogCaptureFixture, capfd: Any
):
    place = a_place(platform, community)
    client = app.test_client()
    scanned = client.get(f"{HERE}/say/{place.code}")
    assert "1栋电梯厅" in scanned.text
    assert f"place={place.code}" in scanned.text

    # An SVG beside a real photo: refused kindly, the photo and the words stay.
    sent = [(io.BytesIO(SVG), "lamp.svg"), (io.BytesIO(photograph()), "lamp.jpg")]
    answer = written(client, f"category=lift&place={place.code}", {"text": WORDS, "phone": "12", "photos": sent})
    assert answer.status_code == 200
    assert "“lamp.svg”不是照片" in answer.text
    assert "手机号应为 11 位" in answer.text
    assert WORDS in answer.text
    shown = re.search(r'src="([^"]+/photo/\d+)"', answer.text)
    assert shown
    picture = client.get(unescape(shown[1]))
    assert picture.mimetype == "image/jpeg"
    assert b"SecretPhone" not in picture.data
    assert number_of(platform, community) == 0

    # Now the phone; a wrong code; somebody else's browser cannot go on without the address; then the right one.
    there = action_of(answer)
    again = client.post(there, data={**hidden(answer), "text": WORDS, "phone": PHONE, "name": NAME})
    assert again.status_code == 302
    assert again.headers["Location"].endswith("/code")
    code_page = again.headers["Location"]
    code = code_sent(platform, after=0)
    wrong = post(client, code_page, {"code": "000000" if code != "000000" else "111111"})
    assert "验证码不对" in wrong.text
    assert number_of(platform, community) == 0
    assert WORDS in client.get(there).text
    done = post(client, code_page, {"code": code})
    assert done.status_code == 302
    assert done.headers["Location"].endswith("/sent")
    row = only(platform, community)
    assert (row.category, row.text, row.place_id, row.channel) == ("lift", WORDS, place.id, "poster")
    assert (row.building, row.entrance, row.floor) == ("1栋", "1单元", 1)
    assert (row.reporter_id, row.state) == (None, "received")
    stranger = app.test_client()
    followed = stranger.get(f"{HERE}/say/follow/{row.id}").text
    assert "电梯 · 1栋</p>" in followed, "of an entrance or a floor no more than its building"
    assert "电梯厅" not in followed
    for scanned_as, told in ((f"place={place.code}", True), ("building=1栋", False)):
        same = written(stranger, f"category=lift&{scanned_as}", {"text": "电梯门关不上", "phone": "13900000166"})
        assert ("电梯厅" in stranger.get(same.headers["Location"]).text) == told
    gate = Place(name="北门岗亭", building="", entrance="", floor=None)
    assert public.where(row, gate) == "北门岗亭"
    thanks = client.get(done.headers["Location"])
    assert row.label in thanks.text
    assert "个工作日" in thanks.text

    # Pressing twice, or coming back, sends once; of the draft nothing stays but where it went.
    twice = client.post(there, data={**hidden(answer), "text": WORDS, "phone": PHONE})
    assert twice.headers["Location"] == done.headers["Location"]
    assert client.get(code_page).headers["Location"] == done.headers["Location"]
    with platform.database.reading() as session:
        assert session.scalars(select(DraftPhoto)).all() == []
        (kept,) = photos.photos(session, row)
        stored = platform.files.get(kept.digest)
    assert kept.phase == "before"
    assert kept.cleared_at is None
    assert b"SecretPhone" not in stored
    assert b"taken at home" not in stored
    assert not Image.open(io.BytesIO(stored)).getexif()

    # The reporter's page: by the link only.
    page = client.get(done.headers["Location"].removesuffix("/sent"))
    assert WORDS in page.text
    assert "待梳理" in page.text
    assert "1栋电梯厅" in page.text
    assert NAME not in page.text
    assert PHONE not in page.text
    there = done.headers["Location"].removesuffix("/sent")
    assert client.get(f"{there}/photo/{kept.id}").data == stored
    assert client.get(there[:-1] + ("0" if there[-1] != "0" else "1")).status_code == 404
    a_community(platform, "BYL", "白云里")
    assert client.get(there.replace("/WTY/", "/BYL/")).status_code == 404
    assert client.get(f"/c/BYL/say/{place.code}").status_code == 404
    logged = caplog.text + "".join(capfd.readouterr())
    assert all(secret not in logged for secret in (NAME, PHONE, WORDS, there.rsplit("/", 1)[1]))

    # A draft is gone after a day.
    other = written(client, "category=lift", {"text": "还没写完", "phone": "1"})
    clock.advance(days=1)
    assert client.get(action_of(other)).status_code == 404
    with platform.database.writing() as session:
        drafts.tidy(session, now=platform.now())
        assert session.scalars(select(Draft)).all() == []


def test_somebody_signed_in_needs_no_phone_and_finds_what_they_said(app: Flask, platform: Platform, community: str):
    me = officer(platform, None, None, name=NAME, phone=PHONE)
    client = signed_in(app, platform, me)
    # Building, then a floor of the plan: one tap each.
    where = client.get(f"{HERE}/say/where?category=cleaning")
    assert "1栋" in where.text
    assert "2栋" in where.text
    plan = client.get(f"{HERE}/say/where?category=cleaning&building=1栋")
    cells = [unescape(found) for found in re.findall(r'<td>\s*<a href="([^"]+)"', plan.text)]
    assert [cell.partition("floor=")[2] for cell in cells] == ["2", "1"]
    page = client.get(cells[0])
    assert "1栋 1单元 2 层" in page.text
    assert 'name="phone"' not in page.text
    sent = {"photos": [(io.BytesIO(photograph(size=(3000, 10))), "a.jpg")], "may_call": "y"}
    done = client.post(action_of(page), data={**hidden(page), **sent}, content_type="multipart/form-data")
    assert done.headers["Location"].endswith("/sent")
    row = only(platform, community)
    assert (row.building, row.entrance, row.floor, row.text, row.reporter_id) == ("1栋", "1单元", 2, "", me)
    assert row.reporter_name_sealed is None
    assert row.may_call
    assert row.channel == "page"
    with platform.database.reading() as session:
        (kept,) = photos.photos(session, row)
        assert Image.open(io.BytesIO(platform.files.get(kept.digest))).width == photos.LONGEST_SIDE
    mine = client.get(f"{HERE}/say/mine").text
    assert row.label in mine
    assert done.headers["Location"].removesuffix("/sent") in mine

    # Others see that it was reported, in public words only, and follow it with one tap instead.
    other = signed_in(app, platform, officer(platform, None, None, name="别人", phone="13900000123"))
    query = "category=cleaning&building=1栋&entrance=1单元&floor=1"
    found = written(other, query, {"text": "楼道里有垃圾"})
    assert found.headers["Location"].endswith("/same")
    same = other.get(found.headers["Location"])
    assert row.label in same.text
    assert "1栋" in same.text
    assert NAME not in same.text
    assert "2 层" not in same.text
    followed = post(other, found.headers["Location"], {"follow": row.id})
    assert "/unfollow/" in followed.headers["Location"]
    assert number_of(platform, community) == 1
    assert row.label in other.get(f"{HERE}/say/mine").text
    # Pressed twice: it leads where it went.
    assert other.get(found.headers["Location"]).headers["Location"] == followed.headers["Location"]
    with platform.database.reading() as session:
        (follower,) = session.scalars(select(Follower)).all()
    assert follower.phone_sealed is None
    left = post(other, followed.headers["Location"])
    assert left.status_code == 302
    assert other.get(followed.headers["Location"]).status_code == 404

    # Something else after all: sent; nothing for a suggestion that was never shown.
    found = written(other, query, {"text": "楼道里有垃圾"})
    assert post(other, found.headers["Location"], {"follow": "0" * 20}).status_code == 404
    assert post(other, found.headers["Location"], {"follow": ""}).headers["Location"].endswith("/sent")
    assert number_of(platform, community) == 2


def test_bad_pages_say_what_is_wrong_and_keep_what_was_typed(app: Flask, platform: Platform, community: str):
    client = app.test_client()
    assert "请写一句话" in written(client, "category=lift", {"text": " ", "phone": PHONE}).text
    long = "长" * (MOST_TEXT + 1)
    answer = written(client, "category=lift", {"text": long, "phone": PHONE, "name": NAME})
    assert long in answer.text
    assert NAME in answer.text
    assert "太长了" in answer.text
    five = [
        (io.BytesIO(photograph(colour=colour)), f"{colour}.jpg")
        for colour in ("red", "blue", "green", "white", "black")
    ]
    answer = written(client, "category=lift", {"text": WORDS, "phone": PHONE, "photos": five})
    assert "一共选了 5 张照片" in answer.text
    assert WORDS in answer.text
    pdf = written(
        client, "category=lift", {"text": WORDS, "phone": PHONE, "photos": [(io.BytesIO(b"%PDF-1.4"), "a.pdf")]}
    )
    assert "“a.pdf”不是照片" in pdf.text
    assert client.get(f"{HERE}/say/new?category=lift").status_code == 200
    for megabytes, status, words in ((33, 413, "文件太大了"), (11, 200, "照片“big.jpg”太大")):
        heavy = client.get(f"{HERE}/say/new?category=lift")
        fields = {**hidden(heavy), "text": WORDS, "phone": PHONE}
        body, content_type = multipart(fields, "big.jpg", b"\xff\xd8\xff" + b"0" * (megabytes * 1024 * 1024))
        refused = client.post(action_of(heavy), data=body, content_type=content_type)
        assert (refused.status_code, words in refused.text) == (status, True)
        assert "<h1>" in refused.text
    assert WORDS in refused.text
    assert client.get(f"{HERE}/say/new?category=gossip").status_code == 422
    assert client.get(f"{HERE}/say/new?category=lift&building=9栋").status_code == 422
    assert client.get(f"{HERE}/say/where?category=lift&building=9栋").status_code == 422
    assert client.get(f"{HERE}/say/draft/{'0' * 20}").status_code == 404
    assert client.get(f"{HERE}/say/draft/nonsense").status_code == 404
    # A place is changed without losing words or pictures; a kept picture can be taken away.
    page = written(client, "category=lift", {"text": "", "phone": "1", "photos": [(io.BytesIO(photograph()), "a.jpg")]})
    moved = client.post(action_of(page), data={**hidden(page), "text": WORDS, "phone": "1", "step": "where"})
    kept = re.search(r"kept=([0-9a-z]{20})", moved.headers["Location"])
    assert kept
    buildings = client.get(moved.headers["Location"])
    assert f"kept={kept[1]}" in buildings.text
    back = client.get(f"{HERE}/say/draft/{kept[1]}?moved=1&building=2栋&entrance=1单元&floor=1")
    assert WORDS in back.text
    assert "2栋 1单元 1 层" in back.text
    assert "/photo/1" in back.text
    gone = client.post(action_of(back), data={**hidden(back), "text": "", "phone": PHONE, "drop": "1"})
    assert "请写一句话" in gone.text
    assert "/photo/" not in gone.text
    assert number_of(platform, community) == 0


@pytest.mark.sqlite_only
def test_a_flood_from_one_address_is_slowed_and_real_people_get_through(
    app: Flask, platform: Platform, community: str, clock: FrozenClock
):
    flood = app.test_client()
    page = flood.get(f"{HERE}/say/new?category=lift")
    fields = hidden(page)
    statuses = []
    for number in range(200):
        data = {**fields, "text": f"刷屏 {number}", "phone": "1"}
        statuses.append(flood.post(f"{HERE}/say/draft/{number:020d}", data=data).status_code)
    assert statuses[:20] == [200] * 20
    assert set(statuses[20:]) == {429}
    slowed = flood.post(action_of(page), data={**fields, "text": WORDS, "phone": PHONE})
    assert slowed.status_code == 429
    assert WORDS in slowed.text
    assert PHONE in slowed.text
    assert 0 < int(slowed.headers["Retry-After"]) <= 60
    assert "秒后再按一次" in slowed.text
    with platform.database.reading() as session:
        assert len(session.scalars(select(Draft)).all()) == 20

    # Somebody signed in behind the same address, and a stranger at another one, are not slowed.
    neighbour = signed_in(app, platform, officer(platform, None, None, name="邻居", phone="13900000124"))
    assert written(neighbour, "category=cleaning", {"text": WORDS}).headers["Location"].endswith("/sent")
    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert written(other, "category=greening", {"text": WORDS, "phone": PHONE}).headers["Location"].endswith("/code")

    # One account sends six an hour; what it writes then waits with its pictures, and goes out later.
    kinds = ("repairs", "parking", "greening", "fire_safety", "order_gate", "water_power")
    for kind in kinds[: MOST_AN_HOUR - 1]:
        assert written(neighbour, f"category={kind}", {"text": kind}).headers["Location"].endswith("/sent")
    sent = {"text": WORDS, "photos": [(io.BytesIO(photograph()), "a.jpg")]}
    page = neighbour.get(f"{HERE}/say/new?category=other")
    late = neighbour.post(action_of(page), data={**hidden(page), **sent}, content_type="multipart/form-data")
    assert late.status_code == 429
    assert "60 分钟后" in late.text
    back = neighbour.get(action_of(page))
    assert WORDS in back.text
    assert "/photo/1" in back.text
    clock.advance(hours=1, minutes=1)
    done = neighbour.post(action_of(page), data={**hidden(back), "text": WORDS})
    assert done.headers["Location"].endswith("/sent")
    assert number_of(platform, community) == MOST_AN_HOUR + 1


def test_a_stranger_follows_by_phone_and_code_and_leaves_by_the_link(app: Flask, platform: Platform, community: str):
    owner = signed_in(app, platform, officer(platform, None, None, name=NAME, phone=PHONE))
    written(owner, "category=lift&building=1栋", {"text": WORDS, "spot": "里间"})
    row = only(platform, community)
    client = app.test_client()
    page = client.get(f"{HERE}/say/follow/{row.id}")
    assert row.label in page.text
    assert WORDS not in page.text
    assert "里间" not in page.text
    before = len(messages(platform))
    asked = post(client, f"{HERE}/say/follow/{row.id}", {"phone": "13900000125"})
    done = post(client, asked.headers["Location"], {"code": code_sent(platform, after=before)})
    assert "/unfollow/" in done.headers["Location"]
    assert number_of(platform, community) == 1
    with platform.database.reading() as session:
        (follower,) = intake.following(session, community, row.id)
    assert follower.person_id is None
    assert follower.phone_sealed is not None
    assert b"13900000125" not in follower.phone_sealed
    assert post(client, done.headers["Location"]).status_code == 302
    with platform.database.reading() as session:
        assert intake.following(session, community, row.id) == []
    assert client.get(f"/c/WTY/say/follow/{'0' * 20}").status_code == 404


def test_a_reporter_tracks_rates_reopens_and_withdraws_by_the_link_alone(platform: Platform):
    scene = open_scene(platform)
    client = create_app(platform).test_client()
    made = scene.suggestion(State.ANSWERED)
    link = _link(scene, made)
    page = client.get(link)
    assert "渝升电梯维保" not in page.text
    assert "待评价" in page.text
    assert "曳引机" in page.text
    five = client.get(f"{link}/rate")
    assert five.text.count('name="stars"') == 5
    assert client.post(f"{link}/rate", data={"stars": "5"}).status_code == 400  # no token
    for wrong in ("6", "0", "x", ""):
        assert post(client, f"{link}/rate", {"stars": wrong}).status_code == 422
    # Not satisfied: once, with a reason.
    assert "请填写这一项" in post(client, f"{link}/reopen", {"reason": " "}).text
    assert post(client, f"{link}/reopen", {"reason": "昨天又停了"}).headers["Location"] == link
    assert scene.row(made).round == 2
    assert "昨天又停了" in client.get(link).text
    sent = {"photos": [(io.BytesIO(photograph()), "b.jpg")]}
    assert (
        post(client, f"{link}/photos", sent, page=link, content_type="multipart/form-data").headers["Location"] == link
    )
    bad = {"photos": [(io.BytesIO(SVG), "b.svg")]}
    assert "“b.svg”不是照片" in post(client, f"{link}/photos", bad, page=link, content_type="multipart/form-data").text
    assert "还没有选照片" in post(client, f"{link}/photos", {}, page=link).text
    assert client.get(link).text.count("/photo/") >= 1
    scene.handle("answer", made, text="又修了一次，请再试。")
    assert "/reopen" not in client.get(link).text
    assert post(client, f"{link}/rate", {"stars": "4"}).headers["Location"] == link
    assert scene.row(made).state == State.RATED
    assert "4 星，满意" in client.get(link).text
    assert client.get(f"{link}/rate").headers["Location"] == link
    token = csrf(client, _link(scene, scene.suggestion()) + "/withdraw")
    assert client.post(f"{link}/rate", data={"csrf_token": token, "stars": "1"}).status_code == 409

    # Whoever reported signed in is reminded of the rating where everything waits for them.
    mine = scene.suggestion(State.ANSWERED, reporter_id=scene.people["owner"], phone=None, name="")
    owner = signed_in(create_app(platform), platform, scene.people["owner"])
    assert f"{_link(scene, mine)}/rate" in owner.get(f"{HERE}/my").text

    # Unsorted it may be taken back; paused, merged and refused say why.
    fresh = scene.suggestion()
    assert post(client, f"{_link(scene, fresh)}/withdraw", {"reason": "自己修好了"}).status_code == 302
    assert scene.row(fresh).state == State.WITHDRAWN
    for state, words in ((State.PAUSED, "等配件到货"), (State.MERGED, "并入"), (State.REFUSED, "不属于本小区")):
        assert words in client.get(_link(scene, scene.suggestion(state))).text


def _link(scene: Scene, suggestion_id: str) -> str:
    return links.path(scene.platform.keys, "WTY", scene.row(suggestion_id))


def test_the_desk_keeps_places_and_prints_their_posters(
    desk: FlaskClient, app: Flask, platform: Platform, community: str
):
    here = f"{HERE}/places/"
    assert "还没有扫码点位" in desk.get(here).text
    chosen = re.search(r'<option value="(\d+)">1栋 1单元', desk.get(here).text)
    assert chosen
    assert post(desk, here, {"name": "1栋电梯厅", "building": chosen[1], "floor": "1"}).status_code == 302
    assert "没有第“9”层" in post(desk, here, {"name": "顶楼", "building": chosen[1], "floor": "9"}).text
    assert "已经有叫" in post(desk, here, {"name": "1栋电梯厅", "building": "", "floor": ""}).text
    post(desk, here, {"name": "北门岗亭", "building": "", "floor": ""})
    with platform.database.reading() as session:
        rows = {row.name: row for row in places.places(session, community)}
    assert (rows["1栋电梯厅"].building, rows["1栋电梯厅"].entrance, rows["1栋电梯厅"].floor) == ("1栋", "1单元", 1)
    posters = desk.get(f"{here}posters").text
    assert all(f"/c/WTY/say/{row.code}" in posters for row in rows.values())
    assert posters.count("<svg") == 2

    job = post(desk, f"{here}posters", {"place": ""}).headers["Location"]
    work(platform)
    ready = desk.get(job, follow_redirects=True).text
    found = re.search(r'href="([^"]+posters/[0-9a-f]{64}\.pdf)"', ready) or re.search(
        r'href="([^"]+posters/[0-9a-f]{64}\.pdf)"', desk.get(_result(ready)).text
    )
    assert found
    pdf = desk.get(found[1])
    assert pdf.data.startswith(b"%PDF-")
    assert pdf.mimetype == "application/pdf"
    assert desk.get(f"{here}posters/{'0' * 64}.pdf").status_code == 404

    gone = rows["北门岗亭"]
    assert post(desk, f"{here}{gone.id}/remove").status_code == 302
    stranger = app.test_client()
    assert "已经停用" in stranger.get(f"{HERE}/say/{gone.code}").text
    assert stranger.get(f"{HERE}/say/{gone.code}").status_code == 404
    owner = signed_in(app, platform, officer(platform, None, None, name="别人", phone="13900000123"))
    assert owner.get(here).status_code == 403


def _result(page: str) -> str:
    found = re.search(r'href="([^"]+places/posters[^"]+)"', page)
    assert found, "the job leads to its result"
    return unescape(found[1])

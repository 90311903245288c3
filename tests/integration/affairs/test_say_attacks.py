"""What a stranger may try on the pages of saying something: reading what others write, filling the disk."""

import io

import pytest
from flask import Flask
from sqlalchemy import select

from hoa.affairs.rules.intake import MOST_A_DAY, MOST_PHOTOS
from hoa.affairs.rules.states import State
from hoa.affairs.service import drafts, intake, links, photos, reading
from hoa.affairs.tables import DraftPhoto
from hoa.affairs.views.say import base
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.ports.uploads import Upload
from hoa.web.security import network
from tests.integration.accounts.browsing import code_sent
from tests.integration.affairs.scene import open_scene
from tests.integration.affairs.test_saying import HERE, PHONE, WORDS, action_of, hidden, number_of, photograph, written
from tests.integration.community.scene import a_register, officer, post

ELSEWHERE = "只能在开始写的那个手机和浏览器里接着写"


def test_a_page_that_somebody_passes_on_tells_them_nothing_of_who_writes_on_it(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    attacker, victim = app.test_client(), app.test_client()
    begun = action_of(written(attacker, "category=lift", {"text": "点这里提诉求", "phone": "1"}))
    # The one to whom the address was passed on neither sees the page nor writes on it.
    assert ELSEWHERE in victim.get(begun).text
    page = victim.get(f"{HERE}/say/new?category=lift")
    lured = victim.post(begun, data={**hidden(page), "text": WORDS, "phone": PHONE})
    assert (lured.status_code, ELSEWHERE in lured.text) == (404, True)
    assert WORDS not in attacker.get(begun).text

    # Nor does an address that somebody looked at over a shoulder open anything: page, picture, code, own page.
    sent = {"text": WORDS, "phone": PHONE, "photos": [(io.BytesIO(photograph()), "a.jpg")]}
    own = action_of(page)
    to_code = victim.post(own, data={**hidden(page), **sent}, content_type="multipart/form-data")
    for address in (own, f"{own}/photo/1", f"{own}/code", f"{own}/same"):
        assert attacker.get(address).status_code == 404, address
    code = code_sent(platform, after=0)
    stolen = attacker.post(f"{own}/code", data={"csrf_token": hidden(attacker.get(begun))["csrf_token"], "code": code})
    assert stolen.status_code == 404
    assert number_of(platform, community) == 0
    done = post(victim, to_code.headers["Location"], {"code": code})
    assert done.headers["Location"].endswith("/sent")
    for address in (own, f"{own}/code"):
        assert attacker.get(address).status_code == 404, address
        assert victim.get(address).headers["Location"] == done.headers["Location"]


def test_who_signs_in_on_the_way_writes_on_and_who_signs_out_leaves_nothing(app: Flask, platform: Platform) -> None:
    a_register(platform)
    client = app.test_client()
    own = action_of(written(client, "category=lift", {"text": WORDS, "phone": "1"}))
    officer(platform, None, None, name="邻居", phone="13900000124")
    asked = post(client, "/sign-in", {"phone": "13900000124"})
    post(client, asked.headers["Location"], {"code": code_sent(platform, after=0)})
    assert WORDS in client.get(own).text
    client.post("/sign-out", data={"csrf_token": hidden(client.get(own))["csrf_token"]})
    assert client.get(own).status_code == 404


def test_pictures_of_strangers_do_not_fill_the_disk(
    app: Flask, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_register(platform)
    client = app.test_client()

    def sent(colour: str) -> str:
        pictures = [(io.BytesIO(photograph(colour=colour)), "a.jpg")]
        return written(client, "category=lift", {"text": WORDS, "phone": "1", "photos": pictures}).text

    assert "没有保存照片" not in sent("green")
    with monkeypatch.context() as patch:
        patch.setattr(drafts, "MOST_WAITING", 1000)
        refused = sent("red")
    assert "没有保存照片" in refused
    assert WORDS in refused
    # One address in an hour, whichever cookies it has.
    monkeypatch.setattr(base, "PICTURES", "1 per hour")
    monkeypatch.setattr(base, "KILOBYTE", 1)
    assert "没有保存照片" in sent("blue")
    with platform.database.reading() as session:
        assert len(session.scalars(select(DraftPhoto)).all()) == 1


def test_a_phone_that_a_stranger_types_gets_no_more_codes_than_anybody_needs(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    a_register(platform)

    def asked(number: int) -> int:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        return written(client, "category=lift", {"text": WORDS, "phone": PHONE}).status_code

    for number in range(MOST_A_DAY):
        if number % 5 == 0:  # as many as a quarter of an hour allows
            clock.advance(minutes=16)
        assert asked(number) == 302
    clock.advance(minutes=16)
    assert asked(100) == 429
    # Whoever goes on asking in vain keeps the phone from nothing: a day after the first code it gets one again.
    for hour in range(1, 19):
        clock.advance(hours=1)
        assert asked(100 + hour) == 429
    clock.advance(hours=5)
    assert asked(119) == 302


def test_a_link_that_is_none_does_not_exist_whatever_its_letters(app: Flask, platform: Platform) -> None:
    scene = open_scene(platform)
    row_id = scene.suggestion(State.ASSIGNED)
    with platform.database.writing() as session:
        follower = intake.follow(
            session, platform.keys, scene.community, row_id, phone="13900000125", now=platform.now()
        )
        address = intake.unfollow_path(platform.keys, "WTY", follower).rsplit("/", 1)[0]
    client = app.test_client()
    for wrong in ("é", "0" * 24, "汉字"):
        assert client.get(f"{address}/{wrong}").status_code == 404
        assert client.get(f"{HERE}/s/{row_id}/{wrong}").status_code == 404
        assert client.get(f"{HERE}/s/{row_id}/{wrong}/rate").status_code == 404
        assert client.get(f"{HERE}/handling/enter/{wrong}").status_code == 410


def test_of_a_heap_of_pictures_no_more_are_opened_than_may_be_sent(
    app: Flask, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = open_scene(platform)
    row_id = scene.suggestion(State.ASSIGNED)
    opened: list[str] = []
    real = photos.checked

    def counted(data: bytes, name: str) -> Upload:
        opened.append(name)
        return real(data, name)

    monkeypatch.setattr(photos, "checked", counted)

    def heap() -> list[tuple[io.BytesIO, str]]:
        return [(io.BytesIO(photograph(size=(40, 30 + number))), f"{number}.jpg") for number in range(12)]

    client = app.test_client()
    page = written(client, "category=lift", {"text": WORDS, "phone": "1", "photos": heap()})
    assert "一共选了 12 张照片" in page.text
    assert WORDS in page.text
    assert len(opened) == MOST_PHOTOS
    with platform.database.reading() as session:
        own = links.path(platform.keys, "WTY", reading.find(session, scene.community, row_id))
        before = len(photos.photos(session, reading.find(session, scene.community, row_id)))
    token = hidden(client.get(own))["csrf_token"]
    answer = client.post(f"{own}/photos", data={"csrf_token": token, "photos": heap()})
    assert "一共选了 12 张照片" in answer.text
    assert len(opened) == MOST_PHOTOS
    with platform.database.reading() as session:
        assert len(photos.photos(session, reading.find(session, scene.community, row_id))) == before


@pytest.mark.sqlite_only
def test_whoever_changes_addresses_within_a_network_is_counted_as_one(app: Flask, platform: Platform) -> None:
    a_register(platform)

    def sent(address: str) -> int:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        return written(client, "category=lift", {"text": WORDS, "phone": "1"}).status_code

    assert [sent(f"2001:db8:1:2::{number:x}") for number in range(1, 21)] == [200] * 20
    assert sent("2001:db8:1:2:ffff::9%eth0") == 429
    assert sent("2001:db8:1:3::1") == 200
    assert [sent(f"::ffff:203.0.113.{number}") for number in (1, 2)] == [200, 200]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
    ],
)
def test_an_address_counts_as_its_network(address: str, counted: str) -> None:
    with Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert network() == counted

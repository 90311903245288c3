"""What people manage for themselves: preferences, password, devices, passkeys."""

from dataclasses import replace

import pytest
from flask import Flask

from hoa.accounts import passkeys, service, signing_in
from hoa.app import create_app
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.accounts.authenticator import Authenticator
from tests.integration.accounts.browsing import Browser, said

PHONE = "19900001234"
ORIGIN = "http://localhost:8000"


@pytest.fixture
def person_id(platform: Platform) -> str:
    with platform.database.writing() as session:
        return service.create_person(session, platform.keys, name="和豪", phone=PHONE, now=platform.now()).id


@pytest.fixture
def browser(app: Flask, platform: Platform, person_id: str) -> Browser:
    """A browser in which the person has signed in."""
    device = Browser(app)
    device.sign_in(platform, PHONE)
    return device


def is_in(browser: Browser) -> bool:
    return browser.get("/me").status_code == 200


def test_my_page_shows_my_name_and_hides_my_number(browser: Browser) -> None:
    words = said(browser.get("/me"))
    assert "和豪" in words
    assert "199****1234" in words
    assert PHONE not in words


def test_language_and_size_follow_the_person_and_stay_with_the_browser(
    browser: Browser, app: Flask, platform: Platform
) -> None:
    assert browser.post("/me", language="en", senior="2").location == "/me"
    page = browser.get("/me").text
    assert 'lang="en"' in page
    assert 'data-senior="2"' in page
    other = Browser(app)
    other.sign_in(platform, PHONE)
    assert 'lang="en"' in other.get("/me").text
    assert 'data-senior="2"' in other.get("/me").text
    browser.get("/preferences?language=zh-CN&senior=0")
    page = browser.get("/me").text
    assert 'lang="zh-CN"' in page
    assert "data-senior" not in page.split("<body>")[0]


def test_a_choice_that_is_none_changes_nothing(browser: Browser, platform: Platform, person_id: str) -> None:
    page = browser.post("/me", language="fr", senior="9")
    assert page.status_code == 200
    with platform.database.reading() as session:
        assert service.person(session, person_id).locale is None


# ---------------------------------------------------------------------------------------------------------- devices


def test_my_devices_are_listed_and_each_can_be_sent_away(
    browser: Browser, app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    clock.advance(minutes=3)
    agent = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 MicroMessenger/8.0"
    other = Browser(app, agent=agent)
    other.sign_in(platform, PHONE)
    words = said(browser.get("/me/sessions"))
    assert "WeChat · Android" in words
    assert "Safari · iPhone 本机" in words
    with platform.database.reading() as session:
        rows = signing_in.sessions_of(session, person_id=_me(platform), now=platform.now())
    theirs = next(row.id for row in rows if row.device == "WeChat · Android")
    assert browser.post(f"/me/sessions/{theirs}/end", page="/me/sessions").location == "/me/sessions"
    assert not is_in(other)
    assert is_in(browser)


def _me(platform: Platform) -> str:
    with platform.database.reading() as session:
        found = service.find_by_phone(session, platform.keys, PHONE)
        assert found is not None
        return found.id


def test_all_other_devices_leave_at_once(browser: Browser, app: Flask, platform: Platform) -> None:
    others = [Browser(app), Browser(app)]
    for other in others:
        other.sign_in(platform, PHONE)
    browser.post("/me/sessions/end-others", page="/me/sessions")
    assert "2 台其他设备已退出登录" in said(browser.get("/me/sessions"))
    assert [is_in(device) for device in (browser, *others)] == [True, False, False]


def test_a_strangers_session_does_not_exist_for_me(browser: Browser, app: Flask, platform: Platform) -> None:
    with platform.database.writing() as session:
        stranger = service.create_person(session, platform.keys, name="王五", phone="19900005678", now=platform.now())
    other = Browser(app)
    other.sign_in(platform, "19900005678")
    with platform.database.reading() as session:
        (theirs,) = signing_in.sessions_of(session, person_id=stranger.id, now=platform.now())
    assert browser.post(f"/me/sessions/{theirs.id}/end", page="/me").status_code == 404
    assert browser.post("/me/sessions/nothing/end", page="/me").status_code == 404
    assert is_in(other)


def test_use_is_noted_every_ten_minutes_and_keeps_the_session_alive(
    browser: Browser, platform: Platform, clock: FrozenClock, person_id: str
) -> None:
    def seen() -> object:
        with platform.database.reading() as session:
            (row,) = signing_in.sessions_of(session, person_id=person_id, now=platform.now())
            return row.seen_at

    began = seen()
    clock.advance(minutes=9, seconds=59)
    browser.get("/me")
    assert seen() == began
    clock.advance(seconds=1)
    browser.get("/me")
    assert seen() == platform.now()
    for _ in range(5):
        clock.advance(days=29)
        assert is_in(browser)
    clock.advance(days=30)
    assert not is_in(browser)


# --------------------------------------------------------------------------------------------------------- password


def test_a_password_is_set_changed_and_removed_by_who_knows_it(
    browser: Browser, app: Flask, platform: Platform, person_id: str
) -> None:
    other = Browser(app)
    other.sign_in(platform, PHONE)
    assert browser.post("/me/password", password="correct horse", again="correct horse").location == "/me"
    assert not is_in(other)
    page = browser.post("/me/password", current="wrong horse", password="better horse", again="better horse")
    assert "现在的密码不对" in said(page)
    answer = browser.post("/me/password", current="correct horse", password="better horse", again="better horse")
    assert answer.location == "/me"
    page = browser.post("/me/password/remove", page="/me/password", **{"removal-current": "correct horse"})
    assert "现在的密码不对" in said(page)
    answer = browser.post("/me/password/remove", page="/me/password", **{"removal-current": "better horse"})
    assert answer.location == "/me"
    with platform.database.reading() as session:
        assert service.person(session, person_id).password_hash is None


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("correct horse", "correct house", "两次输入的密码不一样"),
        ("short", "short", "密码至少要 8 个字符"),
        ("12345678", "12345678", "太容易被猜到"),
        ("", "", "请填写这一项"),
    ],
)
def test_a_password_that_will_not_do_is_said_in_place(browser: Browser, password: str, again: str, words: str) -> None:
    page = browser.post("/me/password", password=password, again=again)
    assert page.status_code == 200
    assert words in said(page)


def test_the_present_password_cannot_be_guessed_from_inside(browser: Browser) -> None:
    browser.post("/me/password", password="correct horse", again="correct horse")
    for _ in range(5):
        browser.post("/me/password", current="wrong horse", password="better horse", again="better horse")
    page = browser.post("/me/password", current="correct horse", password="better horse", again="better horse")
    assert "试错次数太多" in said(page)


# --------------------------------------------------------------------------------------------------------- passkeys


@pytest.fixture
def key() -> Authenticator:
    return Authenticator(ORIGIN, "localhost")


def register(browser: Browser, key: Authenticator) -> int:
    options = browser.post_json("/me/passkeys/options", {}, page="/me/passkeys").get_json()
    answer = browser.post_json("/me/passkeys", {"credential": key.create(options)}, page="/me/passkeys")
    return answer.status_code


def sign_in_by(device: Browser, key: Authenticator, url: str = "/sign-in/passkey") -> tuple[int, object]:
    options = device.post_json("/sign-in/passkey/options", {}, page="/sign-in").get_json()
    answer = device.post_json(url, {"credential": key.get(options)}, page="/sign-in")
    return answer.status_code, answer.json


def test_a_passkey_is_added_and_opens_the_door(browser: Browser, app: Flask, key: Authenticator) -> None:
    assert register(browser, key) == 200
    assert "Safari · iPhone" in said(browser.get("/me/passkeys"))
    other = Browser(app)
    assert sign_in_by(other, key, "/sign-in/passkey?next=/me") == (200, {"url": "/me"})
    assert is_in(other)
    assert "通行密钥" in said(other.get("/me/sessions"))


def test_a_passkey_is_renamed_and_removed_by_its_owner(
    browser: Browser, app: Flask, platform: Platform, person_id: str, key: Authenticator
) -> None:
    register(browser, key)
    with platform.database.reading() as session:
        (row,) = passkeys.passkeys_of(session, person_id=person_id)
    rename = f"/me/passkeys/{row.id}/name"
    assert browser.post(rename, page="/me/passkeys", **{f"{row.id}-label": " 我的手机 "}).location == "/me/passkeys"
    assert "我的手机" in said(browser.get("/me/passkeys"))
    browser.post(rename, page="/me/passkeys", **{f"{row.id}-label": ""})
    assert "名称要填写" in said(browser.get("/me/passkeys"))
    with platform.database.writing() as session:
        service.create_person(session, platform.keys, name="王五", phone="19900005678", now=platform.now())
    stranger = Browser(app)
    stranger.sign_in(platform, "19900005678")
    assert stranger.post(f"/me/passkeys/{row.id}/remove", page="/me").status_code == 404
    assert browser.post(f"/me/passkeys/{row.id}/remove", page="/me/passkeys").location == "/me/passkeys"
    assert sign_in_by(Browser(app), key)[0] == 422


def test_an_answer_is_good_once_and_only_for_its_own_question(browser: Browser, app: Flask, key: Authenticator) -> None:
    register(browser, key)
    device = Browser(app)
    options = device.post_json("/sign-in/passkey/options", {}, page="/sign-in").get_json()
    answer = {"credential": key.get(options)}
    assert Browser(app).post_json("/sign-in/passkey", answer, page="/sign-in").status_code == 422
    assert device.post_json("/sign-in/passkey", answer, page="/sign-in").status_code == 200
    replay = Browser(app)
    replay.post_json("/sign-in/passkey/options", {}, page="/sign-in")
    assert replay.post_json("/sign-in/passkey", answer, page="/sign-in").status_code == 422
    assert not is_in(replay)


def test_a_question_left_unanswered_lapses(
    browser: Browser, app: Flask, key: Authenticator, clock: FrozenClock
) -> None:
    register(browser, key)
    device = Browser(app)
    options = device.post_json("/sign-in/passkey/options", {}, page="/sign-in").get_json()
    clock.advance(minutes=5)
    assert device.post_json("/sign-in/passkey", {"credential": key.get(options)}, page="/sign-in").status_code == 422


def test_another_site_a_copy_or_a_sleeping_owner_is_refused(browser: Browser, app: Flask, key: Authenticator) -> None:
    key.count = 5
    register(browser, key)
    key.count = 6
    assert sign_in_by(Browser(app), key)[0] == 200
    key.count = 6
    assert sign_in_by(Browser(app), key)[0] == 422
    key.count = 7
    key.verifies_user = False
    assert sign_in_by(Browser(app), key)[0] == 422
    key.verifies_user = True
    key.origin = "https://evil.example"
    assert sign_in_by(Browser(app), key)[0] == 422
    key.origin = ORIGIN
    assert sign_in_by(Browser(app), key)[0] == 200


@pytest.mark.parametrize(
    "sent", [None, [], {}, {"credential": "x"}, {"credential": {}}, {"credential": {"rawId": "%"}}]
)
def test_what_is_no_credential_is_refused(browser: Browser, app: Flask, sent: object) -> None:
    device = Browser(app)
    device.post_json("/sign-in/passkey/options", {}, page="/sign-in")
    answer = device.post_json("/sign-in/passkey", sent, page="/sign-in")
    assert answer.status_code == 422
    assert "通行密钥没有通过" in answer.get_json()["error"]["message"]
    browser.post_json("/me/passkeys/options", {}, page="/me/passkeys")
    assert browser.post_json("/me/passkeys", sent, page="/me/passkeys").status_code == 422


def test_a_passkey_belongs_to_one_account(browser: Browser, app: Flask, platform: Platform, key: Authenticator) -> None:
    register(browser, key)
    with platform.database.writing() as session:
        service.create_person(session, platform.keys, name="王五", phone="19900005678", now=platform.now())
    other = Browser(app)
    other.sign_in(platform, "19900005678")
    assert register(other, key) == 422


def test_where_passkeys_cannot_work_the_pages_say_so(platform: Platform, person_id: str) -> None:
    lan = replace(platform, settings=replace(platform.settings, base_url="http://192.168.1.5:8000"))
    app = create_app(lan)
    app.testing = True
    device = Browser(app)
    assert "data-passkey" not in device.get("/sign-in").text
    device.sign_in(lan, PHONE)
    assert "通行密钥需要 https 网址" in said(device.get("/me/passkeys"))
    answer = device.post_json("/sign-in/passkey/options", {}, page="/me")
    assert answer.status_code == 422

"""The door as people walk through it, without scripts."""

import re

import pytest
from flask import Flask
from sqlalchemy import update

from hoa.accounts import service, signing_in
from hoa.accounts.tables import Person
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.ports.sms import SmsNotSent
from tests.integration.accounts.browsing import Browser, code_sent, messages, said

PHONE = "19900001234"
UNKNOWN = "19900009999"


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def person_id(platform: Platform) -> str:
    with platform.database.writing() as session:
        return service.create_person(session, platform.keys, name="和豪", phone=PHONE, now=platform.now()).id


def is_in(browser: Browser) -> bool:
    return browser.get("/me").status_code == 200


def set_password(platform: Platform, person_id: str, password: str) -> None:
    with platform.database.reading() as session:
        hashed = signing_in.hash_password(session, platform.keys, person_id=person_id, password=password)
    with platform.database.writing() as session:
        session.execute(update(Person).where(Person.id == person_id).values(password_hash=hashed))


def test_phone_and_code_let_a_person_in(browser: Browser, platform: Platform, person_id: str) -> None:
    assert not is_in(browser)
    answer = browser.post("/sign-in?next=/me", phone=" 199-0000 1234 ")
    assert answer.location == "/sign-in/code?next=/me"
    page = browser.get(answer.location)
    assert "199****1234" in said(page)
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    code = code_sent(platform, after=0)
    typed = "".join(chr(ord(figure) + 0xFEE0) for figure in code[:3]) + " " + code[3:]
    assert browser.post("/sign-in/code?next=/me", code=typed).location == "/me"
    assert is_in(browser)
    (message,) = messages(platform)
    assert (message["phone"], message["template"]) == (PHONE, "sign-in-code")
    assert code in message["text"]


def test_an_unknown_phone_gets_the_same_page_and_no_code(browser: Browser, platform: Platform, person_id: str) -> None:
    answers = {}
    for phone in (PHONE, UNKNOWN):
        device = Browser(browser.client.application)
        first = device.post("/sign-in", phone=phone)
        page = device.get("/sign-in/code")
        wrong = device.post("/sign-in/code", code="000000x")
        bodies = [
            re.sub(r'(value|csrf)="[^"]*"|next=\S*', "", answer.text).replace("199****9999", "199****1234")
            for answer in (first, page, wrong)
        ]
        answers[phone] = ([first.status_code, page.status_code, wrong.status_code], bodies, first.location)
    assert answers[PHONE] == answers[UNKNOWN]
    code_sent(platform, after=0)
    assert [message["phone"] for message in messages(platform)] == [PHONE]


def test_wrong_codes_are_said_in_place_and_counted(browser: Browser, platform: Platform, person_id: str) -> None:
    browser.post("/sign-in", phone=PHONE)
    code = code_sent(platform, after=0)
    for _ in range(5):
        page = browser.post("/sign-in/code", code="000000x")
        assert page.status_code == 200
        assert "验证码不对" in said(page)
    page = browser.post("/sign-in/code", code=code)
    assert "试错次数太多，请 15 分钟后再试" in said(page)
    assert not is_in(browser)
    # The same person from elsewhere is locked too; somebody else from elsewhere is not.
    other = Browser(browser.client.application, address="10.9.9.9")
    assert "试错次数太多" in said(other.sign_in(platform, PHONE))


def test_five_wrong_tries_from_one_address_close_it_for_everybody_there(
    browser: Browser, platform: Platform, person_id: str
) -> None:
    for number in range(5):
        browser.post("/sign-in", phone=f"1990000500{number}")
        assert "验证码不对" in said(browser.post("/sign-in/code", code="123456"))
    assert "试错次数太多" in said(browser.sign_in(platform, PHONE))
    assert Browser(browser.client.application, address="10.9.9.9").sign_in(platform, PHONE).status_code == 302


def test_a_code_that_has_expired_leads_back_to_the_phone(
    browser: Browser, platform: Platform, person_id: str, clock: FrozenClock
) -> None:
    browser.post("/sign-in", phone=PHONE)
    clock.advance(minutes=5)
    answer = browser.get("/sign-in/code?next=/me")
    assert answer.location == "/sign-in?next=/me"
    assert "验证码已经过期" in said(browser.get("/sign-in"))


def test_codes_are_not_sent_without_end(browser: Browser, platform: Platform, person_id: str) -> None:
    for _ in range(5):
        assert browser.post("/sign-in", phone=PHONE).status_code == 302
    page = browser.post("/sign-in", phone=PHONE)
    assert "获取验证码太频繁" in said(page)
    assert f'value="{PHONE}"' in page.text


def test_a_provider_that_fails_is_logged_without_the_number(
    app: Flask, platform: Platform, person_id: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise SmsNotSent

    monkeypatch.setattr(type(platform.sms), "send", fail)
    assert Browser(app).post("/sign-in", phone=PHONE).status_code == 302
    app.extensions["hoa.code_sender"].shutdown()
    said_on_the_console = "".join(capfd.readouterr())
    assert "code.not_sent" in said_on_the_console
    assert PHONE not in said_on_the_console


@pytest.mark.parametrize(("phone", "words"), [("", "请填写这一项"), ("12345", "手机号应为 11 位数字")])
def test_what_is_no_phone_is_said_beside_the_field(browser: Browser, phone: str, words: str) -> None:
    page = browser.post("/sign-in", phone=phone)
    assert page.status_code == 200
    assert words in said(page)
    assert 'aria-invalid="true"' in page.text


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_next_never_leaves_the_house(browser: Browser, platform: Platform, person_id: str, target: str) -> None:
    browser.post("/sign-in", phone=PHONE)
    code = code_sent(platform, after=0)
    answer = browser.client.post(
        "/sign-in/code",
        query_string={"next": target},
        data={"csrf_token": browser.token("/sign-in/code"), "code": code},
    )
    assert answer.location == "/"


def test_a_page_behind_the_door_is_reached_after_it(browser: Browser, platform: Platform, person_id: str) -> None:
    answer = browser.get("/me/sessions")
    assert answer.location == "/sign-in?next=%2Fme%2Fsessions"
    step = browser.post(answer.location, phone=PHONE)
    onward = browser.post(step.location, code=code_sent(platform, after=0))
    assert onward.location == "/me/sessions"


def test_who_is_in_does_not_see_the_door(browser: Browser, platform: Platform, person_id: str) -> None:
    browser.sign_in(platform, PHONE)
    for door in ("/sign-in", "/sign-in/code", "/sign-in/password"):
        assert browser.get(f"{door}?next=/me").location == "/me"


def test_a_password_lets_its_person_in(browser: Browser, platform: Platform, person_id: str) -> None:
    set_password(platform, person_id, "correct horse")
    page = browser.post("/sign-in/password", phone=PHONE, password="wrong horse")
    assert "手机号或密码不对" in said(page)
    assert "wrong horse" not in page.text
    assert not is_in(browser)
    assert browser.post("/sign-in/password?next=/me", phone=PHONE, password="correct horse").location == "/me"
    assert is_in(browser)


def test_an_unknown_phone_and_a_wrong_password_look_alike(browser: Browser, platform: Platform, person_id: str) -> None:
    set_password(platform, person_id, "correct horse")
    pages = [browser.post("/sign-in/password", phone=phone, password="wrong horse") for phone in (PHONE, UNKNOWN)]
    one, other = (re.sub(r'(value|csrf)="[^"]*"', "", page.text) for page in pages)
    assert one == other


def test_five_wrong_passwords_close_the_account(browser: Browser, platform: Platform, person_id: str) -> None:
    set_password(platform, person_id, "correct horse")
    for _ in range(5):
        browser.post("/sign-in/password", phone=PHONE, password="wrong horse")
    page = Browser(browser.client.application, address="10.9.9.9").post(
        "/sign-in/password", phone=PHONE, password="correct horse"
    )
    assert "试错次数太多" in said(page)


def test_a_copied_cookie_is_dead_after_signing_out(browser: Browser, platform: Platform, person_id: str) -> None:
    browser.sign_in(platform, PHONE)
    thief = Browser(browser.client.application)
    thief.client.set_cookie("hoa", browser.copied_cookie())
    assert is_in(thief)
    assert browser.post("/sign-out", page="/me").location == "/"
    assert not is_in(browser)
    thief.client.set_cookie("hoa", thief.copied_cookie())
    assert not is_in(thief)


def test_signing_out_is_never_a_plain_link(browser: Browser, platform: Platform, person_id: str) -> None:
    browser.sign_in(platform, PHONE)
    assert browser.get("/sign-out").status_code == 405
    assert browser.client.post("/sign-out").status_code == 400
    assert is_in(browser)


def test_signing_in_again_ends_the_session_before(
    browser: Browser, platform: Platform, person_id: str, app: Flask
) -> None:
    browser.sign_in(platform, PHONE)
    before = browser.copied_cookie()
    set_password(platform, person_id, "correct horse")
    second = Browser(app)
    second.post("/sign-in/password", phone=PHONE, password="correct horse")
    assert second.copied_cookie() != before
    assert is_in(browser)
    with platform.database.reading() as session:
        assert len(signing_in.sessions_of(session, person_id=person_id, now=platform.now())) == 2


def test_what_the_browser_kept_before_does_not_outlive_the_sign_in(
    browser: Browser, platform: Platform, person_id: str
) -> None:
    token = browser.token("/sign-in")
    browser.sign_in(platform, PHONE)
    refused = browser.client.post("/sign-out", data={"csrf_token": token})
    assert refused.status_code == 400
    assert is_in(browser)


def test_cookies_follow_the_scheme_of_the_site(browser: Browser, platform: Platform, person_id: str) -> None:
    browser.sign_in(platform, PHONE)
    cookie = browser.client.get_cookie("hoa")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.secure, cookie.path) == (True, "Lax", False, "/")


def test_an_owner_known_by_phone_comes_in_for_the_first_time_without_a_name(
    browser: Browser, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hoa.community import phones

    monkeypatch.setattr(phones, "knows_phone", lambda _session, _keys, phone: phone == UNKNOWN)
    assert browser.sign_in(platform, UNKNOWN).location == "/"
    assert "新用户" in said(browser.get("/"))
    with platform.database.reading() as session:
        person = service.find_by_phone(session, platform.keys, UNKNOWN)
        assert person is not None
        assert person.name == ""


def test_the_first_administrator_redeems_the_code_once(browser: Browser, platform: Platform) -> None:
    with platform.database.writing() as session:
        code = service.create_administrator_code(session, now=platform.now())
    assert code is not None
    page = browser.post("/setup", code="aaaa-bbbb-cccc", name="和豪", phone=PHONE)
    assert "启用码不对" in said(page)
    page = browser.post("/setup", code=code, name="", phone=PHONE)
    assert "请填写这一项" in said(page)
    assert browser.post("/setup", code=code, name="和豪", phone=PHONE).location == "/"
    assert is_in(browser)
    again = Browser(browser.client.application)
    assert "启用码不对" in said(again.post("/setup", code=code, name="王五", phone=UNKNOWN))
    with platform.database.reading() as session:
        administrator = service.find_by_phone(session, platform.keys, PHONE)
        assert administrator is not None
        assert administrator.is_platform_administrator


def test_the_setup_code_cannot_be_guessed_at_leisure(browser: Browser, platform: Platform) -> None:
    with platform.database.writing() as session:
        code = service.create_administrator_code(session, now=platform.now())
    for _ in range(5):
        browser.post("/setup", code="aaaa-bbbb-cccc", name="和豪", phone=PHONE)
    page = browser.post("/setup", code=code or "", name="和豪", phone=PHONE)
    assert "试错次数太多" in said(page)
    assert not is_in(browser)


def test_a_letter_leads_to_its_community(browser: Browser, platform: Platform) -> None:
    from tests.integration.people import a_community

    assert "平台上还没有小区" in said(browser.get("/sign-in/letter"))
    a_community(platform, "WTY", "梧桐苑")
    assert browser.get("/sign-in/letter").location == "/c/WTY/activate"
    a_community(platform, "LMY", "柳明苑")
    page = browser.get("/sign-in/letter")
    assert '/c/LMY/activate"' in page.text
    assert '/c/WTY/activate"' in page.text
    assert browser.get("/sign-in/letter?next=/c/LMY/register/").location == "/c/LMY/activate"
    assert browser.get("/sign-in/letter?next=/c/NONE/").status_code == 200


def test_english_speaks_english_at_the_door(browser: Browser, platform: Platform, person_id: str) -> None:
    browser.get("/preferences?language=en")
    assert 'lang="en"' in browser.get("/sign-in").text

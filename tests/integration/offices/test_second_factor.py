"""An authenticator as the second factor of officers: set up, asked for by the community, given, limited, lost."""

import re

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.accounts import second_factor
from hoa.accounts.second_commands import account
from hoa.accounts.signing_in import begin_session
from hoa.accounts.tables import RecoveryCode
from hoa.app import declared_powers
from hoa.kernel import totp
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import RESIDENTS_STAFF, SUPERVISOR
from hoa.offices import demands
from hoa.platform import Platform
from tests.integration.community.scene import a_register, officer, post, signed_in

HERE = "/c/WTY"
APP = "/me/authenticator"
DEMAND = f"{HERE}/offices/second-factor/"
PHONE = "19900001001"


@pytest.fixture
def community(platform: Platform) -> str:
    return a_register(platform)


@pytest.fixture
def clerk(platform: Platform, community: str) -> str:
    return officer(platform, community, RESIDENTS_STAFF, name="秦雅宁", phone=PHONE)


@pytest.fixture
def browser(app: Flask, platform: Platform, clerk: str) -> FlaskClient:
    return signed_in(app, platform, clerk)


def figures(platform: Platform, person: str, *, confirmed: bool = True) -> str:
    """What the app shows now."""
    with platform.database.reading() as session:
        row = second_factor.current(session, person, confirmed=confirmed)
        assert row is not None
        return totp.code_at(second_factor.secret_of(platform.keys, row), totp.step_of(platform.now()))


def enrol(browser: FlaskClient, platform: Platform, person: str) -> list[str]:
    """Set the app up; the recovery codes as the page shows them."""
    assert post(browser, f"{APP}/new", page=APP).status_code == 302
    page = post(browser, f"{APP}/confirm", {"code": figures(platform, person, confirmed=False)})
    found = re.findall(r'class="code">([a-z0-9]{5}-[a-z0-9]{5})<', page.text)
    assert len(found) == second_factor.CODES
    return found


def demand(platform: Platform, community: str, by: str, *groups: str) -> None:
    with platform.database.writing() as session:
        demands.choose(session, community, groups=groups, reason="业委会决定", by=by, now=platform.now())


def test_every_power_that_may_be_asked_for_exists():
    assert declared_powers().keys() >= demands.ALL
    assert demands.POWERS.keys() == demands.GROUPS.keys()


def test_nothing_is_asked_until_the_community_asks(browser: FlaskClient):
    assert browser.get(f"{HERE}/register/imports/").status_code == 200


def test_the_clerk_demands_it_and_is_the_first_to_be_asked(
    browser: FlaskClient, platform: Platform, clerk: str, community: str
):
    assert "请填写这一项" in post(browser, DEMAND, {"groups": ["register"], "reason": ""}).text
    assert post(browser, DEMAND, {"groups": ["register"], "reason": "居委会要求"}).status_code == 302
    asked = browser.get(f"{HERE}/register/imports/")
    assert asked.status_code == 302
    assert asked.location == f"{APP}/ask?next=%2Fc%2FWTY%2Fregister%2Fimports%2F"
    assert "请先登记验证器" in browser.get(asked.location).text
    assert "先用验证器确认" in browser.get(f"{HERE}/").text
    enrol(browser, platform, clerk)
    assert browser.get(f"{HERE}/register/imports/").status_code == 200
    assert "居委会要求" in browser.get(DEMAND).text


def test_powers_that_are_not_asked_for_and_other_peoples_votes_go_on(
    browser: FlaskClient, platform: Platform, clerk: str, community: str
):
    demand(platform, community, clerk, "money")
    assert browser.get(f"{HERE}/register/imports/").status_code == 200
    assert browser.get(f"{HERE}/offices/").status_code == 200


def test_a_form_that_was_sent_without_it_changes_nothing_and_says_what_to_do(
    browser: FlaskClient, platform: Platform, clerk: str, community: str
):
    demand(platform, community, clerk, "offices")
    answer = post(browser, DEMAND, {"groups": [], "reason": "绕过"}, page=APP)
    assert answer.status_code == 403
    assert "先用验证器确认" in answer.text
    with platform.database.reading() as session:
        assert list(demands.current(session, community)) == ["offices"]


def test_the_figures_open_the_door_for_half_a_day_and_only_in_this_session(
    app: Flask, browser: FlaskClient, platform: Platform, clerk: str, community: str, clock: FrozenClock
):
    enrol(browser, platform, clerk)
    demand(platform, community, clerk, "register")
    assert browser.get(f"{HERE}/register/imports/").status_code == 200
    other = signed_in(app, platform, clerk)
    assert other.get(f"{HERE}/register/imports/").status_code == 302
    used = figures(platform, clerk)
    assert "已经用过" in post(other, f"{APP}/ask", {"code": used}).text
    clock.advance(seconds=30)
    answer = post(other, f"{APP}/ask?next={HERE}/register/imports/", {"code": figures(platform, clerk)})
    assert answer.location == f"{HERE}/register/imports/"
    assert other.get(f"{HERE}/register/imports/").status_code == 200
    clock.advance(hours=12)
    assert other.get(f"{HERE}/register/imports/").status_code == 302


def test_a_passkey_is_two_factors_already(app: Flask, platform: Platform, clerk: str, community: str):
    demand(platform, community, clerk, "register")
    with platform.database.writing() as session:
        token = begin_session(session, person_id=clerk, device="", method="passkey", now=platform.now())
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    assert client.get(f"{HERE}/register/imports/").status_code == 200


def test_a_recovery_code_works_once_and_is_kept_as_a_digest(
    app: Flask, browser: FlaskClient, platform: Platform, clerk: str, community: str
):
    codes = enrol(browser, platform, clerk)
    with platform.database.reading() as session:
        held = set(session.scalars(select(RecoveryCode.code_hash)))
    assert not held & {code.replace("-", "") for code in codes}
    demand(platform, community, clerk, "register")
    for expected in (302, 200):
        other = signed_in(app, platform, clerk)
        assert post(other, f"{APP}/ask", {"code": codes[0].upper()}).status_code == expected
    assert "9 个" in browser.get(APP).text


def test_six_wrong_tries_close_it_and_the_right_one_does_not_open_it(
    app: Flask, browser: FlaskClient, platform: Platform, clerk: str, community: str, clock: FrozenClock
):
    enrol(browser, platform, clerk)
    clock.advance(minutes=1)
    other = signed_in(app, platform, clerk)
    for _ in range(5):
        assert "数字不对" in post(other, f"{APP}/ask", {"code": "000000"}).text
    assert "太多" in post(other, f"{APP}/ask", {"code": figures(platform, clerk)}).text
    clock.advance(hours=1)
    assert post(other, f"{APP}/ask", {"code": figures(platform, clerk)}).status_code == 302


def test_who_is_in_the_session_alone_neither_replaces_nor_stops_it(
    browser: FlaskClient, platform: Platform, clerk: str, community: str, clock: FrozenClock
):
    enrol(browser, platform, clerk)
    clock.advance(minutes=1)
    assert "已经登记了验证器" in post(browser, f"{APP}/new", page=f"{APP}/stop").text
    assert "数字不对" in post(browser, f"{APP}/stop", {"code": "000000"}).text
    with platform.database.reading() as session:
        assert second_factor.current(session, clerk) is not None
    assert post(browser, f"{APP}/stop", {"code": figures(platform, clerk)}).status_code == 302
    with platform.database.reading() as session:
        assert second_factor.current(session, clerk) is None
    demand(platform, community, clerk, "register")
    assert browser.get(f"{HERE}/register/imports/").status_code == 302


def test_a_stolen_session_makes_no_passkey_and_no_signing_key(
    app: Flask, browser: FlaskClient, platform: Platform, clerk: str
):
    enrol(browser, platform, clerk)
    stolen = signed_in(app, platform, clerk)
    for address in ("/me/passkeys/options", "/me/passkeys", "/me/keys"):
        answer = post(stolen, address, {"public": "00", "signature": "00"}, page="/me/keys")
        assert (answer.status_code, "先用验证器确认" in answer.text) == (403, True)
    assert post(browser, "/me/keys", {"public": "00", "signature": "00"}).status_code == 422


def test_who_asks_for_less_has_given_it_whichever_groups_were_asked_for(
    app: Flask, browser: FlaskClient, platform: Platform, clerk: str, community: str
):
    enrol(browser, platform, clerk)
    demand(platform, community, clerk, "money")
    stolen = signed_in(app, platform, clerk)
    assert post(stolen, DEMAND, {"groups": [], "reason": "绕过"}).status_code == 403
    assert post(stolen, DEMAND, {"groups": ["money", "register"], "reason": "更严"}).status_code == 302
    assert post(browser, DEMAND, {"groups": ["register"], "reason": "居委会要求"}).status_code == 302


def test_an_enrolment_that_was_not_finished_counts_for_nothing(
    browser: FlaskClient, platform: Platform, clerk: str, community: str
):
    demand(platform, community, clerk, "register")
    assert post(browser, f"{APP}/new", page=APP).status_code == 302
    page = browser.get(f"{APP}/confirm").text
    assert "<svg" in page
    assert "数字不对" in post(browser, f"{APP}/confirm", {"code": "000000"}).text
    assert browser.get(f"{HERE}/register/imports/").status_code == 302
    assert post(browser, f"{APP}/new", page=APP).status_code == 302
    with platform.database.reading() as session:
        found = session.execute(text("SELECT count(*) FROM authenticator WHERE ended_at IS NULL")).scalar()
    assert found == 1


def test_the_operator_forgets_a_lost_one(browser: FlaskClient, platform: Platform, clerk: str, community: str):
    enrol(browser, platform, clerk)
    assert CliRunner().invoke(account, ["forget-authenticator", PHONE], obj=platform).exit_code == 0
    with platform.database.reading() as session:
        assert second_factor.current(session, clerk) is None
    demand(platform, community, clerk, "register")
    assert browser.get(f"{HERE}/register/imports/").status_code == 302


def test_officers_without_such_powers_are_asked_nothing(app: Flask, platform: Platform, community: str, clerk: str):
    supervisor = officer(platform, community, SUPERVISOR, name="余英", phone="19900000198")
    demand(platform, community, clerk, "money", "offices")
    client = signed_in(app, platform, supervisor)
    assert client.get(f"{HERE}/books/").status_code != 302
    assert "先用验证器确认" not in client.get(f"{HERE}/").text


def test_what_was_demanded_stays_written(platform: Platform, community: str, clerk: str, clock: FrozenClock):
    demand(platform, community, clerk, "money")
    clock.advance(minutes=1)
    demand(platform, community, clerk)
    with platform.database.reading() as session:
        assert [row.groups for row in demands.history(session, community)] == [[], ["money"]]
    with pytest.raises(DBAPIError, match="stays"), platform.database.writing() as session:
        session.execute(text("DELETE FROM factor_demand"))
    with pytest.raises(demands.UnknownGroup):
        demand(platform, community, clerk, "weather")

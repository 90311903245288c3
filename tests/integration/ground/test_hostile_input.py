"""What no person types by intention: it is refused with a reason, nothing is kept, nothing crashes."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from hoa.bulletin.tables import Publication
from hoa.community import activation
from hoa.kernel.posts import COMMITTEE_TREASURER, RESIDENTS_STAFF, SUPERVISOR_CHAIR
from hoa.offices.tables import Office
from hoa.platform import Platform
from hoa.web.access import public
from tests.integration.community.scene import a_register, officer, post, signed_in, unit_id

HERE = "/c/WTY"
PHONE = "19900001001"


@pytest.fixture
def community(platform: Platform) -> str:
    return a_register(platform)


@pytest.fixture
def clerk(app: Flask, platform: Platform, community: str) -> FlaskClient:
    return signed_in(app, platform, officer(platform, community, RESIDENTS_STAFF, name="秦雅宁", phone=PHONE))


def number_of(platform: Platform, model: type) -> int:
    with platform.database.reading() as session:
        return session.query(model).count()


@pytest.mark.parametrize(
    "address",
    [
        "/c/%00/",
        "/p/%00",
        "/jobs/%00",
        f"{HERE}/assemblies/%00",
        f"{HERE}/bulletin/%00",
        f"{HERE}/register/units/%01",
        f"{HERE}/register/?q=%00",
        f"{HERE}/register/?building=a%1fb",
        f"{HERE}/desk/?room=%EF%BF%BF",
    ],
)
def test_control_characters_in_an_address_are_a_bad_request(clerk: FlaskClient, address: str):
    answer = clerk.get(address)
    assert answer.status_code == 400
    assert "控制字符" in answer.text


@pytest.mark.parametrize("unseen", ["\x00", "\x01", "\x0b", "\x1b", "\x7f"])
def test_control_characters_in_a_form_are_refused_and_nothing_is_kept(
    clerk: FlaskClient, platform: Platform, unseen: str
):
    answer = post(clerk, f"{HERE}/bulletin/new", {"title": f"停{unseen}水", "body": "周三", "days": "15"})
    assert answer.status_code == 400
    assert "控制字符" in answer.text
    assert number_of(platform, Publication) == 0


def test_lines_and_tabs_are_no_control_characters(clerk: FlaskClient, platform: Platform):
    answer = post(clerk, f"{HERE}/bulletin/new", {"title": "停水", "body": "周三\r\n\t上午", "days": "15"})
    assert answer.status_code == 302
    assert number_of(platform, Publication) == 1


def test_a_file_name_with_control_characters_is_refused(clerk: FlaskClient):
    sent = {"file": (io.BytesIO(b"x"), "名\x01册.xlsx"), "basis": "registered"}
    answer = post(clerk, f"{HERE}/register/imports/", sent, content_type="multipart/form-data")
    assert answer.status_code == 400


@pytest.mark.parametrize("days", ["9" * 30, "-" + "9" * 400])
def test_a_number_no_database_holds_is_outside_the_fields_range(clerk: FlaskClient, platform: Platform, days: str):
    answer = post(clerk, f"{HERE}/bulletin/new", {"title": "停水", "body": "周三", "days": days})
    assert answer.status_code == 200
    assert "公示期为 15 到 365 天" in answer.text
    assert number_of(platform, Publication) == 0


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("0001-01-01", "0001-01-02"),
        ("2026-01-01", "9999-12-31"),
        ("9998-01-01", "9999-12-30"),
        ("1948-12-31", "1949-01-01"),
    ],
)
def test_a_term_outside_our_time_is_refused_at_its_field(
    clerk: FlaskClient, platform: Platform, starts: str, ends: str
):
    before = number_of(platform, Office)
    answer = post(clerk, f"{HERE}/offices/appoint", term(starts_on=starts, ends_on=ends))
    assert answer.status_code == 200
    assert "年份应在 1949 与 2199 之间" in answer.text
    assert number_of(platform, Office) == before


def term(**changes: str) -> dict[str, str]:
    usual = {"name": "和豪", "phone": "19911110000", "post": str(COMMITTEE_TREASURER), "basis": "选举"}
    return {**usual, "starts_on": "2026-10-01", "ends_on": "2028-09-30", **changes}


def test_nobody_appoints_themselves(clerk: FlaskClient, platform: Platform):
    before = number_of(platform, Office)
    answer = post(clerk, f"{HERE}/offices/appoint", term(name="秦雅宁", phone=PHONE))
    assert "不能任命自己" in answer.text
    assert number_of(platform, Office) == before
    other = post(clerk, f"{HERE}/offices/appoint", term())
    assert other.status_code == 302


@pytest.mark.parametrize("code", ["٣" * 8, "²" * 8, "𝟛" * 8])
def test_digits_of_other_scripts_are_a_wrong_code_whether_or_not_there_is_a_letter(
    app: Flask, platform: Platform, community: str, code: str
):
    with platform.database.writing() as session:
        unit = unit_id(platform, community, "1-1-101")
        activation.issue(session, community, unit_id=unit, by=None, now=platform.now())
    answers = [
        post(app.test_client(), f"{HERE}/activate", {"room": room, "code": code})
        for room in ("1栋1单元101", "9栋9单元909")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("房号与激活码不符" in answer.text for answer in answers)


def test_a_crash_leaves_a_line_without_what_was_typed(app: Flask, platform: Platform, community: str):
    typed = "".join(("和", "豪"))  # never as one piece in the code, whose lines a trace may show

    @app.get("/crashing")
    @public
    def crashing() -> str:
        with platform.database.reading() as session:
            session.connection().exec_driver_sql(f"SELECT no_such_column /* {typed} */")
        return ""

    app.testing = False
    with capture_logs() as lines:
        assert app.test_client().get("/crashing").status_code == 500
    (crashed,) = [line for line in lines if line["event"] == "request.crashed"]
    assert "test_hostile_input" in crashed["trace"]
    assert typed not in str(crashed)


@pytest.mark.parametrize("period", ["books/9999Q4", "books/0001Q1", "books/contracts/" + "9" * 30])
def test_a_page_of_a_year_or_number_out_of_reach_is_a_clear_answer(
    app: Flask, platform: Platform, community: str, period: str
):
    client = signed_in(app, platform, officer(platform, community, SUPERVISOR_CHAIR, name="顾杰", phone="19900001009"))
    assert client.get(f"{HERE}/{period}").status_code in (404, 422)

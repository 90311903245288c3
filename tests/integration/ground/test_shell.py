"""The frame around every page: headers, refusals as pages and as JSON, preferences, and routes nobody may forget."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from hoa.app import create_app
from hoa.kernel.errors import Busy, NotAllowed, NotFound
from hoa.platform import Platform
from hoa.web.access import assert_every_route_declares, public, requires
from hoa.web.forms import written_text
from hoa.web.shell import local_path
from tests.integration.people import a_community

POLICY = "default-src 'none'"


def raising(app: Flask, error: Exception) -> FlaskClient:
    """A client of the application with a page that fails in a given way."""

    @app.get("/raising")
    @public
    def raising() -> str:
        raise error

    return app.test_client()


def test_every_page_forbids_inline_scripts_framing_and_sniffing(client: FlaskClient):
    headers = client.get("/").headers
    assert headers["Content-Security-Policy"].startswith(POLICY)
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: FlaskClient):
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_is_not_there_says_so_in_the_readers_language(client: FlaskClient):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到这一页" in answer.text
    assert 'lang="zh-CN"' in answer.text


def test_a_community_that_is_not_there_is_not_found(client: FlaskClient):
    assert client.get("/c/NONE/").status_code == 404


def test_a_script_gets_a_refusal_as_json(client: FlaskClient):
    answer = client.get("/c/NONE/", headers={"Accept": "application/json"})
    assert answer.json == {"error": {"status": 404, "message": str(NotFound())}}


@pytest.mark.parametrize(
    "error", [Busy(), OperationalError("SELECT", {}, Exception("database is locked"))], ids=["busy", "locked"]
)
def test_a_database_that_does_not_answer_is_503_with_a_time_to_come_back(app: Flask, error: Exception):
    answer = raising(app, error).get("/raising")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_crash_is_a_page_without_the_trace_and_a_log_without_what_was_typed(
    app: Flask, capsys: pytest.CaptureFixture[str]
):
    answer = raising(app, ValueError("13800138000")).get("/raising")
    assert answer.status_code == 500
    assert "13800138000" not in answer.text
    assert "Traceback" not in answer.text


def test_a_form_without_its_token_is_refused_kindly(client: FlaskClient):
    answer = client.post("/sign-in", data={"phone": "19900000001"})
    assert answer.status_code == 400
    assert "刷新" in answer.text


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [("/c/WTY/", "/c/WTY/"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/")],
)
def test_preferences_lead_back_to_our_own_pages_only(client: FlaskClient, asked: str, led_to: str):
    answer = client.get("/preferences", query_string={"senior": "2", "language": "en", "next": asked})
    assert answer.headers["Location"] == led_to
    page = client.get("/").text
    assert 'data-senior="2"' in page
    assert 'lang="en"' in page


@pytest.mark.parametrize("target", ["", "x", "//x", "/\\x", "/a\nb", "http:/x", "/a\\b"])
def test_addresses_that_could_leave_us_are_not_local(target: str):
    assert not local_path(target)


def test_the_application_does_not_start_with_a_route_nobody_thought_about(app: Flask):
    @app.get("/forgotten")
    def forgotten() -> str:
        return ""

    with pytest.raises(RuntimeError, match="forgotten"):
        assert_every_route_declares(app)


def test_the_application_does_not_start_with_a_power_no_room_declares(app: Flask):
    @app.get("/misspelt")
    @requires("regsiter.edit")
    def misspelt() -> str:
        return ""

    with pytest.raises(RuntimeError, match=re.escape("regsiter.edit")):
        assert_every_route_declares(app)


def test_health_is_told_while_the_database_answers(client: FlaskClient):
    assert client.get("/healthz").json == {"status": "ok"}


def test_metrics_are_for_this_machine_only(client: FlaskClient):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.7"}).status_code == 404


def test_in_production_metrics_are_for_the_token_only(platform: Platform):
    live = dataclasses.replace(platform.settings, production=True)
    client = create_app(dataclasses.replace(platform, settings=live)).test_client()
    assert client.get("/metrics").status_code == 404
    token = dataclasses.replace(live, secrets={"HOA_SECRET_METRICS": "m3trics"})
    client = create_app(dataclasses.replace(platform, settings=token)).test_client()
    assert client.get("/metrics", headers={"Authorization": "Bearer m3trics"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer 错"}).status_code == 404


def test_over_https_browsers_are_told_to_stay_there(platform: Platform, client: FlaskClient):
    assert "Strict-Transport-Security" not in client.get("/").headers
    https = dataclasses.replace(platform.settings, base_url="https://vote.example.cn")
    behind_a_proxy = create_app(dataclasses.replace(platform, settings=https)).test_client()
    assert "max-age=31536000; includeSubDomains" in behind_a_proxy.get("/").headers["Strict-Transport-Security"]


def test_who_is_kept_out_leaves_a_line_that_names_nobody(app: Flask):
    client = raising(app, NotAllowed(person="张三丰"))
    with capture_logs() as lines:
        client.get("/raising?name=13800138000")
        client.post("/sign-in", data={"phone": "19900000001"})
    refused = [(line["endpoint"], line["refusal"]) for line in lines if line["event"] == "request.refused"]
    assert refused == [("raising", "NotAllowed"), ("accounts.sign_in", "CSRFError")]
    assert not any(typed in str(lines) for typed in ("张三丰", "13800138000", "19900000001"))


def test_what_was_typed_into_a_form_that_is_refused_is_shown_again_but_no_secret(app: Flask):
    app.config.update(WTF_CSRF_ENABLED=False)

    @app.post("/telling")
    @public
    def telling() -> str:
        return written_text("words", most=10)

    told = {"words": "楼道灯<b>三天不亮</b>，谁来管", "password": "correct horse battery", "code": "123456789"}
    page = app.test_client().post("/telling", data=told).get_data(as_text=True)
    assert "写了 18 个字，最多 10 个字" in page
    assert "楼道灯&lt;b&gt;三天不亮&lt;/b&gt;，谁来管</textarea>" in page
    assert "battery" not in page
    assert "123456789" not in page
    assert app.test_client().post("/telling", data={"words": " 不亮 "}).get_data(as_text=True) == "不亮"


def test_metrics_and_pages_name_no_person(platform: Platform, client: FlaskClient):
    a_community(platform)
    client.get("/c/WTY/")
    assert "WTY" not in client.get("/metrics").text


def test_under_any_wsgi_server_the_log_is_json_on_standard_error(tmp_path: Path):
    root = Path(__file__).parents[3]
    ask = "import wsgi; wsgi.application.test_client().get('/healthz')"
    environment = {"PATH": os.environ["PATH"], "HOA_DATA": str(tmp_path / "data"), "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert json.loads(done.stderr.splitlines()[-1])["endpoint"] == "observing.healthz"


def test_a_body_that_is_too_large_is_told_so_on_a_page(app: Flask):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = app.test_client().post("/sign-in", data={"phone": "1" * 2000})
    assert answer.status_code == 413
    assert "文件太大了" in answer.text

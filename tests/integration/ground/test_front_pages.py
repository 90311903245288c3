"""The front doors as anybody meets them: which communities there are, what was published, language and size, errors."""

import re
from collections.abc import Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hoa.bulletin import service as bulletin
from hoa.platform import Platform
from hoa.web.room import Room, Shown
from tests.integration.people import a_community, a_person


def test_an_empty_deployment_says_what_to_do_first(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "还没有小区" in page
    assert 'href="/setup"' in page


def test_the_first_page_lists_every_community_and_no_management(platform: Platform, client: FlaskClient) -> None:
    a_community(platform)
    a_community(platform, code="HTL", name="海棠里")
    page = client.get("/").text
    assert 'href="/c/WTY/">梧桐苑' in page
    assert 'href="/c/HTL/">海棠里' in page
    assert "新建和管理小区" not in page


def test_a_communitys_page_shows_what_was_published_and_of_what_kind(platform: Platform, client: FlaskClient) -> None:
    community, person = a_community(platform), a_person(platform)
    assert "还没有公示" in client.get("/c/WTY/").text
    with platform.database.writing() as session:
        bulletin.publish_notice(
            session, community, title="<b>停水</b>通知", body="明日检修", by=person, now=platform.now()
        )
    page = client.get("/c/WTY/").text
    assert "&lt;b&gt;停水&lt;/b&gt;通知" in page
    assert "通知 · 2026年10月20日" in page
    assert "023-0000 0405" in page


def test_what_goes_on_now_is_the_title_of_the_page(platform: Platform, app: Flask) -> None:
    community = a_community(platform)
    asked: list[str] = []

    def shown(_session: object, community_id: str, _now: object) -> Sequence[Shown]:
        asked.append(community_id)
        return [
            Shown(title="第 1 次会议", url="/first", text="结果已公布"),
            Shown(title="第 2 次会议", url="/second", text="正在表决", current=True),
        ]

    app.extensions["hoa.rooms"] = (Room(name="voting", shown=shown),)
    page = app.test_client().get("/c/WTY/").text
    assert asked == [community]
    heading = re.search(r"<h1>(.*?)</h1>", page, flags=re.DOTALL)
    assert heading is not None
    assert "第 2 次会议" in heading[1]
    assert page.count("第 2 次会议") == 1
    assert 'href="/first"' in page


@pytest.mark.parametrize(
    ("address", "door"),
    [
        ("say/", "码上提"),
        ("suggestions/", "码上提"),
        ("topics/", "码上提"),
        ("books/", "账目"),
        ("assemblies/", "业主大会"),
    ],
)
def test_a_page_behind_a_door_of_the_navigation_marks_that_door(
    platform: Platform, client: FlaskClient, address: str, door: str
) -> None:
    a_community(platform)
    page = client.get(f"/c/WTY/{address}").text
    marked = set(re.findall(r'aria-current="page"><span>([^<]+)', page))
    assert marked == {door}


def test_size_and_language_are_kept_and_lead_back_only_to_our_own_pages(
    platform: Platform, client: FlaskClient
) -> None:
    a_community(platform)
    answer = client.get("/preferences?senior=1&language=en&next=/c/WTY/")
    assert answer.headers["Location"] == "/c/WTY/"
    page = client.get("/c/WTY/").text
    assert '<html lang="en" data-senior="1">' in page
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        assert client.get("/preferences", query_string={"senior": "2", "next": elsewhere}).headers["Location"] == "/"


@pytest.mark.parametrize(("address", "status"), [("/nowhere", 404), ("/c/NOBODY/", 404), ("/preferences", 405)])
def test_an_error_page_says_what_happened_and_what_to_do_next(client: FlaskClient, address: str, status: int) -> None:
    answer = client.post(address) if status == 405 else client.get(address)
    assert answer.status_code == status
    assert re.search(r"<h1>\s*\S+", answer.text)
    assert "返回首页" in answer.text
    assert f"提示 {status}" in answer.text


def test_a_script_gets_the_same_error_as_json(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.get_json() == {"error": {"status": 404, "message": "没有找到这一页，链接可能已失效"}}


def test_the_privacy_page_is_open_to_anybody(client: FlaskClient) -> None:
    assert client.get("/privacy").status_code == 200

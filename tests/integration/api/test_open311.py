"""Open311 GeoReport v2: read and write as the specification says, and nothing of a reporter in any answer."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import State
from hoa.affairs.service import photos, places, reading, reporters
from hoa.affairs.tables import Photo, Step, Suggestion
from hoa.api.service import keys as api_keys
from hoa.api.tables import ApiKey, Sent
from hoa.app import create_app
from hoa.kernel.posts import COMMITTEE_TREASURER
from hoa.platform import Platform
from hoa.web.security import limiter
from tests.integration.affairs import scene as affairs
from tests.integration.affairs.scene import Scene, open_scene
from tests.integration.api import specification as spec
from tests.integration.community.scene import SMALL, do_import, officer, post, signed_in, work, workbook
from tests.integration.people import a_community

V2 = "/open311/v2"
KEYS = "/c/WTY/open311/keys"


@pytest.fixture
def scene(platform: Platform) -> Scene:
    """The community WTY with a register, a desk and handlers."""
    opened = open_scene(platform)
    do_import(platform, opened.community, workbook(SMALL))
    return opened


@pytest.fixture
def app(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Flask:
    application = create_app(platform)
    application.testing = True
    monkeypatch.setattr(limiter, "enabled", False)
    return application


def a_key(scene: Scene, name: str = "街道热线平台", community: str | None = None) -> str:
    with scene.platform.database.writing() as session:
        _, secret = api_keys.make(
            session,
            community or scene.community,
            name=name,
            contact="穆热线 023-0000 1234",
            by=scene.desk,
            now=scene.now(),
        )
        return secret


def get(client: FlaskClient, path: str, *, answered: int = 200, **arguments: str) -> Any:
    """The JSON answer, after its XML twin has been found to say the same."""
    words = {"jurisdiction_id": "WTY", **arguments}
    asked, twin = (client.get(f"{path}.{ending}?{urlencode(words)}") for ending in ("json", "xml"))
    assert asked.status_code == twin.status_code == answered, asked.text
    return _same(asked, twin)


def _same(asked: Any, twin: Any) -> Any:
    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    assert twin.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert twin.data.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    assert "Set-Cookie" not in asked.headers
    value = json.loads(asked.data)
    assert spec.spark(spec.xml(twin.data)) == spec.as_words(value)
    return value


def send(client: FlaskClient, form: Mapping[str, str], *, status: int = 201, ending: str = "json") -> Any:
    answer = client.post(f"{V2}/requests.{ending}", data=form)
    assert answer.status_code == status, answer.text
    return json.loads(answer.data) if ending == "json" else spec.xml(answer.data)


def report(secret: str, **changes: str) -> dict[str, str]:
    usual = {"api_key": secret, "jurisdiction_id": "WTY", "service_code": "lift", "address_string": "1栋大堂"}
    return {name: value for name, value in (usual | changes).items() if value}


def errors(client: FlaskClient, form: Mapping[str, str], *, status: int = 400) -> list[str]:
    """What the answer finds wrong; every entry has the specification's two fields."""
    found = send(client, form, status=status)
    assert all(tuple(one) == spec.ERROR for one in found)
    assert {one["code"] for one in found} == {status}
    return [one["description"] for one in found]


def number_of(platform: Platform, model: type = Suggestion) -> int:
    with platform.database.reading() as session:
        return session.query(model).count()


@pytest.mark.sqlite_only
def test_discovery_services_and_definitions_have_the_fields_of_the_specification(client: FlaskClient, scene: Scene):
    found = get(client, "/open311/discovery")
    assert tuple(found) == spec.DISCOVERY
    (endpoint,) = found["endpoints"]
    assert tuple(endpoint) == spec.ENDPOINT
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"].endswith(V2)
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert endpoint["type"] == "production"
    services = get(client, f"{V2}/services")
    assert [one["service_code"] for one in services] == list(CATEGORIES)
    assert all(tuple(one) == spec.SERVICE for one in services)
    assert {(one["metadata"], one["type"]) for one in services} == {(True, "realtime")}
    definition = get(client, f"{V2}/services/lift")
    assert tuple(definition) == spec.DEFINITION
    assert definition["service_code"] == "lift"
    assert all(tuple(one) == spec.ATTRIBUTE for one in definition["attributes"])
    building, entrance, floor = definition["attributes"]
    assert [one["order"] for one in definition["attributes"]] == [1, 2, 3]
    assert building["values"] == [{"key": "1栋", "name": "1栋"}, {"key": "2栋", "name": "2栋"}]
    assert (building["code"], building["datatype"], building["required"]) == ("building", "singlevaluelist", False)
    assert [tuple(value) for value in entrance["values"]] == [spec.VALUE]
    assert (floor["code"], floor["datatype"], floor["values"]) == ("floor", "number", [])
    # A community without a register asks for no more than words.
    a_community(scene.platform, "BYL", "白杨里")
    services = get(client, f"{V2}/services", jurisdiction_id="BYL")
    assert {one["metadata"] for one in services} == {False}
    assert get(client, f"{V2}/services/lift", jurisdiction_id="BYL")["attributes"] == []


def test_the_example_of_the_specification_is_received_and_says_what_was_left_out(client: FlaskClient, scene: Scene):
    secret = a_key(scene)
    (created,) = send(client, {"api_key": secret, **spec.EXAMPLE_POST})
    assert tuple(created) == spec.CREATED
    assert created["service_request_id"] == "2026-0001"
    assert created["account_id"] is None
    assert created["service_notice"].endswith("没有保存：media_url, email, device_id, account_id, phone。")
    with scene.platform.database.reading() as session:
        row = reading.find_by_label(session, scene.community, "2026-0001")
        (step,) = reading.history(session, row)
        reporter = reporters.shown(scene.platform.keys, row)
    assert (row.channel, row.category, row.building, row.entrance) == ("open311", "repairs", "1栋", "1单元")
    assert (row.spot, row.text) == ("1234 5th street", "A large sinkhole is destroying the street")
    assert (reporter.name, reporter.phone, row.reporter_phone_key) == ("john smith", None, None)
    assert step.details["software"] == "街道热线平台"
    kept = repr([row.__dict__, step.__dict__])
    assert not any(spec.EXAMPLE_POST[gone] in kept for gone in ("email", "device_id", "account_id", "media_url"))
    # The reporter's own page, which nothing but this answer names.
    own = created["service_notice"].partition("http://localhost:8000")[2].split()[0]
    assert row.text in client.get(own).text


def send_once(app: Flask, form: Mapping[str, str]) -> tuple[int, str]:
    """Status and number, from a client of its own."""
    answer = app.test_client().post(f"{V2}/requests.json", data=form)
    return answer.status_code, json.loads(answer.data)[0]["service_request_id"]


def test_an_answer_in_xml_says_the_same_and_a_repeated_report_is_one_even_at_once(
    app: Flask, client: FlaskClient, scene: Scene
):
    secret, form = a_key(scene), spec.EXAMPLE_POST
    first = send(client, {"api_key": secret, **form}, ending="xml")
    assert first.tag == "service_requests"
    assert [request.tag for request in first] == ["request"]
    again = send(client, {"api_key": secret, **form}, status=200)
    assert tuple(again[0]) == tuple(part.tag for part in first[0]) == spec.CREATED
    assert again[0]["service_request_id"] == first[0].findtext("service_request_id")
    assert (number_of(scene.platform), number_of(scene.platform, Sent)) == (1, 1)
    other = send(client, {"api_key": a_key(scene, "物业系统"), **form})
    scene.pass_days(0.05)
    with ThreadPoolExecutor(4) as pool:
        at_once = [pool.submit(send_once, app, report(secret, description="四次同时")) for _ in range(4)]
    answers = [one.result() for one in at_once]
    assert sorted(status for status, _ in answers) == [200, 200, 200, 201]
    assert {label for _, label in answers} == {"2026-0003"}
    later = send(client, {"api_key": secret, **form})
    assert [other[0]["service_request_id"], later[0]["service_request_id"]] == ["2026-0002", "2026-0004"]


@pytest.mark.sqlite_only
def test_a_key_that_is_missing_wrong_ended_or_of_another_community_opens_nothing(client: FlaskClient, scene: Scene):
    ended = a_key(scene, "旧平台")
    elsewhere = a_key(scene, "邻区平台", community=a_community(scene.platform, "BYL", "白杨里"))
    with scene.platform.database.writing() as session:
        row = session.scalars(select(ApiKey).where(ApiKey.name == "旧平台")).one()
        api_keys.end(session, scene.community, row.id, by=scene.desk, now=scene.now())
    for secret in ("", "xyz", ended, elsewhere):
        (said,) = errors(client, report(secret), status=403)
        assert "api_key" in said
    # In the address it would stand in every log on the way.
    secret = a_key(scene)
    answer = client.post(f"{V2}/requests.xml?api_key={secret}", data=report(""))
    assert answer.status_code == 403
    assert spec.xml(answer.data).findtext("error/code") == "403"
    assert number_of(scene.platform) == 0


@pytest.mark.sqlite_only
def test_what_is_wrong_with_a_report_is_said_all_at_once_and_nothing_is_kept(client: FlaskClient, scene: Scene):
    secret = a_key(scene)

    def wrong(status: int = 400, **changes: str) -> str:
        return "；".join(errors(client, report(secret, **changes), status=status))

    both = errors(client, report(secret, service_code="", address_string="", description="长" * 1001))
    assert len(both) == 3
    assert "1001" in both[2]
    assert "service_code" in wrong(404, service_code="001")
    assert "jurisdiction_id" in wrong(404, jurisdiction_id="city.gov")
    assert "jurisdiction_id" in wrong(400, jurisdiction_id="")
    for latitude, longitude in (("91", "0"), ("0", "180.1"), ("37.7", ""), ("nan", "0"), ("1e1", "0")):
        assert "lat" in wrong(address_string="", lat=latitude, long=longitude)
    assert "address_id" in wrong(address_string="", address_id="nowhere")
    assert "WHISPAWN" in wrong(**{"attribute[WHISPAWN]": "123456"})
    assert "attribute[building]" in wrong(**{"attribute[floor]": "2"})
    assert "整数" in wrong(**{"attribute[building]": "1栋", "attribute[floor]": "二"})
    assert "1栋、2栋" in wrong(**{"attribute[building]": "9栋"})
    assert "1、2" in wrong(**{"attribute[building]": "1栋", "attribute[floor]": "7"})
    assert "61" in wrong(address_string="远" * 61)
    assert "控制字符" in wrong(description="停\x01电")
    assert number_of(scene.platform) == 0
    refused = client.post(f"{V2}/requests.json", data=json.dumps(report(secret)), content_type="application/json")
    assert refused.status_code == 400


@pytest.mark.sqlite_only
def test_where_is_a_poster_a_building_or_coordinates_that_only_staff_see(client: FlaskClient, scene: Scene):
    secret = a_key(scene)
    with scene.platform.database.writing() as session:
        code = places.add(
            session, scene.community, name="1栋电梯厅", building="1栋", entrance="1单元", by=scene.desk, now=scene.now()
        ).code
    send(client, report(secret, address_string="", address_id=code))
    send(client, report(secret, address_string="", lat="29.5921036", long="106.2231067", service_code="parking"))
    send(client, report(secret, **{"attribute[building]": "1栋", "attribute[floor]": "2"}, lat="29.59", long="106.2"))
    with scene.platform.database.reading() as session:
        rows = session.scalars(select(Suggestion).order_by(Suggestion.number)).all()
    assert [(row.building, row.entrance, row.floor, row.spot) for row in rows] == [
        ("1栋", "1单元", None, ""),
        ("", "", None, "WGS84 29.5921, 106.2231"),
        ("1栋", "1单元", 2, "1栋大堂"),
    ]
    assert [row.text for row in rows] == ["电梯", "停车与充电", "电梯"]
    assert rows[0].place_id
    told = get(client, f"{V2}/requests")
    assert [one["address"] for one in told] == ["1栋, 梧桐苑", "梧桐苑", "1栋, 梧桐苑"]
    assert "106" not in json.dumps(told)
    assert {(one["lat"], one["long"], one["address_id"], one["zipcode"]) for one in told} == {(None,) * 4}


@pytest.mark.sqlite_only
def test_a_number_given_by_software_is_for_staff_to_call_and_gets_no_message(client: FlaskClient, scene: Scene):
    form = report(a_key(scene), first_name="举报", last_name="苟", phone="+86 139-0000-0188")
    (created,) = send(client, form)
    assert "没有保存" not in created["service_notice"]
    with scene.platform.database.reading() as session:
        row = reading.find_by_label(session, scene.community, "2026-0001")
    assert reporters.shown(scene.platform.keys, row) == ("苟举报", "13900000188")
    scene.act("answer_at_once", row.id, title="电梯已修好", text="已修好", by=scene.desk)
    work(scene.platform)
    files = [path for path in scene.platform.settings.data.rglob("*") if path.is_file() and "sms" in str(path)]
    assert "13900000188" not in "".join(path.read_text("utf-8") for path in files)


def test_every_state_is_told_in_public_words_and_nothing_of_the_reporter_or_the_reasons_is(
    client: FlaskClient, scene: Scene
):
    made = {state: scene.suggestion(state) for state in State}
    made[State.REFUSED] = scene.receive()
    why = f"{affairs.REPORTER_NAME}（{affairs.REPORTER_PHONE}）说的不属于本小区"
    scene.act("refuse", made[State.REFUSED], reason=why, by=scene.desk)
    labels = {state: scene.row(made[state]).label for state in State}
    found = {one["service_request_id"]: one for one in get(client, f"{V2}/requests")}
    assert all(tuple(one) == spec.REQUEST for one in found.values())
    told = {state: found[label] for state, label in labels.items()}
    closed = {State.ANSWERED, State.RATED, State.PUBLISHED, State.MERGED, State.REFUSED, State.WITHDRAWN}
    assert {state for state in State if told[state]["status"] == "closed"} == closed
    assert {told[state]["status"] for state in State if state not in closed} == {"open"}
    assert told[State.RECEIVED]["description"] is None
    assert told[State.RECEIVED]["expected_datetime"] is None
    assigned = told[State.ASSIGNED]
    assert assigned["description"] == affairs.TITLE
    assert assigned["agency_responsible"]
    assert assigned["requested_datetime"] == "2026-10-20T10:00:00+08:00"
    assert assigned["expected_datetime"] == f"{scene.row(made[State.ASSIGNED]).due_on}T23:59:59+08:00"
    assert told[State.ANSWERED]["status_notes"] == "待评价"
    assert told[State.PUBLISHED]["description"] == "电梯停运，老人出行不便。"
    assert told[State.PUBLISHED]["status_notes"] == f"已公示：{affairs.ANSWER}"
    assert told[State.PAUSED]["status_notes"] == "计时中止：等配件到货"
    assert told[State.REFUSED]["status_notes"].startswith("不予受理：")
    assert told[State.REFUSED]["status_notes"].endswith("说的不属于本小区")
    into = scene.row(str(scene.row(made[State.MERGED]).merged_into_id)).label
    assert told[State.MERGED]["status_notes"] == f"已合并：{into}"
    everything = json.dumps(list(found.values()), ensure_ascii=False)
    one_by_one = "".join(
        json.dumps(get(client, f"{V2}/requests/{label}"), ensure_ascii=False) for label in labels.values()
    )
    secrets = (
        affairs.REPORTER_NAME,
        affairs.REPORTER_PHONE,
        affairs.SECRET,
        affairs.TEXT,
        "已经自己解决",
        "修好了，谢谢",
        *made.values(),
    )
    assert [word for word in secrets if word in everything + one_by_one] == []
    assert everything.count(affairs.ANSWER) == 1


@pytest.mark.sqlite_only
def test_pictures_are_told_only_when_cleared_and_published(client: FlaskClient, scene: Scene):
    made = [scene.suggestion(state) for state in (State.PUBLISHED, State.PUBLISHED, State.ANSWERED)]
    with scene.platform.database.writing() as session:
        for number, suggestion in enumerate(made):
            row = reading.find(session, scene.community, suggestion)
            session.add(
                Photo(
                    community_id=scene.community,
                    id=f"photo{number}",
                    suggestion_id=row.id,
                    phase=str(photos.Phase.AFTER),
                    digest=hashlib.sha256(bytes([number])).hexdigest(),
                    media_type="image/jpeg",
                    added_at=scene.now(),
                )
            )
            session.flush()
            if number != 1:
                photos.clear(session, scene.community, f"photo{number}", by=scene.desk, now=scene.now())
    published, hidden, unpublished = (get(client, f"{V2}/requests/{scene.row(row).label}")[0] for row in made)
    assert published["media_url"].startswith("http://localhost:8000/c/WTY/suggestions/")
    assert "photo0" in published["media_url"]
    assert hidden["media_url"] is unpublished["media_url"] is None


def test_requests_are_found_by_number_service_status_and_time(client: FlaskClient, scene: Scene):
    first = scene.suggestion(State.REFUSED)
    scene.pass_days(50)
    scene.suggestion(category="parking")
    scene.pass_days(50)
    scene.suggestion(category="repairs")

    def found(**arguments: str) -> list[str]:
        return [one["service_request_id"] for one in get(client, f"{V2}/requests", **arguments)]

    assert found() == ["2027-0001", "2026-0002"]
    assert found(service_request_id="2026-0001, 2027-0001,2026-9999,%", status="open") == ["2027-0001", "2026-0001"]
    assert found(service_code="parking,lift", status="") == ["2026-0002"]
    assert found(start_date="2026-10-01T00:00:00Z") == ["2026-0002", "2026-0001"]
    assert found(start_date="2026-10-01T00:00:00Z", status="closed") == ["2026-0001"]
    assert found(end_date="2026-10-20T10:00:00+08:00") == ["2026-0001"]
    # A plus sign that nobody escaped arrives as a space.
    assert found(end_date="2026-10-20T10:00:00 08:00") == ["2026-0001"]
    assert found(end_date="2026-10-20T09:59+08:00") == []
    span = {"start_date": "2026-10-01T00:00:00Z", "end_date": "2026-12-30T00:00:00Z"}
    assert found(**span) == ["2026-0002", "2026-0001"]
    (one,) = get(client, f"{V2}/requests/2026-0001")
    assert one["updated_datetime"] == "2026-10-20T10:00:00+08:00"
    assert scene.row(first).label == one["service_request_id"]


QUESTIONS: tuple[tuple[str, dict[str, str], int], ...] = (
    ("requests", {"jurisdiction_id": "city.gov"}, 404),
    ("requests", {"jurisdiction_id": " "}, 400),
    ("requests", {"start_date": "2026-10-01"}, 400),
    ("requests", {"end_date": "0001-01-01T00:00:00Z"}, 400),
    ("requests", {"start_date": "2026-10-02T00:00:00Z", "end_date": "2026-10-01T00:00:00Z"}, 400),
    ("requests", {"start_date": "2026-07-01T00:00:00Z", "end_date": "2026-10-01T00:00:00Z"}, 400),
    ("requests", {"status": "open,done"}, 400),
    ("requests", {"service_code": "001"}, 404),
    ("requests", {"service_request_id": ",".join(map(str, range(1001)))}, 400),
    ("requests/2026-0001", {}, 404),
    ("requests/2026-1", {}, 404),
    ("services/001", {}, 404),
    ("tokens/12345", {}, 404),
)


@pytest.mark.sqlite_only
def test_a_question_that_cannot_be_answered_says_why_to_software_of_any_site(client: FlaskClient, platform: Platform):
    a_community(platform)
    for path, arguments, status in QUESTIONS:
        found = get(client, f"{V2}/{path}", answered=status, **arguments)
        assert [tuple(one) for one in found] == [spec.ERROR]
        assert found[0]["code"] == status
        assert found[0]["description"]
    answer = client.get(f"{V2}/requests.json?jurisdiction_id=wty")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    posted = client.post(f"{V2}/requests.json", data={"jurisdiction_id": "WTY"})
    assert "Access-Control-Allow-Origin" not in posted.headers
    unknown = client.get(f"{V2}/services.html?jurisdiction_id=WTY")
    assert unknown.status_code == 404
    assert spec.xml(unknown.data).findtext("error/code") == "404"


@pytest.mark.sqlite_only
def test_only_so_many_reports_of_one_key_are_taken_in_a_minute_and_the_next_is_told_to_wait(
    platform: Platform, scene: Scene
):
    client = create_app(platform).test_client()
    secret, other = a_key(scene), a_key(scene, "物业系统")
    statuses = [
        client.post(f"{V2}/requests.xml", data=report(secret, description=f"第{n}次")).status_code for n in range(31)
    ]
    assert statuses == [201] * 30 + [429]
    slowed = client.post(f"{V2}/requests.xml", data=report(secret))
    assert slowed.headers["Retry-After"] == "60"
    assert spec.xml(slowed.data).findtext("error/code") == "429"
    assert client.post(f"{V2}/requests.xml", data=report(other)).status_code == 201
    assert number_of(platform) == 31


@pytest.mark.sqlite_only
def test_a_key_is_shown_once_and_kept_as_a_digest_until_the_desk_ends_it(app: Flask, platform: Platform, scene: Scene):
    desk = signed_in(app, platform, scene.desk)
    page = post(desk, KEYS, {"name": "街道热线平台", "contact": "穆热线 023-0000 1234"})
    secret = page.text.partition('<code class="code">')[2].partition("</code>")[0]
    assert len(secret) == 40
    send(desk, report(secret))
    assert secret not in desk.get(KEYS).text
    with platform.database.reading() as session:
        made = reading.find_by_label(session, scene.community, "2026-0001").id
    assert "接口 · 街道热线平台" in desk.get(f"/c/WTY/sorting/suggestions/{made}").text
    with platform.database.reading() as session:
        (row,) = session.scalars(select(ApiKey))
        assert secret not in repr(row.__dict__)
        assert row.digest == hashlib.sha256(secret.encode()).hexdigest()
        (step,) = session.scalars(select(Step))
        assert step.person_id is None  # the desk's session played no part
    taken = post(desk, KEYS, {"name": "街道热线平台", "contact": "别人"})
    assert "换一个名称" in taken.text
    assert 'value="别人"' in taken.text
    assert "请填写这一项" in post(desk, KEYS, {"name": "物业系统", "contact": ""}).text
    ended = post(desk, f"{KEYS}/{row.id}/end", page=KEYS, follow_redirects=True)
    assert "已停用" in ended.text
    assert post(desk, f"{KEYS}/{row.id}/end", page=KEYS).status_code == 409
    errors(desk, report(secret), status=403)
    treasurer = officer(platform, scene.community, COMMITTEE_TREASURER, name="毛会计", phone="13900000155")
    assert signed_in(app, platform, treasurer).get(KEYS).status_code == 403
    about = app.test_client().get("/c/WTY/open311/").text
    assert V2 in about
    assert KEYS not in about


WORDS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        "",
        "WTY",
        "lift",
        "open",
        "2026-0001",
        "9999-999999999",
        "2026-10-20T10:00:00Z",
        "-1",
        "1栋",
        "29.5",
        "٣",
        "1e309",
    ]
)
ARGUMENTS = st.sampled_from(
    [
        "jurisdiction_id",
        "service_code",
        "service_request_id",
        "start_date",
        "end_date",
        "status",
        "lat",
        "long",
        "address_string",
        "address_id",
        "description",
        "first_name",
        "phone",
        "media_url",
        "attribute[building]",
        "attribute[floor]",
        "attribute[",
    ]
)


@pytest.mark.sqlite_only
def test_strange_input_is_answered_in_the_shape_of_the_specification_and_never_with_a_crash(
    client: FlaskClient, scene: Scene
):
    secret = a_key(scene)

    @settings(max_examples=150)
    @given(
        path=st.sampled_from(["services", "services/lift", "requests", "requests/2026-0001", "tokens/1"])
        | WORDS.filter(lambda word: "/" not in word and word).map(lambda word: f"requests/{word}"),
        ending=st.sampled_from(["json", "xml"]),
        arguments=st.dictionaries(ARGUMENTS, WORDS, max_size=5),
        writes=st.booleans(),
    )
    def ask(path: str, ending: str, arguments: dict[str, str], writes: bool) -> None:
        known = {"jurisdiction_id": "WTY", **arguments}
        if writes:
            form = {"api_key": secret, "service_code": "lift", "address_string": "大堂", **known}
            answer = client.post(f"{V2}/requests.{ending}", data=form)
        else:
            answer = client.get(f"{V2}/{path}.{ending}", query_string=known)
        if answer.content_type.startswith("text/html"):  # an address that leads to no route of ours
            assert answer.status_code in (404, 308)
            return
        assert answer.status_code in (200, 201, 400, 404)
        value = json.loads(answer.data) if ending == "json" else spec.spark(spec.xml(answer.data))
        if answer.status_code >= 400:
            assert [tuple(one) for one in value] == [spec.ERROR] * len(value)

    ask()

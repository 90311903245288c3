"""Open311 GeoReport v2: what everybody reads, as the specification says, and nothing of a reporter in any answer."""

import hashlib
import json

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import State
from hoa.affairs.service import photos, reading
from hoa.affairs.tables import Photo
from hoa.platform import Platform
from tests.integration.affairs import scene as affairs
from tests.integration.affairs.scene import Scene
from tests.integration.api import specification as spec
from tests.integration.api.calls import V2, a_key, get
from tests.integration.people import a_community


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

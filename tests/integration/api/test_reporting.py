"""Open311 GeoReport v2: reports of other software, what of them is kept, and the keys they need."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.affairs.service import places, reading, reporters
from hoa.affairs.tables import Step, Suggestion
from hoa.api.service import keys as api_keys
from hoa.api.tables import ApiKey, Sent
from hoa.app import create_app
from hoa.kernel.posts import COMMITTEE_TREASURER
from hoa.platform import Platform
from tests.integration.affairs.scene import Scene
from tests.integration.api import specification as spec
from tests.integration.api.calls import V2, a_key, errors, get, number_of, report, send, send_once
from tests.integration.community.scene import officer, post, signed_in, work
from tests.integration.people import a_community

KEYS = "/c/WTY/open311/keys"


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

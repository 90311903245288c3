"""The roll for owners: no names, totals that add up, objections until the opening, corrections by two signatures."""

import csv
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.voting.test_pages import in_post, owner
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.tables import Proposal, RollEntry, RollObjection

BASE = "/c/WTY/assemblies/2026-01"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    return a_world(platform, clock, owners=9, staffed=True)


@pytest.fixture
def chair(app: Flask, world: World) -> FlaskClient:
    return signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))


def correct(client: FlaskClient, **data: object) -> Any:
    sent = {"sort": "area", "room": "1幢1单元0101", "reason": "测绘更正", **data}
    return post(client, f"{BASE}/roll/correct", sent, content_type="multipart/form-data")


def proposals(world: World) -> list[str]:
    with world.platform.database.reading() as session:
        return list(session.scalars(select(Proposal.id).where(Proposal.kind == "roll-change")))


def totals(client: FlaskClient) -> tuple[int, int]:
    """Heads and area (0.01 m²) that the file's rows add up to; its last row says the same."""
    rows = list(csv.reader(io.StringIO(client.get(f"{BASE}/roll.csv").data.decode("utf-8-sig"))))[1:]
    heads = sum(int(row[3]) for row in rows[:-1])
    area = sum(round(float(row[2]) * 100) for row in rows[:-1])
    assert rows[-1] == ["", "合计", f"{area / 100:.2f}", str(heads)]
    return heads, area


def test_an_owner_sees_units_areas_and_heads_that_add_up_and_no_name(app: Flask, world: World):
    client = owner(app, world)
    page = client.get(f"{BASE}/roll").text
    assert "您算 1 人，面积 80.00 m²" in page
    assert "一个专有部分按一人计算" in page
    assert "业主0" not in page
    assert "1幢1单元0901" in page
    assert "1幢1单元0901" not in client.get(f"{BASE}/roll?q=0101").text
    assert totals(client) == (9, sum(8000 + 100 * n for n in range(9)))
    assert str(world.row().manifest_hash) not in page


def test_a_visitor_sees_corrections_without_rooms_and_no_roll(app: Flask, client: FlaskClient, world: World):
    assert client.get(f"{BASE}/roll").status_code == 302
    assert client.get(f"{BASE}/roll.csv").status_code == 302
    assert client.get(f"{BASE}/roll/changes").status_code == 200


def test_an_owner_objects_before_the_opening_and_reads_the_answer(app: Flask, world: World, chair: FlaskClient):
    client, other = owner(app, world), owner(app, world, 1)
    sent = {"unit": "1幢1单元0101", "text": "面积应为 81.00"}
    assert post(client, f"{BASE}/roll/object", sent, page=f"{BASE}/roll").status_code == 302
    assert "等待答复" in client.get(f"{BASE}/roll").text
    assert "81.00" not in other.get(f"{BASE}/roll").text.split("对名册的异议")[1]
    with world.platform.database.reading() as session:
        row = session.scalars(select(RollObjection.id)).one()
    page = f"{BASE}/roll/objections"
    assert "1 条名册异议等答复" in chair.get("/c/WTY/").text
    assert "面积应为 81.00" in chair.get(page).text
    assert post(chair, f"{page}/{row}", {"text": ""}, page=page).status_code == 200
    assert post(chair, f"{page}/{row}", {"text": "按产权证为 80.00"}, page=page).status_code == 302
    assert "名册异议等答复" not in chair.get("/c/WTY/").text
    assert "按产权证为 80.00" in client.get(f"{BASE}/roll").text
    assert client.get(page).status_code == 403


def test_after_the_opening_objections_go_to_the_desk(app: Flask, world: World):
    world.to(State.OPEN)
    client = owner(app, world)
    assert "提出异议" not in client.get(f"{BASE}/roll").text
    sent = {"unit": "1幢1单元0101", "text": "面积应为 81.00"}
    assert post(client, f"{BASE}/roll/object", sent, page="/me").status_code == 409


def test_a_correction_is_in_force_when_two_officials_have_signed_and_stands_in_the_public_log(
    app: Flask, client: FlaskClient, world: World, chair: FlaskClient
):
    assert correct(chair, area="81.50").status_code == 302
    [proposal] = proposals(world)
    assert totals(chair)[1] == sum(8000 + 100 * n for n in range(9))
    assert "测绘更正" in chair.get(f"{BASE}/roll/changes").text
    assert "测绘更正" not in client.get(f"{BASE}/roll/changes").text
    assert world.sign(proposal, "clerk1", "clerk2") == "appended"
    assert totals(chair) == (9, sum(8000 + 100 * n for n in range(9)) + 150)
    public = client.get(f"{BASE}/roll/changes").text
    assert "测绘更正" in public
    assert "80.00 m²" in public
    assert "81.50 m²" in public
    assert "clerk1、clerk2" in public or "clerk2、clerk1" in public
    assert "0101" not in public
    assert "1幢1单元0101" in owner(app, world, 1).get(f"{BASE}/roll/changes").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"area": ""}, "不是面积"),
        ({"room": "9幢1单元0101", "area": "81"}, "房屋登记里没有"),
        ({"sort": "merge"}, "请填写另外的房号"),
        ({"sort": "split", "rooms": "1幢1单元0201"}, "不是同一位业主"),
        ({"sort": "merge", "rooms": "1幢1单元0101"}, "前后没有不同"),
    ],
)
def test_a_correction_that_cannot_be_says_why_and_proposes_nothing(
    world: World, chair: FlaskClient, wrong: dict[str, str], said: str
):
    answer = correct(chair, **wrong)
    assert answer.status_code == 200
    assert said in answer.text
    assert proposals(world) == []


def test_after_the_opening_totals_change_only_on_a_registrys_or_a_courts_paper(
    app: Flask, world: World, chair: FlaskClient
):
    world.to(State.OPEN)
    refused = correct(chair, sort="merge", rooms="1幢1单元0201")
    assert refused.status_code == 200
    assert "请附上文书" in refused.text
    paper = (io.BytesIO(PNG), "判决.png")
    assert correct(chair, sort="merge", rooms="1幢1单元0201", paper=paper).status_code == 302
    [proposal] = proposals(world)
    assert world.sign(proposal, "clerk1", "clerk2") == "appended"
    assert totals(chair)[0] == 8
    page = chair.get(f"{BASE}/roll/changes").text
    link = page.split('href="')
    url = next(part.split('"')[0] for part in link if "/roll/papers/" in part.split('"')[0])
    assert chair.get(url).data.startswith(b"\x89PNG")
    assert owner(app, world, 3).get(url).status_code == 403


def test_two_flats_of_one_owner_can_be_merged_and_split_again(world: World, chair: FlaskClient):
    assert correct(chair, sort="merge", rooms="1幢1单元0201\n1幢1单元0301").status_code == 302
    world.sign(proposals(world)[0], "clerk1", "clerk2")
    assert totals(chair)[0] == 7
    assert correct(chair, sort="split", rooms="1幢1单元0301").status_code == 302
    world.sign(proposals(world)[-1], "clerk1", "clerk2")
    assert totals(chair)[0] == 8
    with world.platform.database.reading() as session:
        assert len(session.scalars(select(RollEntry)).all()) == 12


def test_a_draft_has_no_roll_page(app: Flask, world: World, chair: FlaskClient):
    assert chair.get("/c/WTY/assemblies/2026-99/roll").status_code == 404

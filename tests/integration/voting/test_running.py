"""Who has voted, for those who knock on doors: no choice, only while it is open, only for staff, and every look is
written down."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.accounts import service as accounts
from hoa.community import sealing
from hoa.community.tables import Owner
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR, SUPERVISOR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.voting.test_pages import in_post, owner
from tests.integration.voting.world import World, a_world
from voting.rules import record
from voting.rules.life import State
from voting.service import closing
from voting.tables import DoorVisit, Reminder, TurnoutLook

BASE = "/c/WTY/assemblies/2026-01"
PAGES = ("turnout", "doors", "doors.pdf")


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9, staffed=True)
    made.to(State.OPEN)
    return made


@pytest.fixture
def clerk(app: Flask, world: World) -> FlaskClient:
    return signed_in(app, world.platform, world.officials["clerk1"])


def room(place: int) -> str:
    return f"1幢1单元{place + 1:02d}01"


def test_a_clerk_sees_who_has_voted_and_never_what(world: World, clerk: FlaskClient):
    world.cast(0, m1="agree", m2="oppose")
    page = clerk.get(f"{BASE}/turnout").text
    assert "1 / 9 套已投票" in page
    assert "✓" in page
    assert f"还没有投票：{room(8)}" in page
    assert room(0) not in page
    listed = clerk.get(f"{BASE}/doors").text
    assert "还有 8 户没有投票" in listed
    assert room(0) not in listed
    assert room(8) in listed
    assert "业主8" not in listed
    for text in (page, listed):
        assert not any(word in text.split("<main")[1] for word in ("同意", "反对", "弃权"))


def test_looks_are_written_down_and_shown(world: World, clerk: FlaskClient):
    clerk.get(f"{BASE}/doors")
    clerk.get(f"{BASE}/doors.pdf")
    assert "上门名单（PDF）" in clerk.get(f"{BASE}/turnout").text
    with world.platform.database.reading() as session:
        rows = session.scalars(select(TurnoutLook).order_by(TurnoutLook.page)).all()
    assert [row.page for row in rows] == ["doors", "map", "paper"]
    assert {row.person_id for row in rows} == {world.officials["clerk1"]}


@pytest.mark.parametrize("page", PAGES)
def test_owners_supervisors_and_counters_do_not_get_it(app: Flask, world: World, page: str):
    supervisor = in_post(world, world.people[1], SUPERVISOR)
    for person in (world.people[0], supervisor, world.officials["counter1"]):
        assert signed_in(app, world.platform, person).get(f"{BASE}/{page}").status_code == 403
    with world.platform.database.reading() as session:
        assert session.scalars(select(TurnoutLook)).all() == []


@pytest.mark.parametrize("page", PAGES)
def test_at_the_end_the_list_is_closed_even_before_the_cut_off_runs(world: World, clerk: FlaskClient, page: str):
    world.clock.moment = world.row().closes_at
    assert clerk.get(f"{BASE}/{page}").status_code == 409
    world.to(State.CUT_OFF)
    assert clerk.get(f"{BASE}/{page}").status_code == 409


def test_whom_no_message_reached_comes_first(app: Flask, world: World):
    with world.platform.database.writing() as session:
        for place, outcome in ((0, "sent"), (4, "failed")):
            person = world.people[place]
            row = session.scalars(select(Owner).where(Owner.person_id == person)).one()
            accounts._keep_phone(session, world.platform.keys, accounts.person(session, person), f"1990000000{place}")
            recipient = sealing.phone_digest(world.platform.keys, world.community, f"1990000000{place}")
            session.add(
                Reminder(
                    id=row.id,
                    community_id=world.community,
                    assembly_id=world.assembly,
                    slot="opening",
                    recipient=recipient,
                    shown="199****000",
                    outcome=outcome,
                    made_at=world.clock.now(),
                )
            )
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    page = chair.get(f"{BASE}/doors").text
    assert page.index(room(4)) < page.index(room(0))
    assert page.count("短信发不到") >= 8
    assert "199****0000" in page
    assert "19900000000" not in page


def test_a_visit_is_kept_with_who_and_what_came_of_it(world: World, clerk: FlaskClient):
    page = f"{BASE}/doors/{world.electors[3]}"
    assert post(clerk, page, {"result": "yes"}).status_code == 200
    assert post(clerk, page, {"result": "paper", "note": "晚上在家"}).status_code == 302
    assert "要纸票" in clerk.get(f"{BASE}/doors").text
    assert "晚上在家" in clerk.get(page).text
    with world.platform.database.reading() as session:
        row = session.scalars(select(DoorVisit)).one()
    assert (row.by, row.result) == (world.officials["clerk1"], "paper")
    world.cast(3, m1="agree", m2="agree")
    assert clerk.get(page).status_code == 404


def test_after_a_void_the_door_is_on_the_list_again(world: World, clerk: FlaskClient):
    leaf = canonical.decode(world.cast(0, m1="agree", m2="agree"))["leaf"]
    identity = world.row().manifest_hash or ""
    world.enter(record.void_entry(identity, leaf=leaf, reason="wrong-elector", time=world.clock.now()))
    assert room(0) in clerk.get(f"{BASE}/doors").text


def test_the_list_is_a_pdf_to_take_along(world: World, clerk: FlaskClient):
    assert clerk.get(f"{BASE}/doors.pdf").status_code == 202
    work(world.platform)
    done = clerk.get(f"{BASE}/doors.pdf")
    assert done.data.startswith(b"%PDF-")


def test_a_buildings_turnout_is_public_only_when_asked_for_and_as_old_as_the_hour(
    app: Flask, client: FlaskClient, world: World
):
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    with world.platform.database.writing() as session:
        closing.hourly(session, world.platform.keys, world.row(), now=world.clock.now())
    assert "各楼栋的参加率" not in client.get(BASE).text
    switch = f"{BASE}/building-turnout"
    assert post(chair, switch, {"shown": "yes"}, page=f"{BASE}/turnout").status_code == 302
    with world.platform.database.writing() as session:
        row = session.merge(world.row())
        row.turnout_at = world.clock.now()
    world.clock.moment += timedelta(minutes=5)
    world.cast(0, m1="agree", m2="agree")
    assert "0.0%" in client.get(BASE).text.split("各楼栋的参加率")[1]
    assert post(owner(app, world), switch, {"shown": "no"}, page="/me").status_code == 403

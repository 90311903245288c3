"""The sample of recorded voters: drawn by the close head, called by supervisors, told in the tally."""

import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hoa.kernel import checkpoint
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR, SUPERVISOR, Post
from hoa.offices.service import appoint
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_person
from tests.integration.voting.world import World, a_world
from voting.rules.life import NotTheNextStep, State
from voting.rules.sample import chance_permille
from voting.service import log, sampling, tallying
from voting.tables import SampleAnswer, SampleDraw, SampleLook

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9)
    made.to(State.OPEN)
    for place in range(7):
        made.cast(place, m1="agree", m2="oppose")
    return made


def in_post(world: World, name: str, kind: Post) -> str:
    person = a_person(world.platform, name)
    year: datetime = world.clock.now()
    with world.platform.database.writing() as session:
        appoint(
            session,
            world.community,
            post=kind,
            person_id=person,
            starts_at=year.replace(year=year.year - 1),
            ends_at=year.replace(year=year.year + 2),
            basis="选举",
            by=None,
            now=year,
        )
    return person


def draw(world: World) -> SampleDraw:
    with world.platform.database.writing() as session:
        return sampling.draw(
            session, world.platform.keys, world.community, world.assembly, by=world.chair, now=world.clock.now()
        )


def listed(world: World) -> list[sampling.Drawn]:
    with world.platform.database.writing() as session:
        return sampling.listed(
            session, world.platform.keys, world.community, world.assembly, by=world.chair, now=world.clock.now()
        )


def drawn(world: World) -> list[str]:
    return [row.elector for row in listed(world)]


def answer(world: World, elector: str, result: str, note: str = "") -> None:
    world.clock.advance(minutes=1)
    with world.platform.database.writing() as session:
        sampling.answer(
            session,
            world.platform.keys,
            world.community,
            world.assembly,
            elector=elector,
            result=result,
            note=note,
            by=world.chair,
            now=world.clock.now(),
        )


def told(world: World) -> Any:
    with world.platform.database.reading() as session:
        return json.loads(tallying.tally_of(session, world.row()).public)["sample"]


def test_the_draw_follows_from_the_close_head_and_the_ballots(world: World) -> None:
    with pytest.raises(NotTheNextStep):
        draw(world)
    world.to(State.CLOSED)
    made = draw(world)
    assert (made.size, made.voters) == (7, 7)
    assert draw(world).id == made.id, "pressing twice draws once"
    with world.platform.database.reading() as session:
        assembly = world.row()
        note = checkpoint.parse(log.heads(session, assembly)[-1].note)
        result = tallying.recount(session, world.platform.keys, assembly)
    assert made.seed == hashlib.sha256(note.checkpoint.body + note.signatures[0].text.encode()).hexdigest()
    by_hand = sorted(
        result.counted,
        key=lambda one: hashlib.sha256(bytes.fromhex(made.seed + result.counted[one].leaf)).hexdigest(),
    )
    assert drawn(world) == by_hand
    assert set(by_hand) == set(world.electors[:7]), "only recorded voters are asked"


def test_answers_go_into_the_tally_and_the_latest_holds(world: World) -> None:
    world.to(State.CLOSED)
    draw(world)
    first, second, third, *_ = drawn(world)
    answer(world, first, "confirmed")
    answer(world, second, "unreachable")
    answer(world, third, "confirmed")
    answer(world, third, "denied", "说那几天在外地")
    with pytest.raises(sampling.NoAnswer):
        answer(world, first, "perhaps")
    with pytest.raises(sampling.NotDrawn):
        answer(world, world.electors[8], "confirmed")
    world.to(State.TALLIED)
    sample = told(world)
    del sample["seed"]
    assert sample == {"size": 7, "contacted": 2, "confirmed": 1, "denied": 1}
    with pytest.raises(sampling.TooLateToAsk):
        answer(world, second, "confirmed")
    world.to(State.ANNOUNCED)
    assert world.problems() == []


def test_once_counted_nobody_is_shown_for_calling_any_more(world: World) -> None:
    world.to(State.CLOSED)
    draw(world)
    assert all(row.contacts for row in listed(world))
    world.to(State.TALLIED)
    assert listed(world)
    assert not any(row.contacts for row in listed(world))


def test_asking_nobody_shows_in_the_tally(world: World) -> None:
    world.to(State.ANNOUNCED)
    assert (told(world)["size"], told(world)["contacted"]) == (7, 0)


def test_without_ballots_there_is_no_sample(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=3)
    world.to(State.CLOSED)
    with pytest.raises(sampling.NobodyToAsk):
        draw(world)
    world.to(State.ANNOUNCED)
    assert told(world) is None


def test_only_supervisors_see_the_list_and_each_look_is_logged(app: Flask, world: World) -> None:
    world.to(State.CLOSED)
    for stranger in (world.people[0], in_post(world, "主任", COMMITTEE_CHAIR)):
        assert signed_in(app, world.platform, stranger).get(f"{BASE}/sample").status_code == 403
    supervisor = in_post(world, "监督员", SUPERVISOR)
    client = signed_in(app, world.platform, supervisor)
    assert "抽取" in client.get(f"{BASE}/sample").text
    assert post(client, f"{BASE}/sample", {}).status_code in (302, 303)
    page = client.get(f"{BASE}/sample").text
    assert "1幢1单元0101" in page
    assert "业主0" in page
    elector = drawn(world)[0]
    path = f"{BASE}/sample/{elector}"
    assert post(client, path, {"result": "denied", "note": "没有投过"}, page=f"{BASE}/sample").status_code in (302, 303)
    assert "有人说没有投过票" in client.get(f"{BASE}/sample").text
    with world.platform.database.reading() as session:
        looks = session.scalars(select(SampleLook).where(SampleLook.person_id == supervisor)).all()
        kept = session.scalars(select(SampleAnswer)).one()
    assert len(looks) >= 2
    assert (kept.result, kept.by) == ("denied", supervisor)


def test_a_scrutineer_of_the_assembly_may_ask_too(app: Flask, platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=3, staffed=True)
    world.to(State.CLOSED)
    assert signed_in(app, platform, world.officials["scrutineer1"]).get(f"{BASE}/sample").status_code == 200
    assert signed_in(app, platform, world.officials["counter1"]).get(f"{BASE}/sample").status_code == 403


def test_sixty_of_a_thousand_find_one_stuffed_ballot_in_twenty_with_ninety_five_percent() -> None:
    assert chance_permille(1000, 60) == 958
    assert chance_permille(12, 12) == 1000
    assert chance_permille(1000, 0) == 0

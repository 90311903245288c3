"""The minutes: composed from the record, noted, frozen, signed by two with their own keys (rules.md R1.40)."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import DatabaseError

from hoa.kernel import canonical, sign_files, signing
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_SECRETARY
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.voting.test_sample import in_post
from tests.integration.voting.world import World, a_world, give_key
from tests.signers import Signer
from voting.rules.life import State
from voting.service import minutes, tallying
from voting.tables import Minutes

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9, staffed=True)
    made.to(State.OPEN)
    for place in range(7):
        made.cast(place, m1="agree", m2="oppose")
    return made


def note(world: World, text: str) -> None:
    world.clock.advance(minutes=1)
    with world.platform.database.writing() as session:
        minutes.add_note(
            session,
            world.platform.keys,
            world.community,
            world.assembly,
            text=text,
            by=world.chair,
            now=world.clock.now(),
        )


def finish(world: World) -> Minutes:
    with world.platform.database.writing() as session:
        return minutes.finish(
            session, world.platform.keys, world.community, world.assembly, by=world.chair, now=world.clock.now()
        )


def sign(world: World, name: str, value: Mapping[str, Any]) -> None:
    with world.platform.database.writing() as session:
        minutes.sign(
            session,
            world.platform.keys,
            world.community,
            world.assembly,
            person_id=world.officials[name],
            signature=Signer(name).sign(signing.message("minutes", value)),
            now=world.clock.now(),
        )


def test_the_minutes_quote_the_record_and_nobody_types_a_figure(world: World) -> None:
    note(world, "会上有业主询问电梯的质保期。")
    with pytest.raises(minutes.TooEarlyForMinutes):
        finish(world)
    world.to(State.ANNOUNCED)
    content = json.loads(finish(world).content)
    with world.platform.database.reading() as session:
        tally = tallying.tally_of(session, world.row())
    told = json.loads(tally.public)
    assert content["assembly"] == world.row().manifest_hash
    assert content["tally"] == tally.digest
    assert [motion["result"] for motion in content["motions"]] == told["motions"]
    assert content["attendance"] == [{"channels": ["online"], "heads": 7}]
    assert content["notes"][0]["text"] == "会上有业主询问电梯的质保期。"
    assert {one["title"] for one in content["attachments"]} == {"package-public", "package-full"}
    assert [step["state"] for step in content["steps"]][-1] == "announced"


def test_finished_minutes_take_no_more_notes_and_the_database_keeps_them(world: World) -> None:
    world.to(State.ANNOUNCED)
    first = finish(world)
    assert finish(world).digest == first.digest, "pressed twice they are frozen once"
    with pytest.raises(minutes.MinutesFinished):
        note(world, "晚了")
    with pytest.raises(DatabaseError), world.platform.database.writing() as session:
        session.execute(update(Minutes).values(digest="0" * 64))


def test_two_people_sign_what_was_finished_and_nothing_else(world: World) -> None:
    world.to(State.ANNOUNCED)
    with pytest.raises(minutes.MinutesNotFinished):
        sign(world, "counter1", {})
    content = canonical.decode(finish(world).content)
    with pytest.raises(minutes.WrongMinutesSignature):
        sign(world, "counter1", {**content, "title": "另一个会议"})
    sign(world, "counter1", content)
    sign(world, "counter1", content)
    world.clock.advance(seconds=1)
    sign(world, "scrutineer1", content)
    with world.platform.database.reading() as session:
        assert [row.name for row in minutes.signatures(session, world.row())] == ["counter1", "scrutineer1"]
    assert world.problems() == []


def test_the_secretary_writes_finishes_and_signs_on_the_page(app: Flask, world: World) -> None:
    secretary = in_post(world, "秘书", COMMITTEE_SECRETARY)
    with world.platform.database.writing() as session:
        give_key(session, secretary, "秘书", now=world.clock.now())
    client = signed_in(app, world.platform, secretary)
    page = f"{BASE}/minutes"
    assert post(client, f"{page}/notes", {"text": "主持人宣布会议开始。"}, page=page).status_code == 302
    assert "还没有定稿" in app.test_client().get(page).text
    assert app.test_client().get(f"{page}.json").status_code == 404
    world.to(State.ANNOUNCED)
    assert post(client, f"{page}/finish", {}, page=page).status_code == 302
    read = app.test_client().get(page).text
    assert "主持人宣布会议开始。" in read
    assert "还差 2 人签名" in read
    waiting = sign_files.read_to_sign(client.get(f"{page}/to-sign.json").data)
    signature = Signer("秘书").sign(waiting.items[0].message)
    sent = sign_files.write_signed(waiting.key, {"minutes": signature}).decode()
    assert post(client, f"{page}/sign", {"signatures": sent}, page=page).status_code == 302
    assert "还差 1 人签名" in app.test_client().get(page).text
    stranger = signed_in(app, world.platform, world.people[0])
    refused = post(stranger, f"{page}/sign", {"signatures": sent}, page=f"{BASE}/check")
    assert refused.status_code == 403
    assert app.test_client().get(f"{page}.pdf").status_code == 202
    work(world.platform)
    made = app.test_client().get(f"{page}.pdf")
    assert made.data.startswith(b"%PDF")

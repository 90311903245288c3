"""While ballots are cast nobody learns more than the hour's turnout, nor another person's choices."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import FrozenClock, today
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_person
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.service import closing
from voting.tables import LogEntry

BASE = "/c/WTY/assemblies/2026-01"
RECEIPT = ["assembly", "leaf", "channel", "time", "due", "key", "signature"]


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9)
    made.to(State.OPEN)
    return made


def proofs(client: FlaskClient, leaf: str) -> list[int]:
    return [
        client.get(f"{BASE}/proof/inclusion/{leaf}.json").status_code,
        client.get(f"{BASE}/proof/inclusion/{leaf}.json?size=2").status_code,
        client.get(f"{BASE}/proof/consistency.json?old=1&new=2").status_code,
    ]


def test_proofs_reach_to_the_last_signed_head_so_that_nobody_counts_ballots_as_they_come(
    app: Flask, client: FlaskClient, world: World
):
    leaf = json.loads(world.cast(0, m1="agree", m2="agree"))["leaf"]
    closing.run_sequencer(world.platform)
    with world.platform.database.reading() as session:
        assert leaf in session.scalars(select(LogEntry.leaf)).all()
    assert proofs(client, leaf) == [404, 404, 404]
    world.to(State.CUT_OFF)
    assert proofs(client, leaf) == [200, 200, 200]


def co_owner(world: World, place: int, level: str) -> str:
    """A second owner of the unit at `place` since yesterday, whose account was bound at `level` after the ballot."""
    person = a_person(world.platform, "共有人")
    with world.platform.database.writing() as session:
        first = session.scalars(select(Owner).where(Owner.person_id == world.people[place])).one()
        unit = session.scalars(select(Ownership).where(Ownership.owner_id == first.id)).one().unit_id
        owner = Owner(
            community_id=world.community,
            key="second",
            name="共有人",
            organisation=False,
            person_id=person,
            added_at=world.clock.now(),
        )
        session.add(owner)
        session.flush()
        session.add(
            Ownership(
                community_id=world.community,
                unit_id=unit,
                owner_id=owner.id,
                since=today(world.clock.now()) - timedelta(days=1),
                level=level,
                checked_by=[],
            )
        )
    return person


def test_a_letter_alone_does_not_open_a_co_owners_choices(app: Flask, world: World):
    world.cast(0, m1="agree", m2="oppose")
    client = signed_in(app, world.platform, co_owner(world, 0, "V1"))
    receipt = f"{BASE}/receipt/{world.electors[0]}"
    assert client.get(receipt).status_code == 200
    shown = client.get(f"{receipt}?show=choices")
    assert shown.status_code == 403
    assert "反对" not in shown.text
    assert client.get(f"{receipt}.json").status_code == 403


def test_a_co_owner_checked_in_person_reads_the_ballot_of_their_common_head(app: Flask, world: World):
    world.cast(0, m1="agree", m2="oppose")
    client = signed_in(app, world.platform, co_owner(world, 0, "V2"))
    receipt = f"{BASE}/receipt/{world.electors[0]}"
    assert "反对" in client.get(f"{receipt}?show=choices").text
    assert client.get(f"{receipt}.json").get_json()["entry"]["choices"] == {"m1": "agree", "m2": "oppose"}


@pytest.mark.parametrize(
    "sent",
    [
        json.dumps({"receipt": RECEIPT}),
        json.dumps({"receipt": dict.fromkeys(RECEIPT, "\ud800")}),
        '{"receipt": ' + "9" * 6000 + "}",
        "[" * 50_000,
    ],
)
def test_whatever_is_sent_as_a_receipt_gets_an_answer(app: Flask, client: FlaskClient, world: World, sent: str):
    answer = post(client, f"{BASE}/check", {"text": sent})
    assert answer.status_code == 200
    assert "看不懂这份回执" in answer.text

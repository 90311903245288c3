"""A flat is sold while voting is open (R1.20): who votes, who sees what."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.community import editing, service
from hoa.community.entries import OwnerEntry
from hoa.community.tables import Owner, Ownership
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_person
from tests.integration.voting.world import World, a_world
from voting.rules import record
from voting.rules.life import State
from voting.service import assisting, log, meeting, roll_changes, successions
from voting.tables import CheckIn, MeetingDesk

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9, counting="last", staffed=True)
    made.to(State.OPEN)
    return made


def sell(world: World, place: int, *, days_ago: int = 0) -> str:
    """The owner at `place` sells; the buyer's account, checked in person."""
    buyer = a_person(world.platform, "买方")
    now = world.clock.now()
    with world.platform.database.writing() as session:
        seller = session.scalars(select(Owner).where(Owner.person_id == world.people[place])).one()
        unit = session.scalars(select(Ownership.unit_id).where(Ownership.owner_id == seller.id)).one()
        editing.transfer(
            session,
            world.platform.keys,
            world.community,
            unit,
            staying=(),
            joining=[OwnerEntry("买方", identifier="990000197609071652")],
            day=today(now) - timedelta(days=days_ago),
            basis="不动产权证",
            version=service.get_community(session, world.community).register_version,
            by=world.chair,
            now=now,
        )
        owner = session.scalars(select(Owner).where(Owner.name == "买方")).one()
        owner.person_id = buyer
        session.scalars(select(Ownership).where(Ownership.owner_id == owner.id)).one().level = "V2"
    return buyer


def confirm(client: FlaskClient, world: World, place: int) -> int:
    """Send a whole ballot as the review page would; the answer's status."""
    path = f"{BASE}/vote/{world.electors[place]}"
    data = {"nonce": "n" * 20, "choice-m1": "oppose", "choice-m2": "oppose"}
    return int(post(client, f"{path}/cast", data, page="/me").status_code)


def test_no_helper_and_no_desk_lets_a_buyer_vote_over_the_seller(world: World):
    world.cast(0, m1="agree", m2="agree")
    world.clock.advance(minutes=5)
    buyer = sell(world, 0)
    row, keys, now, clerk = world.row(), world.platform.keys, world.clock.now(), world.officials["clerk1"]
    with world.platform.database.writing() as session:
        owner = session.scalars(select(Owner.id).where(Owner.person_id == buyer)).one()
        helper = assisting.Helper("小李", "official", "服务台")
        held = assisting.open_session(
            session, row, elector=world.electors[0], owner_id=owner, helper=helper, by=clerk, now=now
        )
        held.confirmed_at = now
        session.flush()
        marks = {"m1": "oppose", "m2": "oppose"}
        with pytest.raises(successions.PredecessorVoted):
            assisting.vote(session, keys, row, held.id, by=clerk, choices=marks, client_nonce="n" * 20, now=now)
        here = CheckIn(
            id=new_id(),
            community_id=world.community,
            assembly_id=world.assembly,
            desk_id="",
            elector=world.electors[0],
            person_id=buyer,
            name="买方",
            capacity=meeting.OWNER,
            level="V2",
            checked_by=clerk,
            at=now,
        )
        desk = MeetingDesk(
            id=new_id(),
            community_id=world.community,
            assembly_id=world.assembly,
            name="一号台",
            made_by=clerk,
            made_at=now,
        )
        session.add(desk)
        session.flush()
        here.desk_id = desk.id
        session.add(here)
        session.flush()
        with pytest.raises(successions.PredecessorVoted):
            meeting.key_ballot(session, keys, row, elector=world.electors[0], choices=marks, by=clerk, now=now)


def test_who_buys_in_mid_vote_votes_when_the_seller_has_not(app: Flask, world: World):
    client = signed_in(app, world.platform, sell(world, 0))
    assert "我要投票" in client.get(BASE).text
    assert confirm(client, world, 0) == 303
    assert "反对" in client.get(f"{BASE}/receipt/{world.electors[0]}?show=choices").text


@pytest.mark.parametrize("days_ago", [0, 9])
def test_who_buys_after_the_seller_voted_sees_that_and_neither_votes_nor_sees_how(
    app: Flask, world: World, days_ago: int
):
    world.clock.moment += timedelta(days=1)
    world.cast(0, m1="agree", m2="agree")
    world.clock.moment += timedelta(minutes=1)
    client = signed_in(app, world.platform, sell(world, 0, days_ago=days_ago))
    receipt = f"{BASE}/receipt/{world.electors[0]}"
    shown = client.get(receipt)
    assert "原业主在过户以前投的票" in shown.text
    assert "同意" not in shown.text
    assert client.get(f"{receipt}?show=choices").status_code == 403
    assert client.get(f"{receipt}.json").status_code == 403
    assert client.get(f"{BASE}/vote/{world.electors[0]}/1").headers["Location"].endswith(receipt)
    assert confirm(client, world, 0) == 409


def test_who_sold_after_voting_still_finds_the_receipt_and_cannot_vote_again(app: Flask, world: World):
    world.clock.moment += timedelta(days=1)
    world.cast(0, m1="agree", m2="agree")
    sell(world, 0)
    client = signed_in(app, world.platform, world.people[0])
    assert "同意" in client.get(f"{BASE}/receipt/{world.electors[0]}?show=choices").text
    assert confirm(client, world, 0) == 403


def test_who_sold_without_voting_sees_nothing_of_the_buyers_ballot(app: Flask, world: World):
    sell(world, 0)
    world.clock.moment += timedelta(days=1)
    world.cast(0, m1="agree", m2="agree")
    client = signed_in(app, world.platform, world.people[0])
    assert client.get(f"{BASE}/receipt/{world.electors[0]}?show=choices").status_code == 404


def test_after_a_void_the_buyer_may_vote(app: Flask, world: World):
    world.clock.moment += timedelta(days=1)
    leaf = canonical.decode(world.cast(0, m1="agree", m2="agree"))["leaf"]
    world.clock.moment += timedelta(minutes=1)
    client = signed_in(app, world.platform, sell(world, 0))
    assert confirm(client, world, 0) == 409
    identity = world.row().manifest_hash or ""
    world.enter(record.void_entry(identity, leaf=leaf, reason="wrong-elector", time=world.clock.now()))
    assert "我要投票" in client.get(BASE).text
    assert confirm(client, world, 0) == 303


def test_a_roll_change_that_hands_ballots_on_hands_on_no_look_into_them(app: Flask, world: World):
    world.clock.moment += timedelta(days=1)
    world.cast(0, m1="agree", m2="agree")
    with world.platform.database.writing() as session:
        row = world.row()
        seller = session.scalars(select(Owner).where(Owner.person_id == world.people[0])).one()
        unit = session.scalars(select(Ownership.unit_id).where(Ownership.owner_id == seller.id)).one()
        log.sequence_ballots(session, world.platform.keys, row, batch=None)
        change = roll_changes.transferred(session, row, unit_id=unit, to=world.electors[1])
        entry = roll_changes.compose(
            session,
            world.platform.keys,
            row,
            before=change.before,
            after=change.after,
            reason="第 2 户买下第 1 户",
            now=world.clock.now(),
            paper="0" * 64,
        )
    world.enter(entry)
    with world.platform.database.reading() as session:
        elector = roll_changes.holder(session, world.row(), unit)
    client = signed_in(app, world.platform, world.people[1])
    shown = client.get(f"{BASE}/receipt/{elector}")
    assert "原业主在过户以前投的票" in shown.text
    assert client.get(f"{BASE}/receipt/{elector}?show=choices").status_code == 403

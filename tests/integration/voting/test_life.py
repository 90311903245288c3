"""An assembly from draft to counted result, on both engines."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock, today
from hoa.platform import Platform
from tests.integration.voting.world import URL, World, a_world
from voting import service
from voting.rules import schedule
from voting.rules.life import NotTheNextStep, State, TooEarly
from voting.service import casting, drafts, log, notice, tallying
from voting.tables import Ballot, LogEntry, TreeHead


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    return a_world(platform, clock)


def test_the_steps_follow_one_another_and_are_each_taken_once(world: World) -> None:
    assert world.state() is State.NOTICED
    world.to(State.OPEN)
    with pytest.raises(NotTheNextStep), world.platform.database.writing() as session:
        service.open_voting(
            session, world.platform.keys, world.community, world.assembly, by=world.chair, now=world.clock.now()
        )
    with pytest.raises(TooEarly), world.platform.database.writing() as session:
        service.cut_off(
            session, world.platform.keys, world.community, world.assembly, by=world.chair, now=world.clock.now()
        )
    assert world.state() is State.OPEN
    world.to(State.TALLIED)
    assert world.problems() == []


def test_the_schedule_opens_cuts_off_and_closes_by_itself(world: World) -> None:
    service.run_schedule(world.platform)
    assert world.state() is State.NOTICED
    world.clock.advance(days=15)
    service.run_schedule(world.platform)
    assert world.state() is State.OPEN
    world.cast(0, m1="agree", m2="oppose")
    world.clock.advance(hours=2)
    service.run_schedule(world.platform)
    assert world.row().turnout_heads == 1
    world.clock.advance(days=15)
    for _ in range(3):
        service.run_schedule(world.platform)
    assert world.state() is State.CLOSED
    with world.platform.database.reading() as session:
        heads = [head.reason for head in log.heads(session, world.row())]
    assert heads == ["notice", "opening", "hourly", "cutoff", "close"]


def test_every_ballot_is_counted_once_with_the_weight_of_the_roll(world: World) -> None:
    world.to(State.OPEN)
    for place in range(9):
        world.cast(place, m1="agree" if place < 6 else "oppose", m2="abstain")
    world.to(State.TALLIED)
    with world.platform.database.reading() as session:
        row = tallying.tally_of(session, world.row())
        full, public = canonical.decode(row.full), canonical.decode(row.public)
    first, second = full["motions"]
    assert first["options"]["agree"] == {"heads": 6, "area": sum(8000 + 100 * n for n in range(6))}
    assert first["options"]["oppose"] == {"heads": 3, "area": sum(8000 + 100 * n for n in range(6, 9))}
    assert first["outcome"] == "passed"
    assert second["options"]["abstain"]["heads"] == 9
    assert second["outcome"] == "failed"
    assert full["ballots"] == {"logged": 9, "counted": 9, "superseded": 0, "voided": 0}
    assert public["motions"][0]["options"]["oppose"] == {"heads": 3, "area": None}
    assert world.problems() == []


def test_a_retry_gives_the_identical_receipt_and_other_choices_are_refused(world: World) -> None:
    world.to(State.OPEN)
    first = world.cast(0, nonce="n" * 20, m1="agree", m2="oppose")
    world.clock.advance(seconds=3)
    assert world.cast(0, nonce="n" * 20, m1="agree", m2="oppose") == first
    with pytest.raises(casting.DifferentChoices):
        world.cast(0, nonce="n" * 20, m1="oppose", m2="oppose")
    with pytest.raises(casting.AlreadyVoted):
        world.cast(0, m1="agree", m2="oppose")
    world.to(State.CUT_OFF)
    assert world.cast(0, nonce="n" * 20, m1="agree", m2="oppose") == first
    with pytest.raises(casting.NotOpen):
        world.cast(1, m1="agree", m2="oppose")


def test_the_last_ballot_counts_where_the_notice_says_so(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=3, counting="last")
    world.to(State.OPEN)
    for mark in ("oppose", "abstain", "agree"):
        world.cast(0, m1=mark)
        world.clock.advance(minutes=1)
    world.to(State.TALLIED)
    with platform.database.reading() as session:
        full = canonical.decode(tallying.tally_of(session, world.row()).full)
    assert full["motions"][0]["options"]["agree"]["heads"] == 1
    assert full["motions"][1]["options"]["blank"]["heads"] == 1
    assert full["ballots"] == {"logged": 3, "counted": 1, "superseded": 2, "voided": 0}


def test_wrong_choices_nonces_and_electors_are_refused_and_nothing_is_kept(world: World) -> None:
    world.to(State.OPEN)
    with pytest.raises(casting.WrongChoices):
        world.cast(0, m9="agree")
    with pytest.raises(casting.WrongChoices):
        world.cast(0, m1="maybe")
    with pytest.raises(casting.BadNonce):
        world.cast(0, nonce="short", m1="agree")
    world.electors = ["nobody"]
    with pytest.raises(casting.NotOnRoll):
        world.cast(0, m1="agree")
    with world.platform.database.reading() as session:
        assert session.scalars(select(Ballot)).all() == []


def test_a_ballot_at_rest_tells_no_choice(world: World) -> None:
    world.to(State.OPEN)
    receipt = world.cast(0, m1="agree", m2="oppose")
    with world.platform.database.reading() as session:
        row = session.scalars(select(Ballot)).one()
    assert b"agree" not in row.entry
    assert b"oppose" not in row.entry
    assert b"choices" not in receipt


def test_nobody_below_the_identity_level_votes_and_a_buyer_votes_for_the_unit(world: World) -> None:
    from hoa.community.tables import Owner, Ownership

    world.to(State.OPEN)
    day = today(world.clock.now())

    def standing(person: str) -> casting.Standing:
        with world.platform.database.reading() as session:
            return casting.standing(session, world.row(), person_id=person, elector=world.electors[0], day=day)

    assert standing(world.people[0]).rooms == "1幢1单元0101"
    with pytest.raises(casting.NotOnRoll):
        standing(world.people[1])
    with world.platform.database.writing() as session:
        owned = session.scalars(
            select(Ownership)
            .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
            .where(Owner.person_id == world.people[0])
        ).one()
        owned.level = "V1"
    with pytest.raises(casting.IdentityTooLow):
        standing(world.people[0])
    with world.platform.database.writing() as session:
        sold = session.get_one(Ownership, (world.community, owned.id))
        sold.until = day
        buyer = session.scalars(select(Owner).where(Owner.person_id == world.people[1])).one()
        session.add(
            Ownership(
                community_id=world.community,
                unit_id=sold.unit_id,
                owner_id=buyer.id,
                since=day,
                level="V2",
                checked_by=[],
            )
        )
    assert standing(world.people[1]).elector == world.electors[0]
    with pytest.raises(casting.NotOnRoll):
        standing(world.people[0])


def test_a_notice_comes_fifteen_days_before_and_freezes_the_motions(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=2)
    with platform.database.writing() as session:
        late = service.create(
            session,
            world.community,
            title="太急",
            body="太急",
            convener="业主委员会",
            opens_at=clock.now() + timedelta(days=14),
            closes_at=clock.now() + timedelta(days=20),
            by=world.chair,
            now=clock.now(),
        )
        code, empty = late.code, late.id
    assert code == "2026-02"

    def give() -> None:
        with platform.database.writing() as session:
            service.give(
                session, platform.keys, world.community, empty, host="h", by=world.chair, now=clock.now(), url=URL
            )

    with pytest.raises(notice.NoMotions):
        give()
    with platform.database.writing() as session:
        service.add_motion(session, world.community, empty, title="一", body="一", matter_code="m5")
    with pytest.raises(schedule.NoticeTooShort):
        give()
    with pytest.raises(NotTheNextStep), platform.database.writing() as session:
        service.add_motion(session, world.community, world.assembly, title="一", body="一", matter_code="M5")
    with platform.database.reading() as session:
        motion = drafts.motions(session, world.row())[0].id
    with pytest.raises(DBAPIError), platform.database.writing() as session:
        session.execute(text("UPDATE motion SET title = 'x' WHERE id = :id"), {"id": motion})


def test_the_sequencer_appends_each_ballot_once_however_often_it_runs(world: World) -> None:
    world.to(State.OPEN)
    for place in range(5):
        world.cast(place, m1="agree")
        service.run_sequencer(world.platform)
        service.run_sequencer(world.platform)
    with world.platform.database.reading() as session:
        rows = session.execute(select(LogEntry.seq, LogEntry.type).order_by(LogEntry.seq)).all()
    assert [tuple(row) for row in rows] == [(0, "notice"), *((n, "ballot") for n in range(1, 6))]


def test_a_receipt_promises_a_leaf_that_the_close_head_covers(world: World) -> None:
    world.to(State.OPEN)
    receipt = json.loads(world.cast(3, m1="agree"))
    assert receipt["assembly"] == world.row().manifest_hash
    world.to(State.CLOSED)
    with world.platform.database.reading() as session:
        leaves = [leaf.hex() for leaf in log.leaves(session, world.row())]
        close = session.scalars(select(TreeHead).where(TreeHead.reason == "close")).one()
    assert receipt["leaf"] in leaves
    assert close.size == len(leaves)

"""Acceptance ends and the log is sealed: by the schedule where nothing is left to do, otherwise by people."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hoa.kernel.clock import FrozenClock
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world
from voting import service
from voting.rules import record
from voting.rules.life import State, TooEarly
from voting.service import casting, closing, proposals
from voting.tables import AssemblyEvent, Ballot, LogEntry, Proposal

ALL = ["meeting", "online", "paper", "proxy"]


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    world = a_world(platform, clock, owners=5, counting="last", staffed=True, channels=ALL)
    world.to(State.OPEN)
    return world


def close(world: World) -> None:
    with world.platform.database.writing() as session:
        service.close(
            session, world.platform.keys, world.community, world.assembly, by=world.chair, now=world.clock.now()
        )


def by_proxy(world: World, place: int) -> str:
    """An agent votes for the owner at `place`; the ballot's leaf."""
    with world.platform.database.writing() as session:
        casting.cast(
            session,
            world.platform.keys,
            world.community,
            world.assembly,
            elector=world.electors[place],
            choices={"m1": "agree"},
            client_nonce=new_id(),
            channel="proxy",
            evidence={"authority": "ab" * 32, "agent": f"代理人{place}", "instruction": "同意"},
            now=world.clock.now(),
        )
        return session.scalars(select(Ballot.leaf).where(Ballot.elector == world.electors[place])).one()


def at_a_desk(world: World, place: int) -> str:
    """A meeting's ballot that waits for signatures."""
    with world.platform.database.writing() as session:
        entry = casting.keyed_entry(
            session,
            world.row(),
            elector=world.electors[place],
            choices={"m1": "agree"},
            channel="meeting",
            evidence={"desk": "一号桌"},
            now=world.clock.now(),
        )
    return world.propose(entry)


def test_a_proxys_ballot_is_ruled_on_before_the_log_is_sealed(world: World) -> None:
    leaf = by_proxy(world, 0)
    world.to(State.CUT_OFF)
    service.run_schedule(world.platform)
    assert world.state() is State.CUT_OFF
    with pytest.raises(closing.ProxiesUndecided, match="1 张"):
        close(world)
    ruling = record.ruling_entry(
        str(world.row().manifest_hash),
        leaf=leaf,
        motion="*",
        ruling="proxy-refused",
        reason="没有书面委托",
        time=world.clock.now(),
    )
    waits = world.propose(ruling)
    with pytest.raises(closing.StillWaiting, match="作废和认定 1 条"):
        close(world)
    assert world.sign(waits, "clerk1", "counter1") == "appended"
    close(world)
    assert world.problems() == []


def test_the_cut_off_drops_what_can_no_longer_enter_and_keeps_the_rest(world: World) -> None:
    world.cast(1, m1="agree")
    with world.platform.database.reading() as session:
        leaf = session.scalars(select(Ballot.leaf)).one()
    identity, now = str(world.row().manifest_hash), world.clock.now()
    late = at_a_desk(world, 0)
    added = world.propose(record.issue_entry(identity, serial="S-1", elector=world.electors[2], time=now))
    void = world.propose(record.void_entry(identity, leaf=leaf, reason="keying-error", time=now))
    world.to(State.CUT_OFF)
    with world.platform.database.writing() as session:
        states = {row.id: (row.state, row.reason) for row in session.scalars(select(Proposal))}
        assert states[late] == states[added] == ("dropped", closing.CUT_OFF_REASON)
        assert states[void][0] == "waiting"
        proposals.drop(session, world.community, void, reason="不作废", now=now)
    close(world)
    assert world.state() is State.CLOSED


def test_online_alone_closes_by_itself_once_nothing_waits(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=3, staffed=True)
    world.to(State.OPEN)
    world.cast(0, m1="agree")
    with platform.database.reading() as session:
        leaf = session.scalars(select(Ballot.leaf)).one()
    entry = record.void_entry(str(world.row().manifest_hash), leaf=leaf, reason="keying-error", time=clock.now())
    waits = world.propose(entry)
    clock.moment = world.row().closes_at
    service.run_schedule(platform)
    service.run_schedule(platform)
    assert world.state() is State.CUT_OFF
    assert world.sign(waits, "clerk1", "clerk2") == "appended"
    service.run_schedule(platform)
    assert world.state() is State.CLOSED


def test_an_extension_moves_the_end_and_nobody_ends_earlier(platform: Platform, clock: FrozenClock) -> None:
    latest = clock.now() + timedelta(days=40)
    world = a_world(platform, clock, owners=3, staffed=True, extension_latest=latest)
    world.to(State.OPEN)
    until = world.row().closes_at + timedelta(days=5)
    identity = str(world.row().manifest_hash)
    assert (
        world.enter(record.extend_entry(identity, until=until, reason="不足三分之二", time=clock.now())) == "appended"
    )
    clock.moment = world.row().closes_at + timedelta(days=1)
    service.run_schedule(platform)
    assert world.state() is State.OPEN
    world.cast(0, m1="agree")
    with pytest.raises(TooEarly), platform.database.writing() as session:
        service.cut_off(session, platform.keys, world.community, world.assembly, by=world.chair, now=clock.now())
    added = record.channel_added_entry(identity, channel="paper", reason="方便老人", time=clock.now())
    assert world.enter(added) == "appended"
    clock.moment = until
    service.run_schedule(platform)
    service.run_schedule(platform)
    assert world.state() is State.CUT_OFF, "with paper people close"
    close(world)
    world.to(State.TALLIED)
    assert world.problems() == []


class Ticks:
    """A monotonic clock that runs only when it is told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def jumped(world: World, *, seconds: float) -> closing.Schedule:
    """The worker saw the wall clock move by `seconds` more than time itself did."""
    ticks = Ticks()
    schedule = closing.Schedule(ticks)
    schedule(world.platform)
    ticks.seconds += 5
    world.clock.advance(seconds=5 + seconds)
    schedule(world.platform)
    return schedule


@pytest.mark.parametrize("seconds", [61, -3600])
def test_after_a_jump_of_the_clock_two_officials_decide_the_cut_off(world: World, seconds: float) -> None:
    world.clock.advance(days=1)
    world.cast(0, m1="agree")
    schedule = jumped(world, seconds=seconds)
    assert world.row().held_since == world.clock.now()
    row, keys = world.row(), world.platform.keys
    with pytest.raises(TooEarly), world.platform.database.writing() as session:
        closing.propose_cut_off(session, keys, row, by=world.chair, reason="时间已核对", now=world.clock.now())
    late = at_a_desk(world, 1)
    world.clock.moment = world.row().ends_at
    schedule(world.platform)
    assert world.state() is State.OPEN
    with pytest.raises(closing.HeldForPeople), world.platform.database.writing() as session:
        service.cut_off(session, keys, world.community, world.assembly, by=world.chair, now=world.clock.now())
    proposed = []
    for _ in range(2):
        with world.platform.database.writing() as session:
            now = world.clock.now()
            one = closing.propose_cut_off(session, keys, world.row(), by=world.chair, reason="时间已核对", now=now)
            proposed.append(one.id)
    assert world.sign(proposed[0], "counter1", "scrutineer1") == "appended"
    assert world.state() is State.CUT_OFF
    with world.platform.database.reading() as session:
        event = session.scalars(select(AssemblyEvent).where(AssemblyEvent.state == "cut-off")).one()
        assert session.get_one(Proposal, (world.community, late)).state == "dropped"
    assert event.reason == "时间已核对"
    close(world)
    world.to(State.TALLIED)
    assert world.problems() == []


def test_without_officials_a_person_takes_the_held_step(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=3)
    world.to(State.OPEN)
    schedule = jumped(world, seconds=120)
    world.clock.moment = world.row().ends_at
    schedule(platform)
    assert world.state() is State.OPEN
    with platform.database.writing() as session:
        service.cut_off(session, platform.keys, world.community, world.assembly, by=world.chair, now=clock.now())
    assert world.state() is State.CUT_OFF


def test_a_clock_that_runs_true_holds_nothing_and_needs_no_decision(world: World) -> None:
    jumped(world, seconds=30)
    assert world.row().held_since is None
    world.clock.moment = world.row().ends_at
    with pytest.raises(closing.NotHeld), world.platform.database.writing() as session:
        now = world.clock.now()
        closing.propose_cut_off(session, world.platform.keys, world.row(), by=world.chair, reason="x", now=now)


def test_turnout_counts_electors_with_a_ballot_that_is_not_void(world: World) -> None:
    world.cast(0, m1="agree")
    world.cast(1, m1="agree")
    service.run_sequencer(world.platform)
    with world.platform.database.reading() as session:
        assert closing.turnout(session, world.row()) == (2, 16100)
        leaf = session.scalars(select(Ballot.leaf).where(Ballot.elector == world.electors[0])).one()
    entry = record.void_entry(str(world.row().manifest_hash), leaf=leaf, reason="wrong-elector", time=world.clock.now())
    assert world.enter(entry) == "appended"
    with world.platform.database.reading() as session:
        assert closing.turnout(session, world.row()) == (1, 8100)
        assert session.scalars(select(LogEntry.type).order_by(LogEntry.seq)).all()[-1] == "void"

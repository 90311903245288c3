"""Entries that need personal signatures: proposed, signed, in the log; a wrong signature changes nothing."""

import pytest
from sqlalchemy import func, select

from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world
from voting.rules import record
from voting.rules.counting import MARKS
from voting.rules.life import State
from voting.service import casting, proposals
from voting.tables import Ballot, LogEntry


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    world = a_world(platform, clock, counting="last", staffed=True, channels=["meeting", "online"])
    world.to(State.OPEN)
    return world


def _entries(world: World, kind: str) -> int:
    with world.platform.database.reading() as session:
        return session.scalar(select(func.count()).where(LogEntry.type == kind)) or 0


def _meeting_ballot(world: World, place: int) -> str:
    with world.platform.database.writing() as session:
        entry = casting.keyed_entry(
            session,
            world.row(),
            elector=world.electors[place],
            choices={"m1": MARKS[0]},
            channel="meeting",
            evidence={"desk": "一号桌"},
            now=world.clock.now(),
        )
    return world.propose(entry)


def test_a_meeting_ballot_enters_with_its_second_signature(world: World):
    proposal = _meeting_ballot(world, 0)
    assert world.sign(proposal, "clerk1") == "waiting"
    assert world.sign(proposal, "clerk1") == "waiting"
    assert world.sign(proposal, "clerk2") == "appended"
    world.to(State.CLOSED)
    assert _entries(world, "ballot") == 1
    assert world.problems() == []


def test_a_signature_by_the_wrong_key_changes_nothing(world: World):
    proposal = _meeting_ballot(world, 0)
    world.officials["intruder"] = world.officials["clerk1"]
    with pytest.raises(proposals.WrongSignature):
        world.sign(proposal, "intruder")
    world.officials["clerk9"] = world.chair
    with pytest.raises(proposals.NotAnOfficial):
        world.sign(proposal, "clerk9")


def test_when_the_owner_votes_meanwhile_the_keyed_ballot_is_signed_anew(world: World):
    proposal = _meeting_ballot(world, 0)
    world.sign(proposal, "clerk1")
    world.cast(0, m1="oppose")
    assert world.sign(proposal, "clerk2") == "waiting"
    with world.platform.database.reading() as session:
        (again,) = proposals.waiting(session, world.platform.keys, world.row())
    assert again.proposal.id != proposal
    assert world.sign(again.proposal.id, "clerk1", "clerk2") == "appended"
    with world.platform.database.reading() as session:
        leaves = {row.leaf: row.previous for row in session.scalars(select(Ballot))}
    assert sorted(leaves.values())[1] in leaves


def test_a_void_lets_the_owner_vote_again_where_the_first_counts(platform: Platform, clock: FrozenClock):
    world = a_world(platform, clock, counting="first", staffed=True, channels=["meeting", "online"])
    world.to(State.OPEN)
    world.sign(_meeting_ballot(world, 0), "clerk1", "clerk2")
    with pytest.raises(casting.AlreadyVoted):
        world.cast(0, m1="agree")
    with platform.database.reading() as session:
        (leaf,) = session.scalars(select(Ballot.leaf)).all()
    entry = record.void_entry(world.row().manifest_hash or "", leaf=leaf, reason="wrong-elector", time=clock.now())
    assert world.enter(entry) == "appended"
    world.cast(0, m1="agree")
    with pytest.raises(Refusal):
        world.enter(entry)

"""Many at once: closes under load, the same owner from two phones."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import Refusal
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world
from voting import service
from voting.rules.life import State
from voting.service import casting, tallying
from voting.tables import Ballot, LogEntry

OWNERS = 24
# How long a cast that the cut-off waits for stands still.
WAIT_SECONDS = 1.0


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=OWNERS)
    made.to(State.OPEN)
    return made


def test_four_closes_under_load_close_once_and_every_acknowledged_ballot_is_counted(world: World) -> None:
    acknowledged: set[str] = set()
    closed: list[int] = []
    begin = threading.Barrier(OWNERS + 4)
    before = world.row().closes_at.replace(minute=0, hour=17)
    after = world.row().closes_at

    def vote(place: int) -> None:
        begin.wait()
        with world.platform.database.writing(seconds=30) as session:
            receipt = service.cast(
                session,
                world.platform.keys,
                world.community,
                world.assembly,
                elector=world.electors[place],
                choices={"m1": "agree"},
                client_nonce=new_id(),
                now=before,
            )
        acknowledged.add(canonical.decode(receipt)["leaf"])

    def close(number: int) -> None:
        begin.wait()
        with world.platform.database.writing(seconds=30) as session:
            service.cut_off(session, world.platform.keys, world.community, world.assembly, by=None, now=after)
        closed.append(number)

    def quietly(task: Callable[[int], None], number: int) -> None:
        try:
            task(number)
        except Refusal:
            return

    with ThreadPoolExecutor(OWNERS + 4) as pool:
        for place in range(OWNERS):
            pool.submit(quietly, vote, place)
        for number in range(4):
            pool.submit(quietly, close, number)
    assert len(closed) == 1
    world.clock.moment = after
    world.to(State.TALLIED)
    with world.platform.database.reading() as session:
        cast = set(session.scalars(select(Ballot.leaf)))
        logged = set(session.scalars(select(LogEntry.leaf).where(LogEntry.type == "ballot")))
        full = canonical.decode(tallying.tally_of(session, world.row()).full)
    assert acknowledged == cast == logged
    assert full["ballots"]["counted"] == len(acknowledged)
    assert full["motions"][0]["options"]["agree"]["heads"] == len(acknowledged)
    assert world.problems() == []


def test_one_owner_on_two_phones_at_once_has_one_ballot(world: World) -> None:
    begin = threading.Barrier(2)
    refused: list[type[Refusal]] = []

    def vote(mark: str) -> None:
        begin.wait()
        try:
            world.cast(0, m1=mark)
        except Refusal as refusal:
            refused.append(type(refusal))

    with ThreadPoolExecutor(2) as pool:
        for mark in ("agree", "oppose"):
            pool.submit(vote, mark)
    assert refused == [casting.AlreadyVoted]
    with world.platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ballot)) == 1


def test_two_sequencers_at_once_log_each_ballot_once(world: World) -> None:
    for place in range(OWNERS):
        world.cast(place, m1="agree")
    with ThreadPoolExecutor(4) as pool:
        for passed in [pool.submit(service.run_sequencer, world.platform) for _ in range(8)]:
            passed.result()
    with world.platform.database.reading() as session:
        sequence = session.scalars(select(LogEntry.seq).order_by(LogEntry.seq)).all()
    assert list(sequence) == list(range(OWNERS + 1))


@pytest.mark.postgresql_only
@pytest.mark.parametrize("locked", [True, False], ids=["as it is", "without its row lock"])
def test_a_ballot_that_is_being_written_holds_the_cut_off_back(
    world: World, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """One phone is between its look at the assembly and its insert when the cut-off comes (trust.md 6 and 7)."""
    looked, cutting = threading.Event(), threading.Event()
    accept = casting._accept
    if not locked:
        for name in ("_HERE", "_ON_ROLL"):
            statement = getattr(casting, name)._clone()
            statement._for_update_arg = None
            monkeypatch.setattr(casting, name, statement)

    def slowly(*arguments: Any, **more: Any) -> tuple[str, bytes]:
        looked.set()
        cutting.wait(WAIT_SECONDS)
        return accept(*arguments, **more)

    monkeypatch.setattr(casting, "_accept", slowly)

    def cut_off() -> None:
        looked.wait(WAIT_SECONDS)
        with world.platform.database.writing(seconds=30) as session:
            now = world.row().closes_at
            service.cut_off(session, world.platform.keys, world.community, world.assembly, by=None, now=now)
        cutting.set()

    with ThreadPoolExecutor(2) as pool:
        receipt = pool.submit(world.cast, 0, m1="agree")
        pool.submit(cut_off).result()
        leaf = canonical.decode(receipt.result())["leaf"]
    with world.platform.database.reading() as session:
        logged = session.scalars(select(LogEntry.leaf).where(LogEntry.type == "ballot")).all()
    assert (leaf in logged) is locked, "only the lock keeps an acknowledged ballot from being left out"

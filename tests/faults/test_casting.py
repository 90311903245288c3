"""kill -9 in the middle of casting: every acknowledged ballot is there once, retries give the promised receipt, the log
verifies (trust.md, tests 1 and 5).
"""

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from hoa.config import Settings
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import open_platform
from tests.integration.voting.world import World, a_world
from tests.phones import Phone, phones
from tests.servers import ServerProcess
from voting.rules.life import State
from voting.tables import Ballot, LogEntry

OWNERS = 80
THREADS = 4
KILL_AFTER = 20
PATIENCE_SECONDS = 30


@pytest.fixture
def world(server: ServerProcess, durable_url: str) -> Iterator[World]:
    """An assembly that is open now, by the clock of the server."""
    clock = FrozenClock(datetime.now(CHINA) - timedelta(days=16))
    settings = Settings(data=server.data, database_url=durable_url, sms="file", mail="file")
    platform = open_platform(settings, clock=clock)
    try:
        made = a_world(platform, clock, owners=OWNERS)
        made.to(State.OPEN)
        clock.moment = datetime.now(CHINA)
        yield made
    finally:
        platform.database.close()


def send_all(server: ServerProcess, todo: Sequence[Phone], *, kill_after: int | None = None) -> None:
    """All phones at once over a few threads; kill -9 as soon as `kill_after` ballots were acknowledged."""
    waiting = list(todo)
    lock = threading.Lock()

    def run() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                phone = waiting.pop()
            try:
                phone.confirm(server.port)
            except (OSError, http.client.HTTPException):
                return

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    if kill_after is not None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sum(bool(phone.acknowledged) for phone in todo) < kill_after and time.monotonic() < deadline:
            time.sleep(0.002)
        server.kill()
    for thread in threads:
        thread.join()


@pytest.mark.slow
def test_kill_9_loses_no_acknowledged_ballot_and_retries_double_none(server: ServerProcess, world: World) -> None:
    everyone = phones(world)
    server.start()
    send_all(server, everyone, kill_after=KILL_AFTER)
    before = {phone.place: list(phone.acknowledged) for phone in everyone}
    told = sum(bool(leaves) for leaves in before.values())
    assert KILL_AFTER <= told < OWNERS, "the server must die in the middle"
    server.start()
    send_all(server, everyone)
    for phone in everyone:
        # Whoever had a receipt before the kill gets the very same ballot's again.
        assert len(set(phone.acknowledged)) == 1, (phone.place, phone.acknowledged)
    acknowledged = {phone.acknowledged[0] for phone in everyone}
    _wait_for_the_sequencer(world)
    with world.platform.database.reading() as session:
        cast = session.scalars(select(Ballot.leaf)).all()
        logged = session.scalars(select(LogEntry.leaf).where(LogEntry.type == "ballot")).all()
    assert sorted(cast) == sorted(acknowledged)
    assert sorted(logged) == sorted(acknowledged)
    assert world.problems() == []


def _wait_for_the_sequencer(world: World) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with world.platform.database.reading() as session:
            if session.scalar(select(func.count()).where(LogEntry.type == "ballot")) == OWNERS:
                return
        time.sleep(0.1)
    raise AssertionError("the sequencer did not take up its work again")

"""kill -9 in the middle of casting, on the platform or on PostgreSQL under it: every acknowledged ballot is there once,
retries give the promised receipt, the log verifies (trust.md, tests 1, 2, 4, 5 and 11).
"""

import http.client
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hoa.config import Settings
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import open_platform
from tests.integration.voting.world import World, a_world
from tests.phones import Phone, phones
from tests.postgres import Cluster
from tests.servers import ServerProcess
from voting.rules.life import State
from voting.service import verify_records
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


def send_all(
    server: ServerProcess,
    todo: Sequence[Phone],
    *,
    kill_after: int | None = None,
    kill: Callable[[], None] | None = None,
) -> None:
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
        (kill or server.kill)()
    for thread in threads:
        thread.join()


def broken_promises(world: World, everyone: Sequence[Phone], told: Mapping[int, Sequence[str]]) -> list[str]:
    """What was acknowledged and is not there once, in the words of the one it was promised to."""
    broken = [
        f"phone {phone.place} was told {told[phone.place]} and then {phone.acknowledged}"
        for phone in everyone
        if len(set(phone.acknowledged)) != 1
    ]
    acknowledged = sorted({leaf for phone in everyone for leaf in phone.acknowledged})
    with world.platform.database.reading() as session:
        cast = sorted(session.scalars(select(Ballot.leaf)))
        logged = sorted(session.scalars(select(LogEntry.leaf).where(LogEntry.type == "ballot")))
    if cast != acknowledged:
        broken.append(f"{len(acknowledged)} leaves were acknowledged, {len(cast)} ballots are there")
    if logged != acknowledged:
        broken.append(f"{len(acknowledged)} leaves were acknowledged, {len(logged)} are in the log")
    return broken + world.problems()


def _told(everyone: Sequence[Phone]) -> dict[int, list[str]]:
    told = {phone.place: list(phone.acknowledged) for phone in everyone}
    assert KILL_AFTER <= sum(bool(leaves) for leaves in told.values()) < OWNERS, "it must die in the middle"
    return told


@pytest.mark.slow
def test_kill_9_loses_no_acknowledged_ballot_and_retries_double_none(server: ServerProcess, world: World) -> None:
    everyone = phones(world)
    server.start()
    send_all(server, everyone, kill_after=KILL_AFTER)
    told = _told(everyone)
    server.start()
    send_all(server, everyone)
    _wait_for_the_sequencer(world)
    assert broken_promises(world, everyone, told) == []


@pytest.mark.slow
@pytest.mark.sqlite_only
def test_a_server_that_answers_before_its_commit_is_found_out(durable_url: str, tmp_path: Path, world: World) -> None:
    mutants = str(Path(__file__).parent / "mutants" / "early")
    mutant = ServerProcess(data=tmp_path / "hoa-data", database_url=durable_url, environment={"PYTHONPATH": mutants})
    honest = ServerProcess(data=tmp_path / "hoa-data", database_url=durable_url)
    everyone = phones(world)
    try:
        mutant.start()
        send_all(mutant, everyone, kill_after=KILL_AFTER)
        told = _told(everyone)
        honest.start()
        send_all(honest, everyone)
        _wait_for_the_sequencer(world)
        broken = broken_promises(world, everyone, told)
        assert any("was told" in line for line in broken), broken
    finally:
        mutant.stop()
        honest.stop()


@pytest.mark.slow
@pytest.mark.postgresql_only
def test_killing_postgresql_under_load_loses_nothing_and_voting_resumes_by_itself(
    server: ServerProcess, world: World, durable_postgres: Cluster
) -> None:
    everyone = phones(world)
    server.start()
    send_all(server, everyone, kill_after=KILL_AFTER, kill=durable_postgres.kill)
    told = _told(everyone)
    durable_postgres.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.answers() and time.monotonic() < deadline:
        time.sleep(0.1)
    send_all(server, everyone)
    _wait_for_the_sequencer(world)
    assert broken_promises(world, everyone, told) == []


@pytest.mark.slow
def test_a_backup_taken_under_load_restores_to_a_log_that_verifies(
    server: ServerProcess, world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    everyone = phones(world)
    server.environment["HOA_BACKUP_PASSPHRASE"] = "twelve characters at least"
    told: list[str] = []
    said: list[str] = []

    def back_up() -> None:
        told.extend(leaf for phone in everyone for leaf in phone.acknowledged)
        said.append(server.hoa("backup", str(tmp_path / "saved.hoa")))

    server.start()
    send_all(server, everyone, kill_after=KILL_AFTER, kill=back_up)
    assert len(told) < len({leaf for phone in everyone for leaf in phone.acknowledged}), "it must be under load"
    shutil.copytree(server.data / "keys", tmp_path / "again" / "keys")
    (tmp_path / "again").chmod(0o700)
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'again' / 'hoa.db'}"
        if not world.platform.database.is_sqlite:
            cluster: Cluster = request.getfixturevalue("durable_postgres")
            url = stack.enter_context(cluster.database(template="template0"))
        again = ServerProcess(data=tmp_path / "again", database_url=url, environment=server.environment)
        again.environment |= {"HOA_DATA": str(tmp_path / "again"), "HOA_DATABASE_URL": url}
        again.hoa("restore", str(tmp_path / "saved.hoa"))
        settings = Settings(data=tmp_path / "again", database_url=url, sms="file", mail="file")
        platform = open_platform(settings)
        stack.callback(platform.database.close)
        with platform.database.reading() as session:
            assert set(told) <= set(session.scalars(select(Ballot.leaf)))
            assert verify_records(platform, session, world.community) == []


def _wait_for_the_sequencer(world: World) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with world.platform.database.reading() as session:
            if (session.scalar(select(func.count()).where(LogEntry.type == "ballot")) or 0) >= OWNERS:
                return
        time.sleep(0.1)
    raise AssertionError("the sequencer did not take up its work again")

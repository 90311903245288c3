"""kill -9 on the whole deployment, and on PostgreSQL under it: the next start serves again, by itself."""

import time
from pathlib import Path

import pytest

from tests.postgres import Cluster
from tests.servers import ServerProcess

PATIENCE_SECONDS = 30


def test_a_killed_server_serves_again_on_the_same_data(server: ServerProcess) -> None:
    server.start()
    server.kill()
    assert not server.answers()
    server.start()
    assert server.answers()


def test_killing_the_server_takes_its_worker_along(server: ServerProcess) -> None:
    server.start()
    web = server.pid
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (workers := _children(web)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(workers) == 1
    server.kill()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _alive(workers[0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(workers[0])


@pytest.mark.postgresql_only
def test_the_server_answers_again_by_itself_after_postgresql_was_killed(
    server: ServerProcess, durable_postgres: Cluster
) -> None:
    server.start()
    durable_postgres.kill()
    assert not server.answers(), "/healthz must not call a deployment without its database healthy"
    durable_postgres.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.answers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.answers()


def _children(pid: int) -> list[int]:
    """The processes that any thread of this one started."""
    lists = (task / "children" for task in Path(f"/proc/{pid}/task").iterdir())
    return [int(child) for listed in lists for child in listed.read_text(encoding="ascii").split()]


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"

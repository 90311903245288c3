"""Fault tests use a real server process on a durable database, because only those can lose something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Cluster
from tests.servers import ServerProcess


@pytest.fixture
def durable_url(request: pytest.FixtureRequest, engine_name: str, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database that syncs every commit, on the engine that this run of the test is for."""
    if engine_name == "sqlite":
        yield request.getfixturevalue("fresh_database")("sqlite")
        return
    cluster: Cluster = request.getfixturevalue("durable_postgres")
    with cluster.database() as url:
        yield url


@pytest.fixture
def server(durable_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that is ready to `start()`; the test may `kill()` it and start it again on the same data."""
    process = ServerProcess(data=tmp_path / "hoa-data", database_url=durable_url)
    yield process
    process.stop()

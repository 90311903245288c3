"""`hoa witness` in front of a real server: on another machine, as far as it can tell."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hoa.config import Settings
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import open_platform
from tests.integration.voting.world import World, a_world, witness_key
from tests.servers import ServerProcess
from voting.rules.life import State
from voting.service import witnessing

WITNESS = "street.example"
PATIENCE_SECONDS = 60


@pytest.fixture
def world(server: ServerProcess, durable_url: str) -> Iterator[World]:
    """An assembly that should be open by now, and waits for its witness."""
    clock = FrozenClock(datetime.now(CHINA) - timedelta(days=16))
    settings = Settings(data=server.data, database_url=durable_url, sms="file", mail="file")
    platform = open_platform(settings, clock=clock)
    try:
        made = a_world(platform, clock, owners=4, witnesses=(WITNESS,))
        clock.moment = datetime.now(CHINA)
        yield made
    finally:
        platform.database.close()


def watch(server: ServerProcess, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    key = folder / "key"
    if not key.exists():
        key.write_text(witness_key(WITNESS).line)
        key.chmod(0o600)
    url = f"{server.base_url}/c/WTY/assemblies/2026-01"
    command = [sys.executable, "-m", "hoa.cli", "witness", "watch", url, "--key", str(key), "--state"]
    environment = {"PATH": "/usr/bin:/bin"}  # no HOA_*: it opens no database of ours
    return subprocess.run(
        [*command, str(folder / "state"), "--once", *options],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=PATIENCE_SECONDS,
    )


def test_a_witness_elsewhere_lets_voting_begin_and_refuses_a_fork(
    server: ServerProcess, world: World, tmp_path: Path
) -> None:
    server.start()
    wrong = watch(server, tmp_path, "--assembly", "0" * 64)
    assert wrong.returncode == 1
    assert "没有签名" in wrong.stderr
    assert world.state() is State.NOTICED
    first = watch(server, tmp_path, "--assembly", str(world.row().manifest_hash))
    assert first.returncode == 0, first.stderr
    assert "size 1  cosigned" in first.stdout
    deadline = datetime.now(CHINA) + timedelta(seconds=PATIENCE_SECONDS)
    while world.state() is State.NOTICED and datetime.now(CHINA) < deadline:
        time.sleep(0.2)
    assert world.state() is State.OPEN
    assert "size 1  unchanged" in watch(server, tmp_path).stdout
    with world.platform.database.reading() as session:
        assert [one.names for one in witnessing.noted(session, world.row())] == [[WITNESS], [WITNESS]]
    head = tmp_path / "state" / "head.txt"
    head.write_text(head.read_text().replace("\n1\n", "\n2\n", 1))  # it once signed a longer log
    forked = watch(server, tmp_path)
    assert forked.returncode == 3
    assert "FORK" in forked.stderr
    assert (tmp_path / "state" / "fork-2-1.txt").exists()

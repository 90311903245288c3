"""A backup brings everything back, tells nothing to its finder, and is refused when it is not whole."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from hoa import backup
from hoa.config import Settings
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform, open_platform
from tests.integration.voting.world import a_world
from tests.postgres import Cluster
from voting import service
from voting.rules.life import State
from voting.tables import Ballot

PASSPHRASE = "梧桐树下的十二个字口令吧"


@pytest.fixture
def saved(platform: Platform, clock: FrozenClock, tmp_path: Path) -> Path:
    """A backup of a community that has voted, and a file."""
    world = a_world(platform, clock, owners=4)
    world.to(State.OPEN)
    for place in range(4):
        world.cast(place, m1="agree", m2="oppose")
    world.to(State.ANNOUNCED)
    platform.files.put("一张收据".encode())
    target = tmp_path / "saved.hoa"
    backup.back_up(platform, target, passphrase=PASSPHRASE)
    return target


@pytest.fixture
def empty(
    platform: Platform, saved: Path, clock: FrozenClock, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Platform]:
    """Another deployment without a table, with a copy of the keys."""
    assert saved.exists()
    data = tmp_path / "elsewhere"
    data.mkdir(mode=0o700)
    shutil.copytree(platform.settings.data / "keys", data / "keys")
    with ExitStack() as stack:
        url = f"sqlite:///{data / 'hoa.db'}"
        if not platform.database.is_sqlite:
            cluster: Cluster = request.getfixturevalue("postgres")
            url = stack.enter_context(cluster.database(template="template0"))
        other = open_platform(Settings(data=data, database_url=url), clock=clock)
        stack.callback(other.database.close)
        yield other


def test_what_comes_back_verifies_and_is_what_was_there(platform: Platform, empty: Platform, saved: Path) -> None:
    assert backup.restore(empty, saved, passphrase=PASSPHRASE) > 0
    for each in (platform, empty):
        each.files.get(each.files.put("一张收据".encode()))
    with platform.database.reading() as before, empty.database.reading() as after:
        leaves = [sorted(session.scalars(select(Ballot.leaf))) for session in (before, after)]
        community = after.scalars(select(Ballot.community_id)).first()
        assert community is not None
        assert service.verify_records(empty, after, community) == []
    assert len(leaves[0]) == 4
    assert leaves[0] == leaves[1]


def test_a_backup_tells_its_finder_nothing_and_holds_no_key(platform: Platform, saved: Path) -> None:
    data = saved.read_bytes()
    assert saved.stat().st_mode & 0o777 == 0o600
    assert "业主0".encode() not in data
    assert b"SQLite format 3" not in data
    with saved.open("rb") as source:
        held = b"".join(backup._opened(source, PASSPHRASE))
    keys = [path for path in (platform.settings.data / "keys").rglob("*") if path.is_file()]
    assert keys
    assert not any(path.read_bytes()[:40] in held for path in keys if path.stat().st_size >= 32)


@pytest.mark.parametrize("damage", ["cut", "edited", "swapped", "passphrase", "other"])
def test_a_backup_that_is_not_whole_is_refused_and_writes_nothing(empty: Platform, saved: Path, damage: str) -> None:
    data, passphrase = saved.read_bytes(), PASSPHRASE
    head = len(backup.MAGIC) + backup.SALT_BYTES
    piece = backup.PIECE + backup.TAG_BYTES
    if damage == "cut":
        data = data[: head + (len(data) - head) // piece * piece] if len(data) > head + piece else data[:-1]
    elif damage == "edited":
        data = data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]
    elif damage == "swapped":
        data = data[:head] + data[-40:] + data[head:-40]
    elif damage == "passphrase":
        passphrase = "不是这一句口令，完全不是的呀"
    else:
        data = b"PK" + data
    saved.write_bytes(data)
    with pytest.raises((backup.CannotOpen, backup.NotABackup)):
        backup.restore(empty, saved, passphrase=passphrase)
    backup._need_empty(empty.database)
    assert not any((empty.settings.data / "files").iterdir())


def test_nothing_is_overwritten(platform: Platform, saved: Path) -> None:
    with pytest.raises(backup.FileThere):
        backup.back_up(platform, saved, passphrase=PASSPHRASE)
    with pytest.raises(backup.NotEmpty):
        backup.restore(platform, saved, passphrase=PASSPHRASE)


def test_a_short_passphrase_is_refused_and_leaves_no_file(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(backup.ShortPassphrase):
        backup.back_up(platform, tmp_path / "never.hoa", passphrase="12345678901")
    assert list(tmp_path.glob("never*")) == []

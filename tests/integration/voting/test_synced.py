"""Every acknowledged ballot was synced to the disk before its receipt was given (trust.md 3).

A kill test cannot see the difference between `synchronous=FULL` and NORMAL, because the page cache outlives the
process. So SQLite's own syncs are counted: a copy of its unix VFS is registered whose files report every `xSync`.
"""

import ctypes
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world
from voting.rules.life import State

pytestmark = pytest.mark.sqlite_only

SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)


class IoMethods(ctypes.Structure):
    """`struct sqlite3_io_methods` (sqlite3.h); version 3, the methods that are not looked at as plain pointers."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", ctypes.c_void_p),
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("truncate", ctypes.c_void_p),
        ("sync", SYNC),
        ("rest", ctypes.c_void_p * 13),
    )


class File(ctypes.Structure):
    """`struct sqlite3_file`."""

    _fields_ = (("methods", ctypes.POINTER(IoMethods)),)


class Vfs(ctypes.Structure):
    """`struct sqlite3_vfs` (sqlite3.h), version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("app_data", ctypes.c_void_p),
        ("open", OPEN),
        ("rest", ctypes.c_void_p * 14),
    )


class CountedSyncs:
    """SQLite's default VFS, counting the syncs of files opened while this is the default."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[object] = []
        self._methods: dict[int, IoMethods] = {}
        self._library = ctypes.CDLL(_library())
        self._library.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
        self._real = self._library.sqlite3_vfs_find(None)
        self._mine = Vfs()
        ctypes.memmove(ctypes.byref(self._mine), self._real, ctypes.sizeof(Vfs))
        self._mine.next = None
        self._mine.name = b"counted"
        self._mine.open = self._open = OPEN(self._opened)
        assert self._library.sqlite3_vfs_register(ctypes.byref(self._mine), 1) == 0

    def end(self) -> None:
        """Give the default back; what was opened meanwhile keeps working, because the copies stay referenced."""
        self._library.sqlite3_vfs_register(self._real, 1)
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._mine))

    def _opened(self, vfs: int, name: int, file: int, flags: int, out: object) -> int:
        # The name stays a pointer: SQLite keeps it for as long as the file is open.
        code = self._real.contents.open(vfs, name, file, flags, out)
        opened = ctypes.cast(file, ctypes.POINTER(File)).contents
        if code == 0 and opened.methods:
            opened.methods = ctypes.pointer(self._counting(opened.methods.contents))
        return int(code)

    def _counting(self, real: IoMethods) -> IoMethods:
        address = ctypes.addressof(real)
        if address not in self._methods:
            copy = IoMethods()
            ctypes.memmove(ctypes.byref(copy), address, ctypes.sizeof(IoMethods))
            original = SYNC(ctypes.cast(real.sync, ctypes.c_void_p).value or 0)

            def counted(file: int, flags: int) -> int:
                self.count += 1
                return int(original(file, flags))

            copy.sync = SYNC(counted)
            self._kept += [original, copy.sync]
            self._methods[address] = copy
        return self._methods[address]


def _library() -> str:
    """The SQLite that this interpreter has loaded."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    found = re.search(r"/\S*libsqlite3\S*\.so\S*", maps)
    assert found, "SQLite is not a shared library here, so its syncs cannot be counted"
    return found.group()


@pytest.fixture
def syncs() -> Iterator[CountedSyncs]:
    counted = CountedSyncs()
    yield counted
    counted.end()


@pytest.fixture
def world(platform: Platform, clock: FrozenClock, syncs: CountedSyncs) -> World:
    platform.database.write_engine.dispose()
    made = a_world(platform, clock, owners=4)
    made.to(State.OPEN)
    return made


def _syncs_per_ballot(world: World, syncs: CountedSyncs) -> list[int]:
    told = []
    for place in range(len(world.people)):
        before = syncs.count
        world.cast(place, m1="agree", m2="oppose")
        told.append(syncs.count - before)
    return told


def test_every_receipt_follows_a_sync(world: World, syncs: CountedSyncs) -> None:
    assert all(count >= 1 for count in _syncs_per_ballot(world, syncs))


def test_without_full_synchronisation_this_would_be_seen(world: World, syncs: CountedSyncs) -> None:
    @event.listens_for(world.platform.database.write_engine, "connect")
    def _careless(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")

    world.platform.database.write_engine.dispose()
    assert 0 in _syncs_per_ballot(world, syncs)

"""The fair write lock, and a database that somebody else holds."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from hoa.db import Database, FairLock
from hoa.kernel.errors import Busy


def test_writers_are_served_in_the_order_they_came(tmp_path: Path):
    lock = FairLock(tmp_path / "lock")
    served: list[int] = []
    threads = []

    def write(number: int) -> None:
        with lock.held(10):
            served.append(number)

    with lock.held(1):
        for number in range(12):
            thread = threading.Thread(target=write, args=(number,))
            thread.start()
            threads.append(thread)
            while len(lock._waiting) < number + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert served == list(range(12))


def test_a_writer_that_waits_too_long_is_told_to_come_back_and_nobody_behind_it_is_stuck(tmp_path: Path):
    lock = FairLock(tmp_path / "lock")
    outcome: list[str] = []

    def impatient() -> None:
        try:
            with lock.held(0.05):
                outcome.append("served")
        except Busy:
            outcome.append("busy")

    with lock.held(1):
        thread = threading.Thread(target=impatient)
        thread.start()
        thread.join()
    with lock.held(1):
        outcome.append("next")
    assert outcome == ["busy", "next"]


def test_a_thread_that_is_already_writing_is_told_so_instead_of_waiting_for_itself(tmp_path: Path):
    lock = FairLock(tmp_path / "lock")
    with lock.held(1), pytest.raises(RuntimeError, match="already writing"), lock.held(1):
        pass


def test_another_process_holding_the_file_lock_makes_us_busy_not_stuck(tmp_path: Path):
    ours, theirs = FairLock(tmp_path / "lock"), FairLock(tmp_path / "lock")
    with theirs.held(1), pytest.raises(Busy), ours.held(0.05):
        pass


@pytest.mark.sqlite_only
def test_a_database_locked_by_another_program_is_busy_and_nothing_is_written(database: Database):
    path = database.url.database
    assert path is not None
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy), database.writing() as session:
        session.execute(text("DELETE FROM job"))
    other.execute("ROLLBACK")
    other.close()
    with database.writing() as session:
        session.execute(text("DELETE FROM job"))


def test_the_reading_session_cannot_write(database: Database):
    with (
        pytest.raises(Exception, match=r"readonly|read-only|query_only|attempt to write"),
        database.reading() as session,
    ):
        session.execute(text("DELETE FROM job"))


def test_an_exception_in_the_block_undoes_everything(database: Database):
    insert = text(
        "INSERT INTO job (id, kind, payload, state, attempts, done, total, asked_at) "
        "VALUES ('j', 'k', '{}', 'waiting', 0, 0, 0, '2026-10-20 00:00:00')"
    )
    with pytest.raises(LookupError), database.writing() as session:
        session.execute(insert)
        raise LookupError
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM job")) == 0


@pytest.mark.sqlite_only
def test_a_full_disk_is_busy_loses_nothing_and_resumes(database: Database):
    with database.write_engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
    insert = text(
        "INSERT INTO job (id, kind, payload, state, attempts, done, total, asked_at) "
        "VALUES (:id, 'k', :payload, 'waiting', 0, 0, 0, '2026-10-20 00:00:00')"
    )

    def fill() -> None:
        with database.writing() as session:
            session.execute(text(f"PRAGMA max_page_count = {pages + 4}"))
            session.execute(insert, {"id": "big", "payload": '"' + "x" * 200_000 + '"'})

    with database.writing() as session:
        session.execute(insert, {"id": "kept", "payload": "{}"})
    with pytest.raises(Busy):
        fill()
    with database.writing() as session:
        session.execute(text("PRAGMA max_page_count = 1000000"))
        session.execute(insert, {"id": "after", "payload": "{}"})
    with database.reading() as session:
        assert session.scalars(text("SELECT id FROM job ORDER BY id")).all() == ["after", "kept"]


def test_an_error_of_our_own_making_is_not_called_busy(database: Database):
    with pytest.raises(Exception, match=r"no such table|does not exist") as caught, database.writing() as session:
        session.execute(text("SELECT * FROM nothing_of_that_name"))
    assert not isinstance(caught.value, Busy)

"""The ground that every integration test stands on: fresh, migrated databases, alike on both engines."""

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from hoa.db import Database
from tests.conftest import DatabaseMaker


def test_the_reading_engine_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.reading() as session:
        session.execute(text("DELETE FROM job"))


def test_databases_of_one_test_do_not_see_each_other(engine_name: str, fresh_database: DatabaseMaker) -> None:
    first, second = Database(fresh_database(engine_name)), Database(fresh_database(engine_name))
    with first.writing() as session:
        session.execute(text("CREATE TABLE mark (id INTEGER)"))
    assert inspect(first.read_engine).has_table("mark")
    assert not inspect(second.read_engine).has_table("mark")
    first.close()
    second.close()

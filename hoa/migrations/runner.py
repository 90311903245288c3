"""Bringing a database to a revision, from code: `hoa init`, `hoa serve`, the tests."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hoa.db import Database
from hoa.kernel.errors import N_, Refusal

HERE = Path(__file__).parent


class DatabaseBehind(Refusal):
    message = N_("数据库还不是这个版本的结构，请先运行 hoa init")


def configuration(database: Database) -> Config:
    """Alembic's configuration for this database; the environment script takes the engine from its attributes."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["database"] = database
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every migration up to `revision`; nothing happens when the database is there already."""
    command.upgrade(configuration(database), revision)


def demand_current(database: Database) -> None:
    """DatabaseBehind unless every migration of this release has been applied."""
    head = ScriptDirectory.from_config(configuration(database)).get_current_head()
    with database.write_engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != head:
        raise DatabaseBehind

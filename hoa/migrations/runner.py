"""Bringing a database to a revision, from code: `hoa init`, `hoa serve`, the tests."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from hoa.db import Database

HERE = Path(__file__).parent


def configuration(database: Database) -> Config:
    """Alembic's configuration for this database; the environment script takes the engine from its attributes."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["database"] = database
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every migration up to `revision`; nothing happens when the database is there already."""
    command.upgrade(configuration(database), revision)

"""How Alembic reaches the database. Foreign keys are off while tables are rebuilt on SQLite: a rebuilt parent would
delete its children.
"""

from alembic import context
from sqlalchemy import Connection

from hoa.db import Base, Database
from hoa.tables import every_table

every_table()


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


database: Database = context.config.attributes["database"]
if database.is_sqlite:
    with database.write_engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                migrate(connection)
        finally:
            raw.execute("PRAGMA foreign_keys=ON")
else:
    with database.write_engine.begin() as connection:
        migrate(connection)

"""Rows that the database itself keeps from changing, on SQLite and PostgreSQL alike (books.md 1, trust.md 12)."""

from alembic import op


def forbid(
    table: str, *, actions: tuple[str, ...] = ("UPDATE", "DELETE"), when: str | None = None, because: str
) -> None:
    """Refuse `actions` on rows of `table` where `when` holds (SQL over OLD and NEW; None: always).

    `because` reaches the log, in English. INSERT OR REPLACE counts as DELETE (recursive_triggers is on). With no
    condition PostgreSQL's TRUNCATE is refused too.
    """
    for action in actions:
        name = f"guard_{table}_{action.lower()}_{_tag(because)}"
        _create(name, table, action, when, because)
    if when is None and "DELETE" in actions and op.get_context().dialect.name == "postgresql":
        _truncate_guard(table, because)


def _tag(because: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in because.lower())[:24]


def _create(name: str, table: str, action: str, when: str | None, because: str) -> None:
    condition = f"WHEN ({when})" if when else ""
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{because}'); END"
        )
        return
    _refusing_function(name, because)
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION {name}()")


def _truncate_guard(table: str, because: str) -> None:
    name = f"guard_{table}_truncate"
    _refusing_function(name, because)
    op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")


def _refusing_function(name: str, because: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$guard$ BEGIN RAISE EXCEPTION '{because}' USING ERRCODE = 'restrict_violation'; END $guard$"
    )

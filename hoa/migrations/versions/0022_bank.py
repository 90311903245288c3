"""A bank line and a voucher may be matched in parts. Every match made before was for the whole amount of its line, and
says so from now on. What is matched never exceeds the line or the voucher, and a match is let go with a reason, never
rewritten: triggers say so.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022_bank"
down_revision = "0021_year"
branch_labels = None
depends_on = None

# What stands against the same line, and against the same voucher in the same direction, without the new row.
_OF_LINE = (
    "(SELECT COALESCE(SUM(m.amount_fen), 0) FROM finance_match m WHERE m.community_id = NEW.community_id "
    "AND m.bank_line_id = NEW.bank_line_id AND m.released_at IS NULL)"
)
_OF_VOUCHER = (
    "(SELECT COALESCE(SUM(m.amount_fen), 0) FROM finance_match m JOIN finance_bank_line o "
    "ON o.community_id = m.community_id AND o.id = m.bank_line_id WHERE m.community_id = NEW.community_id "
    "AND m.voucher_id = NEW.voucher_id AND m.released_at IS NULL AND (o.amount_fen > 0) = (l.amount_fen > 0))"
)
_LINE = "FROM finance_bank_line l WHERE l.community_id = NEW.community_id AND l.id = NEW.bank_line_id"
_SIDES = (
    "FROM finance_bank_line l JOIN finance_voucher v ON v.community_id = l.community_id AND v.id = NEW.voucher_id "
    "WHERE l.community_id = NEW.community_id AND l.id = NEW.bank_line_id"
)


def upgrade() -> None:
    op.add_column("finance_match", sa.Column("amount_fen", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("finance_match", sa.Column("release_reason", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE finance_match SET amount_fen = (SELECT ABS(l.amount_fen) FROM finance_bank_line l "
        "WHERE l.community_id = finance_match.community_id AND l.id = finance_match.bank_line_id)"
    )
    op.drop_index("uq_finance_match_line", "finance_match")
    op.drop_index("uq_finance_match_voucher", "finance_match")
    standing = sa.text("released_at IS NULL")
    op.create_index(
        "ix_finance_match_line",
        "finance_match",
        ["community_id", "bank_line_id"],
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index(
        "ix_finance_match_voucher",
        "finance_match",
        ["community_id", "voucher_id"],
        sqlite_where=standing,
        postgresql_where=standing,
    )
    _guard_sides()
    _guard_history()


def _guard_sides() -> None:
    """The parts of a line, and of a voucher in each direction, never add up to more than it."""
    _refuse_when(
        "finance_match",
        "INSERT",
        "a match has an amount and stands",
        "NEW.amount_fen <= 0 OR NEW.released_at IS NOT NULL OR NEW.release_reason <> ''",
    )
    _refuse_when(
        "finance_match",
        "INSERT",
        "a match never exceeds its line",
        f"EXISTS (SELECT 1 {_LINE} AND ABS(l.amount_fen) < NEW.amount_fen + {_OF_LINE})",
        lock=True,
    )
    _refuse_when(
        "finance_match",
        "INSERT",
        "a match never exceeds its voucher",
        f"EXISTS (SELECT 1 {_SIDES} AND v.amount_fen < NEW.amount_fen + {_OF_VOUCHER})",
        lock=True,
    )
    matched = (
        "SELECT 1 FROM finance_match m JOIN finance_bank_line l ON l.community_id = m.community_id "
        "AND l.id = m.bank_line_id WHERE m.community_id = NEW.community_id AND m.voucher_id = NEW.id "
        "AND m.released_at IS NULL GROUP BY l.amount_fen > 0 HAVING SUM(m.amount_fen) > NEW.amount_fen"
    )
    _refuse_when(
        "finance_voucher",
        "UPDATE",
        "a voucher covers what is matched",
        f"NEW.amount_fen < OLD.amount_fen AND EXISTS ({matched})",
    )


def _guard_history() -> None:
    """A match is let go, with a reason, and stays readable; in a closed month only when its voucher was taken back."""
    _refuse_when(
        "finance_match",
        "UPDATE",
        "a match is only let go",
        "OLD.released_at IS NOT NULL OR NEW.released_at IS NULL OR NEW.release_reason = '' OR "
        + " OR ".join(
            f"NEW.{column} <> OLD.{column}"
            for column in (
                "community_id", "id", "bank_line_id", "voucher_id", "amount_fen", "confirmed_by_id", "confirmed_at",
            )
        ),
    )  # fmt: skip
    closed = (
        "EXISTS (SELECT 1 FROM finance_voucher v JOIN finance_period p ON p.community_id = v.community_id "
        "AND p.book_id = v.book_id AND p.month = v.month AND p.state = 'closed' "
        "WHERE v.community_id = OLD.community_id AND v.id = OLD.voucher_id)"
    )
    taken_back = (
        "EXISTS (SELECT 1 FROM finance_voucher r WHERE r.community_id = OLD.community_id "
        "AND (r.reverses_id = OLD.voucher_id OR r.corrects_id = OLD.voucher_id) AND r.state = 'posted')"
    )
    _refuse_when("finance_match", "UPDATE", "matches of a closed month stand", f"{closed} AND NOT {taken_back}")
    posted = (
        "EXISTS (SELECT 1 FROM finance_voucher v WHERE v.community_id = OLD.community_id "
        "AND v.id = OLD.voucher_id AND v.state = 'posted')"
    )
    _refuse_when("finance_match", "DELETE", "matches of a posted voucher stay", posted)
    _refuse_when(
        "finance_match",
        "INSERT",
        "a match is never replaced",
        "EXISTS (SELECT 1 FROM finance_match m WHERE m.community_id = NEW.community_id AND m.id = NEW.id)",
    )
    if op.get_context().dialect.name == "postgresql":
        name = "guard_finance_match_truncate"
        _function(name, "RAISE EXCEPTION 'matches are never emptied' USING ERRCODE = 'restrict_violation';")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON finance_match FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def _refuse_when(table: str, action: str, because: str, condition: str, *, lock: bool = False) -> None:
    """Refuse `action` on rows for which `condition` holds. `lock` makes two matches of one line or voucher wait for
    each other (PostgreSQL; SQLite has one writer).
    """
    name = f"guard_{table}_{action.lower()}_" + because.replace(" ", "_")[:28].rstrip("_")
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{because}') WHERE {condition}; END"
        )
        return
    locks = (
        "PERFORM 1 FROM finance_bank_line WHERE community_id = NEW.community_id AND id = NEW.bank_line_id "
        "FOR NO KEY UPDATE; PERFORM 1 FROM finance_voucher WHERE community_id = NEW.community_id "
        "AND id = NEW.voucher_id FOR NO KEY UPDATE; "
    )
    _function(
        name,
        f"{locks if lock else ''}IF {condition} THEN "
        f"RAISE EXCEPTION '{because}' USING ERRCODE = 'restrict_violation'; END IF; "
        f"RETURN {'OLD' if action == 'DELETE' else 'NEW'};",
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN {body} END $guard$")

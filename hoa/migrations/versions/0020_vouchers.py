"""Two books, vouchers of every kind, approvals."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0020_vouchers"
down_revision = "0019_change"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _vouchers()
    _approvals()
    _cash_counts()
    _assets()
    _indexes()
    _guard_links()
    _guard_approvals()
    _guard_counts()


def _vouchers() -> None:
    """What a voucher may say beyond the first form. Rows that were posted keep the form their hash covers."""
    table = "finance_voucher"
    op.add_column(table, sa.Column("format", sa.Text(), nullable=False, server_default=sa.text("'hoa-voucher-1'")))
    op.add_column(table, sa.Column("means", sa.Text(), nullable=False, server_default=sa.text("'bank'")))
    for name in ("bank_fen", "cash_fen"):
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("corrects_id", "twin_id"):
        op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
    op.add_column(table, sa.Column("approvals_needed", sa.BigInteger(), nullable=False, server_default=sa.text("1")))


def _approvals() -> None:
    op.create_table(
        "finance_approval",
        sa.Column("voucher_id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "voucher_id"],
            ["finance_voucher.community_id", "finance_voucher.id"],
            name="fk_approval_voucher",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_finance_approval_community_id_community")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_finance_approval_person_id_person")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_finance_approval")),
        sa.UniqueConstraint(
            "community_id",
            "voucher_id",
            "person_id",
            name=op.f("uq_finance_approval_community_id_voucher_id_person_id"),
        ),
    )
    # Whoever let a voucher through that is not posted yet did so before approvals had rows of their own.
    op.execute(
        "INSERT INTO finance_approval (community_id, id, voucher_id, no, person_id, at) "
        "SELECT community_id, id, id, 1, checker_id, checked_at FROM finance_voucher "
        "WHERE state = 'approved' AND checker_id IS NOT NULL"
    )


def _own(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    """A table of a community."""
    op.create_table(
        name,
        *columns,
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{name}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{name}")),
    )


def _to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", column], [f"{table}.community_id", f"{table}.id"], name=f"fk_{name}"
    )


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}_person"))


def _cash_counts() -> None:
    """The cash box counted at a month's end, beside what the book says."""
    name = "finance_cash_count"
    _own(
        name,
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counted_fen", sa.BigInteger(), nullable=False),
        sa.Column("book_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("counted_by_id", sa.Text(), nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("counted_at", Instant(), nullable=False),
        _to("finance_book", "book_id", "cash_count_book"),
        _person(name, "counted_by_id"),
        sa.UniqueConstraint("community_id", "book_id", "day", name=op.f(f"uq_{name}_community_id_book_id_day")),
    )


def _assets() -> None:
    """Cards of fixed assets (固定资产卡片), and what was found when somebody looked."""
    name = "finance_asset"
    _own(
        name,
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("keeper", sa.Text(), nullable=False),
        sa.Column("bought_on", sa.Date(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=False),
        sa.Column("life_months", sa.BigInteger(), nullable=False),
        sa.Column("voucher_id", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("disposed_on", sa.Date(), nullable=True),
        sa.Column("disposed_because", sa.Text(), nullable=False, server_default=sa.text("''")),
        _to("finance_book", "book_id", "asset_book"),
        _to("finance_voucher", "voucher_id", "asset_voucher"),
        _person(name, "made_by_id"),
        sa.UniqueConstraint("community_id", "number", name=op.f(f"uq_{name}_community_id_number")),
    )
    name = "finance_inventory"
    _own(
        name,
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        _to("finance_asset", "asset_id", "inventory_asset"),
        _person(name, "by_id"),
    )


def _indexes() -> None:
    """What a ledger of 100,000 entries is read by."""
    op.create_index(
        "ix_finance_line_ledger",
        "finance_line",
        ["community_id", "account", "voucher_id", "debit_fen", "credit_fen"],
        unique=False,
    )
    op.create_index(
        "ix_finance_voucher_ledger",
        "finance_voucher",
        ["community_id", "book_id", "state", "day", "seq"],
        unique=False,
    )
    op.create_index("ix_finance_voucher_reverses", "finance_voucher", ["community_id", "reverses_id"], unique=False)
    op.create_index("ix_finance_voucher_corrects", "finance_voucher", ["community_id", "corrects_id"], unique=False)


def _guard_counts() -> None:
    forbid("finance_cash_count", because="a count of the cash stays")
    forbid("finance_inventory", because="what was found stays")
    forbid("finance_asset", actions=("DELETE",), because="a card stays")
    kept = ("book_id", "number", "name", "bought_on", "cost_fen", "voucher_id", "made_by_id", "made_at")
    moved = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in kept)
    if op.get_context().dialect.name == "sqlite":
        moved = moved.replace("IS DISTINCT FROM", "IS NOT")
    forbid(
        "finance_asset",
        actions=("UPDATE",),
        when=f"OLD.disposed_on IS NOT NULL OR {moved}",
        because="what a card says stays",
    )


def _guard_links() -> None:
    """What a voucher names exists: the posted one it puts right, the other half of its transfer."""
    for action in ("INSERT", "UPDATE"):
        _refuse_when(
            "finance_voucher",
            action,
            "NEW.corrects_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM finance_voucher v WHERE "
            "v.community_id = NEW.community_id AND v.book_id = NEW.book_id AND v.id = NEW.corrects_id "
            "AND v.state = 'posted')",
            because="only a posted voucher is put right",
        )
    posting = "NEW.state = 'posted' AND OLD.state <> 'posted'"
    _refuse_when(
        "finance_voucher",
        "UPDATE",
        f"{posting} AND (NEW.kind = 'transfer' OR NEW.twin_id IS NOT NULL) AND NOT EXISTS ("
        "SELECT 1 FROM finance_voucher v WHERE v.community_id = NEW.community_id AND v.id = NEW.twin_id "
        "AND v.twin_id = NEW.id AND v.kind = NEW.kind AND v.amount_fen = NEW.amount_fen AND v.book_id <> NEW.book_id "
        "AND v.state IN ('approved', 'posted'))",
        because="both halves of a transfer are posted",
    )
    _refuse_when(
        "finance_voucher",
        "UPDATE",
        f"{posting} AND NEW.format = 'hoa-voucher-1'",
        because="new vouchers are posted in the second form",
    )


def _guard_approvals() -> None:
    """As many people as a voucher needs, each another one, none of them its maker or the one who posts it; final once
    it is posted.
    """
    approvals = "FROM finance_approval a WHERE a.community_id = NEW.community_id AND a.voucher_id = NEW.id"
    _refuse_when(
        "finance_voucher",
        "UPDATE",
        "NEW.state = 'posted' AND OLD.state <> 'posted' AND ("
        f"(SELECT COUNT(*) {approvals}) < NEW.approvals_needed OR NEW.approvals_needed < 1 "
        f"OR EXISTS (SELECT 1 {approvals} AND a.person_id IN (NEW.maker_id, NEW.poster_id)) "
        f"OR NOT EXISTS (SELECT 1 {approvals} AND a.person_id = NEW.checker_id))",
        because="other people approve what is posted",
    )
    forbid("finance_approval", actions=("UPDATE",), because="an approval is never rewritten")
    for action, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
        _refuse_when(
            "finance_approval",
            action,
            f"EXISTS (SELECT 1 FROM finance_voucher v WHERE v.community_id = {row}.community_id "
            f"AND v.id = {row}.voucher_id AND v.state = 'posted')",
            because="approvals of a posted voucher stay",
        )


def _refuse_when(table: str, action: str, condition: str, *, because: str) -> None:
    """Refuse `action` on rows for which `condition` holds; unlike a WHEN clause it may ask other rows (PostgreSQL)."""
    name = f"guard_{table}_{action.lower()}_" + "".join(c if c.isalnum() else "_" for c in because)[:28].rstrip("_")
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{because}') WHERE {condition}; END"
        )
        return
    result = "OLD" if action == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{because}' USING ERRCODE = 'restrict_violation'; END IF; RETURN {result}; END $guard$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")

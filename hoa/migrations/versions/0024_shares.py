"""Budgets, top-up, subsidies, dividends, allowances."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0024_shares"
down_revision = "0023_papers"
branch_labels = None
depends_on = None

# Every row says what was listed, ordered, returned, claimed or certified: none is changed afterwards.
FINAL = (
    "share_line",
    "share_part",
    "share_claim",
    "share_batch",
    "share_payout",
    "share_return",
    "topup_term",
    "topup_certificate",
    "allowance_entry",
)
# What a checked list says; who checked it and which papers were printed of it may still be filled in.
RUN_FIXED = (
    "kind",
    "year",
    "number",
    "title",
    "payee",
    "resolution_id",
    "quote",
    "total_fen",
    "record_on",
    "state",
    "list_version",
    "list_hash",
    "area",
    "checked_by_id",
    "checked_at",
)


def upgrade() -> None:
    _budgets()
    _runs()
    _payments()
    _topup()
    _allowances()
    _guards()


def _guards() -> None:
    for table in FINAL:
        forbid(table, because=f"{table} says what happened and never changes")
    forbid("budget", when="OLD.version IS NOT NULL", because="an adopted budget never changes")
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in RUN_FIXED)
    if op.get_context().dialect.name == "sqlite":
        changed = changed.replace("IS DISTINCT FROM", "IS NOT")
    forbid("share_run", actions=("DELETE",), because="a run is never deleted")
    forbid(
        "share_run",
        actions=("UPDATE",),
        when=f"OLD.state = 'checked' AND ({changed})",
        because="a checked list never changes",
    )
    forbid("allowance_run", actions=("DELETE",), because="a month of allowances is never deleted")
    forbid(
        "allowance_run",
        actions=("UPDATE",),
        when="OLD.state = 'checked' AND (OLD.total_fen <> NEW.total_fen OR OLD.list_hash <> NEW.list_hash "
        "OR OLD.state <> NEW.state OR OLD.month <> NEW.month)",
        because="checked allowances never change",
    )
    forbid(
        "allowance_standard",
        actions=("UPDATE",),
        when="OLD.until_on IS NOT NULL OR OLD.monthly_fen <> NEW.monthly_fen OR OLD.from_on <> NEW.from_on "
        "OR OLD.post <> NEW.post OR OLD.resolution_id <> NEW.resolution_id",
        because="a standard only ends",
    )
    forbid("allowance_standard", actions=("DELETE",), because="a standard is never deleted")


def _budgets() -> None:
    _table(
        "budget",
        _text("book_id"),
        _number("year"),
        _number("version", nullable=True),
        _text("note"),
        _text("resolution_id", nullable=True),
        *_person("budget", "made_by_id"),
        _moment("made_at"),
        *_person("budget", "adopted_by_id", nullable=True),
        _moment("adopted_at", nullable=True),
        _to("finance_book", "book_id", "budget_book"),
        _to("resolution", "resolution_id", "budget_resolution"),
        sa.UniqueConstraint("community_id", "book_id", "year", "version", name="uq_budget_version"),
    )
    _table(
        "budget_item",
        _text("budget_id"),
        _number("no"),
        _text("role"),
        _number("planned_fen"),
        _text("note"),
        _to("budget", "budget_id", "budget_item_budget"),
        sa.UniqueConstraint("community_id", "budget_id", "role", name="uq_budget_item_role"),
    )


def _runs() -> None:
    _table(
        "share_run",
        _text("kind"),
        *map(_number, ("year", "number")),
        *map(_text, ("title", "payee", "resolution_id", "quote")),
        _number("percent", nullable=True),
        _day("base_on", nullable=True),
        _number("base_fen", nullable=True),
        _number("total_fen"),
        _day("record_on"),
        _text("state"),
        _number("list_version"),
        _text("list_hash", nullable=True),
        _number("area", nullable=True),
        *(_text(name, nullable=True) for name in ("document_id", "public_id")),
        *_person("share_run", "made_by_id"),
        _moment("made_at"),
        *_person("share_run", "listed_by_id", nullable=True),
        _moment("listed_at", nullable=True),
        *_person("share_run", "checked_by_id", nullable=True),
        _moment("checked_at", nullable=True),
        _text("dropped_because"),
        _to("resolution", "resolution_id", "share_run_resolution"),
        _to("finance_document", "document_id", "share_run_document"),
        _to("finance_document", "public_id", "share_run_public"),
        sa.UniqueConstraint("community_id", "year", "number", name="uq_share_run_number"),
    )
    _table(
        "share_choice",
        *map(_text, ("run_id", "unit_id")),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        _text("payee_id", nullable=True),
        _text("basis"),
        *_person("share_choice", "by_id"),
        _moment("at"),
        _to("share_run", "run_id", "share_choice_run"),
        _to("unit", "unit_id", "share_choice_unit"),
        _to("owner", "payee_id", "share_choice_payee"),
        sa.UniqueConstraint("community_id", "run_id", "unit_id", name="uq_share_choice_unit"),
    )
    _table(
        "share_line",
        _text("run_id"),
        *map(_number, ("version", "no")),
        *map(_text, ("unit_id", "code", "label")),
        *map(_number, ("area", "amount_fen", "floor_fen")),
        _text("excluded_because"),
        _to("share_run", "run_id", "share_line_run"),
        _to("unit", "unit_id", "share_line_unit"),
        sa.UniqueConstraint("community_id", "run_id", "version", "no", name="uq_share_line_no"),
    )
    _table(
        "share_part",
        _text("line_id"),
        _number("no"),
        _text("owner_id", nullable=True),
        *map(_text, ("name", "share")),
        _number("amount_fen"),
        _to("share_line", "line_id", "share_part_line"),
        _to("owner", "owner_id", "share_part_owner"),
        sa.UniqueConstraint("community_id", "line_id", "no", name="uq_share_part_no"),
    )
    op.create_index("ix_share_part_owner", "share_part", ["community_id", "owner_id"])
    _table(
        "share_claim",
        *map(_text, ("part_id", "owner_id", "basis")),
        *_person("share_claim", "by_id"),
        _moment("at"),
        _to("share_part", "part_id", "share_claim_part"),
        _to("owner", "owner_id", "share_claim_owner"),
        sa.UniqueConstraint("community_id", "part_id", name="uq_share_claim_part"),
    )


def _payments() -> None:
    _table(
        "share_account",
        *map(_text, ("owner_id", "bank")),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        *_person("share_account", "given_by_id"),
        _moment("given_at"),
        _moment("ended_at", nullable=True),
        _to("owner", "owner_id", "share_account_owner"),
    )
    op.create_index("ix_share_account_owner", "share_account", ["community_id", "owner_id"])
    _table(
        "share_batch",
        _text("run_id"),
        *map(_number, ("no", "total_fen")),
        *map(_text, ("voucher_id", "file_sha256")),
        *_person("share_batch", "made_by_id"),
        _moment("made_at"),
        _to("share_run", "run_id", "share_batch_run"),
        sa.UniqueConstraint("community_id", "run_id", "no", name="uq_share_batch_no"),
    )
    op.create_index("ix_share_batch_voucher", "share_batch", ["community_id", "voucher_id"])
    _table(
        "share_payout",
        *map(_text, ("batch_id", "part_id")),
        _text("account_id", nullable=True),
        _number("amount_fen"),
        _to("share_batch", "batch_id", "share_payout_batch"),
        _to("share_part", "part_id", "share_payout_part"),
        _to("share_account", "account_id", "share_payout_account"),
        sa.UniqueConstraint("community_id", "batch_id", "part_id", name="uq_share_payout_part"),
    )
    op.create_index("ix_share_payout_part", "share_payout", ["community_id", "part_id"])
    _table(
        "share_return",
        *map(_text, ("payout_id", "reason", "voucher_id")),
        *_person("share_return", "by_id"),
        _moment("at"),
        _to("share_payout", "payout_id", "share_return_payout"),
    )
    op.create_index("ix_share_return_payout", "share_return", ["community_id", "payout_id"])


def _topup() -> None:
    _table(
        "topup_term",
        _number("year"),
        _number("percent", nullable=True),
        sa.Column("fund_low", sa.Boolean(), nullable=True),
        _text("resolution_id", nullable=True),
        _text("note"),
        *_person("topup_term", "by_id"),
        _moment("at"),
        _to("resolution", "resolution_id", "topup_term_resolution"),
    )
    _table(
        "topup_certificate",
        *map(_number, ("year", "amount_fen")),
        _day("day"),
        _text("document_id"),
        *_person("topup_certificate", "by_id"),
        _moment("at"),
        _to("finance_document", "document_id", "topup_certificate_document"),
    )
    _table(
        "fee_item",
        *map(_text, ("title", "words", "company")),
        _day("from_on"),
        _day("until_on", nullable=True),
        *_person("fee_item", "by_id"),
        _moment("at"),
    )


def _allowances() -> None:
    _table(
        "allowance_standard",
        _text("post"),
        _number("monthly_fen"),
        _day("from_on"),
        _day("until_on", nullable=True),
        _text("resolution_id"),
        *_person("allowance_standard", "set_by_id"),
        _moment("set_at"),
        _to("resolution", "resolution_id", "allowance_standard_resolution"),
    )
    _table(
        "allowance_run",
        _number("month"),
        _text("state"),
        _number("total_fen"),
        _text("list_hash"),
        *(_text(name, nullable=True) for name in ("document_id", "voucher_id")),
        *_person("allowance_run", "made_by_id"),
        _moment("made_at"),
        *_person("allowance_run", "checked_by_id", nullable=True),
        _moment("checked_at", nullable=True),
        _to("finance_document", "document_id", "allowance_run_document"),
    )
    op.create_index("ix_allowance_run_month", "allowance_run", ["community_id", "month"])
    _table(
        "allowance_entry",
        _text("run_id"),
        _number("no"),
        *_person("allowance_entry", "person_id"),
        *map(_text, ("name", "post")),
        *map(_number, ("days", "standard_fen", "amount_fen")),
        sa.Column("taxed", sa.Boolean(), nullable=False),
        _to("allowance_run", "run_id", "allowance_entry_run"),
        sa.UniqueConstraint("community_id", "run_id", "no", name="uq_allowance_entry_no"),
    )


def _table(name: str, *parts: Any) -> None:
    op.create_table(
        name,
        *parts,
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{name}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{name}")),
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=nullable)


def _person(table: str, name: str, *, nullable: bool = False) -> list[Any]:
    """A column that names a person, with its key."""
    key = sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_{table}_{name}_person"))
    return [_text(name, nullable=nullable), key]


def _to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    """A key into the same community, never across."""
    return sa.ForeignKeyConstraint(["community_id", column], [f"{table}.community_id", f"{table}.id"], f"fk_{name}")

"""What owners and supervisors see: contracts with their versions and quotes, declarations that end, who looked at what,
requests to see vouchers, previews before publishing, statements of the maintenance fund.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0025_disclosure"
down_revision = "0024_shares"
branch_labels = None
depends_on = None

# Every row says what was agreed, seen or said at one moment: none is changed afterwards.
FINAL = (
    "finance_contract",
    "finance_due",
    "finance_contract_change",
    "finance_contract_quote",
    "finance_view_log",
    "finance_preview_mark",
    "finance_maintenance_statement",
    "finance_rent_letter",
)


def upgrade() -> None:
    _contracts()
    _related_parties()
    _seen_and_asked()
    _before_publishing()
    for table in FINAL:
        forbid(table, because="written once")
    forbid("finance_inspection", actions=("DELETE",), because="a request is never deleted")
    forbid("finance_inspection", actions=("UPDATE",), when="OLD.answered_at IS NOT NULL", because="an answer stays")
    forbid("finance_related_party", actions=("DELETE",), because="a declaration is ended, never deleted")
    forbid("finance_related_party", actions=("UPDATE",), when="OLD.ended_at IS NOT NULL", because="an end stays")


def _contracts() -> None:
    for name in ("method", "invoicing", "invoice_note"):
        op.add_column("finance_contract", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("finance_contract", _number("deposit_fen", default="0"))
    op.add_column("finance_due", _number("change_no", default="0"))
    _table(
        "finance_contract_change",
        _text("contract_id"),
        _number("no"),
        _text("kind"),
        _day("effective_on"),
        _day("ends_on"),
        _text("frequency"),
        _number("amount_fen"),
        _text("reason"),
        _text("resolution_id", nullable=True),
        *_person("finance_contract_change", "made_by_id"),
        _moment("made_at"),
        _to("finance_contract", "contract_id", "contract_change_contract"),
        _to("resolution", "resolution_id", "contract_change_resolution"),
        sa.UniqueConstraint("community_id", "contract_id", "no", name="uq_finance_contract_change_no"),
    )
    _table(
        "finance_contract_quote",
        _text("contract_id"),
        _number("no"),
        _text("party"),
        _number("amount_fen"),
        _to("finance_contract", "contract_id", "contract_quote_contract"),
        sa.UniqueConstraint("community_id", "contract_id", "no", name="uq_finance_contract_quote_no"),
    )
    _table(
        "finance_rent_letter",
        _text("contract_id"),
        _text("text"),
        _number("amount_fen"),
        *_person("finance_rent_letter", "made_by_id"),
        _moment("made_at"),
        _to("finance_contract", "contract_id", "rent_letter_contract"),
    )


def _related_parties() -> None:
    """A declaration ends, and the same payee may be declared again, or by somebody else. SQLite makes the table anew
    for that and forgets its triggers, so they are put back.
    """
    kept: list[str] = []
    if op.get_context().dialect.name == "sqlite":
        guards = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'finance_related_party'")
        kept = list(op.get_bind().scalars(guards))
    with op.batch_alter_table("finance_related_party") as table:
        table.drop_constraint(op.f("uq_finance_related_party_community_id_party"), type_="unique")
        table.add_column(_text("person_id", nullable=True))
        table.add_column(_day("since", nullable=True))
        table.add_column(_day("until", nullable=True))
        table.add_column(sa.Column("end_basis", sa.Text(), nullable=False, server_default=sa.text("''")))
        table.add_column(_text("ended_by_id", nullable=True))
        table.add_column(sa.Column("ended_at", Instant(), nullable=True))
        for name in ("person_id", "ended_by_id"):
            table.create_foreign_key(op.f(f"fk_finance_related_party_{name}_person"), "person", [name], ["id"])
    for guard in kept:
        op.execute(guard)
    op.create_index("ix_finance_related_party_party", "finance_related_party", ["community_id", "party"])


def _seen_and_asked() -> None:
    _table(
        "finance_view_log",
        *_person("finance_view_log", "person_id"),
        _text("engagement_id", nullable=True),
        *map(_text, ("kind", "object_id", "label")),
        _moment("at"),
    )
    op.create_index("ix_finance_view_log_at", "finance_view_log", ["community_id", "at"])
    op.create_index("ix_finance_view_log_person", "finance_view_log", ["community_id", "person_id", "at"])
    _table(
        "finance_inspection",
        *_person("finance_inspection", "person_id"),
        _day("starts_on"),
        _day("ends_on"),
        _text("wanted"),
        _moment("made_at"),
        _day("answer_due"),
        _text("outcome"),
        _text("answer"),
        _text("place"),
        _day("open_from", nullable=True),
        _day("open_until", nullable=True),
        *_person("finance_inspection", "answered_by_id", nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
    )
    op.create_index("ix_finance_inspection_person", "finance_inspection", ["community_id", "person_id"])


def _before_publishing() -> None:
    _table(
        "finance_preview_mark",
        *map(_text, ("kind", "reference", "content_hash")),
        *_person("finance_preview_mark", "person_id"),
        *map(_text, ("word", "reason")),
        _moment("at"),
    )
    op.create_index("ix_finance_preview_mark_of", "finance_preview_mark", ["community_id", "kind", "reference"])
    _table(
        "finance_maintenance_statement",
        _text("half"),
        *map(_number, ("opening_fen", "interest_fen", "from_revenue_fen", "other_in_fen", "spent_fen", "closing_fen")),
        *map(_text, ("keeper", "note")),
        *_person("finance_maintenance_statement", "made_by_id"),
        _moment("made_at"),
    )
    op.create_index("ix_finance_maintenance_statement_half", "finance_maintenance_statement", ["community_id", "half"])


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


def _number(name: str, *, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text(default) if default else None)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=False)


def _person(table: str, name: str, *, nullable: bool = False) -> list[Any]:
    """A column that names a person, with its key."""
    key = sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_{table}_{name}_person"))
    return [_text(name, nullable=nullable), key]


def _to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    """A key into the same community, never across."""
    return sa.ForeignKeyConstraint(["community_id", column], [f"{table}.community_id", f"{table}.id"], f"fk_{name}")

"""Every entry type of the record: officials, personal keys, proposals and signatures, witnesses, roll changes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0007_record"
down_revision = "0006_audit"
branch_labels = None
depends_on = None

FINAL = ("cosignature", "entry_signature", "ballot_mark", "roll_removal", "tally_signature")
FROZEN = ("form", "channels", "silent_rule", "proxy_cap", "extension_clause", "extension_latest", "clauses")


def upgrade() -> None:
    _columns()
    _a_unit_may_move()
    _personal_keys()
    _officials()
    _proposals()
    _effects()
    _guards()


def _columns() -> None:
    empty, online = sa.text("'[]'"), sa.text("'[\"online\"]'")
    op.add_column("assembly", sa.Column("form", sa.Text(), nullable=False, server_default="regular"))
    op.add_column("assembly", sa.Column("channels", sa.JSON(), nullable=False, server_default=online))
    op.add_column("assembly", sa.Column("silent_rule", sa.Text(), nullable=False, server_default="none"))
    op.add_column("assembly", sa.Column("proxy_cap", sa.BigInteger(), nullable=False, server_default="3"))
    op.add_column("assembly", sa.Column("extension_clause", sa.Text(), nullable=True))
    op.add_column("assembly", sa.Column("extension_latest", Instant(), nullable=True))
    op.add_column("assembly", sa.Column("clauses", sa.JSON(), nullable=False, server_default=empty))
    op.add_column("assembly", sa.Column("extended_to", Instant(), nullable=True))
    op.add_column("assembly", sa.Column("added_channels", sa.JSON(), nullable=False, server_default=empty))
    op.add_column("assembly", sa.Column("held_since", Instant(), nullable=True))
    op.add_column("assembly", sa.Column("new_keys", sa.JSON(), nullable=False, server_default=empty))
    op.add_column("motion", sa.Column("documents", sa.JSON(), nullable=False, server_default=empty))
    op.add_column("roll_entry", sa.Column("entry", sa.Text(), nullable=True))
    op.add_column("roll_entry", sa.Column("inherited", sa.JSON(), nullable=False, server_default=empty))


def _a_unit_may_move() -> None:
    """A roll change gives a unit to another elector: a row for each of them."""
    columns = ["community_id", "assembly_id", "unit_id", "elector"]
    if op.get_context().dialect.name != "sqlite":
        op.drop_constraint("uq_roll_unit_unit", "roll_unit", type_="unique")
        op.create_unique_constraint("uq_roll_unit_unit", "roll_unit", columns)
        return
    # SQLite cannot drop a constraint: the rows move to a table that has the new one. Nothing refers to them, and
    # dropping a table fires no trigger.
    op.create_table(
        "roll_unit_new",
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("elector", sa.Text(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id", "elector"],
            ["roll_entry.community_id", "roll_entry.assembly_id", "roll_entry.elector"],
            name="fk_roll_unit_roll_entry",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_roll_unit_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_roll_unit_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_roll_unit")),
        sa.UniqueConstraint(*columns, name="uq_roll_unit_unit"),
    )
    names = "unit_id, elector, assembly_id, community_id, id"
    op.execute(f"INSERT INTO roll_unit_new ({names}) SELECT {names} FROM roll_unit")
    op.drop_table("roll_unit")
    op.rename_table("roll_unit_new", "roll_unit")
    forbid("roll_unit", because="roll_unit is part of the voting record")


def _personal_keys() -> None:
    op.create_table(
        "personal_key",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_personal_key_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_personal_key_key_id")),
    )
    op.create_index(op.f("ix_personal_key_person_id"), "personal_key", ["person_id"])


def _of_assembly(table: str, *parts: sa.Column[Any] | sa.UniqueConstraint) -> None:
    op.create_table(
        table,
        *parts,
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name=f"fk_{table}_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
    )


def _officials() -> None:
    _of_assembly(
        "official",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("public", sa.Text(), nullable=True),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.UniqueConstraint("community_id", "assembly_id", "key_id", name="uq_official_key"),
    )
    _of_assembly(
        "witness",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.UniqueConstraint("community_id", "assembly_id", "name", name="uq_witness_name"),
    )
    _of_assembly(
        "cosignature",
        sa.Column("head_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.UniqueConstraint("community_id", "assembly_id", "head_id", "name", name="uq_cosignature_head"),
    )
    _of_assembly(
        "tally_signature",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_signature", sa.Text(), nullable=False),
        sa.Column("full_signature", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.UniqueConstraint("community_id", "assembly_id", "key_id", name="uq_tally_signature_key"),
    )


def _proposals() -> None:
    _of_assembly(
        "proposal",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("needed", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
    )
    op.create_index("ix_proposal_state", "proposal", ["community_id", "assembly_id", "state"])
    op.create_index("ix_proposal_subject", "proposal", ["community_id", "assembly_id", "subject"])
    _of_assembly(
        "entry_signature",
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.UniqueConstraint("community_id", "assembly_id", "proposal_id", "key_id", name="uq_entry_signature_key"),
    )


def _effects() -> None:
    _of_assembly(
        "ballot_mark",
        sa.Column("ballot", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("motion", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
    )
    op.create_index("ix_ballot_mark_ballot", "ballot_mark", ["community_id", "assembly_id", "ballot"])
    _of_assembly(
        "roll_removal",
        sa.Column("elector", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.UniqueConstraint("community_id", "assembly_id", "elector", name="uq_roll_removal_elector"),
    )


def _guards() -> None:
    for table in FINAL:
        forbid(table, because=f"{table} is part of the voting record")
    # JSON has no equality on PostgreSQL; its text has.
    changed = " OR ".join(f"CAST(NEW.{name} AS TEXT) IS DISTINCT FROM CAST(OLD.{name} AS TEXT)" for name in FROZEN)
    forbid(
        "assembly",
        actions=("UPDATE",),
        when=f"OLD.state <> 'draft' AND ({changed})",
        because="how it is held is frozen",
    )
    forbid(
        "assembly",
        actions=("UPDATE",),
        when="OLD.extended_to IS NOT NULL AND (NEW.extended_to IS NULL OR NEW.extended_to < OLD.extended_to)",
        because="an extension is not taken back",
    )
    forbid("proposal", actions=("UPDATE", "DELETE"), when="OLD.state <> 'waiting'", because="a settled proposal stays")

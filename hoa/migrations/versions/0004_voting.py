"""The first tables of assemblies and the voting record, and what keeps the record from being changed."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0004_voting"
down_revision = "0003_offices"
branch_labels = None
depends_on = None

# Written once and never again: what owners were told, what they cast, what was counted (voting-record.md 4 and 7).
FINAL = (
    "roll_entry",
    "roll_unit",
    "ballot",
    "log_entry",
    "tree_head",
    "assembly_event",
    "counted_row",
    "assembly_tally",
)
NOTICED = "OLD.state <> 'draft'"
# What the notice froze; state and public turnout are all that moves afterwards.
FROZEN = (
    "code",
    "title",
    "body",
    "convener",
    "rule_pack",
    "counting",
    "identity_level",
    "opens_at",
    "closes_at",
    "manifest",
    "manifest_hash",
    "receipt_key",
    "receipt_minutes",
    "roll_heads",
    "roll_area",
)
STATES = ("draft", "noticed", "open", "cut-off", "closed", "tallied", "announced")


def upgrade() -> None:
    _tables()
    _guards()


def _guards() -> None:
    for table in FINAL:
        forbid(table, because=f"{table} is part of the voting record")
    forbid("motion", when="OLD.frozen", because="the notice froze this motion")
    forbid("assembly", actions=("DELETE",), when=NOTICED, because="a noticed assembly stays")
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FROZEN)
    forbid("assembly", actions=("UPDATE",), when=f"{NOTICED} AND ({changed})", because="the notice froze this")
    forbid("assembly", actions=("UPDATE",), when=f"{_rank('NEW')} < {_rank('OLD')}", because="never backwards")


def _rank(row: str) -> str:
    """A state's place in the assembly's life, as SQL."""
    places = " ".join(f"WHEN '{state}' THEN {place}" for place, state in enumerate(STATES))
    return f"(CASE {row}.state {places} END)"


def _tables() -> None:
    op.create_table(
        "assembly",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("convener", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("counting", sa.Text(), nullable=False),
        sa.Column("identity_level", sa.Text(), nullable=False),
        sa.Column("opens_at", Instant(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=True),
        sa.Column("manifest_hash", sa.Text(), nullable=True),
        sa.Column("receipt_key", sa.Text(), nullable=True),
        sa.Column("receipt_minutes", sa.BigInteger(), nullable=False),
        sa.Column("roll_heads", sa.BigInteger(), nullable=False),
        sa.Column("roll_area", sa.BigInteger(), nullable=False),
        sa.Column("turnout_heads", sa.BigInteger(), nullable=False),
        sa.Column("turnout_area", sa.BigInteger(), nullable=False),
        sa.Column("turnout_at", Instant(), nullable=True),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_assembly_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_assembly")),
        sa.UniqueConstraint("community_id", "code", name="uq_assembly_code"),
        sa.UniqueConstraint("community_id", "manifest_hash", name="uq_assembly_manifest"),
    )
    op.create_table(
        "assembly_event",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_assembly_event_assembly"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_assembly_event_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_assembly_event")),
        sa.UniqueConstraint("community_id", "assembly_id", "state", name="uq_assembly_event_state"),
    )
    op.create_table(
        "assembly_file",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_assembly_file_assembly"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_assembly_file_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_assembly_file")),
        sa.UniqueConstraint("community_id", "assembly_id", "kind", "source", name="uq_assembly_file_source"),
    )
    op.create_table(
        "assembly_tally",
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("full", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("public_signatures", sa.LargeBinary(), nullable=False),
        sa.Column("full_signatures", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_assembly_tally_assembly"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_assembly_tally_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_assembly_tally")),
        sa.UniqueConstraint("community_id", "assembly_id", name="uq_assembly_tally_assembly"),
    )
    op.create_table(
        "counted_row",
        sa.Column("elector", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_counted_row_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_counted_row_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_counted_row")),
        sa.UniqueConstraint("community_id", "assembly_id", "elector", name="uq_counted_row_elector"),
    )
    op.create_table(
        "log_entry",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_log_entry_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_log_entry_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_log_entry")),
        sa.UniqueConstraint("community_id", "assembly_id", "leaf", name="uq_log_entry_leaf"),
        sa.UniqueConstraint("community_id", "assembly_id", "seq", name="uq_log_entry_seq"),
    )
    op.create_table(
        "motion",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("majority", sa.Text(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_motion_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_motion_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_motion")),
        sa.UniqueConstraint("community_id", "assembly_id", "code", name="uq_motion_code"),
    )
    op.create_table(
        "roll_entry",
        sa.Column("elector", sa.Text(), nullable=False),
        sa.Column("heads", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_roll_entry_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_roll_entry_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_roll_entry")),
        sa.UniqueConstraint("community_id", "assembly_id", "elector", name="uq_roll_entry_elector"),
    )
    op.create_table(
        "tree_head",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_tree_head_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_tree_head_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_tree_head")),
    )
    op.create_index("ix_tree_head_size", "tree_head", ["community_id", "assembly_id", "size"], unique=False)
    op.create_table(
        "ballot",
        sa.Column("elector", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("client_nonce", sa.Text(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("cast_at", Instant(), nullable=False),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id", "elector"],
            ["roll_entry.community_id", "roll_entry.assembly_id", "roll_entry.elector"],
            name="fk_ballot_roll_entry",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_ballot_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_ballot_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("community_id", "assembly_id", "elector", "client_nonce", name="uq_ballot_retry"),
        sa.UniqueConstraint("community_id", "assembly_id", "elector", "previous", name="uq_ballot_chain"),
        sa.UniqueConstraint("community_id", "assembly_id", "leaf", name="uq_ballot_leaf"),
    )
    op.create_table(
        "roll_unit",
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
        sa.UniqueConstraint("community_id", "assembly_id", "unit_id", name="uq_roll_unit_unit"),
    )

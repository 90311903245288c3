"""Roll objections, reminders, door visits, who looked at the turnout; since when the register knows of an ownership."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0011_running"
down_revision = "0010_convening"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ownership", sa.Column("recorded_at", Instant(), nullable=True))
    op.add_column("assembly", sa.Column("building_turnout", sa.Boolean(), nullable=False, server_default=sa.false()))
    _of_assembly(
        "roll_objection",
        *_texts("person_id", "unit", "text"),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
    )
    op.create_index("ix_roll_objection_answered", "roll_objection", ["community_id", "assembly_id", "answered_at"])
    _of_assembly(
        "reminder",
        *_texts("slot", "recipient", "shown", "outcome"),
        sa.Column("made_at", Instant(), nullable=False),
        sa.UniqueConstraint("community_id", "assembly_id", "slot", "recipient", name="uq_reminder_recipient"),
    )
    _of_assembly(
        "door_visit",
        *_texts("elector", "by", "result", "note"),
        sa.Column("at", Instant(), nullable=False),
    )
    op.create_index("ix_door_visit_elector", "door_visit", ["community_id", "assembly_id", "elector"])
    _of_assembly("turnout_look", *_texts("person_id", "page"), sa.Column("at", Instant(), nullable=False))
    op.create_index("ix_turnout_look_at", "turnout_look", ["community_id", "assembly_id", "at"])
    _guards()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


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


def _guards() -> None:
    for table in ("door_visit", "turnout_look"):
        forbid(table, because=f"{table} is only ever added to")
    forbid("roll_objection", actions=("DELETE",), because="roll_objection is kept")
    forbid(
        "roll_objection",
        actions=("UPDATE",),
        when="OLD.answered_at IS NOT NULL",
        because="roll_objection was answered",
    )
    forbid("reminder", actions=("DELETE",), because="reminder is kept")
    forbid(
        "reminder",
        actions=("UPDATE",),
        when="OLD.outcome <> 'sending' OR NEW.slot <> OLD.slot OR NEW.recipient <> OLD.recipient",
        because="reminder has its outcome",
    )

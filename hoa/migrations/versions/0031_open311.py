"""Keys of other software that reports through Open311, and what it sent."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0031_open311"
down_revision = "0030_topics"
branch_labels = None
depends_on = None

# A key is made once; only its end may be written, once.
MADE = ("name", "contact", "digest", "made_at", "made_by_id")


def upgrade() -> None:
    op.create_table(
        "open311_key",
        _text("community_id"),
        _text("id"),
        _text("name"),
        _text("contact"),
        _text("digest"),
        sa.Column("made_at", Instant(), nullable=False),
        _text("made_by_id"),
        sa.Column("ended_at", Instant(), nullable=True),
        _text("ended_by_id", nullable=True),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_open311_key"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_open311_key_community_id_community"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name="fk_open311_key_ended_by_id_person"),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_open311_key_made_by_id_person"),
        sa.UniqueConstraint("digest", name="uq_open311_key_digest"),
    )
    op.create_table(
        "open311_sent",
        _text("community_id"),
        _text("id"),
        _text("key_id"),
        _text("suggestion_id"),
        _text("fingerprint"),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_open311_sent"),
        sa.ForeignKeyConstraint(
            ["community_id", "key_id"],
            ["open311_key.community_id", "open311_key.id"],
            name="fk_open311_sent_community_id_key_id_open311_key",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_open311_sent_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_open311_sent_community_id_community"),
        sa.UniqueConstraint("community_id", "suggestion_id", name="uq_open311_sent_suggestion"),
    )
    op.create_index("ix_open311_sent_key", "open311_sent", ["community_id", "key_id", "at"])
    forbid("open311_key", actions=("DELETE",), because="a key is ended, never deleted")
    changed = " OR ".join(f"OLD.{name} <> NEW.{name}" for name in MADE)
    forbid(
        "open311_key",
        actions=("UPDATE",),
        when=f"OLD.ended_at IS NOT NULL OR {changed}",
        because="a key is only ended, once",
    )
    forbid("open311_sent", because="which software sent a suggestion is written once")


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)

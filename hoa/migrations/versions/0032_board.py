"""Who is told what the suggestion board publishes, and which months were reported."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0032_board"
down_revision = "0031_open311"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_subscription",
        _text("person_id"),
        sa.Column("since", Instant(), nullable=False),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_board_subscription"),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_board_subscription_community_id_community"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_board_subscription_person_id_person"),
        sa.UniqueConstraint("community_id", "person_id", name="uq_board_subscription_person"),
    )
    op.create_table(
        "board_announcement",
        _text("suggestion_id"),
        _text("person_id"),
        sa.Column("made_at", Instant(), nullable=False),
        _text("outcome"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_board_announcement"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_board_announcement_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_board_announcement_community_id_community"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_board_announcement_person_id_person"),
        sa.UniqueConstraint("community_id", "suggestion_id", "person_id", name="uq_board_announcement_person"),
    )
    op.create_table(
        "suggestion_month",
        _text("month"),
        _text("publication_id"),
        _text("pdf", nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_month"),
        sa.ForeignKeyConstraint(
            ["community_id", "publication_id"],
            ["publication.community_id", "publication.id"],
            name="fk_suggestion_month_community_id_publication_id_publication",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_suggestion_month_community_id_community"),
        sa.UniqueConstraint("community_id", "month", name="uq_suggestion_month_month"),
    )
    forbid("suggestion_month", actions=("DELETE",), because="a month is reported once")
    forbid(
        "suggestion_month",
        actions=("UPDATE",),
        when="OLD.month <> NEW.month OR OLD.publication_id <> NEW.publication_id OR OLD.pdf IS NOT NULL",
        because="of a reported month only the paper is added",
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)

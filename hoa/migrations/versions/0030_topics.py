"""Topics: what becomes of suggestions when the owners are asked."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0030_topics"
down_revision = "0029_affairs"
branch_labels = None
depends_on = None

# What was asked and until when; what came of it is filled in as it happens.
ASKED = (
    "year",
    "number",
    "title",
    "question",
    "opens_on",
    "closes_on",
    "provisional",
    "cluster_id",
    "raised_at",
    "raised_by_id",
)
# Filled in once: the summary as it was published, and the outcome.
ONCE = {
    "summarized_at": ("counts", "summary", "summarized_at", "summarized_by_id", "publication_id"),
    "settled_at": (
        "outcome",
        "outcome_reason",
        "decision_title",
        "decision_text",
        "matter",
        "settled_at",
        "settled_by_id",
    ),
}
WRITTEN = ("topic_id", "person_id", "side", "text", "at")


def upgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _text("title"),
        _text("question"),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        _text("cluster_id", nullable=True),
        sa.Column("raised_at", Instant(), nullable=False),
        _text("raised_by_id"),
        sa.Column("counts", sa.JSON(), nullable=False),
        _text("summary"),
        sa.Column("summarized_at", Instant(), nullable=True),
        _text("summarized_by_id", nullable=True),
        _text("publication_id", nullable=True),
        _text("outcome"),
        _text("outcome_reason"),
        _text("decision_title"),
        _text("decision_text"),
        _text("matter"),
        sa.Column("settled_at", Instant(), nullable=True),
        _text("settled_by_id", nullable=True),
        _text("motion_id", nullable=True),
        _text("item_id", nullable=True),
        sa.Column("taken_up_at", Instant(), nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_topic"),
        sa.ForeignKeyConstraint(
            ["community_id", "cluster_id"],
            ["suggestion_cluster.community_id", "suggestion_cluster.id"],
            name="fk_topic_community_id_cluster_id_suggestion_cluster",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "publication_id"],
            ["publication.community_id", "publication.id"],
            name="fk_topic_community_id_publication_id_publication",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_topic_community_id_community"),
        sa.ForeignKeyConstraint(["raised_by_id"], ["person.id"], name="fk_topic_raised_by_id_person"),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name="fk_topic_settled_by_id_person"),
        sa.ForeignKeyConstraint(["summarized_by_id"], ["person.id"], name="fk_topic_summarized_by_id_person"),
        sa.UniqueConstraint("community_id", "year", "number", name="uq_topic_number"),
    )
    op.create_table(
        "topic_suggestion",
        _text("topic_id"),
        _text("suggestion_id"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_topic_suggestion"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_topic_suggestion_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "topic_id"],
            ["topic.community_id", "topic.id"],
            name="fk_topic_suggestion_community_id_topic_id_topic",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_topic_suggestion_community_id_community"),
        sa.UniqueConstraint("community_id", "suggestion_id", name="uq_topic_suggestion_suggestion"),
    )
    op.create_index("ix_topic_suggestion_topic", "topic_suggestion", ["community_id", "topic_id"])
    op.create_table(
        "topic_comment",
        _text("topic_id"),
        _text("person_id"),
        _text("side"),
        _text("text"),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("hidden_at", Instant(), nullable=True),
        _text("hidden_by_id", nullable=True),
        _text("hidden_because"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_topic_comment"),
        sa.ForeignKeyConstraint(
            ["community_id", "topic_id"],
            ["topic.community_id", "topic.id"],
            name="fk_topic_comment_community_id_topic_id_topic",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_topic_comment_community_id_community"),
        sa.ForeignKeyConstraint(["hidden_by_id"], ["person.id"], name="fk_topic_comment_hidden_by_id_person"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_topic_comment_person_id_person"),
    )
    op.create_index("ix_topic_comment_topic", "topic_comment", ["community_id", "topic_id", "at"])
    op.create_table(
        "topic_meeting",
        _text("topic_id"),
        sa.Column("held_on", sa.Date(), nullable=False),
        _text("place"),
        sa.Column("present", sa.JSON(), nullable=False),
        _text("missing_because"),
        _text("minutes"),
        _text("conclusion"),
        _text("digest", nullable=True),
        _text("media_type"),
        _text("file_name"),
        sa.Column("recorded_at", Instant(), nullable=False),
        _text("recorded_by_id"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_topic_meeting"),
        sa.ForeignKeyConstraint(
            ["community_id", "topic_id"],
            ["topic.community_id", "topic.id"],
            name="fk_topic_meeting_community_id_topic_id_topic",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_topic_meeting_community_id_community"),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name="fk_topic_meeting_recorded_by_id_person"),
    )
    op.create_index("ix_topic_meeting_topic", "topic_meeting", ["community_id", "topic_id"])
    _guard()


def _guard() -> None:
    forbid("topic", actions=("DELETE",), because="a topic is settled, never deleted")
    forbid("topic", actions=("UPDATE",), when=_changed(ASKED), because="what was asked never changes")
    for filled, names in ONCE.items():
        forbid(
            "topic",
            actions=("UPDATE",),
            when=f"OLD.{filled} IS NOT NULL AND ({_changed(names)})",
            because=f"{filled.removesuffix('_at')} once",
        )
    for table in ("topic_suggestion", "topic_meeting"):
        forbid(table, because=f"a row of {table} is written once")
    forbid("topic_comment", actions=("DELETE",), because="a comment is hidden, never deleted")
    forbid(
        "topic_comment",
        actions=("UPDATE",),
        when=f"OLD.hidden_at IS NOT NULL OR {_changed(WRITTEN)}",
        because="what an owner wrote never changes",
    )


def _changed(names: tuple[str, ...]) -> str:
    """The condition that one of these columns is not what it was; JSON is compared as text."""
    sqlite = op.get_context().dialect.name == "sqlite"
    differs, cast = ("IS NOT", "") if sqlite else ("IS DISTINCT FROM", "::text")
    return " OR ".join(f"OLD.{name}{cast} {differs} NEW.{name}{cast}" for name in names)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)

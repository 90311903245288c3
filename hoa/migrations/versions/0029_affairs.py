"""码上提: places, handlers, suggestions and everything that happens to them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0029_affairs"
down_revision = "0028_engagements"
branch_labels = None
depends_on = None

# What was said, where and by whom; how it stands is written anew by every step.
SAID = (
    "year",
    "number",
    "category",
    "text",
    "place_id",
    "building",
    "entrance",
    "floor",
    "spot",
    "channel",
    "received_at",
    "received_by_id",
)


def upgrade() -> None:
    op.create_table(
        "affairs_place",
        _text("code"),
        _text("name"),
        _text("building"),
        _text("entrance"),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("added_at", Instant(), nullable=False),
        _text("added_by_id"),
        sa.Column("removed_at", Instant(), nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_affairs_place"),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name="fk_affairs_place_added_by_id_person"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_affairs_place_community_id_community"),
        sa.UniqueConstraint("community_id", "code", name="uq_affairs_place_code"),
    )
    op.create_table(
        "handler",
        _text("name"),
        _text("body"),
        _text("person_id", nullable=True),
        sa.Column("added_at", Instant(), nullable=False),
        _text("added_by_id"),
        sa.Column("ended_at", Instant(), nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_handler"),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name="fk_handler_added_by_id_person"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_handler_community_id_community"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_handler_person_id_person"),
    )
    op.create_table(
        "handler_link",
        _text("handler_id"),
        _text("token_hash"),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_handler_link"),
        sa.ForeignKeyConstraint(
            ["community_id", "handler_id"],
            ["handler.community_id", "handler.id"],
            name="fk_handler_link_community_id_handler_id_handler",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_handler_link_community_id_community"),
        sa.UniqueConstraint("token_hash", name="uq_handler_link_token_hash"),
    )
    op.create_table(
        "suggestion_draft",
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_draft"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_suggestion_draft_community_id_community"),
    )
    op.create_table(
        "suggestion_draft_photo",
        _text("draft_id"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _text("media_type"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_draft_photo"),
        sa.ForeignKeyConstraint(
            ["community_id", "draft_id"],
            ["suggestion_draft.community_id", "suggestion_draft.id"],
            name="fk_suggestion_draft_photo_draft",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_suggestion_draft_photo_community_id_community"
        ),
        sa.UniqueConstraint("community_id", "draft_id", "seq", name="uq_suggestion_draft_photo_seq"),
    )
    op.create_table(
        "suggestion_cluster",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _text("title"),
        _text("text"),
        sa.Column("made_at", Instant(), nullable=False),
        _text("made_by_id"),
        _text("raised_to"),
        sa.Column("raised_at", Instant(), nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_cluster"),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_suggestion_cluster_community_id_community"
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_suggestion_cluster_made_by_id_person"),
        sa.UniqueConstraint("community_id", "year", "number", name="uq_suggestion_cluster_number"),
    )
    op.create_table(
        "suggestion",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _text("category"),
        _text("text"),
        _text("place_id", nullable=True),
        _text("building"),
        _text("entrance"),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        _text("spot"),
        _text("channel"),
        sa.Column("received_at", Instant(), nullable=False),
        _text("received_by_id", nullable=True),
        _text("reporter_id", nullable=True),
        sa.Column("reporter_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reporter_phone_sealed", sa.LargeBinary(), nullable=True),
        _text("reporter_phone_key", nullable=True),
        sa.Column("may_call", sa.Boolean(), nullable=False),
        _text("state"),
        sa.Column("round", sa.BigInteger(), nullable=False),
        _text("title"),
        _text("sorting"),
        _text("handler_id", nullable=True),
        _text("profile"),
        sa.Column("assigned_on", sa.Date(), nullable=True),
        sa.Column("clock_from", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("paused_on", sa.Date(), nullable=True),
        sa.Column("paused_days", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        _text("merged_into_id", nullable=True),
        _text("cluster_id", nullable=True),
        _text("public_text"),
        _text("public_answer"),
        sa.Column("published_at", Instant(), nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion"),
        sa.ForeignKeyConstraint(
            ["community_id", "cluster_id"],
            ["suggestion_cluster.community_id", "suggestion_cluster.id"],
            name="fk_suggestion_community_id_cluster_id_suggestion_cluster",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "handler_id"],
            ["handler.community_id", "handler.id"],
            name="fk_suggestion_community_id_handler_id_handler",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "merged_into_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_suggestion_community_id_merged_into_id_suggestion",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "place_id"],
            ["affairs_place.community_id", "affairs_place.id"],
            name="fk_suggestion_community_id_place_id_affairs_place",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_suggestion_community_id_community"),
        sa.ForeignKeyConstraint(["received_by_id"], ["person.id"], name="fk_suggestion_received_by_id_person"),
        sa.ForeignKeyConstraint(["reporter_id"], ["person.id"], name="fk_suggestion_reporter_id_person"),
        sa.UniqueConstraint("community_id", "year", "number", name="uq_suggestion_number"),
    )
    op.create_index("ix_suggestion_received", "suggestion", ["community_id", "received_at"])
    op.create_index("ix_suggestion_reporter", "suggestion", ["community_id", "reporter_phone_key"])
    op.create_index("ix_suggestion_state", "suggestion", ["community_id", "state", "due_on"])
    op.create_table(
        "suggestion_step",
        _text("suggestion_id"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        _text("action"),
        _text("state"),
        _text("by"),
        _text("person_id", nullable=True),
        _text("handler_id", nullable=True),
        _text("reason"),
        sa.Column("details", sa.JSON(), nullable=False),
        _text("previous"),
        _text("hash"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_step"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_suggestion_step_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_suggestion_step_community_id_community"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_suggestion_step_person_id_person"),
        sa.UniqueConstraint("community_id", "suggestion_id", "seq", name="uq_suggestion_step_seq"),
    )
    op.create_table(
        "suggestion_photo",
        _text("suggestion_id"),
        _text("phase"),
        _text("digest"),
        _text("media_type"),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("cleared_at", Instant(), nullable=True),
        _text("cleared_by_id", nullable=True),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_photo"),
        sa.ForeignKeyConstraint(["cleared_by_id"], ["person.id"], name="fk_suggestion_photo_cleared_by_id_person"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_suggestion_photo_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_suggestion_photo_community_id_community"),
    )
    op.create_index("ix_suggestion_photo_suggestion", "suggestion_photo", ["community_id", "suggestion_id"])
    op.create_table(
        "suggestion_follower",
        _text("suggestion_id"),
        _text("person_id", nullable=True),
        _text("phone_key", nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("since", Instant(), nullable=False),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_follower"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_suggestion_follower_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_suggestion_follower_community_id_community"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_suggestion_follower_person_id_person"),
        sa.UniqueConstraint("community_id", "suggestion_id", "person_id", name="uq_suggestion_follower_person"),
        sa.UniqueConstraint("community_id", "suggestion_id", "phone_key", name="uq_suggestion_follower_phone"),
    )
    op.create_table(
        "suggestion_message",
        _text("suggestion_id"),
        _text("kind"),
        sa.Column("occasion", sa.BigInteger(), nullable=False),
        _text("recipient"),
        sa.Column("made_at", Instant(), nullable=False),
        _text("outcome"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_message"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_suggestion_message_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_suggestion_message_community_id_community"
        ),
        sa.UniqueConstraint(
            "community_id", "suggestion_id", "kind", "occasion", "recipient", name="uq_suggestion_message_once"
        ),
    )
    op.create_table(
        "supervision_letter",
        _text("suggestion_id"),
        _text("handler_id"),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        _text("text"),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        _text("issued_by_id"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_supervision_letter"),
        sa.ForeignKeyConstraint(
            ["community_id", "handler_id"],
            ["handler.community_id", "handler.id"],
            name="fk_supervision_letter_community_id_handler_id_handler",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_supervision_letter_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_supervision_letter_community_id_community"
        ),
        sa.ForeignKeyConstraint(["issued_by_id"], ["person.id"], name="fk_supervision_letter_issued_by_id_person"),
        sa.UniqueConstraint("community_id", "year", "number", name="uq_supervision_letter_number"),
    )
    op.create_table(
        "suggestion_rating",
        _text("suggestion_id"),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("stars", sa.BigInteger(), nullable=False),
        _text("text"),
        _text("via"),
        sa.Column("at", Instant(), nullable=False),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_rating"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_suggestion_rating_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_suggestion_rating_community_id_community"),
        sa.UniqueConstraint("community_id", "suggestion_id", "round", name="uq_suggestion_rating_round"),
    )
    op.create_table(
        "suggestion_check",
        _text("suggestion_id"),
        sa.Column("round", sa.BigInteger(), nullable=False),
        _text("kind"),
        _text("outcome"),
        _text("text"),
        sa.Column("at", Instant(), nullable=False),
        _text("by_id"),
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_suggestion_check"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_suggestion_check_by_id_person"),
        sa.ForeignKeyConstraint(
            ["community_id", "suggestion_id"],
            ["suggestion.community_id", "suggestion.id"],
            name="fk_suggestion_check_community_id_suggestion_id_suggestion",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_suggestion_check_community_id_community"),
    )
    op.create_index("ix_suggestion_check_suggestion", "suggestion_check", ["community_id", "suggestion_id"])
    _guard()


def _guard() -> None:
    forbid("suggestion_step", because="what happened to a suggestion is written once")
    forbid("suggestion", actions=("DELETE",), because="a suggestion is ended, never deleted")
    differs = "IS NOT" if op.get_context().dialect.name == "sqlite" else "IS DISTINCT FROM"
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in SAID)
    forbid("suggestion", actions=("UPDATE",), when=changed, because="what was said never changes")
    for table in ("supervision_letter", "suggestion_rating", "suggestion_check"):
        forbid(table, because=f"a row of {table} is written once")
    forbid("suggestion_photo", actions=("DELETE",), because="a picture is kept")
    forbid(
        "suggestion_photo",
        actions=("UPDATE",),
        when="OLD.digest <> NEW.digest OR OLD.phase <> NEW.phase OR OLD.suggestion_id <> NEW.suggestion_id",
        because="a picture stays what it was",
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)

"""The first tables of offices, publications and resolutions."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0003_offices"
down_revision = "0002_community"
branch_labels = None
depends_on = None


def _community_key(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=f"fk_{table}_community_id_community"),
    ]


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_{table}_{column}_person")


def upgrade() -> None:
    _offices()
    _bulletin()
    _resolutions()


def _offices() -> None:
    op.create_table(
        "body",
        *_community_key("body"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seats", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("community_id", "kind", name="uq_body_community_id_kind"),
    )
    op.create_table(
        "office",
        *_community_key("office"),
        sa.Column("body_kind", sa.Text(), nullable=False),
        sa.Column("post_kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text()),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("end_basis", sa.Text()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", Instant()),
        sa.ForeignKeyConstraint(
            ["community_id", "body_kind"],
            ["body.community_id", "body.kind"],
            name="fk_office_community_id_body_kind_body",
        ),
        _person("office", "person_id"),
    )
    op.create_index("ix_office_person", "office", ["community_id", "person_id"])
    forbid("office", actions=("DELETE",), because="an office is ended, never deleted")
    granted = ("community_id", "id", "body_kind", "post_kind", "person_id", "starts_at", "basis", "granted_at")
    changed = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in granted)
    forbid(
        "office",
        actions=("UPDATE",),
        when=f"OLD.ended_at IS NOT NULL OR NEW.ends_at > OLD.ends_at OR {changed}",
        because="an office can only be ended",
    )


def _bulletin() -> None:
    op.create_table(
        "publication",
        *_community_key("publication"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("display_until", sa.Date(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        _person("publication", "published_by"),
    )
    op.create_index("ix_publication_published", "publication", ["community_id", "published_at"])
    forbid("publication", because="a publication is final")
    op.create_table(
        "objection",
        *_community_key("objection"),
        sa.Column("publication_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("answer_due", sa.Date(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("answered_at", Instant()),
        sa.ForeignKeyConstraint(
            ["community_id", "publication_id"],
            ["publication.community_id", "publication.id"],
            name="fk_objection_community_id_publication_id_publication",
        ),
        _person("objection", "person_id"),
    )
    forbid("objection", actions=("DELETE",), because="an objection stays")
    forbid("objection", actions=("UPDATE",), when="OLD.answered_at IS NOT NULL", because="an answer is final")
    op.create_table(
        "subscription",
        *_community_key("subscription"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.UniqueConstraint("community_id", "person_id", name="uq_subscription_community_id_person_id"),
        _person("subscription", "person_id"),
    )
    op.create_table(
        "announcement",
        *_community_key("announcement"),
        sa.Column("publication_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.UniqueConstraint(
            "community_id", "publication_id", "person_id", name="uq_announcement_community_id_publication_id_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "publication_id"],
            ["publication.community_id", "publication.id"],
            name="fk_announcement_community_id_publication_id_publication",
        ),
        _person("announcement", "person_id"),
    )


def _resolutions() -> None:
    op.create_table(
        "resolution",
        *_community_key("resolution"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text()),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("limit_fen", sa.BigInteger()),
        sa.Column("evidence", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("entered_by", sa.Text()),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.UniqueConstraint(
            "community_id", "source", "year", "number", name="uq_resolution_community_id_source_year_number"
        ),
        _person("resolution", "entered_by"),
    )
    forbid("resolution", because="a resolution is final")

"""The preparatory group: its trigger, members' delegation, papers, checklist and clock."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0015_preparing"
down_revision = "0014_offices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _preparations()
    _members()
    _papers()
    _steps()


def _keys(table: str) -> tuple[sa.Column[Any] | sa.Constraint, ...]:
    return (
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
    )


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}_person"))


def _row(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", column],
        [f"{other}.community_id", f"{other}.id"],
        name=op.f(f"fk_{table}_community_id_{column}_{other}"),
    )


def _changed(*columns: str) -> str:
    return " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)


def _preparations() -> None:
    table = "preparation"
    op.create_table(
        table,
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("evidence_name", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("evidence_key", sa.Text(), nullable=False),
        sa.Column("evidence_media", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("term_ends_on", sa.Date(), nullable=True),
        sa.Column("papers_by", sa.Date(), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("formed_on", sa.Date(), nullable=True),
        sa.Column("formed_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("meeting_on", sa.Date(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        *_keys(table),
        *(_person(table, column) for column in ("started_by", "formed_by", "ended_by")),
    )
    op.create_index(
        "uq_preparation_running",
        table,
        ["community_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    forbid(table, actions=("DELETE",), because="a preparation is never deleted")
    facts = ("kind", "ground", "pack", "received_on", "term_ends_on", "started_by", "started_at")
    evidence = ("evidence_name", "evidence_sha256", "evidence_key", "evidence_media")
    # JSON has no equality on PostgreSQL; its text has.
    changed = _changed(*facts, *evidence) + " OR CAST(NEW.facts AS TEXT) <> CAST(OLD.facts AS TEXT)"
    forbid(table, actions=("UPDATE",), when=changed, because="what it was started on is final")
    formed = f"OLD.formed_on IS NOT NULL AND ({_changed('formed_on', 'formed_by', 'reason')})"
    forbid(table, actions=("UPDATE",), when=formed, because="a group is formed once")
    forbid(table, actions=("UPDATE",), when="OLD.ended_at IS NOT NULL", because="an ended preparation is final")


def _members() -> None:
    table = "preparation_member"
    op.create_table(
        table,
        sa.Column("preparation_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("delegation", sa.Text(), nullable=False),
        sa.Column("leader", sa.Boolean(), nullable=False),
        sa.Column("consent", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Text(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.Column("remove_reason", sa.Text(), nullable=False),
        *_keys(table),
        *(_person(table, column) for column in ("person_id", "added_by", "removed_by")),
        _row(table, "preparation_id", "preparation"),
        _row(table, "office_id", "office"),
    )
    op.create_index("ix_preparation_member_preparation", table, ["community_id", "preparation_id"])
    forbid(table, actions=("DELETE",), because="who sat in a group stays on record")
    named = ("preparation_id", "person_id", "name", "delegation", "leader", "consent", "basis", "added_by", "added_at")
    forbid(table, actions=("UPDATE",), when=_changed(*named), because="a delegate is replaced, not rewritten")
    forbid(table, actions=("UPDATE",), when="OLD.removed_at IS NOT NULL", because="a member who left stays so")
    given = "OLD.office_id IS NOT NULL AND NEW.office_id IS DISTINCT FROM OLD.office_id"
    forbid(table, actions=("UPDATE",), when=given, because="the office of a member is final")


def _papers() -> None:
    table = "preparation_paper"
    op.create_table(
        table,
        sa.Column("preparation_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("publication_id", sa.Text(), nullable=True),
        sa.Column("published_at", Instant(), nullable=True),
        *_keys(table),
        _person(table, "added_by"),
        _row(table, "preparation_id", "preparation"),
    )
    op.create_index("ix_preparation_paper_preparation", table, ["community_id", "preparation_id"])
    forbid(table, actions=("DELETE",), because="papers of a preparation stay")
    filed = (
        "preparation_id",
        "kind",
        "name",
        "media_type",
        "sha256",
        "file_key",
        "note",
        "added_by",
        "added_at",
    )
    published = f"OLD.published_at IS NOT NULL AND ({_changed('publication_id', 'published_at')})"
    forbid(table, actions=("UPDATE",), when=f"{_changed(*filed)} OR {published}", because="a filed paper is final")


def _steps() -> None:
    table = "preparation_step"
    op.create_table(
        table,
        sa.Column("preparation_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.Text(), nullable=True),
        sa.Column("publication_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        *_keys(table),
        _person(table, "by"),
        _row(table, "preparation_id", "preparation"),
        _row(table, "paper_id", "preparation_paper"),
        sa.UniqueConstraint(
            "community_id",
            "preparation_id",
            "number",
            name=op.f("uq_preparation_step_community_id_preparation_id_number"),
        ),
    )
    forbid(table, because="steps of a preparation are a history")

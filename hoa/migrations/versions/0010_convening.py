"""Rulebooks, the community's rule pack, requests for an assembly, who was told of a notice."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0010_convening"
down_revision = "0009_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rulebooks()
    _packs()
    _requests()
    _told()


def _keys(table: str) -> tuple[sa.Column[Any] | sa.Constraint, ...]:
    return (
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
    )


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}_person"))


def _rulebooks() -> None:
    table = "rulebook_version"
    op.create_table(
        table,
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("resolution_id", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("discarded_at", Instant(), nullable=True),
        *_keys(table),
        _person(table, "made_by"),
        sa.ForeignKeyConstraint(
            ["community_id", "resolution_id"],
            ["resolution.community_id", "resolution.id"],
            name="fk_rulebook_version_resolution",
        ),
        sa.UniqueConstraint("community_id", "kind", "number", name="uq_rulebook_version_number"),
    )
    forbid(table, actions=("DELETE",), because="versions of a rulebook stay")
    forbid(table, actions=("UPDATE",), when="OLD.number IS NOT NULL", because="a version in force is final")
    changed = " OR ".join(
        f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in ("kind", "text", "sha256", "made_by", "made_at")
    )
    forbid(table, actions=("UPDATE",), when=changed, because="the text of a version is final")


def _packs() -> None:
    table = "pack_choice"
    op.create_table(
        table,
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.Text(), nullable=True),
        sa.Column("chosen_at", Instant(), nullable=False),
        *_keys(table),
        _person(table, "chosen_by"),
    )
    forbid(table, because="pack_choice is a history")


def _requests() -> None:
    table = "assembly_request"
    op.create_table(
        table,
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("motions", sa.JSON(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("reached_at", Instant(), nullable=True),
        sa.Column("reached_heads", sa.BigInteger(), nullable=False),
        sa.Column("reached_of", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_reason", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("assembly_id", sa.Text(), nullable=True),
        *_keys(table),
        _person(table, "started_by"),
        _person(table, "answered_by"),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"],
            ["assembly.community_id", "assembly.id"],
            name="fk_assembly_request_assembly",
        ),
        sa.UniqueConstraint("community_id", "number", name="uq_assembly_request_number"),
    )
    forbid(table, actions=("DELETE",), because="what owners asked for stays")
    words = ("number", "title", "reason", "pack", "started_by", "started_at")
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in words)
    # JSON has no equality on PostgreSQL; its text has.
    changed += " OR CAST(NEW.motions AS TEXT) IS DISTINCT FROM CAST(OLD.motions AS TEXT)"
    forbid(table, actions=("UPDATE",), when=changed, because="what was signed is not reworded")
    table = "request_signature"
    op.create_table(
        table,
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("elector", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        *_keys(table),
        _person(table, "signed_by"),
        sa.ForeignKeyConstraint(
            ["community_id", "request_id"],
            ["assembly_request.community_id", "assembly_request.id"],
            name="fk_request_signature_request",
        ),
        sa.UniqueConstraint("community_id", "request_id", "elector", name="uq_request_signature_elector"),
    )
    forbid(table, actions=("DELETE",), because="signatures are withdrawn, not removed")


def _told() -> None:
    table = "notice_told"
    op.create_table(
        table,
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("assembly_id", sa.Text(), nullable=False),
        *_keys(table),
        _person(table, "person_id"),
        _person(table, "noted_by"),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_notice_told_assembly"
        ),
        sa.UniqueConstraint("community_id", "assembly_id", "person_id", name="uq_notice_told_person"),
    )
    op.create_index("ix_notice_told_person", table, ["community_id", "person_id"])
    forbid(table, actions=("DELETE",), because="who was told stays on record")

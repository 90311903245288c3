"""Resignations, ends that the register proposes, recalls."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0019_change"
down_revision = "0018_after"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _changes()
    _offers()
    _suspensions()
    _requests()
    _recalls()


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=nullable)


def _to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", column], [f"{table}.community_id", f"{table}.id"], name=f"fk_{name}"
    )


def _table(name: str, *parts: Any, people: tuple[str, ...], body: bool = False) -> None:
    keys = [sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_{name}_{column}_person") for column in people]
    if body:
        keys.append(
            sa.ForeignKeyConstraint(
                ["community_id", "body_kind"],
                ["body.community_id", "body.kind"],
                name=f"fk_{name}_community_id_body_kind_body",
            )
        )
    op.create_table(
        name,
        *parts,
        _text("community_id"),
        _text("id"),
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=f"fk_{name}_community_id_community"),
        *keys,
    )


def _moved(*columns: str) -> str:
    """Whether one of these columns has another value now."""
    return " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)


def _changes() -> None:
    table = "member_change"
    _table(
        table,
        *map(_text, ("body_kind", "person_id", "reason")),
        sa.Column("said_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        *map(_text, ("paper_sha256", "paper_key")),
        _text("proposed_by", nullable=True),
        _moment("proposed_at", nullable=False),
        _text("state"),
        _moment("effective_at"),
        _text("received_by", nullable=True),
        _moment("received_at"),
        _text("decided_by", nullable=True),
        _moment("decided_at"),
        _text("decision"),
        _text("resolution_id", nullable=True),
        _text("basis"),
        sa.Column("seat", sa.Boolean(), nullable=False),
        _moment("term_ends_at", nullable=False),
        _moment("settled_at"),
        people=("person_id", "proposed_by", "received_by", "decided_by"),
        body=True,
    )
    op.create_index("ix_member_change_person", table, ["community_id", "person_id"])
    forbid(table, actions=("DELETE",), because="how a member left stays")
    words = ("body_kind", "person_id", "reason", "since", "paper_sha256", "paper_key", "proposed_by", "proposed_at")
    over = "OLD.state IN ('rejected', 'withdrawn') OR OLD.settled_at IS NOT NULL"
    over += " OR (OLD.state = 'ended' AND (NEW.state <> 'ended' OR NEW.effective_at <> OLD.effective_at))"
    forbid(table, actions=("UPDATE",), when=f"{over} OR {_moved(*words)}", because="what was said of a member stays")


def _offers() -> None:
    table = "seat_offer"
    _table(
        table,
        *map(_text, ("change_id", "office_id", "person_id")),
        sa.Column("place", sa.BigInteger(), nullable=False),
        *map(_text, ("state", "note")),
        _moment("offered_at", nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        _moment("answered_at"),
        _text("granted_office_id", nullable=True),
        _to("member_change", "change_id", "seat_offer_change"),
        _to("office", "office_id", "seat_offer_office"),
        _to("office", "granted_office_id", "seat_offer_granted"),
        people=("person_id",),
    )
    op.create_index("ix_seat_offer_change", table, ["community_id", "change_id"])
    forbid(table, actions=("DELETE",), because="who was asked to follow stays")
    forbid(table, actions=("UPDATE",), when="OLD.state <> 'offered'", because="an answer is given once")


def _suspensions() -> None:
    table = "office_suspension"
    _table(
        table,
        *map(_text, ("body_kind", "person_id")),
        _moment("since", nullable=False),
        _moment("until"),
        *map(_text, ("basis", "ordered_by", "end_basis")),
        _text("lifted_by", nullable=True),
        people=("person_id", "ordered_by", "lifted_by"),
        body=True,
    )
    op.create_index("ix_office_suspension_person", table, ["community_id", "person_id"])
    forbid(table, actions=("DELETE",), because="a suspension is lifted, never deleted")
    moved = _moved("body_kind", "person_id", "since", "basis", "ordered_by")
    forbid(
        table, actions=("UPDATE",), when=f"OLD.until IS NOT NULL OR {moved}", because="a suspension can only be lifted"
    )


def _requests() -> None:
    """A request may ask for a recall: its share of heads is then another parameter of the pack."""
    op.add_column(
        "assembly_request", sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("'assembly'"))
    )
    forbid("assembly_request", actions=("UPDATE",), when=_moved("kind"), because="what was signed is not another thing")


def _recalls() -> None:
    table = "recall"
    _table(
        table,
        sa.Column("number", sa.BigInteger(), nullable=False),
        *map(_text, ("body_kind", "person_id", "person_name", "post_title", "demanded_by", "reason")),
        sa.Column("absences", sa.JSON(), nullable=False),
        _text("pack"),
        _text("request_id", nullable=True),
        _text("started_by"),
        _moment("started_at", nullable=False),
        *map(_moment, ("told_at", "reached_at", "told_again_at")),
        _text("defence"),
        _moment("defended_at"),
        *(_text(name, nullable=True) for name in ("assembly_id", "motion_id", "drafted_by")),
        _moment("drafted_at"),
        _text("outcome", nullable=True),
        _moment("decided_at"),
        *(_text(name, nullable=True) for name in ("suspension_id", "change_id")),
        _to("assembly_request", "request_id", "recall_request"),
        _to("assembly", "assembly_id", "recall_assembly"),
        sa.UniqueConstraint("community_id", "number", name="uq_recall_number"),
        people=("person_id", "started_by", "drafted_by"),
        body=True,
    )
    forbid(table, actions=("DELETE",), because="a demand for a recall stays")
    words = ("number", "body_kind", "person_id", "person_name", "post_title", "demanded_by", "reason", "pack")
    moved = _moved(*words, "request_id", "started_by", "started_at")
    moved += " OR (OLD.defended_at IS NOT NULL AND NEW.defence <> OLD.defence)"
    moved += " OR (OLD.reached_at IS NOT NULL AND NEW.reached_at <> OLD.reached_at)"
    forbid(table, actions=("UPDATE",), when=moved, because="what was demanded and answered stays")
    signature = "recall_signature"
    _table(
        signature,
        *map(_text, ("recall_id", "person_id")),
        _moment("signed_at", nullable=False),
        _moment("withdrawn_at"),
        _to("recall", "recall_id", "recall_signature_recall"),
        sa.UniqueConstraint("community_id", "recall_id", "person_id", name="uq_recall_signature_person"),
        people=("person_id",),
    )
    forbid(signature, actions=("DELETE",), because="support is withdrawn, not removed")

"""After an election: filing, registration, seal and account, handover."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0018_after"
down_revision = "0017_meetings"
branch_labels = None
depends_on = None

# Every row says what happened at one moment: none is changed afterwards.
FINAL = (
    "office_rank",
    "filing_round",
    "filing_event",
    "handover",
    "handover_item",
    "handover_mark",
    "taken_seat",
)


def upgrade() -> None:
    _offices()
    _handing_over()
    _filing()
    for table in FINAL:
        forbid(table, because=f"{table} says what happened and never changes")
    forbid("filing_pack", actions=("DELETE",), because="a filing pack is never deleted")
    forbid("filing_pack", actions=("UPDATE",), when="OLD.state = 'ready'", because="a made filing pack never changes")


def _offices() -> None:
    _table(
        "office_rank",
        _text("office_id"),
        _number("rank"),
        _to("office", "office_id", "office_rank_office"),
        sa.UniqueConstraint("community_id", "office_id", name="uq_office_rank_office"),
    )
    _table(
        "filing_round",
        _number("number"),
        *map(_text, ("kind", "body_kind", "reason")),
        _text("basis", nullable=True),
        _day("event_on"),
        _day("meeting_due", nullable=True),
        _day("filing_due"),
        _number("answer_days"),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        _text("pack"),
        *_person("filing_round", "opened_by", nullable=True),
        _moment("opened_at"),
        sa.UniqueConstraint("community_id", "number", name="uq_filing_round_number"),
    )
    _table(
        "filing_event",
        *map(_text, ("round_id", "step", "outcome", "organ", "number")),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        _day("happened_on"),
        _text("document", nullable=True),
        *map(_text, ("document_name", "note")),
        *_person("filing_event", "by"),
        _moment("at"),
        _to("filing_round", "round_id", "filing_event_round"),
    )
    op.create_index("ix_filing_event_round", "filing_event", ["community_id", "round_id", "at"])


def _handing_over() -> None:
    _table(
        "handover",
        _text("subject"),
        *_person("handover", "person_id", nullable=True),
        _text("reason"),
        _day("left_on"),
        _day("due_on"),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        *_person("handover", "begun_by", nullable=True),
        _moment("begun_at"),
        sa.UniqueConstraint("community_id", "subject", name="uq_handover_subject"),
    )
    _table(
        "handover_item",
        _text("handover_id"),
        _number("position"),
        *map(_text, ("kind", "text")),
        *_person("handover_item", "added_by", nullable=True),
        _moment("added_at"),
        _to("handover", "handover_id", "handover_item_handover"),
        sa.UniqueConstraint("community_id", "handover_id", "position", name="uq_handover_item_position"),
    )
    _table(
        "handover_mark",
        *map(_text, ("item_id", "word", "note")),
        *_person("handover_mark", "by"),
        _moment("at"),
        _to("handover_item", "item_id", "handover_mark_item"),
    )
    op.create_index("ix_handover_mark_item", "handover_mark", ["community_id", "item_id", "at"])


def _filing() -> None:
    _table(
        "taken_seat",
        *map(_text, ("assembly_id", "election", "motion")),
        *_person("taken_seat", "person_id"),
        _text("role"),
        _number("rank"),
        _text("office_id", nullable=True),
        *_person("taken_seat", "by", nullable=True),
        _moment("at"),
        _to("assembly", "assembly_id", "taken_seat_assembly"),
        _to("office", "office_id", "taken_seat_office"),
        sa.UniqueConstraint("community_id", "assembly_id", "motion", name="uq_taken_seat_motion"),
    )
    _table(
        "filing_pack",
        _text("round_id"),
        _number("number"),
        sa.Column("draft", sa.Boolean(), nullable=False),
        *map(_text, ("source", "state")),
        *_person("filing_pack", "asked_by", nullable=True),
        _moment("asked_at"),
        sa.Column("made_at", Instant(), nullable=True),
        sa.Column("contents", sa.JSON(), nullable=True),
        _text("pdf_digest", nullable=True),
        _text("zip_digest", nullable=True),
        _to("filing_round", "round_id", "filing_pack_round"),
        sa.UniqueConstraint("community_id", "round_id", "number", name="uq_filing_pack_number"),
    )


def _table(name: str, *parts: Any) -> None:
    op.create_table(
        name,
        *parts,
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{name}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{name}")),
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=False)


def _person(table: str, name: str, *, nullable: bool = False) -> list[Any]:
    """A column that names a person, with its key."""
    key = sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_{table}_{name}_person"))
    return [_text(name, nullable=nullable), key]


def _to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    """A key into the same community, never across."""
    return sa.ForeignKeyConstraint(["community_id", column], [f"{table}.community_id", f"{table}.id"], f"fk_{name}")

"""The sample of recorded voters, the minutes and how long evidence stays locked."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0012_result"
down_revision = "0011_running"
branch_labels = None
depends_on = None

# Every row here says what happened at one moment; the latest row holds, none is changed.
TABLES = (
    "sample_draw",
    "sample_row",
    "sample_answer",
    "sample_look",
    "minutes_note",
    "assembly_minutes",
    "minutes_signature",
    "evidence_hold",
)


def upgrade() -> None:
    _sample()
    _minutes()
    _of_assembly("evidence_hold", sa.Column("until", sa.Date(), nullable=False), *_texts("reason", "by"), _moment("at"))
    op.create_index("ix_evidence_hold_until", "evidence_hold", ["community_id", "assembly_id"])
    for table in TABLES:
        forbid(table, because=f"{table} is evidence of an assembly")
    # Packages and papers as they were handed out.
    forbid("assembly_file", because="assembly_file is evidence of an assembly")


def _sample() -> None:
    _of_assembly(
        "sample_draw",
        *_texts("seed"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("voters", sa.BigInteger(), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=True),
        _moment("drawn_at"),
        sa.UniqueConstraint("community_id", "assembly_id", name="uq_sample_draw_assembly"),
    )
    _of_assembly(
        "sample_row",
        *_texts("elector"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("community_id", "assembly_id", "elector", name="uq_sample_row_elector"),
    )
    _of_assembly("sample_answer", *_texts("elector", "result", "note", "by"), _moment("at"))
    op.create_index("ix_sample_answer_elector", "sample_answer", ["community_id", "assembly_id", "elector"])
    _of_assembly("sample_look", *_texts("person_id"), _moment("at"))
    op.create_index("ix_sample_look_at", "sample_look", ["community_id", "assembly_id", "at"])


def _minutes() -> None:
    _of_assembly("minutes_note", *_texts("text", "by"), _moment("at"))
    op.create_index("ix_minutes_note_at", "minutes_note", ["community_id", "assembly_id", "at"])
    _of_assembly(
        "assembly_minutes",
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_texts("digest", "finished_by"),
        _moment("finished_at"),
        sa.UniqueConstraint("community_id", "assembly_id", name="uq_assembly_minutes_assembly"),
    )
    _of_assembly(
        "minutes_signature",
        *_texts("person_id", "name", "key_id", "public", "signature"),
        _moment("signed_at"),
        sa.UniqueConstraint("community_id", "assembly_id", "person_id", name="uq_minutes_signature_person"),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=False)


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

"""Elections before the ballot: candidates, their evidence, screening and appeals."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0016_nomination"
down_revision = "0015_preparing"
branch_labels = None
depends_on = None

# Every row here says what somebody did at one moment; the latest row holds, none is changed.
ADDED_TO = (
    "election_step",
    "nomination",
    "candidate_undertaking",
    "criterion_check",
    "screening_decision",
)


def upgrade() -> None:
    _election()
    _candidate()
    _of_candidate(
        "nomination",
        *_texts("channel", "words"),
        _person("by"),
        _moment("at"),
        sa.UniqueConstraint("community_id", "candidate_id", "channel", name="uq_nomination_channel"),
    )
    _of_candidate(
        "candidate_supporter",
        *_texts("elector"),
        *_numbers("heads"),
        _person("signed_by"),
        _moment("signed_at"),
        _moment("withdrawn_at", nullable=True),
        sa.UniqueConstraint("community_id", "candidate_id", "elector", name="uq_candidate_supporter_elector"),
    )
    _of_candidate(
        "candidate_undertaking",
        *_counted("candidate_undertaking"),
        _person("person_id"),
        *_texts("text", "text_hash", "name", "lot_word", "key_id", "public", "signature"),
        _moment("at"),
    )
    _of_candidate(
        "criterion_check",
        *_counted("criterion_check"),
        *_texts("criterion", "result", "evidence", "file", "file_name"),
        _person("reviewer", nullable=True),
        _moment("at"),
    )
    _of_candidate(
        "screening_decision",
        *_counted("screening_decision"),
        *_texts("outcome", "reasons"),
        _person("by", nullable=True),
        _moment("at"),
    )
    _of_candidate(
        "candidate_appeal",
        *_texts("decision_id", "text", "answer"),
        sa.Column("outcome", sa.Text(), nullable=True),
        _moment("at"),
        _person("answered_by", nullable=True),
        _moment("answered_at", nullable=True),
        _into("candidate_appeal", "decision_id", "screening_decision", name="decision"),
        sa.UniqueConstraint("community_id", "decision_id", name="uq_candidate_appeal_decision"),
    )
    _of_candidate(
        "candidate_question",
        _person("asked_by"),
        *_texts("text", "answer", "hidden_reason"),
        _moment("asked_at"),
        _moment("answered_at", nullable=True),
        _person("hidden_by", nullable=True),
        _moment("hidden_at", nullable=True),
    )
    _guards()


def _election() -> None:
    _of_community(
        "election",
        *_texts("code", "title", "body_kind", "rank", "rule_pack", "convener", "state"),
        *_numbers("seats", "minimum", "alternates", "approve_at_most", "heads", "area"),
        *(
            sa.Column(name, sa.Date(), nullable=False)
            for name in ("term_starts_on", "term_ends_on", "nominations_until")
        ),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("supplements_id", "publication_id", "list_hash", "assembly_id")
        ),
        _moment("published_at", nullable=True),
        sa.Column("drawn", sa.JSON(), nullable=False),
        _moment("drawn_at", nullable=True),
        _person("created_by", nullable=True),
        _moment("created_at"),
        _into("election", "supplements_id", "election", name="supplements"),
        _into("election", "publication_id", "publication"),
        _into("election", "assembly_id", "assembly"),
        sa.UniqueConstraint("community_id", "code", name="uq_election_code"),
    )
    _of_community(
        "election_step",
        *_texts("election_id", "step", "reason"),
        *_numbers("no"),
        _person("by", nullable=True),
        _moment("at"),
        _into("election_step", "election_id", "election"),
        sa.UniqueConstraint("community_id", "election_id", "no", name="uq_election_step_no"),
    )


def _candidate() -> None:
    _of_community(
        "candidate",
        *_texts("election_id", "name", "elector", "room", "statement", "state", "withdrawn_reason"),
        *_numbers("number"),
        _person("person_id"),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("photo", "motion_id")),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        _moment("withdrawn_at", nullable=True),
        _moment("made_at"),
        _into("candidate", "election_id", "election"),
        _into("candidate", "motion_id", "motion"),
        sa.UniqueConstraint("community_id", "election_id", "number", name="uq_candidate_number"),
        sa.UniqueConstraint("community_id", "election_id", "person_id", name="uq_candidate_person"),
    )


def _guards() -> None:
    for table in ADDED_TO:
        forbid(table, because=f"{table} is only ever added to")
    for table in ("election", "candidate", "candidate_supporter", "candidate_appeal", "candidate_question"):
        forbid(table, actions=("DELETE",), because=f"{table} is kept")
    forbid(
        "election",
        actions=("UPDATE",),
        when="OLD.list_hash IS NOT NULL AND (NEW.list_hash IS NULL OR NEW.list_hash <> OLD.list_hash "
        "OR NEW.seats <> OLD.seats OR NEW.minimum <> OLD.minimum OR NEW.body_kind <> OLD.body_kind "
        "OR NEW.published_at <> OLD.published_at OR NEW.publication_id <> OLD.publication_id)",
        because="the published list stays",
    )
    forbid(
        "election",
        actions=("UPDATE",),
        when="OLD.drawn_at IS NOT NULL AND (NEW.drawn_at IS NULL "
        "OR CAST(NEW.drawn AS TEXT) <> CAST(OLD.drawn AS TEXT))",
        because="the order was drawn",
    )
    forbid(
        "candidate",
        actions=("UPDATE",),
        when="NEW.number <> OLD.number OR NEW.person_id <> OLD.person_id OR NEW.election_id <> OLD.election_id "
        "OR (OLD.frozen AND (NOT NEW.frozen OR NEW.name <> OLD.name OR NEW.statement <> OLD.statement "
        "OR COALESCE(NEW.photo, '') <> COALESCE(OLD.photo, '')))",
        because="a published candidate stays",
    )
    forbid(
        "candidate_appeal",
        actions=("UPDATE",),
        when="OLD.answered_at IS NOT NULL OR NEW.text <> OLD.text",
        because="the appeal was answered",
    )
    forbid(
        "candidate_question",
        actions=("UPDATE",),
        when="NEW.text <> OLD.text OR (OLD.answered_at IS NOT NULL AND NEW.answer <> OLD.answer)",
        because="the question was answered",
    )


def _of_candidate(table: str, *parts: sa.Column[Any] | sa.Constraint) -> None:
    _of_community(
        table,
        sa.Column("candidate_id", sa.Text(), nullable=False),
        *parts,
        _into(table, "candidate_id", "candidate"),
    )
    op.create_index(f"ix_{table}_candidate", table, ["community_id", "candidate_id"])


def _of_community(table: str, *parts: sa.Column[Any] | sa.Constraint) -> None:
    people = [part.name for part in parts if isinstance(part, sa.Column) and part.info.get("person")]
    op.create_table(
        table,
        *parts,
        *(sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_{table}_{name}_person")) for name in people),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
    )


def _into(table: str, column: str, other: str, *, name: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", column], [f"{other}.community_id", f"{other}.id"], name=f"fk_{table}_{name or other}"
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _counted(table: str) -> tuple[sa.Column[int], sa.UniqueConstraint]:
    """Which one is the latest: two rows may bear the same moment."""
    return (
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("community_id", "candidate_id", "no", name=f"uq_{table}_no"),
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=nullable)


def _person(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, info={"person": True})

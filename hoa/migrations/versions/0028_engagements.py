"""Third-party audits."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0028_engagements"
down_revision = "0027_supervision"
branch_labels = None
depends_on = None

# What was agreed; the end and the report may be filled in once.
AGREED = (
    "year",
    "number",
    "firm",
    "person_id",
    "office_id",
    "starts_on",
    "ends_on",
    "opens_on",
    "closes_on",
    "basis",
    "fee_fen",
    "invited_by_id",
    "invited_at",
)


def upgrade() -> None:
    op.create_table(
        "engagement",
        _text("community_id"),
        _text("id"),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _text("firm"),
        _text("person_id"),
        _text("office_id"),
        sa.Column("parts", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("starts_on", "ends_on", "opens_on", "closes_on")),
        _text("resolution_id", nullable=True),
        _text("basis"),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        _text("invited_by_id"),
        sa.Column("invited_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        _text("ended_by_id", nullable=True),
        _text("end_reason"),
        *(_text(name, nullable=True) for name in ("report_digest", "report_name", "opinion")),
        sa.Column("reported_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_engagement"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_engagement_community_id_community"),
        *(
            sa.ForeignKeyConstraint([name], ["person.id"], name=f"fk_engagement_{name}_person")
            for name in ("person_id", "invited_by_id", "ended_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "office_id"],
            ["office.community_id", "office.id"],
            name="fk_engagement_community_id_office_id_office",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "resolution_id"],
            ["resolution.community_id", "resolution.id"],
            name="fk_engagement_community_id_resolution_id_resolution",
        ),
        sa.UniqueConstraint("community_id", "year", "number", name="uq_engagement_number"),
    )
    forbid("engagement", actions=("DELETE",), because="an engagement is ended, never deleted")
    changed = " OR ".join(f"OLD.{name} <> NEW.{name}" for name in AGREED)
    forbid("engagement", actions=("UPDATE",), when=changed, because="what was agreed never changes")
    forbid(
        "engagement",
        actions=("UPDATE",),
        when="OLD.report_digest IS NOT NULL AND (NEW.report_digest IS NULL OR NEW.report_digest <> OLD.report_digest "
        "OR NEW.opinion <> OLD.opinion)",
        because="a report stays as it was handed in",
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)

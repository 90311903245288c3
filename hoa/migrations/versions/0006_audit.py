"""The first tables of audit reports and findings. What a finished report says never changes."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0006_audit"
down_revision = "0005_finance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_report",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Text(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("made_at", Instant(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("data_hash", sa.Text(), nullable=True),
        sa.Column("pdf_digest", sa.Text(), nullable=True),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_audit_report_asked_by_id_person")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_audit_report_community_id_community")
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_audit_report")),
        sa.UniqueConstraint("community_id", "year", "number", name=op.f("uq_audit_report_community_id_year_number")),
    )
    op.create_table(
        "audit_finding",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_audit_finding_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "report_id"], ["audit_report.community_id", "audit_report.id"], name="fk_finding_report"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_audit_finding")),
        sa.UniqueConstraint("community_id", "report_id", "no", name=op.f("uq_audit_finding_community_id_report_id_no")),
    )
    op.create_index("ix_audit_finding_key", "audit_finding", ["community_id", "key"])
    forbid("audit_report", when="OLD.state = 'ready'", because="finished reports never change")
    # Only its state moves on; its params and evidence are bound by the report's own hash.
    forbid(
        "audit_finding",
        actions=("UPDATE",),
        when=" OR ".join(
            f"NEW.{column} <> OLD.{column}"
            for column in (
                "community_id",
                "id",
                "report_id",
                "no",
                "key",
                "code",
                "check_id",
                "severity",
                "sentence",
                "amount_fen",
            )
        ),
        because="what was found never changes",
    )
    forbid("audit_finding", actions=("DELETE",), because="findings are never deleted")

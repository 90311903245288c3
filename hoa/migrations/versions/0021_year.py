"""Year-end and statements: closed years, yearly reports sent, statements on paper."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0021_year"
down_revision = "0020_vouchers"
branch_labels = None
depends_on = None

TABLES = ("finance_year", "finance_year_report", "finance_statement_paper")


def upgrade() -> None:
    op.create_table(
        "finance_year",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("closed_by_id", sa.Text(), nullable=False),
        *_row("finance_year"),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_finance_year_closed_by_id_person")),
        sa.UniqueConstraint("community_id", "year", name=op.f("uq_finance_year_community_id_year")),
    )
    op.create_table(
        "finance_year_report",
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("said_by_id", sa.Text(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        *_row("finance_year_report"),
        sa.ForeignKeyConstraint(["said_by_id"], ["person.id"], name=op.f("fk_finance_year_report_said_by_id_person")),
        sa.UniqueConstraint(
            "community_id", "year", "receiver", name=op.f("uq_finance_year_report_community_id_year_receiver")
        ),
    )
    op.create_table(
        "finance_statement_paper",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        *_row("finance_statement_paper"),
        sa.UniqueConstraint(
            "community_id", "subject", "digest", name=op.f("uq_finance_statement_paper_community_id_subject_digest")
        ),
    )
    # Sums over a book go from vouchers to lines. Without this SQLite, which keeps no statistics, reads all lines of the
    # community for each voucher, because the ledger's index holds every column that is asked for.
    op.create_index(
        "ix_finance_line_sums",
        "finance_line",
        ["community_id", "voucher_id", "account", "debit_fen", "credit_fen"],
        unique=False,
    )
    for table in TABLES:
        forbid(table, because="what a year was closed on and what was printed never change")


def _row(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
    )

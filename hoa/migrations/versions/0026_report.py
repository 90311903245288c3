"""A report's kind, opinion and languages; its countersignatures, what waits for one, and the committee's replies."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0026_report"
down_revision = "0025_disclosure"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was made before is an audit report in Chinese, with no opinion.
    op.add_column("audit_report", sa.Column("kind", sa.Text(), nullable=False, server_default="audit"))
    op.add_column("audit_report", sa.Column("opinion", sa.Text(), nullable=False, server_default=""))
    op.add_column("audit_report", sa.Column("opinion_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("audit_report", sa.Column("language", sa.Text(), nullable=False, server_default="zh-CN"))
    op.add_column("audit_report", sa.Column("both_languages", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("audit_report", sa.Column("other_digest", sa.Text(), nullable=True))
    _preparations()
    _signatures()
    _replies()


def _own(table: str, *columns: sa.Column[object], unique: tuple[str, ...]) -> None:
    """A table of rows that belong to a report."""
    op.create_table(
        table,
        sa.Column("report_id", sa.Text(), nullable=False),
        *columns,
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{table}_person_id_person")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.ForeignKeyConstraint(
            ["community_id", "report_id"],
            ["audit_report.community_id", "audit_report.id"],
            name=f"fk_{table}_report",
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("community_id", "report_id", *unique, name=f"uq_{table}"),
    )


def _preparations() -> None:
    _own(
        "audit_preparation",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("base_digest", sa.Text(), nullable=False),
        sa.Column("tail", sa.LargeBinary(), nullable=False),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("prepared_at", Instant(), nullable=False),
        unique=("person_id",),
    )


def _signatures() -> None:
    _own(
        "audit_signature",
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_digest", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        unique=("no",),
    )
    forbid("audit_signature", because="signatures under a report never change")


def _replies() -> None:
    _own(
        "audit_reply",
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replied_at", Instant(), nullable=False),
        unique=("no",),
    )
    forbid("audit_reply", because="replies to a report never change")

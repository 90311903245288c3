"""The first tables of audit reports and findings."""

revision = "0006_audit"
down_revision = "0005_finance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

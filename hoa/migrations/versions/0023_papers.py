"""Masked copies and year archives."""

revision = "0023_papers"
down_revision = "0022_bank"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

"""Budgets, top-up, subsidies, dividends, allowances."""

revision = "0024_shares"
down_revision = "0023_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

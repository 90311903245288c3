"""The first tables of the books."""

revision = "0005_finance"
down_revision = "0004_voting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

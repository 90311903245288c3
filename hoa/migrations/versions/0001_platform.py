"""The first tables of accounts and background jobs."""

revision = "0001_platform"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

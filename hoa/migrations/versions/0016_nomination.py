"""Elections before the ballot: candidates, their evidence, screening and appeals."""

revision = "0016_nomination"
down_revision = "0015_preparing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

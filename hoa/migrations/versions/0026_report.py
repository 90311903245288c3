"""Reports, their signatures and their making."""

revision = "0026_report"
down_revision = "0025_disclosure"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

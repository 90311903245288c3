"""What owners and supervisors see."""

revision = "0025_disclosure"
down_revision = "0024_shares"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

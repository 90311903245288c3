"""Committee meetings, their minutes and votes, limits of authority, the seal register."""

revision = "0017_meetings"
down_revision = "0016_nomination"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

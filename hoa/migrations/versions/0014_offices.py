"""Relationships, building posts and what every change of an office rests on."""

revision = "0014_offices"
down_revision = "0013_elections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

"""Meetings, proxies, assisted voting and official results."""

revision = "0009_channels"
down_revision = "0008_paper"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

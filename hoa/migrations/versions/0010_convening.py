"""Rulebooks, templates, requests and attachments."""

revision = "0010_convening"
down_revision = "0009_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

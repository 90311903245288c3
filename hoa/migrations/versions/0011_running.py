"""Roll objections, reminders and door visits."""

revision = "0011_running"
down_revision = "0010_convening"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

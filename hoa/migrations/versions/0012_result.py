"""The sample, minutes and the result file."""

revision = "0012_result"
down_revision = "0011_running"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

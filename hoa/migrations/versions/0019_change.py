"""Resignations, ends that the register proposes, recalls."""

revision = "0019_change"
down_revision = "0018_after"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

"""The first tables of the register."""

revision = "0002_community"
down_revision = "0001_platform"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

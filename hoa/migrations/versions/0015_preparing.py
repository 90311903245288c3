"""The preparatory group: its trigger, members' delegation, checklist and clock."""

revision = "0015_preparing"
down_revision = "0014_offices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

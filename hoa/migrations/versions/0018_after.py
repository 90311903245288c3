"""After an election: filing, registration, seal and account, handover."""

revision = "0018_after"
down_revision = "0017_meetings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

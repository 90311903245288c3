"""Who is told what the suggestion board publishes."""

revision = "0032_board"
down_revision = "0031_open311"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

"""Keys of other software that reports through Open311."""

revision = "0031_open311"
down_revision = "0030_topics"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

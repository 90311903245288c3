"""Topics: what becomes of suggestions when the owners are asked."""

revision = "0030_topics"
down_revision = "0029_affairs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

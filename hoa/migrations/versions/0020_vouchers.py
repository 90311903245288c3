"""Two books, vouchers of every kind, approvals."""

revision = "0020_vouchers"
down_revision = "0019_change"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

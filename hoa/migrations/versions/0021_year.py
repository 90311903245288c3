"""Year-end and statements."""

revision = "0021_year"
down_revision = "0020_vouchers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

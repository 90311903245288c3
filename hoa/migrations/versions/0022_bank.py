"""A bank line and a voucher may be matched in parts."""

revision = "0022_bank"
down_revision = "0021_year"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

"""Paper ballots: sheets, scans and keying."""

revision = "0008_paper"
down_revision = "0007_record"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

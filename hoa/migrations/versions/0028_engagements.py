"""Third-party audits."""

revision = "0028_engagements"
down_revision = "0027_supervision"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

"""Findings' life, questions, samples, annotations, scorecards."""

revision = "0027_supervision"
down_revision = "0026_report"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

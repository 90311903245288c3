"""The first tables of offices, publications and resolutions."""

revision = "0003_offices"
down_revision = "0002_community"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

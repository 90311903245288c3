"""The first tables of assemblies and the voting record."""

revision = "0004_voting"
down_revision = "0003_offices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

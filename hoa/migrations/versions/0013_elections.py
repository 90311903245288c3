"""What an assembly elects, frozen by its notice."""

import sqlalchemy as sa
from alembic import op

from hoa.migrations.guards import forbid

revision = "0013_elections"
down_revision = "0012_result"
branch_labels = None
depends_on = None

CHANGED = "OLD.manifest_hash IS NOT NULL AND CAST(NEW.elections AS TEXT) <> CAST(OLD.elections AS TEXT)"


def upgrade() -> None:
    op.add_column("assembly", sa.Column("elections", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    forbid("assembly", actions=("UPDATE",), when=CHANGED, because="the notice froze the elections")

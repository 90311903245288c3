"""A payee written down by hand waits for a second person. Who was named before counts as confirmed by whoever named
them: it was enough then, and the record says so.
"""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0033_naming"
down_revision = "0032_board"
branch_labels = None
depends_on = None

GIVEN = ("community_id", "id", "part_id", "owner_id", "basis", "by_id", "at")


def upgrade() -> None:
    op.create_table(
        "share_naming",
        sa.Column("part_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("decided_by_id", sa.Text(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("refused_because", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_share_naming_community_id_community"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_share_naming_by_id_person"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_share_naming_decided_by_id_person"),
        sa.ForeignKeyConstraint(
            ["community_id", "part_id"], ["share_part.community_id", "share_part.id"], name="fk_share_naming_part"
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "owner_id"], ["owner.community_id", "owner.id"], name="fk_share_naming_owner"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_share_naming"),
    )
    op.create_index("ix_share_naming_part", "share_naming", ["community_id", "part_id"])
    op.execute(
        "INSERT INTO share_naming (community_id, id, part_id, owner_id, basis, by_id, at, decided_by_id, decided_at, "
        "refused_because) SELECT community_id, id, part_id, owner_id, basis, by_id, at, by_id, at, '' FROM share_claim"
    )
    changed = " OR ".join(f"OLD.{name} <> NEW.{name}" for name in GIVEN)
    forbid("share_naming", actions=("DELETE",), because="who was named is never deleted")
    forbid(
        "share_naming",
        actions=("UPDATE",),
        when=f"OLD.decided_at IS NOT NULL OR {changed}",
        because="of a named payee only the decision is added",
    )
    forbid(
        "share_naming",
        actions=("UPDATE",),
        when="NEW.refused_because = '' AND NEW.decided_by_id = OLD.by_id",
        because="who named a payee does not confirm it",
    )

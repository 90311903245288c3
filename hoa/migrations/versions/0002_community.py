"""The first tables of the register."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0002_community"
down_revision = "0001_platform"
branch_labels = None
depends_on = None


def _community_key(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=f"fk_{table}_community_id_community"),
    ]


def _row(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """A reference within the community."""
    name = f"fk_{table}_community_id_{column}_{target}"
    return sa.ForeignKeyConstraint(["community_id", column], [f"{target}.community_id", f"{target}.id"], name=name)


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_{table}_{column}_person")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, Instant(), nullable=nullable)


def upgrade() -> None:
    _community()
    _units()
    _owners()
    _imports()
    _activation()


def _community() -> None:
    op.create_table(
        "community",
        _text("id"),
        _text("code"),
        _text("name"),
        _text("help_phone", nullable=True),
        sa.Column("parking_counts", sa.Boolean(), nullable=False),
        sa.Column("register_version", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        _text("created_by", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_community"),
        sa.UniqueConstraint("code", name="uq_community_code"),
    )


def _units() -> None:
    op.create_table(
        "building",
        *_community_key("building"),
        _text("key"),
        _text("name"),
        sa.UniqueConstraint("community_id", "key", name="uq_building_community_id_key"),
    )
    op.create_table(
        "unit",
        *_community_key("unit"),
        _text("building_id"),
        _text("entrance"),
        _text("room"),
        _text("code"),
        _text("label"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _text("kind"),
        _text("status"),
        sa.Column("area_registered", sa.BigInteger(), nullable=True),
        sa.Column("area_surveyed", sa.BigInteger(), nullable=True),
        sa.Column("area_contract", sa.BigInteger(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        _text("area_basis"),
        _text("note"),
        _moment("added_at"),
        _moment("removed_at", nullable=True),
        sa.UniqueConstraint("community_id", "code", name="uq_unit_community_id_code"),
        _row("unit", "building_id", "building"),
    )
    op.create_index("ix_unit_position", "unit", ["community_id", "position"])


def _owners() -> None:
    op.create_table(
        "owner",
        *_community_key("owner"),
        _text("key"),
        _text("name"),
        sa.Column("organisation", sa.Boolean(), nullable=False),
        sa.Column("identifier_sealed", sa.LargeBinary(), nullable=True),
        _text("phone_key", nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        _text("person_id", nullable=True),
        _moment("added_at"),
        sa.UniqueConstraint("community_id", "key", name="uq_owner_community_id_key"),
        _person("owner", "person_id"),
    )
    op.create_index("ix_owner_person", "owner", ["community_id", "person_id"])
    op.create_index("ix_owner_phone", "owner", ["community_id", "phone_key"])
    op.create_table(
        "ownership",
        *_community_key("ownership"),
        _text("unit_id"),
        _text("owner_id"),
        _text("share", nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        _text("level"),
        sa.Column("checked_by", sa.JSON(), nullable=False),
        _moment("checked_at", nullable=True),
        _row("ownership", "unit_id", "unit"),
        _row("ownership", "owner_id", "owner"),
    )
    op.create_index("ix_ownership_unit", "ownership", ["community_id", "unit_id"])
    op.create_index("ix_ownership_owner", "ownership", ["community_id", "owner_id"])
    op.create_index(
        "uq_ownership_current",
        "ownership",
        ["community_id", "unit_id", "owner_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )


def _imports() -> None:
    op.create_table(
        "import_batch",
        *_community_key("import_batch"),
        _text("file_name"),
        _text("file_sha256"),
        _text("file_key"),
        _text("basis"),
        _text("state"),
        sa.Column("register_version", sa.BigInteger(), nullable=True),
        sa.Column("preview", sa.JSON(), nullable=True),
        _text("asked_by", nullable=True),
        _moment("asked_at"),
        sa.Column("remove_missing", sa.Boolean(), nullable=False),
        _moment("ended_at", nullable=True),
    )
    op.create_table(
        "register_change",
        *_community_key("register_change"),
        _text("unit_id"),
        _text("batch_id", nullable=True),
        _moment("at"),
        _text("by", nullable=True),
        _text("field"),
        _text("before"),
        _text("after"),
        sa.Column("words", sa.Boolean(), nullable=False),
        _row("register_change", "unit_id", "unit"),
    )
    op.create_index("ix_register_change_unit", "register_change", ["community_id", "unit_id"])
    forbid("register_change", because="the history of the register is never rewritten")


def _activation() -> None:
    op.create_table(
        "activation_code",
        *_community_key("activation_code"),
        _text("unit_id"),
        _text("owner_id"),
        _text("batch_id"),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        _text("issued_by", nullable=True),
        _moment("issued_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _text("used_by", nullable=True),
        _moment("revoked_at", nullable=True),
        _row("activation_code", "unit_id", "unit"),
        _row("activation_code", "owner_id", "owner"),
    )
    op.create_index("ix_activation_code_unit", "activation_code", ["community_id", "unit_id"])
    op.create_index("ix_activation_code_batch", "activation_code", ["community_id", "batch_id"])
    op.create_table(
        "identity_check",
        *_community_key("identity_check"),
        _text("owner_id"),
        _text("phone_key"),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        _text("documents"),
        _text("state"),
        _text("first_by"),
        _moment("first_at"),
        _text("second_by", nullable=True),
        _moment("second_at", nullable=True),
        _text("reason", nullable=True),
        _row("identity_check", "owner_id", "owner"),
        _person("identity_check", "first_by"),
        _person("identity_check", "second_by"),
    )
    op.create_index("ix_identity_check_state", "identity_check", ["community_id", "state"])

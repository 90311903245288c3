"""Relationships, building posts and what every change of an office rests on."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0014_offices"
down_revision = "0013_elections"
branch_labels = None
depends_on = None


def _community_key(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=f"fk_{table}_community_id_community"),
    ]


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_{table}_{column}_person")


def _moved(*columns: str) -> str:
    """Whether one of these columns, each a text that may be NULL, has another value now."""
    return " OR ".join(f"COALESCE(NEW.{column}, '') <> COALESCE(OLD.{column}, '')" for column in columns)


def upgrade() -> None:
    _offices()
    _relationships()
    _bodies()
    _consents()
    _second_factor()


def _offices() -> None:
    for column in ("building", "entrance", "floor"):
        op.add_column("office", sa.Column(column, sa.Text(), nullable=False, server_default=sa.text("''")))
    forbid(
        "office",
        actions=("UPDATE",),
        when=_moved("building", "entrance", "floor", "granted_by"),
        because="where an office is and who granted it stays",
    )


def _relationships() -> None:
    op.create_table(
        "relationship",
        *_community_key("relationship"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text()),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", Instant(), nullable=False),
        sa.Column("end_basis", sa.Text()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", Instant()),
        _person("relationship", "person_id"),
        _person("relationship", "other_id"),
        _person("relationship", "declared_by"),
        _person("relationship", "ended_by"),
    )
    op.create_index("ix_relationship_person", "relationship", ["community_id", "person_id"])
    op.create_index("ix_relationship_other", "relationship", ["community_id", "other_id"])
    forbid("relationship", actions=("DELETE",), because="a relationship is ended, never deleted")
    declared = _moved("community_id", "id", "kind", "person_id", "other_id", "basis", "evidence", "declared_by")
    forbid(
        "relationship",
        actions=("UPDATE",),
        when=f"OLD.ended_at IS NOT NULL OR NEW.since <> OLD.since OR NEW.declared_at <> OLD.declared_at OR {declared}",
        because="a relationship can only be ended",
    )


def _bodies() -> None:
    op.add_column("body", sa.Column("legal_form", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("body", sa.Column("since", sa.Date()))
    op.create_table(
        "body_change",
        *_community_key("body_change"),
        sa.Column("body_kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text()),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "body_kind"],
            ["body.community_id", "body.kind"],
            name="fk_body_change_community_id_body_kind_body",
        ),
        _person("body_change", "changed_by"),
    )
    forbid("body_change", because="what changed in a body stays")


def _consents() -> None:
    op.create_table(
        "party_consent",
        *_community_key("party_consent"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant()),
        _person("party_consent", "person_id"),
    )
    op.create_index("ix_party_consent_person", "party_consent", ["community_id", "person_id"])
    forbid("party_consent", actions=("DELETE",), because="a consent is withdrawn, never deleted")
    forbid(
        "party_consent",
        actions=("UPDATE",),
        when="OLD.withdrawn_at IS NOT NULL OR NEW.given_at <> OLD.given_at OR " + _moved("id", "person_id"),
        because="a consent can only be withdrawn",
    )


def _second_factor() -> None:
    op.add_column("login_session", sa.Column("second_at", Instant()))
    op.create_table(
        "authenticator",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("confirmed_at", Instant()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.PrimaryKeyConstraint("id", name="pk_authenticator"),
        _person("authenticator", "person_id"),
    )
    op.create_index("ix_authenticator_person_id", "authenticator", ["person_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("authenticator_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", Instant()),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.ForeignKeyConstraint(
            ["authenticator_id"], ["authenticator.id"], name="fk_recovery_code_authenticator_id_authenticator"
        ),
    )
    op.create_index("ix_recovery_code_authenticator_id", "recovery_code", ["authenticator_id"])
    op.create_table(
        "factor_demand",
        *_community_key("factor_demand"),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.Text(), nullable=False),
        sa.Column("chosen_at", Instant(), nullable=False),
        _person("factor_demand", "chosen_by"),
    )
    forbid("factor_demand", because="what was demanded stays")

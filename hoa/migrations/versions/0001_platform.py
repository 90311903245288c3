"""The first tables of accounts and background jobs."""

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant

revision = "0001_platform"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _person()
    _signing_in()
    _jobs()


def _key(table: str) -> list[sa.schema.SchemaItem]:
    return [sa.Column("id", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("id", name=f"pk_{table}")]


def _of_person(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=f"fk_{table}_person_id_person"),
    ]


def _person() -> None:
    op.create_table(
        "person",
        *_key("person"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone_mac", sa.Text()),
        sa.Column("phone_sealed", sa.LargeBinary()),
        sa.Column("identity_mac", sa.Text()),
        sa.Column("identity_sealed", sa.LargeBinary()),
        sa.Column("password_hash", sa.Text()),
        sa.Column("locale", sa.Text()),
        sa.Column("senior", sa.BigInteger(), nullable=False),
        sa.Column("is_platform_administrator", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.UniqueConstraint("phone_mac", name="uq_person_phone_mac"),
    )
    op.create_index("ix_person_identity_mac", "person", ["identity_mac"])


def _signing_in() -> None:
    op.create_table(
        "login_session",
        *_key("login_session"),
        *_of_person("login_session"),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.UniqueConstraint("token_hash", name="uq_login_session_token_hash"),
    )
    op.create_index("ix_login_session_person_id", "login_session", ["person_id"])
    op.create_table(
        "login_code",
        *_key("login_code"),
        sa.Column("phone_mac", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant()),
    )
    op.create_index("ix_login_code_phone_mac", "login_code", ["phone_mac"])
    op.create_table(
        "attempt",
        *_key("attempt"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
    )
    op.create_index("ix_attempt_subject", "attempt", ["purpose", "subject", "made_at"])
    op.create_table(
        "passkey",
        *_key("passkey"),
        *_of_person("passkey"),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("used_at", Instant()),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_person_id", "passkey", ["person_id"])
    op.create_table(
        "passkey_challenge",
        *_key("passkey_challenge"),
        sa.Column("person_id", sa.Text()),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_passkey_challenge_person_id_person"),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
    )
    op.create_table(
        "administrator_code",
        *_key("administrator_code"),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant()),
        sa.UniqueConstraint("code_hash", name="uq_administrator_code_code_hash"),
    )


def _jobs() -> None:
    op.create_table(
        "job",
        *_key("job"),
        sa.Column("community_id", sa.Text()),
        sa.Column("person_id", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", Instant()),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.JSON()),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
    )
    op.create_index("ix_job_state_lease", "job", ["state", "lease_until"])

"""Meetings, proxies, assisted voting and official results."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0009_channels"
down_revision = "0008_paper"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _capacities()
    _meeting()
    _proxies()
    _assisted()
    _official_results()
    _guards()


def _capacities() -> None:
    """As what an account acts for an owner (R1.19): nothing for the owner in person."""
    for column in ("capacity", "acting_name", "capacity_file", "capacity_key"):
        op.add_column("identity_check", sa.Column(column, sa.Text(), nullable=False, server_default=""))
    for column in ("capacity", "capacity_file"):
        op.add_column("owner", sa.Column(column, sa.Text(), nullable=False, server_default=""))


def _text(name: str, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=empty)


def _moment(name: str, *, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=empty)


def _of_community(table: str, *parts: sa.Column[Any] | sa.Constraint) -> None:
    op.create_table(
        table,
        *parts,
        _text("community_id"),
        _text("id"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
    )


def _of_assembly(table: str, *parts: sa.Column[Any] | sa.Constraint) -> None:
    _of_community(
        table,
        *parts,
        _text("assembly_id"),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name=f"fk_{table}_assembly"
        ),
    )


def _meeting() -> None:
    _of_assembly(
        "meeting_desk",
        _text("name"),
        _text("made_by"),
        _moment("made_at"),
        _moment("closed_at", empty=True),
        sa.UniqueConstraint("community_id", "assembly_id", "name", name="uq_meeting_desk_name"),
    )
    _of_assembly(
        "check_in",
        _text("desk_id"),
        _text("elector"),
        _text("person_id", empty=True),
        _text("name"),
        _text("capacity"),
        _text("level"),
        _text("checked_by"),
        _moment("at"),
        _moment("left_at", empty=True),
        _text("left_by", empty=True),
        sa.ForeignKeyConstraint(
            ["community_id", "desk_id"],
            ["meeting_desk.community_id", "meeting_desk.id"],
            name="fk_check_in_meeting_desk",
        ),
    )
    present = sa.text("left_at IS NULL")
    op.create_index(
        "uq_check_in_present",
        "check_in",
        ["community_id", "assembly_id", "elector"],
        unique=True,
        sqlite_where=present,
        postgresql_where=present,
    )


def _proxies() -> None:
    _of_assembly(
        "proxy_authority",
        _text("elector"),
        _text("principal_id", empty=True),
        _text("principal_name"),
        _text("agent"),
        _text("agent_id", empty=True),
        _text("agent_name"),
        _moment("until"),
        _text("digest"),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        _text("scan_key", empty=True),
        _text("scan_type", empty=True),
        _text("identity_seen"),
        _text("seen_by", empty=True),
        _text("made_by"),
        _moment("made_at"),
        _moment("withdrawn_at", empty=True),
        _text("withdrawn_by", empty=True),
        _text("leaf", empty=True),
        _text("cast_by", empty=True),
        sa.UniqueConstraint("community_id", "assembly_id", "digest", name="uq_proxy_authority_digest"),
    )
    for column in ("elector", "agent"):
        op.create_index(f"ix_proxy_authority_{column}", "proxy_authority", ["community_id", "assembly_id", column])


def _assisted() -> None:
    _of_assembly(
        "assisted_session",
        _text("elector"),
        _text("owner_id"),
        _text("person_id"),
        _text("helper"),
        _text("relation"),
        _text("place"),
        _text("opened_by"),
        _moment("opened_at"),
        _text("code_id", empty=True),
        _text("check_id", empty=True),
        _moment("confirmed_at", empty=True),
        _text("leaf", empty=True),
        _moment("cast_at", empty=True),
        _moment("told_at", empty=True),
    )
    op.create_index("ix_assisted_session_elector", "assisted_session", ["community_id", "assembly_id", "elector"])


def _official_results() -> None:
    _of_community(
        "official_result",
        _text("title"),
        _text("system"),
        sa.Column("decided_on", sa.Date(), nullable=False),
        _text("file"),
        _text("file_name"),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("motions", sa.JSON(), nullable=False),
        _text("state"),
        _text("entered_by"),
        _moment("entered_at"),
        _text("settled_by", empty=True),
        _moment("settled_at", empty=True),
        _text("reason"),
    )
    standing = sa.text("state <> 'refused'")
    op.create_index(
        "uq_official_result_file",
        "official_result",
        ["community_id", "file"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("ix_official_result_state", "official_result", ["community_id", "state"])


def _guards() -> None:
    """What somebody did for somebody else is ended, never rewritten."""
    forbid("meeting_desk", actions=("DELETE",), because="desks stay on record")
    forbid("check_in", actions=("UPDATE", "DELETE"), when="OLD.left_at IS NOT NULL", because="who was present stays")
    same = " OR ".join(
        f"NEW.{name} IS DISTINCT FROM OLD.{name}"
        for name in ("elector", "agent", "agent_name", "until", "digest", "record", "scan_key", "made_by")
    )
    forbid("proxy_authority", actions=("UPDATE",), when=same, because="an authority is not rewritten")
    forbid("proxy_authority", actions=("DELETE",), because="authorities stay on record")
    forbid(
        "assisted_session",
        actions=("UPDATE",),
        when="OLD.leaf IS NOT NULL AND (NEW.leaf IS DISTINCT FROM OLD.leaf OR NEW.helper <> OLD.helper)",
        because="who helped stays on record",
    )
    forbid("assisted_session", actions=("DELETE",), because="help stays on record")
    forbid("official_result", when="OLD.state <> 'waiting'", because="a settled official result stays")

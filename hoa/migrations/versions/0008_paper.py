"""Paper ballots: sheets, scans and keying; the ledger of deliveries."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from hoa.db import Instant
from hoa.migrations.guards import forbid

revision = "0008_paper"
down_revision = "0007_record"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sheets()
    _scans()
    _keyings()
    _deliveries()
    _guards()


def _text(name: str, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=empty)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _moment(name: str, *, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=empty)


def _of_assembly(table: str, *parts: sa.Column[Any] | sa.UniqueConstraint) -> None:
    op.create_table(
        table,
        *parts,
        _text("assembly_id"),
        _text("community_id"),
        _text("id"),
        sa.ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name=f"fk_{table}_assembly"
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{table}")),
    )


def _sheets() -> None:
    _of_assembly(
        "paper_sheet",
        _text("serial"),
        _text("elector"),
        _text("building_id"),
        _number("position"),
        _text("replaces", empty=True),
        _text("made_by", empty=True),
        _moment("made_at"),
        _text("entry", empty=True),
        _text("replaced_by", empty=True),
        _number("round"),
        _moment("in_hand_at", empty=True),
        _text("in_hand_by", empty=True),
        _text("received", empty=True),
        sa.UniqueConstraint("community_id", "assembly_id", "serial", name="uq_paper_sheet_serial"),
    )
    op.create_index("ix_paper_sheet_elector", "paper_sheet", ["community_id", "assembly_id", "elector"])


def _scans() -> None:
    _of_assembly(
        "paper_scan",
        _text("serial", empty=True),
        _text("name"),
        _number("place"),
        _text("media_type"),
        _number("pages"),
        _text("sha256"),
        _text("stored"),
        _text("uploaded_by"),
        _moment("uploaded_at"),
        _text("put_by", empty=True),
        _moment("put_at", empty=True),
        _moment("dropped_at", empty=True),
    )
    op.create_index("ix_paper_scan_serial", "paper_scan", ["community_id", "assembly_id", "serial"])


def _keyings() -> None:
    mine = ("community_id", "assembly_id", "serial", "round")
    _of_assembly(
        "paper_keying",
        _text("serial"),
        _number("round"),
        _number("place"),
        _text("person_id"),
        _text("name"),
        _text("scan"),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        _moment("keyed_at"),
        sa.UniqueConstraint(*mine, "place", name="uq_paper_keying_place"),
        sa.UniqueConstraint(*mine, "person_id", name="uq_paper_keying_person"),
    )


def _deliveries() -> None:
    _of_assembly(
        "delivery",
        _text("elector"),
        _text("serial", empty=True),
        _text("method"),
        _moment("delivered_at"),
        _text("note"),
        _text("recorded_by", empty=True),
        _moment("recorded_at"),
        _text("entry", empty=True),
    )
    op.create_index("ix_delivery_elector", "delivery", ["community_id", "assembly_id", "elector"])


def _guards() -> None:
    forbid("paper_keying", because="what was keyed stays")
    forbid("paper_scan", actions=("DELETE",), because="a scan stays")
    forbid(
        "paper_scan",
        actions=("UPDATE",),
        when="NEW.sha256 <> OLD.sha256 OR NEW.stored <> OLD.stored",
        because="a scan stays what it is",
    )
    forbid("paper_sheet", actions=("DELETE",), when="OLD.entry IS NOT NULL", because="an issued sheet stays")
    forbid(
        "paper_sheet",
        actions=("UPDATE",),
        when="NEW.serial <> OLD.serial OR (OLD.entry IS NOT NULL AND NEW.entry IS DISTINCT FROM OLD.entry)"
        " OR (OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS DISTINCT FROM OLD.replaced_by)"
        " OR (OLD.received IS NOT NULL AND NEW.received IS DISTINCT FROM OLD.received)",
        because="what the log says of a sheet stays",
    )
    forbid("delivery", when="OLD.entry IS NOT NULL", because="a logged delivery stays")

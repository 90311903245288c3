"""Masked copies, seals over what is final, year archives and destruction lists. What was there before is sealed as it
is now.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from finance.rules.seals import link, plain
from hoa.db import Instant
from hoa.kernel.ids import new_id
from hoa.migrations.guards import forbid

revision = "0023_papers"
down_revision = "0022_bank"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
_DAYS = frozenset({"starts_on", "ends_on", "due_on"})

# The columns that these tables have at this revision, by the stage that makes them final.
_MADE = {
    "finance_attachment": "document_id voucher_id contract_id no",
    "finance_bank_import": "account_id name sha256 starts_on ends_on rows fresh imported_by_id imported_at",
    "finance_contract": (
        "book_id number direction title common_part party purpose frequency starts_on ends_on amount_fen resolution_id "
        "procurement related_party made_by_id made_at"
    ),
    "finance_document": "name kind media_type size_bytes sha256 masked_from_id uploaded_by_id uploaded_at",
    "finance_due": "contract_id no due_on amount_fen",
    "finance_match": "bank_line_id voucher_id confirmed_by_id confirmed_at amount_fen",
    "finance_related_party": "party relation declared_by_id declared_at",
}
_LATER = (
    ("finance_match", "released", "released_at released_by_id release_reason", "released_at IS NOT NULL"),
    ("finance_period", "closed", "book_id month reconciliation_digest closed_at closed_by_id", "state = 'closed'"),
)


def upgrade() -> None:
    _masking()
    _seals()
    _archives()
    _destruction()
    _seal_what_is_there()
    _guards()


def _masking() -> None:
    _table(
        "finance_masking",
        _text("document_id"),
        _text("copy_id"),
        _number("no"),
        sa.Column("boxes", sa.JSON(), nullable=False),
        *_person("finance_masking", "made_by_id"),
        _moment("made_at"),
        *_person("finance_masking", "checked_by_id", nullable=True),
        _moment("checked_at", nullable=True),
        _to("finance_document", "document_id", "masking_document"),
        _to("finance_document", "copy_id", "masking_copy"),
        sa.UniqueConstraint(
            "community_id", "document_id", "no", name=op.f("uq_finance_masking_community_id_document_id_no")
        ),
    )


def _seals() -> None:
    _table(
        "finance_seal",
        _number("seq"),
        *map(_text, ("kind", "row_id", "stage")),
        sa.Column("facts", sa.JSON(), nullable=False),
        *map(_text, ("previous", "hash")),
        sa.UniqueConstraint("community_id", "seq", name=op.f("uq_finance_seal_community_id_seq")),
        sa.UniqueConstraint(
            "community_id", "kind", "row_id", "stage", name=op.f("uq_finance_seal_community_id_kind_row_id_stage")
        ),
    )
    _table(
        "finance_seal_head",
        _number("seq"),
        _text("hash"),
        sa.UniqueConstraint("community_id", name=op.f("uq_finance_seal_head_community_id")),
    )


def _archives() -> None:
    _table(
        "finance_archive",
        _text("book_id"),
        _number("year"),
        _text("sha256"),
        _number("size_bytes"),
        *map(_text, ("manifest_sha256", "chain_from", "chain_to")),
        *map(_number, ("vouchers", "documents")),
        *_person("finance_archive", "made_by_id", nullable=True),
        _moment("made_at"),
        _to("finance_book", "book_id", "archive_book"),
        sa.UniqueConstraint(
            "community_id",
            "book_id",
            "year",
            "sha256",
            name=op.f("uq_finance_archive_community_id_book_id_year_sha256"),
        ),
    )


def _destruction() -> None:
    name = "finance_destruction"
    _table(
        name,
        _number("number"),
        _text("reason"),
        sa.Column("items", sa.JSON(), nullable=False),
        _text("digest"),
        *_person(name, "made_by_id"),
        _moment("made_at"),
        _text("watched_by"),
        *_person(name, "carried_out_by_id", nullable=True),
        _moment("carried_out_at", nullable=True),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_finance_destruction_community_id_number")),
    )
    name = "finance_destruction_signature"
    _table(
        name,
        _text("destruction_id"),
        *_person(name, "person_id"),
        *map(_text, ("side", "digest")),
        _moment("signed_at"),
        _to("finance_destruction", "destruction_id", "destruction_signature_list"),
        sa.UniqueConstraint(
            "community_id",
            "destruction_id",
            "person_id",
            name=op.f("uq_finance_destruction_signature_community_id_destruction_id_person_id"),
        ),
    )
    op.create_index("ix_finance_destruction_signature_list", name, ["community_id", "destruction_id"])


def _seal_what_is_there() -> None:
    connection = op.get_bind()
    ends: dict[str, tuple[int, str]] = {}
    for table, stage, community_id, row_id, facts in _rows(connection):
        seq, previous = ends.get(community_id, (0, GENESIS))
        hash_ = link(previous, seq=seq + 1, table=table, row_id=row_id, stage=stage, facts=facts)
        ends[community_id] = seq + 1, hash_
        row = {"community_id": community_id, "id": new_id(), "seq": seq + 1, "kind": table, "row_id": row_id}
        row |= {"stage": stage, "facts": facts, "previous": previous, "hash": hash_}
        connection.execute(sa.insert(_light("finance_seal", (*row,))), row)
    for community_id, (seq, hash_) in ends.items():
        head = {"community_id": community_id, "id": new_id(), "seq": seq, "hash": hash_}
        connection.execute(sa.insert(_light("finance_seal_head", (*head,))), head)


def _rows(connection: sa.Connection) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    wanted = [(table, "made", columns, "contract_id IS NOT NULL") for table, columns in _MADE.items()]
    wanted = [(*one[:3], one[3] if one[0] == "finance_attachment" else "1 = 1") for one in wanted]
    for table, stage, columns, condition in (*wanted, *_LATER):
        names = columns.split()
        light = _light(table, ("community_id", "id", *names))
        query = sa.select(light).where(sa.text(condition)).order_by(light.c.community_id, light.c.id)
        for row in connection.execute(query).mappings().all():
            yield table, stage, row["community_id"], row["id"], {name: plain(row[name]) for name in names}


def _light(table: str, names: tuple[str, ...]) -> sa.TableClause:
    """A table with just the columns needed, so typed that their values come as the models give them."""
    return sa.table(table, *(_column(name) for name in names))


def _column(name: str) -> sa.ColumnClause[Any]:
    if name == "facts":
        return sa.column(name, sa.JSON())
    if name.endswith("_at"):
        return sa.column(name, Instant())
    return sa.column(name, sa.Date()) if name in _DAYS else sa.column(name)


def _guards() -> None:
    forbid("finance_seal", because="a seal is never broken")
    forbid("finance_seal_head", actions=("DELETE",), because="the end of the seals stays")
    forbid("finance_archive", because="an archive is written once")
    forbid("finance_destruction_signature", because="a signature stays")
    forbid("finance_destruction", actions=("DELETE",), because="a destruction list is kept for ever")
    moved = " OR ".join(
        f"NEW.{name} IS DISTINCT FROM OLD.{name}"
        for name in ("community_id", "id", "number", "reason", "digest", "made_by_id", "made_at")
    )
    over = "OLD.carried_out_at IS NOT NULL"
    forbid("finance_destruction", actions=("UPDATE",), when=f"{over} OR {moved}", because="a destruction list stays")
    forbid("finance_masking", actions=("DELETE",), because="how a copy was masked stays")
    moved = " OR ".join(
        f"NEW.{name} IS DISTINCT FROM OLD.{name}"
        for name in ("community_id", "id", "document_id", "copy_id", "no", "made_by_id", "made_at")
    )
    forbid(
        "finance_masking",
        actions=("UPDATE",),
        when=f"OLD.checked_at IS NOT NULL OR {moved}",
        because="how a copy was masked never changes",
    )
    forbid(
        "finance_attachment",
        when="OLD.contract_id IS NOT NULL",
        because="what lies under a contract stays",
    )


def _table(name: str, *parts: Any) -> None:
    op.create_table(
        name,
        *parts,
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{name}_community_id_community")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{name}")),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=nullable)


def _person(table: str, name: str, *, nullable: bool = False) -> list[Any]:
    """A column that names a person, with its key."""
    key = sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_{table}_{name}_person"))
    return [sa.Column(name, sa.Text(), nullable=nullable), key]


def _to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    """A key into the same community, never across."""
    return sa.ForeignKeyConstraint(
        ["community_id", column], [f"{table}.community_id", f"{table}.id"], name=f"fk_{name}"
    )

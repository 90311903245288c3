"""Masked copies, seals, year archives and destruction lists. All of them are evidence (0023_papers)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from finance.rules.ledger import GENESIS
from hoa.db import Base, CommunityRow


class Masking(CommunityRow, Base):
    """How a copy for owners was made: which boxes were burnt into which original, by whom, and who looked at it again.

    `boxes` are [page from 1, left, top, right, bottom] in thousandths of the page; `copy_id` is the document that came
    of it, `no` counts the copies of one original.
    """

    __tablename__ = "finance_masking"
    __table_args__ = (
        UniqueConstraint("community_id", "document_id", "no"),
        ForeignKeyConstraint(
            ["community_id", "document_id"],
            ["finance_document.community_id", "finance_document.id"],
            name="fk_masking_document",
        ),
        ForeignKeyConstraint(
            ["community_id", "copy_id"],
            ["finance_document.community_id", "finance_document.id"],
            name="fk_masking_copy",
        ),
    )

    document_id: Mapped[str]
    copy_id: Mapped[str]
    no: Mapped[int]
    boxes: Mapped[list[Any]]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    checked_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime | None]


class Seal(CommunityRow, Base):
    """What a row of `kind` (its table) said when it was made or reached a `stage`; each is bound to the one before."""

    __tablename__ = "finance_seal"
    __table_args__ = (
        UniqueConstraint("community_id", "seq"),
        UniqueConstraint("community_id", "kind", "row_id", "stage"),
    )

    seq: Mapped[int]
    kind: Mapped[str]
    row_id: Mapped[str]
    stage: Mapped[str]
    facts: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str]


class SealHead(CommunityRow, Base):
    """The end of a community's chain of seals."""

    __tablename__ = "finance_seal_head"
    __table_args__ = (UniqueConstraint("community_id"),)

    seq: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(default=GENESIS)


class YearArchive(CommunityRow, Base):
    """会计档案 of one book and year as one file: its digest in the files port, that of its manifest, the ends of the
    chain of vouchers in it. Made again from the same books it is the same file, and stays one row.
    """

    __tablename__ = "finance_archive"
    __table_args__ = (
        UniqueConstraint("community_id", "book_id", "year", "sha256"),
        ForeignKeyConstraint(
            ["community_id", "book_id"], ["finance_book.community_id", "finance_book.id"], name="fk_archive_book"
        ),
    )

    book_id: Mapped[str]
    year: Mapped[int]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    manifest_sha256: Mapped[str]
    chain_from: Mapped[str]
    chain_to: Mapped[str]
    vouchers: Mapped[int]
    documents: Mapped[int]
    made_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]


class Destruction(CommunityRow, Base):
    """销毁清册: what may be destroyed because its time is over, item by item. It is kept for ever (R4.9).

    `items` are {kind, book, year, kept_until}; `digest` is over them and the reason, and each signature is over it.
    `watched_by` and `carried_out_at` say how it ended.
    """

    __tablename__ = "finance_destruction"
    __table_args__ = (UniqueConstraint("community_id", "number"),)

    number: Mapped[int]
    reason: Mapped[str]
    items: Mapped[list[Any]]
    digest: Mapped[str]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    watched_by: Mapped[str] = mapped_column(default="")
    carried_out_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    carried_out_at: Mapped[datetime | None]


class DestructionSignature(CommunityRow, Base):
    """One person's word under a destruction list, over its digest."""

    __tablename__ = "finance_destruction_signature"
    __table_args__ = (
        UniqueConstraint("community_id", "destruction_id", "person_id"),
        Index("ix_finance_destruction_signature_list", "community_id", "destruction_id"),
        ForeignKeyConstraint(
            ["community_id", "destruction_id"],
            ["finance_destruction.community_id", "finance_destruction.id"],
            name="fk_destruction_signature_list",
        ),
    )

    destruction_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    side: Mapped[str]
    digest: Mapped[str]
    signed_at: Mapped[datetime]

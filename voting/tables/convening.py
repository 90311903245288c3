"""What comes before a notice: owners' requests for an assembly, who was told of a notice."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hoa.accounts import delivering
from hoa.db import Base, CommunityRow
from voting.tables.core import InAssembly, of_assembly


class AssemblyRequest(CommunityRow, Base):
    """Owners ask for an extraordinary assembly (物业管理条例 13; rules.md R1.25).

    `motions` is [{"title", "text"}]. At the share of heads that the pack names the duty arises: `due_at` is set with
    the figures of that moment. The answer (`convened` with the assembly, or `declined`) is given once, with reason.
    """

    __tablename__ = "assembly_request"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "assembly_id"],
            ["assembly.community_id", "assembly.id"],
            name="fk_assembly_request_assembly",
        ),
        UniqueConstraint("community_id", "number", name="uq_assembly_request_number"),
    )

    number: Mapped[int]
    # `assembly`, or `recall`: owners demand that a member be recalled (voting/recall).
    kind: Mapped[str] = mapped_column(default="assembly", server_default=text("'assembly'"))
    title: Mapped[str]
    reason: Mapped[str]
    motions: Mapped[list[Any]]
    pack: Mapped[str]
    started_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]
    reached_at: Mapped[datetime | None]
    reached_heads: Mapped[int] = mapped_column(default=0)
    reached_of: Mapped[int] = mapped_column(default=0)
    answer_by: Mapped[date | None]
    answer: Mapped[str | None]
    answer_reason: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    assembly_id: Mapped[str | None]


class RequestSignature(CommunityRow, Base):
    """One elector's signature under a request, by one of its owners; withdrawn while the duty has not arisen."""

    __tablename__ = "request_signature"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "request_id"],
            ["assembly_request.community_id", "assembly_request.id"],
            name="fk_request_signature_request",
        ),
        UniqueConstraint("community_id", "request_id", "elector", name="uq_request_signature_elector"),
    )

    request_id: Mapped[str]
    elector: Mapped[str]
    signed_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class NoticeTold(delivering.Delivery, InAssembly, Base):
    """The residents' committee is told of the notice (物业管理条例 14): one row for each of its staff, or one without a
    person for a written notification that a convener put on record.

    `outcome` is also `waiting` before the message is begun, and `written` without one.
    """

    __tablename__ = "notice_told"
    __table_args__ = of_assembly(
        "notice_told",
        UniqueConstraint("community_id", "assembly_id", "person_id", name="uq_notice_told_person"),
        Index("ix_notice_told_person", "community_id", "person_id"),
    )

    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    told_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    noted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    acknowledged_at: Mapped[datetime | None]

"""Demands that a member be recalled, and who of the members signed one."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


class Recall(CommunityRow, Base):
    """罢免: `demanded_by` owners (their signatures are those of `request_id`) or members (`RecallSignature`).

    `pack` and `started_at` fix the shares and the days that hold for it. `absences` are the figures of a year's
    meetings where that is the reason: {"absent", "held", "from", "to"}, else empty. `defence` is the member's own
    answer, given once. The motion of `assembly_id` prints reason and defence alike; `outcome` is its result.
    """

    __tablename__ = "recall"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "body_kind"], ["body.community_id", "body.kind"]),
        ForeignKeyConstraint(
            ["community_id", "request_id"],
            ["assembly_request.community_id", "assembly_request.id"],
            name="fk_recall_request",
        ),
        ForeignKeyConstraint(
            ["community_id", "assembly_id"], ["assembly.community_id", "assembly.id"], name="fk_recall_assembly"
        ),
        UniqueConstraint("community_id", "number", name="uq_recall_number"),
    )

    number: Mapped[int]
    body_kind: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str]
    post_title: Mapped[str]
    demanded_by: Mapped[str]
    reason: Mapped[str]
    absences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pack: Mapped[str]
    request_id: Mapped[str | None]
    started_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    # When enough had signed: the days of defence run from here.
    reached_at: Mapped[datetime | None]
    told_again_at: Mapped[datetime | None]
    defence: Mapped[str] = mapped_column(default="")
    defended_at: Mapped[datetime | None]
    assembly_id: Mapped[str | None]
    motion_id: Mapped[str | None]
    drafted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    suspension_id: Mapped[str | None]
    change_id: Mapped[str | None]


class RecallSignature(CommunityRow, Base):
    """A member's signature under a demand of members; withdrawn while there were not enough."""

    __tablename__ = "recall_signature"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "recall_id"], ["recall.community_id", "recall.id"], name="fk_recall_signature_recall"
        ),
        UniqueConstraint("community_id", "recall_id", "person_id", name="uq_recall_signature_person"),
    )

    recall_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

"""Members who leave, alternates who are asked to follow, and suspensions until a vote."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow

PROPOSED, WAITING, REJECTED, WITHDRAWN, ENDED = "proposed", "waiting", "rejected", "withdrawn", "ended"
OPEN = (PROPOSED, WAITING)
OFFERED, ACCEPTED, DECLINED, LAPSED, UNFIT = "offered", "accepted", "declined", "lapsed", "unfit"


class MemberChange(CommunityRow, Base):
    """A member of an elected body leaves before the term ends: all their offices in that body.

    `proposed` waits for somebody to confirm or reject it, `waiting` is a resignation whose day has not come; `ended`
    says that since `effective_at` no power comes from the offices; it is `settled_at` once published and followed up.
    `said_sealed` (the resignation's text, the explanation) and the paper behind `paper_key` are nobody's to read but
    those who handle the case. `since` is the day the ground arose, `evidence` what the register says of it:
    [{"unit", "until"}].
    """

    __tablename__ = "member_change"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "body_kind"], ["body.community_id", "body.kind"]),
        Index("ix_member_change_person", "community_id", "person_id"),
    )

    body_kind: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    said_sealed: Mapped[bytes | None]
    since: Mapped[date | None]
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    paper_sha256: Mapped[str] = mapped_column(default="")
    paper_key: Mapped[str] = mapped_column(default="")
    proposed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    state: Mapped[str]
    effective_at: Mapped[datetime | None]
    received_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    received_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(default="")
    # The assembly's resolution behind a recall.
    resolution_id: Mapped[str | None]
    basis: Mapped[str] = mapped_column(default="")
    # A full member's seat falls vacant; an alternate's place does not.
    seat: Mapped[bool]
    term_ends_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class SeatOffer(CommunityRow, Base):
    """An alternate is asked to take the seat that a change left vacant, in rank; `unfit` says by `note` which rule kept
    them out, so that everybody sees why the next was asked."""

    __tablename__ = "seat_offer"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "change_id"],
            ["member_change.community_id", "member_change.id"],
            name="fk_seat_offer_change",
        ),
        ForeignKeyConstraint(
            ["community_id", "office_id"], ["office.community_id", "office.id"], name="fk_seat_offer_office"
        ),
        ForeignKeyConstraint(
            ["community_id", "granted_office_id"], ["office.community_id", "office.id"], name="fk_seat_offer_granted"
        ),
        Index("ix_seat_offer_change", "community_id", "change_id"),
    )

    change_id: Mapped[str]
    office_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    place: Mapped[int]
    state: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    offered_at: Mapped[datetime]
    answer_by: Mapped[date]
    answered_at: Mapped[datetime | None]
    granted_office_id: Mapped[str | None]


class OfficeSuspension(CommunityRow, Base):
    """Until the assembly has voted on a recall no power comes from somebody's offices in a body (北京 46, 47)."""

    __tablename__ = "office_suspension"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "body_kind"], ["body.community_id", "body.kind"]),
        Index("ix_office_suspension_person", "community_id", "person_id"),
    )

    body_kind: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    basis: Mapped[str]
    ordered_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    end_basis: Mapped[str] = mapped_column(default="")
    lifted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))

"""After an election: filing rounds with what the authorities did, and handing over. Every row says what happened at one
moment; none is changed or deleted (0018_after)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


class OfficeRank(CommunityRow, Base):
    """Which place an alternate took in the election: vacancies are filled in this order (rules.md R2.13)."""

    __tablename__ = "office_rank"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "office_id"], ["office.community_id", "office.id"], name="fk_office_rank_office"
        ),
        UniqueConstraint("community_id", "office_id", name="uq_office_rank_office"),
    )

    office_id: Mapped[str]
    rank: Mapped[int]


class FilingRound(CommunityRow, Base):
    """One time the committee has to be filed (备案, R2.8): after an election, or after its members changed.

    The clocks run from `event_on`; their last days are kept as they were when the round began, with the rule pack that
    set them. `basis` is the identity of the assembly (None: a change without one).
    """

    __tablename__ = "filing_round"
    __table_args__ = (UniqueConstraint("community_id", "number", name="uq_filing_round_number"),)

    number: Mapped[int]
    kind: Mapped[str]
    body_kind: Mapped[str]
    reason: Mapped[str]
    basis: Mapped[str | None]
    event_on: Mapped[date]
    meeting_due: Mapped[date | None]
    filing_due: Mapped[date]
    answer_days: Mapped[int]
    provisional: Mapped[bool]
    pack: Mapped[str]
    opened_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]


class FilingEvent(CommunityRow, Base):
    """A step of a round: what an authority or a bank did, or that the step is not needed. The latest of a step holds.

    `number` is shown to everybody; of a bank account it is the masked one and `sealed` holds the whole.
    """

    __tablename__ = "filing_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "round_id"], ["filing_round.community_id", "filing_round.id"], name="fk_filing_event_round"
        ),
        Index("ix_filing_event_round", "community_id", "round_id", "at"),
    )

    round_id: Mapped[str]
    step: Mapped[str]
    outcome: Mapped[str]
    organ: Mapped[str]
    number: Mapped[str]
    sealed: Mapped[bytes | None]
    happened_on: Mapped[date]
    document: Mapped[str | None]
    document_name: Mapped[str]
    note: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class Handover(CommunityRow, Base):
    """移交 (R2.14): of a committee whose term is over, or of one member who left (`person_id`)."""

    __tablename__ = "handover"
    __table_args__ = (UniqueConstraint("community_id", "subject", name="uq_handover_subject"),)

    # What it is about, so that it is begun once: "committee:2026-10-31" or "member:<person>:2026-10-31".
    subject: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    left_on: Mapped[date]
    due_on: Mapped[date]
    provisional: Mapped[bool]
    begun_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    begun_at: Mapped[datetime]


class HandoverItem(CommunityRow, Base):
    """One thing to hand over; `kind` is one of the list of R2.14."""

    __tablename__ = "handover_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "handover_id"], ["handover.community_id", "handover.id"], name="fk_handover_item_handover"
        ),
        UniqueConstraint("community_id", "handover_id", "position", name="uq_handover_item_position"),
    )

    handover_id: Mapped[str]
    position: Mapped[int]
    kind: Mapped[str]
    text: Mapped[str]
    added_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]


class HandoverMark(CommunityRow, Base):
    """Somebody's word on an item, under their own account: given, taken, missing, or none (there is no such thing)."""

    __tablename__ = "handover_mark"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "item_id"],
            ["handover_item.community_id", "handover_item.id"],
            name="fk_handover_mark_item",
        ),
        Index("ix_handover_mark_item", "community_id", "item_id", "at"),
    )

    item_id: Mapped[str]
    word: Mapped[str]
    note: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

"""Who looked at what, who asked to see originals, what supervisors said before publishing, and the maintenance fund's
half-yearly figures. Guarded by 0025_disclosure.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


class ViewLog(CommunityRow, Base):
    """A supervisor, an auditor or somebody let in by a granted request looked at something of the books (R2.22).

    `engagement_id` names the engagement of a third party, if one let them in; `label` is what it was called then.
    """

    __tablename__ = "finance_view_log"
    __table_args__ = (
        Index("ix_finance_view_log_at", "community_id", "at"),
        Index("ix_finance_view_log_person", "community_id", "person_id", "at"),
    )

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    engagement_id: Mapped[str | None]
    kind: Mapped[str]
    object_id: Mapped[str]
    label: Mapped[str]
    at: Mapped[datetime]


class Inspection(CommunityRow, Base):
    """查阅申请: an owner asks to see the original vouchers of some days (司法解释 13, R4.8); answered once, within ten
    working days. `outcome` is empty, granted or refused; granted, the originals are open to them from `open_from` to
    `open_until` (both included), and every look is logged.
    """

    __tablename__ = "finance_inspection"
    __table_args__ = (Index("ix_finance_inspection_person", "community_id", "person_id"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    wanted: Mapped[str]
    made_at: Mapped[datetime]
    answer_due: Mapped[date]
    outcome: Mapped[str]
    answer: Mapped[str]
    place: Mapped[str]
    open_from: Mapped[date | None]
    open_until: Mapped[date | None]
    answered_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


class PreviewMark(CommunityRow, Base):
    """What a supervisor said about something before it was published (R2.25): `word` is agreed or objected, and
    `content_hash` is what they had before their eyes.
    """

    __tablename__ = "finance_preview_mark"
    __table_args__ = (Index("ix_finance_preview_mark_of", "community_id", "kind", "reference"),)

    kind: Mapped[str]
    reference: Mapped[str]
    content_hash: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    word: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class MaintenanceStatement(CommunityRow, Base):
    """The maintenance fund's half-year (2026H1) as its keeper states it, in fen: the fund has its own account and
    ledger elsewhere (R4.10), so the figures are copied from the keeper's statement, never computed here.
    """

    __tablename__ = "finance_maintenance_statement"
    __table_args__ = (Index("ix_finance_maintenance_statement_half", "community_id", "half"),)

    half: Mapped[str]
    opening_fen: Mapped[int]
    interest_fen: Mapped[int]
    from_revenue_fen: Mapped[int]
    other_in_fen: Mapped[int]
    spent_fen: Mapped[int]
    closing_fen: Mapped[int]
    keeper: Mapped[str]
    note: Mapped[str]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

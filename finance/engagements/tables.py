"""Engagements of third parties. What was agreed never changes; the report is written once (0028_engagements)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from finance.engagements.rules import Bounds
from hoa.db import Base, CommunityRow


class Engagement(CommunityRow, Base):
    """审计约定: a firm's auditor may look at `parts` of the days from `starts_on` to `ends_on`, on the days from
    `opens_on` to `closes_on` (all inclusive); `office_id` is the auditor's post for that time. `fee_fen` is agreed.

    The report is a file of the firm's own, kept under its SHA-256, with the opinion it gives.
    """

    __tablename__ = "engagement"
    __table_args__ = (
        UniqueConstraint("community_id", "year", "number", name="uq_engagement_number"),
        ForeignKeyConstraint(["community_id", "office_id"], ["office.community_id", "office.id"]),
        ForeignKeyConstraint(["community_id", "resolution_id"], ["resolution.community_id", "resolution.id"]),
    )

    year: Mapped[int]
    number: Mapped[int]
    firm: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    office_id: Mapped[str]
    parts: Mapped[list[Any]]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    resolution_id: Mapped[str | None]
    basis: Mapped[str]
    fee_fen: Mapped[int]
    invited_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    end_reason: Mapped[str]
    report_digest: Mapped[str | None]
    report_name: Mapped[str | None]
    opinion: Mapped[str | None]
    reported_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        """2026-01: how the engagement is cited."""
        return f"{self.year}-{self.number:02d}"

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.starts_on, self.ends_on, self.opens_on, self.closes_on)

"""Closed years, reports sent, and printed statements. None of them ever changes (0021_year)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


class ClosedYear(CommunityRow, Base):
    """A year whose months are all closed and whose income and expense stand at zero, with the statements it was closed
    on (`content`) and their SHA-256.
    """

    __tablename__ = "finance_year"
    __table_args__ = (UniqueConstraint("community_id", "year"),)

    year: Mapped[int]
    content: Mapped[dict[str, Any]]
    content_digest: Mapped[str]
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))


class YearReport(CommunityRow, Base):
    """The yearly report was handed in (R5.8): to whom, when, and what proves it."""

    __tablename__ = "finance_year_report"
    __table_args__ = (UniqueConstraint("community_id", "year", "receiver"),)

    year: Mapped[int]
    receiver: Mapped[str]
    sent_on: Mapped[date]
    proof: Mapped[str]
    said_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    said_at: Mapped[datetime]


class StatementPaper(CommunityRow, Base):
    """A statement on paper: what it is of (`subject`: a publication's id, or 2026-09), the SHA-256 of the data it
    prints, and that of the PDF in the files port.
    """

    __tablename__ = "finance_statement_paper"
    __table_args__ = (UniqueConstraint("community_id", "subject", "digest"),)

    subject: Mapped[str]
    digest: Mapped[str]
    sha256: Mapped[str]
    made_at: Mapped[datetime]

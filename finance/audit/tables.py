"""Audit reports and their findings. A finished report and the facts of a finding never change (0006_audit)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


class AuditReport(CommunityRow, Base):
    """审计报告 of the days from `starts_on` to `ends_on`. `number` counts within the year it was asked for.

    `state` is making or ready. When ready it holds the whole data (`content`), its SHA-256 (`data_hash`, over the
    canonical JSON) and the signed PDF under its digest in the files port; page and PDF are both made from `content`.
    """

    __tablename__ = "audit_report"
    __table_args__ = (UniqueConstraint("community_id", "year", "number"),)

    year: Mapped[int]
    number: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str]
    asked_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any] | None]
    data_hash: Mapped[str | None]
    pdf_digest: Mapped[str | None]

    @property
    def label(self) -> str:
        """2026-003: how the report is cited."""
        return f"{self.year}-{self.number:03d}"


class AuditFinding(CommunityRow, Base):
    """审计发现 of a report: what was found, which never changes, and how far its mending is (`state`, open at first).

    `key` is the same for the same fact in the next report. Amounts in fen; `params` fill the sentence.
    """

    __tablename__ = "audit_finding"
    __table_args__ = (
        UniqueConstraint("community_id", "report_id", "no"),
        Index("ix_audit_finding_key", "community_id", "key"),
        ForeignKeyConstraint(
            ["community_id", "report_id"], ["audit_report.community_id", "audit_report.id"], name="fk_finding_report"
        ),
    )

    report_id: Mapped[str]
    no: Mapped[int]
    key: Mapped[str]
    code: Mapped[str]
    check_id: Mapped[str]
    severity: Mapped[str]
    sentence: Mapped[str]
    params: Mapped[dict[str, Any]]
    amount_fen: Mapped[int]
    evidence: Mapped[list[Any]]
    state: Mapped[str]

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

    `kind` is audit or supervision; `opinion` one of four types or empty, `opinion_text` its reasons. `pdf_digest` is
    the PDF in `language` that supervisors countersign (see `AuditSignature`), `other_digest` the one in the other
    language where `both_languages` were asked for, made from the same data.
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
    kind: Mapped[str]
    opinion: Mapped[str]
    opinion_text: Mapped[str]
    language: Mapped[str]
    both_languages: Mapped[bool]
    other_digest: Mapped[str | None]

    @property
    def label(self) -> str:
        """2026-003: how the report is cited."""
        return f"{self.year}-{self.number:03d}"


def _of_report(table: str) -> ForeignKeyConstraint:
    columns = ["audit_report.community_id", "audit_report.id"]
    return ForeignKeyConstraint(["community_id", "report_id"], columns, name=f"fk_{table}_report")


class AuditPreparation(CommunityRow, Base):
    """A countersignature that waits for its signer's key: what will be appended to the PDF `base_digest`, with room for
    the signature from `starts_at` to `ends_at`, and the `attributes` (DER) that the key signs. Worth nothing as soon as
    somebody else has signed; then it is prepared anew.
    """

    __tablename__ = "audit_preparation"
    __table_args__ = (
        UniqueConstraint("community_id", "report_id", "person_id", name="uq_audit_preparation"),
        _of_report("audit_preparation"),
    )

    report_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    key_id: Mapped[str]
    base_digest: Mapped[str]
    tail: Mapped[bytes]
    attributes: Mapped[bytes]
    certificate: Mapped[bytes]
    digest: Mapped[str]
    starts_at: Mapped[int]
    ends_at: Mapped[int]
    prepared_at: Mapped[datetime]


class AuditSignature(CommunityRow, Base):
    """A supervisor's or auditor's signature in the report's PDF, under the certificate that this deployment issued for
    their key; `pdf_digest` is the file with it. The latest is the report as it is handed out.
    """

    __tablename__ = "audit_signature"
    __table_args__ = (
        UniqueConstraint("community_id", "report_id", "no", name="uq_audit_signature"),
        _of_report("audit_signature"),
    )

    report_id: Mapped[str]
    no: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    role: Mapped[str]
    key_id: Mapped[str]
    certificate: Mapped[bytes]
    pdf_digest: Mapped[str]
    signed_at: Mapped[datetime]


class AuditReply(CommunityRow, Base):
    """业委会反馈: what the committee says to a report. The next report on the same days carries it as its part 十四."""

    __tablename__ = "audit_reply"
    __table_args__ = (
        UniqueConstraint("community_id", "report_id", "no", name="uq_audit_reply"),
        _of_report("audit_reply"),
    )

    report_id: Mapped[str]
    no: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str]
    text: Mapped[str]
    replied_at: Mapped[datetime]


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

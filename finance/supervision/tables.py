"""What supervisors and auditors write down. Steps, annotations, drawn lists and marks never change
(0027_supervision)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


def _of(table: str, column: str, target: str) -> ForeignKeyConstraint:
    columns = [f"{target}.community_id", f"{target}.id"]
    return ForeignKeyConstraint(["community_id", column], columns, name=f"fk_{table}_{column}")


class Case(CommunityRow, Base):
    """问题 or 质询: one life for both. `number` counts within the kind without gaps.

    `key` is a check's for the same fact in every period, an id for what a person wrote. Of a check (`check_id`)
    `title`, `sentence`, `rule`, `office` and `advice` are message ids and `params` fill the sentence; of a person they
    are their own words. Amounts in fen. `due_on` is the last day of the answer (`provisional`: counted through a year
    whose holidays nobody has announced). `published_at` is when owners could read it.
    """

    __tablename__ = "supervision_case"
    __table_args__ = (
        UniqueConstraint("community_id", "kind", "number", name="uq_supervision_case_number"),
        UniqueConstraint("community_id", "key", name="uq_supervision_case_key"),
        Index("ix_supervision_case_state", "community_id", "state"),
        _of("supervision_case", "report_id", "audit_report"),
    )

    kind: Mapped[str]
    number: Mapped[int]
    key: Mapped[str]
    code: Mapped[str]
    check_id: Mapped[str]
    severity: Mapped[str]
    title: Mapped[str]
    sentence: Mapped[str]
    params: Mapped[dict[str, Any]]
    amount_fen: Mapped[int]
    evidence: Mapped[list[Any]]
    rule: Mapped[str]
    office: Mapped[str]
    advice: Mapped[str]
    report_id: Mapped[str | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    raised_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    raised_at: Mapped[datetime]
    state: Mapped[str]
    due_on: Mapped[date]
    provisional: Mapped[bool]
    escalated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]


class CaseStep(CommunityRow, Base):
    """What was done about a case: who, when, why. `voucher_id` corrects, `paper` names what else does; `documents` are
    ids of documents of the books; `because` of an answer is the answer itself.
    """

    __tablename__ = "supervision_step"
    __table_args__ = (
        UniqueConstraint("community_id", "case_id", "no", name="uq_supervision_step_no"),
        _of("supervision_step", "case_id", "supervision_case"),
        _of("supervision_step", "voucher_id", "finance_voucher"),
        _of("supervision_step", "report_id", "audit_report"),
    )

    case_id: Mapped[str]
    no: Mapped[int]
    act: Mapped[str]
    because: Mapped[str]
    by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    due_on: Mapped[date | None]
    voucher_id: Mapped[str | None]
    paper: Mapped[str]
    report_id: Mapped[str | None]
    documents: Mapped[list[Any]]


class Annotation(CommunityRow, Base):
    """批注: a supervisor's words beside a voucher. It alters nothing of the voucher."""

    __tablename__ = "supervision_annotation"
    __table_args__ = (
        Index("ix_supervision_annotation_voucher", "community_id", "voucher_id"),
        _of("supervision_annotation", "voucher_id", "finance_voucher"),
    )

    voucher_id: Mapped[str]
    text: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class Sample(CommunityRow, Base):
    """抽凭: how a list was drawn. `population` vouchers could be drawn, `digest` is over their hashes; a random draw is
    repeated from them (docs/sampling.md). `seed` was typed for lists of the first format, and is empty since. Threshold
    in fen.
    """

    __tablename__ = "supervision_sample"
    __table_args__ = (
        UniqueConstraint("community_id", "number", name="uq_supervision_sample_number"),
        _of("supervision_sample", "book_id", "finance_book"),
    )

    number: Mapped[int]
    book_id: Mapped[str]
    method: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    threshold_fen: Mapped[int]
    seed: Mapped[str]
    size: Mapped[int]
    account: Mapped[str]
    population: Mapped[int]
    digest: Mapped[str]
    drawn_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    drawn_at: Mapped[datetime]


class SampleItem(CommunityRow, Base):
    """A drawn voucher, its hash at the time, and what was found when it was looked at (None: not yet)."""

    __tablename__ = "supervision_sample_item"
    __table_args__ = (
        UniqueConstraint("community_id", "sample_id", "position", name="uq_supervision_sample_item"),
        _of("supervision_sample_item", "sample_id", "supervision_sample"),
        _of("supervision_sample_item", "voucher_id", "finance_voucher"),
    )

    sample_id: Mapped[str]
    position: Mapped[int]
    voucher_id: Mapped[str]
    hash: Mapped[str]
    result: Mapped[str | None]
    note: Mapped[str]
    ticked_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    ticked_at: Mapped[datetime | None]


class SupervisorsObjection(CommunityRow, Base):
    """监督委员会异议 to a publication (R2.25): shown on it with its reasons; it blocks nothing."""

    __tablename__ = "supervision_objection"
    __table_args__ = (
        Index("ix_supervision_objection_publication", "community_id", "publication_id"),
        _of("supervision_objection", "publication_id", "publication"),
    )

    publication_id: Mapped[str]
    text: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    lifted_because: Mapped[str]
    lifted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]


class ScoreSheet(CommunityRow, Base):
    """履职评价表: one version of the criteria [{title, weight}]; weights in percent."""

    __tablename__ = "supervision_sheet"
    __table_args__ = (UniqueConstraint("community_id", "version", name="uq_supervision_sheet_version"),)

    version: Mapped[int]
    criteria: Mapped[list[Any]]
    made_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]


class Evaluation(CommunityRow, Base):
    """履职评价 of the committee for a period by one version of the sheet; owners may rate too where `owners`."""

    __tablename__ = "supervision_evaluation"
    __table_args__ = (
        UniqueConstraint("community_id", "number", name="uq_supervision_evaluation_number"),
        _of("supervision_evaluation", "sheet_id", "supervision_sheet"),
        _of("supervision_evaluation", "publication_id", "publication"),
    )

    number: Mapped[int]
    sheet_id: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    owners: Mapped[bool]
    opened_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    closed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None]
    publication_id: Mapped[str | None]


class Rating(CommunityRow, Base):
    """One rater's sheet; of a rater's several the one with the highest `no` counts. `marks` is [{points, reason}] in
    the sheet's order.
    """

    __tablename__ = "supervision_rating"
    __table_args__ = (
        Index("ix_supervision_rating_evaluation", "community_id", "evaluation_id"),
        _of("supervision_rating", "evaluation_id", "supervision_evaluation"),
        UniqueConstraint("community_id", "evaluation_id", "no", name="uq_supervision_rating_no"),
    )

    evaluation_id: Mapped[str]
    no: Mapped[int]
    rater_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    supervisor: Mapped[bool]
    marks: Mapped[list[Any]]
    reason: Mapped[str]
    at: Mapped[datetime]


class TermAudit(CommunityRow, Base):
    """离任审计: of a committee whose term is over, or of a member who left (`person_id`). `opinion` is the draft until
    `final_at`, then the final one.
    """

    __tablename__ = "supervision_term_audit"
    __table_args__ = (
        UniqueConstraint("community_id", "subject", name="uq_supervision_term_audit_subject"),
        _of("supervision_term_audit", "report_id", "audit_report"),
    )

    # "committee:2026-10-31" or "member:<person>:2026-10-31", as the handover of the same departure.
    subject: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    left_on: Mapped[date]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    begun_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    begun_at: Mapped[datetime]
    report_id: Mapped[str | None]
    draft: Mapped[str]
    draft_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    draft_at: Mapped[datetime | None]
    feedback_until: Mapped[date | None]
    opinion: Mapped[str]
    final_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    final_at: Mapped[datetime | None]


class TermAuditMark(CommunityRow, Base):
    """What was found of one point of the checklist; the latest of a point counts."""

    __tablename__ = "supervision_term_mark"
    __table_args__ = (
        Index("ix_supervision_term_mark_audit", "community_id", "audit_id"),
        _of("supervision_term_mark", "audit_id", "supervision_term_audit"),
    )

    audit_id: Mapped[str]
    point: Mapped[str]
    word: Mapped[str]
    note: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class TermAuditReply(CommunityRow, Base):
    """What somebody concerned says of the draft."""

    __tablename__ = "supervision_term_reply"
    __table_args__ = (
        Index("ix_supervision_term_reply_audit", "community_id", "audit_id"),
        _of("supervision_term_reply", "audit_id", "supervision_term_audit"),
    )

    audit_id: Mapped[str]
    text: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

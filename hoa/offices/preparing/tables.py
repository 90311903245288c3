"""Preparations, who sits in the group, which papers there are, and which steps were taken, with their evidence."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow
from hoa.offices.preparing.rules.composition import Delegation
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.rules.trigger import Ground, Kind


class Preparation(CommunityRow, Base):
    """A first assembly or a re-election on its way; at most one at a time in a community.

    `facts` are the figures it was started on (areas in 0.01 m², heads) and never change, nor does the written report
    (`evidence_*`: its name, SHA-256, and the key of its sealed copy). `received_on` is the day from which the street's
    term runs. The group is formed once; `reason` says why without the model's delegates.
    """

    __tablename__ = "preparation"
    __table_args__ = (
        Index(
            "uq_preparation_running",
            "community_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    kind: Mapped[str]
    ground: Mapped[str]
    pack: Mapped[str]
    facts: Mapped[dict[str, Any]]
    evidence_name: Mapped[str]
    evidence_sha256: Mapped[str]
    evidence_key: Mapped[str]
    evidence_media: Mapped[str]
    received_on: Mapped[date]
    term_ends_on: Mapped[date | None]
    papers_by: Mapped[date | None]
    started_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]
    formed_on: Mapped[date | None]
    formed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(default="")
    meeting_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    end_reason: Mapped[str] = mapped_column(default="")

    @property
    def what(self) -> Kind:
        return Kind(self.kind)

    @property
    def why(self) -> Ground:
        return Ground(self.ground)


class PreparationMember(CommunityRow, Base):
    """Somebody in the group and whom they speak for. The row stays when they leave (`removed_at` with a reason).

    `person_id` and `office_id` are empty for delegates who get no office. `consent` is the party delegate's agreement
    to be shown as one; `basis` the recommendation or letter that named them.
    """

    __tablename__ = "preparation_member"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "preparation_id"], ["preparation.community_id", "preparation.id"]),
        ForeignKeyConstraint(["community_id", "office_id"], ["office.community_id", "office.id"]),
        Index("ix_preparation_member_preparation", "community_id", "preparation_id"),
    )

    preparation_id: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    delegation: Mapped[str]
    leader: Mapped[bool]
    consent: Mapped[bool]
    basis: Mapped[str]
    office_id: Mapped[str | None]
    added_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    removed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    removed_at: Mapped[datetime | None]
    remove_reason: Mapped[str] = mapped_column(default="")

    @property
    def speaks_for(self) -> Delegation:
        return Delegation(self.delegation)


class PreparationPaper(CommunityRow, Base):
    """A file: what it is, its SHA-256, the key of its sealed copy, who sent it when. A newer one of the same kind takes
    its place, the old row stays. `publication_id` is set once, when it was published; only then may anybody read it.
    """

    __tablename__ = "preparation_paper"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "preparation_id"], ["preparation.community_id", "preparation.id"]),
        Index("ix_preparation_paper_preparation", "community_id", "preparation_id"),
    )

    preparation_id: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    file_key: Mapped[str]
    note: Mapped[str]
    added_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    publication_id: Mapped[str | None]
    published_at: Mapped[datetime | None]

    @property
    def what(self) -> Paper:
        return Paper(self.kind)


class PreparationStep(CommunityRow, Base):
    """That a step was taken on a day, and on what that rests: a paper, a publication, or the address of the assembly.

    Rows are never changed; the latest of a step holds (`number` counts within a preparation), and one with `undone`
    takes it back with a reason.
    """

    __tablename__ = "preparation_step"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "preparation_id"], ["preparation.community_id", "preparation.id"]),
        ForeignKeyConstraint(["community_id", "paper_id"], ["preparation_paper.community_id", "preparation_paper.id"]),
        UniqueConstraint("community_id", "preparation_id", "number"),
    )

    preparation_id: Mapped[str]
    number: Mapped[int]
    step: Mapped[str]
    done_on: Mapped[date]
    undone: Mapped[bool]
    note: Mapped[str]
    paper_id: Mapped[str | None]
    publication_id: Mapped[str | None]
    url: Mapped[str | None]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

"""What was published, who objected, who wants to hear of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.accounts.delivering import Delivery
from hoa.db import Base, CommunityRow


class Publication(CommunityRow, Base):
    """公示: frozen content with its SHA-256 (64 hex digits, over the canonical JSON). The database refuses any change
    of the row.

    `reference` is the id of what was published in its own room, `url` the path where it is read in full (None: here).
    """

    __tablename__ = "publication"
    __table_args__ = (Index("ix_publication_published", "community_id", "published_at"),)

    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    reference: Mapped[str | None]
    url: Mapped[str | None]
    published_at: Mapped[datetime]
    display_until: Mapped[date]
    published_by: Mapped[str] = mapped_column(ForeignKey("person.id"))


class Objection(CommunityRow, Base):
    """异议: an owner's objection to a publication and its answer; both are shown, the objector's name is not."""

    __tablename__ = "objection"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "publication_id"], ["publication.community_id", "publication.id"]),
    )

    publication_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str]
    made_at: Mapped[datetime]
    answer_due: Mapped[date]
    answer: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class Subscription(CommunityRow, Base):
    """A person who wants a text message when something is published."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("community_id", "person_id"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    since: Mapped[datetime]


class Announcement(Delivery, Base):
    """One message about one publication to one subscriber; written before it is sent, so that nobody is told twice."""

    __tablename__ = "announcement"
    __table_args__ = (
        UniqueConstraint("community_id", "publication_id", "person_id"),
        ForeignKeyConstraint(["community_id", "publication_id"], ["publication.community_id", "publication.id"]),
    )

    publication_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

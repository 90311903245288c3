"""Keys of other software, and which key sent what."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


class ApiKey(CommunityRow, Base):
    """Lets one piece of software report to one community. The key itself is shown once; its SHA-256 is kept."""

    __tablename__ = "open311_key"
    __table_args__ = (UniqueConstraint("digest", name="uq_open311_key_digest"),)

    name: Mapped[str]
    contact: Mapped[str]
    digest: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Sent(CommunityRow, Base):
    """A suggestion that came in with a key. `fingerprint` is a keyed digest of what was sent, so that software that
    heard no answer and sends again is told the first one's number.
    """

    __tablename__ = "open311_sent"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "key_id"], ["open311_key.community_id", "open311_key.id"]),
        ForeignKeyConstraint(["community_id", "suggestion_id"], ["suggestion.community_id", "suggestion.id"]),
        UniqueConstraint("community_id", "suggestion_id", name="uq_open311_sent_suggestion"),
        Index("ix_open311_sent_key", "community_id", "key_id", "at"),
    )

    key_id: Mapped[str]
    suggestion_id: Mapped[str]
    fingerprint: Mapped[str]
    at: Mapped[datetime]

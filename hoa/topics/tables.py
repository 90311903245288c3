"""议题: what suggestions become when the owners are asked, until it is decided (rules.md 8, 群众议事).

What owners wrote and what a meeting recorded is never changed: a comment can be hidden with a reason, and keeps its
place. Which motion or agenda item a topic became is kept by its id: a draft may be thrown away, and the topic waits
again.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


def _topic() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community_id", "topic_id"], ["topic.community_id", "topic.id"])


class Topic(CommunityRow, Base):
    """A question put to the owners, with comments from `opens_on` to `closes_on` (both included); `provisional` while
    a year the period was counted through is not announced.

    The summary: `counts` are heads by side, `summary` the themes in words. The outcome (`rules.Outcome`, empty
    while open) with its reason; for a decision the words to decide on, `matter` for the assembly, and the motion or
    agenda item it became once it was taken up.
    """

    __tablename__ = "topic"
    __table_args__ = (
        UniqueConstraint("community_id", "year", "number", name="uq_topic_number"),
        ForeignKeyConstraint(
            ["community_id", "cluster_id"], ["suggestion_cluster.community_id", "suggestion_cluster.id"]
        ),
        ForeignKeyConstraint(["community_id", "publication_id"], ["publication.community_id", "publication.id"]),
    )

    year: Mapped[int]
    number: Mapped[int]
    title: Mapped[str]
    question: Mapped[str]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    provisional: Mapped[bool]
    cluster_id: Mapped[str | None]
    raised_at: Mapped[datetime]
    raised_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    counts: Mapped[dict[str, Any]]
    summary: Mapped[str]
    summarized_at: Mapped[datetime | None]
    summarized_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    publication_id: Mapped[str | None]
    outcome: Mapped[str]
    outcome_reason: Mapped[str]
    decision_title: Mapped[str]
    decision_text: Mapped[str]
    matter: Mapped[str]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    motion_id: Mapped[str | None]
    item_id: Mapped[str | None]
    taken_up_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        """T2026-003: how it is cited."""
        return f"T{self.year}-{self.number:03d}"


class TopicSuggestion(CommunityRow, Base):
    """The first topic of a suggestion: the database lets nobody begin two at once. Where one ended without a decision
    there may be more; each stands in the suggestion's history (`service.reading.topics_of`).
    """

    __tablename__ = "topic_suggestion"
    __table_args__ = (
        _topic(),
        ForeignKeyConstraint(["community_id", "suggestion_id"], ["suggestion.community_id", "suggestion.id"]),
        UniqueConstraint("community_id", "suggestion_id", name="uq_topic_suggestion_suggestion"),
        Index("ix_topic_suggestion_topic", "community_id", "topic_id"),
    )

    topic_id: Mapped[str]
    suggestion_id: Mapped[str]


class TopicComment(CommunityRow, Base):
    """What an owner says about a topic: a side and words. Hidden ones keep their place, with the reason."""

    __tablename__ = "topic_comment"
    __table_args__ = (_topic(), Index("ix_topic_comment_topic", "community_id", "topic_id", "at"))

    topic_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    side: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    hidden_because: Mapped[str]


class TopicMeeting(CommunityRow, Base):
    """六方会议: when, where, who was there from each party (`present`: party → names), what was said and what came out.

    `missing_because` says why a party of the six was not there. `digest` is a scan of the signed minutes in the files
    port.
    """

    __tablename__ = "topic_meeting"
    __table_args__ = (_topic(), Index("ix_topic_meeting_topic", "community_id", "topic_id"))

    topic_id: Mapped[str]
    held_on: Mapped[date]
    place: Mapped[str]
    present: Mapped[dict[str, Any]]
    missing_because: Mapped[str]
    minutes: Mapped[str]
    conclusion: Mapped[str]
    digest: Mapped[str | None]
    media_type: Mapped[str]
    file_name: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))

"""What the public board keeps of its own: who wants to hear of it, who was told, and the months that were reported."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.accounts.delivering import Delivery
from hoa.db import Base, CommunityRow


class BoardSubscription(CommunityRow, Base):
    """A person who wants a text message when a suggestion's answer is published."""

    __tablename__ = "board_subscription"
    __table_args__ = (UniqueConstraint("community_id", "person_id", name="uq_board_subscription_person"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    since: Mapped[datetime]


class BoardAnnouncement(Delivery, Base):
    """One message about one published suggestion to one subscriber; written before it is sent, so that nobody is told
    twice. It holds no number and no words.
    """

    __tablename__ = "board_announcement"
    __table_args__ = (
        UniqueConstraint("community_id", "suggestion_id", "person_id", name="uq_board_announcement_person"),
        ForeignKeyConstraint(["community_id", "suggestion_id"], ["suggestion.community_id", "suggestion.id"]),
    )

    suggestion_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]


class MonthReport(CommunityRow, Base):
    """A month whose figures were published, once. `pdf` is the digest of its PDF in the files port, once it is made
    (the same content always gives the same bytes).
    """

    __tablename__ = "suggestion_month"
    __table_args__ = (
        UniqueConstraint("community_id", "month", name="uq_suggestion_month_month"),
        ForeignKeyConstraint(["community_id", "publication_id"], ["publication.community_id", "publication.id"]),
    )

    month: Mapped[str]
    publication_id: Mapped[str]
    pdf: Mapped[str | None]

"""Bodies and the offices people hold in them."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow
from hoa.kernel.posts import Post


class Body(CommunityRow, Base):
    """A 机构 of the community; one of each kind. `seats` is the planned number of members (heads), 0 where it has
    none.
    """

    __tablename__ = "body"
    __table_args__ = (UniqueConstraint("community_id", "kind"),)

    kind: Mapped[str]
    name: Mapped[str]
    seats: Mapped[int] = mapped_column(default=0)


class Office(CommunityRow, Base):
    """A person in a post from `starts_at` until `ends_at` (exclusive). The row is never deleted; ending an office
    moves `ends_at` and says on what basis.
    """

    __tablename__ = "office"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "body_kind"], ["body.community_id", "body.kind"]),
        Index("ix_office_person", "community_id", "person_id"),
    )

    body_kind: Mapped[str]
    post_kind: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    basis: Mapped[str]
    granted_by: Mapped[str | None]
    granted_at: Mapped[datetime]
    end_basis: Mapped[str | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    @property
    def post(self) -> Post:
        return Post(self.body_kind, self.post_kind)

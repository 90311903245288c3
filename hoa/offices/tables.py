"""Bodies, the offices people hold in them, and what people declared about each other."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow
from hoa.kernel.posts import Post
from hoa.offices.rules import Place, Seat, Tie, TieKind


class Body(CommunityRow, Base):
    """A 机构 of the community; one of each kind. `seats` is the planned number of members (heads), 0 where it has
    none. `since` is the day it came to be, `legal_form` what it is in law. Changes are kept in `BodyChange`.
    """

    __tablename__ = "body"
    __table_args__ = (UniqueConstraint("community_id", "kind"),)

    kind: Mapped[str]
    name: Mapped[str]
    seats: Mapped[int] = mapped_column(default=0)
    legal_form: Mapped[str] = mapped_column(default="", server_default=text("''"))
    since: Mapped[date | None]


class BodyChange(CommunityRow, Base):
    """One line of a body's history, never changed: which field, from what to what, on what basis, by whom."""

    __tablename__ = "body_change"
    __table_args__ = (ForeignKeyConstraint(["community_id", "body_kind"], ["body.community_id", "body.kind"]),)

    body_kind: Mapped[str]
    field: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    basis: Mapped[str]
    changed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]


class Office(CommunityRow, Base):
    """A person in a post from `starts_at` until `ends_at` (exclusive). The row is never deleted; ending an office
    moves `ends_at` and says on what basis.

    A building post says where, as the register named the place on that day: `building`, `entrance`, `floor`.
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
    building: Mapped[str] = mapped_column(default="", server_default=text("''"))
    entrance: Mapped[str] = mapped_column(default="", server_default=text("''"))
    floor: Mapped[str] = mapped_column(default="", server_default=text("''"))

    @property
    def post(self) -> Post:
        return Post(self.body_kind, self.post_kind)

    @property
    def place(self) -> Place:
        return Place(self.building, self.entrance, self.floor)

    @property
    def seat(self) -> Seat:
        """The office as the rules see it."""
        return Seat(self.person_id, self.post, self.starts_at, self.ends_at, self.place, self.id)


class Relationship(CommunityRow, Base):
    """What somebody declared: two people are spouses or direct relatives, or a person (or their family, without
    naming whom) works for the property company or has an interest in it (R2.3, R2.21).

    Holds from `since` until `until` (exclusive). `evidence` names the paper that was seen and where it is kept; no copy
    of it is (个保法 6: no more than the purpose needs).
    """

    __tablename__ = "relationship"
    __table_args__ = (
        Index("ix_relationship_person", "community_id", "person_id"),
        Index("ix_relationship_other", "community_id", "other_id"),
    )

    kind: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    other_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    since: Mapped[date]
    until: Mapped[date | None]
    basis: Mapped[str]
    evidence: Mapped[str]
    declared_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]
    end_basis: Mapped[str | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]

    @property
    def tie(self) -> Tie:
        """The relationship as the rules see it. What one of the two declared binds them alone, until the other declares
        it too or an authority does.
        """
        own = self.declared_by if self.declared_by in (self.person_id, self.other_id) else None
        return Tie(TieKind(self.kind), self.person_id, self.other_id, self.since, self.until, own)


class FactorDemand(CommunityRow, Base):
    """For which groups of powers this community asks a second factor (`demands.GROUPS`); the latest row holds, all rows
    stay."""

    __tablename__ = "factor_demand"

    groups: Mapped[list[Any]]
    reason: Mapped[str]
    chosen_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime]


class PartyConsent(CommunityRow, Base):
    """A person agreed that their posts in the party's organisation here may be shown to everybody (个保法 25, 29)."""

    __tablename__ = "party_consent"
    __table_args__ = (Index("ix_party_consent_person", "community_id", "person_id"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

"""Seals, their keepers, and each use. A use is written down before the seal is set and never changed afterwards."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


def _of(table: str, column: str, target: str) -> ForeignKeyConstraint:
    columns = [f"{target}.community_id", f"{target}.id"]
    return ForeignKeyConstraint(["community_id", column], columns, name=f"fk_{table}_{column}")


class Seal(CommunityRow, Base):
    """印章: what it is and who keeps it; retired when it was handed over or destroyed."""

    __tablename__ = "seal"
    __table_args__ = (UniqueConstraint("community_id", "name", name="uq_seal"),)

    name: Mapped[str]
    kind: Mapped[str]
    keeper_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    since: Mapped[date]
    entered_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]
    retired_on: Mapped[date | None]
    retired_because: Mapped[str] = mapped_column(default="")


class SealUse(CommunityRow, Base):
    """One use (or the request for it, until `applied_at`). `number` counts within the year without gaps. `urgent` is
    the reason why no decision stood behind it at the time; such a use is red until a `SealDecision` names one.
    """

    __tablename__ = "seal_use"
    __table_args__ = (
        UniqueConstraint("community_id", "year", "number", name="uq_seal_use"),
        _of("seal_use", "seal_id", "seal"),
        _of("seal_use", "resolution_id", "resolution"),
    )

    seal_id: Mapped[str]
    year: Mapped[int]
    number: Mapped[int]
    document: Mapped[str]
    copies: Mapped[int]
    resolution_id: Mapped[str | None]
    urgent: Mapped[str] = mapped_column(default="")
    approved_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    applied_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    applied_at: Mapped[datetime | None]


class SealDecision(CommunityRow, Base):
    """The decision that was named later for an urgent use."""

    __tablename__ = "seal_decision"
    __table_args__ = (
        UniqueConstraint("community_id", "use_id", name="uq_seal_decision"),
        _of("seal_decision", "use_id", "seal_use"),
        _of("seal_decision", "resolution_id", "resolution"),
    )

    use_id: Mapped[str]
    resolution_id: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class SealConsent(CommunityRow, Base):
    """A member's signature for one use, where the place asks for more than half of them (Beijing 43)."""

    __tablename__ = "seal_consent"
    __table_args__ = (
        UniqueConstraint("community_id", "use_id", "person_id", name="uq_seal_consent"),
        _of("seal_consent", "use_id", "seal_use"),
    )

    use_id: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

"""Decisions, with what they rest on."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


class Resolution(CommunityRow, Base):
    """决议: decided by the owners' assembly or by the committee. The row is never changed (guarded by the database).

    `number` counts within source and year without gaps. `matter` is M1–M9 for an assembly. `limit_fen` is the
    highest total it lets finance spend (None: it authorises no sum). `evidence` is the SHA-256 identity of the
    assembly's manifest, or of the signed minutes.
    """

    __tablename__ = "resolution"
    __table_args__ = (UniqueConstraint("community_id", "source", "year", "number"),)

    source: Mapped[str]
    year: Mapped[int]
    number: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    matter: Mapped[str | None]
    decided_on: Mapped[date]
    valid_until: Mapped[date | None]
    limit_fen: Mapped[int | None]
    evidence: Mapped[str | None]
    url: Mapped[str | None]
    entered_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]

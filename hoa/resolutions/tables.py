"""Decisions, with what they rest on."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
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


class RulebookVersion(CommunityRow, Base):
    """One text of 议事规则 (`procedure`) or 管理规约 (`covenant`). Text and hash never change. A row without `number`
    is a draft; taking effect gives it number, day and basis, once (guarded by the database).

    `sha256` is of the text in UTF-8, as it is downloaded and as an assembly's manifest cites it. `resolution_id` is the
    assembly's resolution; only the first version may rest on a `basis` in words (rules.md R1.24).
    """

    __tablename__ = "rulebook_version"
    __table_args__ = (
        UniqueConstraint("community_id", "kind", "number", name="uq_rulebook_version_number"),
        ForeignKeyConstraint(
            ["community_id", "resolution_id"],
            ["resolution.community_id", "resolution.id"],
            name="fk_rulebook_version_resolution",
        ),
    )

    kind: Mapped[str]
    text: Mapped[str]
    sha256: Mapped[str]
    number: Mapped[int | None]
    effective_on: Mapped[date | None]
    basis: Mapped[str] = mapped_column(default="")
    resolution_id: Mapped[str | None]
    made_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    discarded_at: Mapped[datetime | None]


class AuthorityLimit(CommunityRow, Base):
    """限额: what the owners let the committee spend by its own decision, in fen: in one payment, and in a calendar year
    (None: no limit for the year). It rests on a clause of the rules of procedure or on an assembly's resolution;
    `basis` says which in words. From `from_on` until `until_on` (inclusive; None: until it is ended).
    """

    __tablename__ = "authority_limit"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "rulebook_id"],
            ["rulebook_version.community_id", "rulebook_version.id"],
            name="fk_authority_limit_rulebook_id",
        ),
        ForeignKeyConstraint(
            ["community_id", "resolution_id"],
            ["resolution.community_id", "resolution.id"],
            name="fk_authority_limit_resolution_id",
        ),
    )

    single_fen: Mapped[int]
    yearly_fen: Mapped[int | None]
    basis: Mapped[str]
    clause: Mapped[str] = mapped_column(default="")
    rulebook_id: Mapped[str | None]
    resolution_id: Mapped[str | None]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    set_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    ended_because: Mapped[str] = mapped_column(default="")
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))

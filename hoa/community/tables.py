"""Communities, their units and who owns them, since when and how surely.

A certificate's number and a phone number are kept twice: as a keyed digest to find equals and as ciphertext through the
keys port. A dump of these tables alone tells neither (trust.md 20).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hoa.community.rules import AreaBasis, Areas, IdentityLevel, Kind, Status
from hoa.db import Base, CommunityRow, PlatformRow


class Community(PlatformRow, Base):
    """A 小区: one property area, one assembly. `register_version` counts changes: a preview knows it is stale."""

    __tablename__ = "community"
    __table_args__ = (UniqueConstraint("code"),)

    code: Mapped[str]
    name: Mapped[str]
    help_phone: Mapped[str | None]
    # R1.15: only where the assembly's rules of procedure say so.
    parking_counts: Mapped[bool] = mapped_column(default=False)
    register_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]


class Building(CommunityRow, Base):
    """A 幢. `key` is the same however its name is written."""

    __tablename__ = "building"
    __table_args__ = (UniqueConstraint("community_id", "key"),)

    key: Mapped[str]
    name: Mapped[str]


class Unit(CommunityRow, Base):
    """A 专有部分. Areas in 0.01 m²; `area` is the one that counts and `area_basis` what it rests on (R1.12).

    A unit that a later register no longer names is kept with `removed_at`, because rolls and ballots refer to it.
    """

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("community_id", "code"),
        ForeignKeyConstraint(["community_id", "building_id"], ["building.community_id", "building.id"]),
        Index("ix_unit_position", "community_id", "position"),
    )

    building_id: Mapped[str]
    entrance: Mapped[str]
    room: Mapped[str]
    code: Mapped[str]
    label: Mapped[str]
    position: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    area_registered: Mapped[int | None]
    area_surveyed: Mapped[int | None]
    area_contract: Mapped[int | None]
    area: Mapped[int]
    area_basis: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    @property
    def areas(self) -> Areas:
        return Areas(self.area_registered, self.area_surveyed, self.area_contract)

    @property
    def use(self) -> Kind:
        return Kind(self.kind)

    @property
    def delivery(self) -> Status:
        return Status(self.status)

    @property
    def basis(self) -> AreaBasis:
        return AreaBasis(self.area_basis)


class Owner(CommunityRow, Base):
    """A 业主, person or organisation, in one community. `key` digests what makes two entries the same owner.

    `person_id` is the account that acts for the owner, once that has been shown (R7.5); for an organisation its
    authorised person (R1.19).
    """

    __tablename__ = "owner"
    __table_args__ = (
        UniqueConstraint("community_id", "key"),
        Index("ix_owner_person", "community_id", "person_id"),
        Index("ix_owner_phone", "community_id", "phone_key"),
    )

    key: Mapped[str]
    name: Mapped[str]
    organisation: Mapped[bool]
    identifier_sealed: Mapped[bytes | None]
    phone_key: Mapped[str | None]
    phone_sealed: Mapped[bytes | None]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    # As what that account acts (R1.19; `Capacity`), and the SHA-256 of the paper that says so.
    capacity: Mapped[str] = mapped_column(default="")
    capacity_file: Mapped[str] = mapped_column(default="")
    added_at: Mapped[datetime]


class Ownership(CommunityRow, Base):
    """An owner has a unit from `since` until `until` (exclusive).

    `level` says how surely the account is the owner, `checked_by` who checked it (two officers for V2).
    """

    __tablename__ = "ownership"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "unit_id"], ["unit.community_id", "unit.id"]),
        ForeignKeyConstraint(["community_id", "owner_id"], ["owner.community_id", "owner.id"]),
        Index("ix_ownership_unit", "community_id", "unit_id"),
        Index("ix_ownership_owner", "community_id", "owner_id"),
        # One current ownership of a unit per owner; ended ones are history.
        Index(
            "uq_ownership_current",
            "community_id",
            "unit_id",
            "owner_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    unit_id: Mapped[str]
    owner_id: Mapped[str]
    share: Mapped[str | None]
    since: Mapped[date]
    until: Mapped[date | None]
    # When the register learnt of it; None in rows older than this column, which were written on the day of `since`.
    recorded_at: Mapped[datetime | None]
    level: Mapped[str] = mapped_column(default=IdentityLevel.V0.value)
    checked_by: Mapped[list[Any]] = mapped_column(default=list)
    checked_at: Mapped[datetime | None]


class ImportBatch(CommunityRow, Base):
    """A workbook on its way into the register: reading → ready, same or faulty → importing → done; kept as evidence."""

    __tablename__ = "import_batch"

    file_name: Mapped[str]
    # The digest of the file as sent, and of the sealed copy that is kept: it holds certificates and phones.
    file_sha256: Mapped[str]
    file_key: Mapped[str]
    basis: Mapped[str]
    state: Mapped[str]
    # The register's version that the preview was made from.
    register_version: Mapped[int | None]
    preview: Mapped[dict[str, Any] | None]
    asked_by: Mapped[str | None]
    asked_at: Mapped[datetime]
    remove_missing: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]


class RegisterChange(CommunityRow, Base):
    """One line of the register's history, never changed. `field` is a message id; with `words` the values are too."""

    __tablename__ = "register_change"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "unit_id"], ["unit.community_id", "unit.id"]),
        Index("ix_register_change_unit", "community_id", "unit_id"),
    )

    unit_id: Mapped[str]
    batch_id: Mapped[str | None]
    at: Mapped[datetime]
    by: Mapped[str | None]
    field: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    words: Mapped[bool] = mapped_column(default=False)


class ActivationCode(CommunityRow, Base):
    """A code on a letter to one owner of one unit, derived from `nonce` with a key that is not in the database."""

    __tablename__ = "activation_code"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "unit_id"], ["unit.community_id", "unit.id"]),
        ForeignKeyConstraint(["community_id", "owner_id"], ["owner.community_id", "owner.id"]),
        Index("ix_activation_code_unit", "community_id", "unit_id"),
        Index("ix_activation_code_batch", "community_id", "batch_id"),
    )

    unit_id: Mapped[str]
    owner_id: Mapped[str]
    batch_id: Mapped[str]
    nonce: Mapped[bytes]
    issued_by: Mapped[str | None]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]


class IdentityCheck(CommunityRow, Base):
    """A check in person at the desk: one officer writes down what was seen, a second one confirms it (R7.5)."""

    __tablename__ = "identity_check"
    __table_args__ = (
        ForeignKeyConstraint(["community_id", "owner_id"], ["owner.community_id", "owner.id"]),
        Index("ix_identity_check_state", "community_id", "state"),
    )

    owner_id: Mapped[str]
    phone_key: Mapped[str]
    phone_sealed: Mapped[bytes]
    documents: Mapped[str]
    # Somebody who acts for the owner (R1.19): as what, by which name, on which paper (SHA-256, and where its
    # sealed copy is kept); empty in person.
    capacity: Mapped[str] = mapped_column(default="")
    acting_name: Mapped[str] = mapped_column(default="")
    capacity_file: Mapped[str] = mapped_column(default="")
    capacity_key: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    first_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    first_at: Mapped[datetime]
    second_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    second_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class PackChoice(CommunityRow, Base):
    """Which rule pack the community's assemblies are drafted under from now on; the latest row holds, all rows stay."""

    __tablename__ = "pack_choice"

    pack: Mapped[str]
    reason: Mapped[str]
    chosen_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    chosen_at: Mapped[datetime]

"""The tables of assemblies. What the log, a tree head, a ballot or a tally says is never changed: triggers refuse it
(hoa/migrations/versions/0004_voting.py, 0007_record.py), so nothing here is written twice except the assembly's own
state. The ids of such rows are keyed fingerprints of their content (`voting.service.keys.row_id`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.schema import SchemaItem

from hoa.db import Base, CommunityRow
from voting.rules.life import State


def of_assembly(table: str, *more: SchemaItem) -> tuple[SchemaItem, ...]:
    """The key every row of an assembly has: into the same community, never across."""
    return (
        ForeignKeyConstraint(
            ["community_id", "assembly_id"],
            ["assembly.community_id", "assembly.id"],
            name=f"fk_{table}_assembly",
        ),
        *more,
    )


class Assembly(CommunityRow, Base):
    """One owners' assembly. From the notice on, what was noticed is in `manifest`, whose hash is its identity."""

    __tablename__ = "assembly"
    __table_args__ = (
        UniqueConstraint("community_id", "code", name="uq_assembly_code"),
        UniqueConstraint("community_id", "manifest_hash", name="uq_assembly_manifest"),
    )

    code: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    convener: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.DRAFT.value)
    rule_pack: Mapped[str]
    counting: Mapped[str]
    identity_level: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    created_at: Mapped[datetime]
    manifest: Mapped[bytes | None]
    manifest_hash: Mapped[str | None]
    # Public key (hex) that signs receipts: the hot path would otherwise parse the manifest for it.
    receipt_key: Mapped[str | None]
    receipt_minutes: Mapped[int] = mapped_column(default=60)
    roll_heads: Mapped[int] = mapped_column(default=0)
    roll_area: Mapped[int] = mapped_column(default=0)
    # What the public may see while voting is open: refreshed hourly, shown to 0.1 % (voting-record.md 2).
    turnout_heads: Mapped[int] = mapped_column(default=0)
    turnout_area: Mapped[int] = mapped_column(default=0)
    turnout_at: Mapped[datetime | None]
    # How this assembly is held; frozen by the notice like everything above.
    form: Mapped[str] = mapped_column(default="regular")
    channels: Mapped[list[Any]] = mapped_column(default=lambda: ["online"])
    silent_rule: Mapped[str] = mapped_column(default="none")
    proxy_cap: Mapped[int] = mapped_column(default=3)
    extension_clause: Mapped[str | None]
    extension_latest: Mapped[datetime | None]
    # [{"parameter", "clause", "document"}]: the rulebook clause and version each local parameter rests on.
    clauses: Mapped[list[Any]] = mapped_column(default=list)
    # What log entries changed since: a later closing time, channels opened later, a cut-off that waits for two people.
    extended_to: Mapped[datetime | None]
    added_channels: Mapped[list[Any]] = mapped_column(default=list)
    held_since: Mapped[datetime | None]
    # [{"purpose", "from", "public"}]: the platform's keys that `key-change` entries put in force, with the size of the
    # log from which they sign.
    new_keys: Mapped[list[Any]] = mapped_column(default=list)
    # [{"code", "title", "body", "seats", "minimum", "alternates", "approve_at_most", "rank", "motions"}]: what this
    # assembly elects, a motion on M3 (supervisors: M9) for each candidate (docs/audit-package.md 3).
    elections: Mapped[list[Any]] = mapped_column(default=list)
    # Whether the public sees each building's turnout; never of buildings with fewer than five electors.
    building_turnout: Mapped[bool] = mapped_column(default=False)

    @property
    def ends_at(self) -> datetime:
        """When acceptance ends, as extended."""
        return self.extended_to or self.closes_at

    @property
    def open_channels(self) -> frozenset[str]:
        return frozenset(self.channels) | frozenset(self.added_channels)

    @property
    def step(self) -> State:
        return State(self.state)


class InAssembly(CommunityRow):
    """A row that belongs to one assembly."""

    assembly_id: Mapped[str]


class Motion(InAssembly, Base):
    """A 表决事项: one question with its matter and the majority it needs. `frozen` by the notice, and then for good."""

    __tablename__ = "motion"
    __table_args__ = of_assembly(
        "motion", UniqueConstraint("community_id", "assembly_id", "code", name="uq_motion_code")
    )

    code: Mapped[str]
    position: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    matter: Mapped[str]
    majority: Mapped[str]
    frozen: Mapped[bool] = mapped_column(default=False)
    # [{"title", "sha256"}]: attachments, part of what is noticed.
    documents: Mapped[list[Any]] = mapped_column(default=list)


class RollEntry(InAssembly, Base):
    """One elector of the roll. `salt` is sealed: with it anyone who knows a flat could find its leaf.

    `entry` is the leaf of the roll change that brought it (None: the opening roll), `inherited` the ballots of its
    predecessors in chain order. Rows stay when a later change takes the elector off the roll (`RollRemoval`).
    """

    __tablename__ = "roll_entry"
    __table_args__ = of_assembly(
        "roll_entry", UniqueConstraint("community_id", "assembly_id", "elector", name="uq_roll_entry_elector")
    )

    elector: Mapped[str]
    heads: Mapped[int]
    area: Mapped[int]
    units: Mapped[list[Any]]
    salt: Mapped[bytes]
    leaf: Mapped[str]
    entry: Mapped[str | None]
    inherited: Mapped[list[Any]] = mapped_column(default=list)


class RollUnit(InAssembly, Base):
    """Which elector a unit belongs to on the roll: whoever owns the unit today acts for that elector (R1.20). After a
    roll change a unit has a row per elector; the one that is still on the roll holds."""

    __tablename__ = "roll_unit"
    __table_args__ = of_assembly(
        "roll_unit",
        ForeignKeyConstraint(
            ["community_id", "assembly_id", "elector"],
            ["roll_entry.community_id", "roll_entry.assembly_id", "roll_entry.elector"],
            name="fk_roll_unit_roll_entry",
        ),
        UniqueConstraint("community_id", "assembly_id", "unit_id", "elector", name="uq_roll_unit_unit"),
    )

    unit_id: Mapped[str]
    elector: Mapped[str]


class Ballot(InAssembly, Base):
    """An accepted ballot, committed before its owner is told. The entry is sealed with a key outside the database."""

    __tablename__ = "ballot"
    __table_args__ = of_assembly(
        "ballot",
        ForeignKeyConstraint(
            ["community_id", "assembly_id", "elector"],
            ["roll_entry.community_id", "roll_entry.assembly_id", "roll_entry.elector"],
            name="fk_ballot_roll_entry",
        ),
        UniqueConstraint("community_id", "assembly_id", "elector", "previous", name="uq_ballot_chain"),
        UniqueConstraint("community_id", "assembly_id", "elector", "client_nonce", name="uq_ballot_retry"),
        UniqueConstraint("community_id", "assembly_id", "leaf", name="uq_ballot_leaf"),
    )

    elector: Mapped[str]
    previous: Mapped[str]
    channel: Mapped[str]
    client_nonce: Mapped[str]
    leaf: Mapped[str]
    entry: Mapped[bytes]
    receipt: Mapped[bytes]
    cast_at: Mapped[datetime]


class LogEntry(InAssembly, Base):
    """One leaf of the assembly's log. A ballot's bytes stay sealed in its own row; `body` holds everything else: open
    for the types that anyone may read, sealed for those that name an elector (`voting.service.log.entry`)."""

    __tablename__ = "log_entry"
    __table_args__ = of_assembly(
        "log_entry",
        UniqueConstraint("community_id", "assembly_id", "seq", name="uq_log_entry_seq"),
        UniqueConstraint("community_id", "assembly_id", "leaf", name="uq_log_entry_leaf"),
    )

    seq: Mapped[int]
    type: Mapped[str]
    leaf: Mapped[str]
    body: Mapped[bytes | None]


class TreeHead(InAssembly, Base):
    """A signed note over the log's first `size` leaves (tlog-checkpoint)."""

    __tablename__ = "tree_head"
    __table_args__ = of_assembly("tree_head", Index("ix_tree_head_size", "community_id", "assembly_id", "size"))

    size: Mapped[int]
    reason: Mapped[str]
    note: Mapped[bytes]
    signed_at: Mapped[datetime]


class AssemblyEvent(InAssembly, Base):
    """A step of the assembly's life: who, when, why. Each state is reached once; nobody means the schedule."""

    __tablename__ = "assembly_event"
    __table_args__ = of_assembly(
        "assembly_event", UniqueConstraint("community_id", "assembly_id", "state", name="uq_assembly_event_state")
    )

    state: Mapped[str]
    person_id: Mapped[str | None]
    at: Mapped[datetime]
    reason: Mapped[str]


class CountedRow(InAssembly, Base):
    """Which ballot counted for an elector, voter or not: every owner can look (voting-record.md 7)."""

    __tablename__ = "counted_row"
    __table_args__ = of_assembly(
        "counted_row", UniqueConstraint("community_id", "assembly_id", "elector", name="uq_counted_row_elector")
    )

    elector: Mapped[str]
    counted: Mapped[str | None]
    salt: Mapped[bytes]
    leaf: Mapped[str]


class Tally(InAssembly, Base):
    """The signed tally, byte for byte as published: result page, PDF and packages are made from it."""

    __tablename__ = "assembly_tally"
    __table_args__ = of_assembly(
        "assembly_tally", UniqueConstraint("community_id", "assembly_id", name="uq_assembly_tally_assembly")
    )

    public: Mapped[bytes]
    full: Mapped[bytes]
    digest: Mapped[str]
    public_signatures: Mapped[bytes]
    full_signatures: Mapped[bytes]
    made_at: Mapped[datetime]


class AssemblyFile(InAssembly, Base):
    """A file made from the record by a job: packages and PDFs, found again by kind and by the hash of what they
    show."""

    __tablename__ = "assembly_file"
    __table_args__ = of_assembly(
        "assembly_file",
        UniqueConstraint("community_id", "assembly_id", "kind", "source", name="uq_assembly_file_source"),
    )

    kind: Mapped[str]
    source: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    made_at: Mapped[datetime]

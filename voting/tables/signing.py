"""Who signs an assembly's record, what waits for signatures, and what the signed entries did to ballots and roll.

`Official`, `Witness` and `Proposal` are work in progress; everything else here is final, and follows from the log:
it is kept beside it so that casting needs to read no log (`voting.service.entries` writes both in one transaction).
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base
from voting.tables.core import InAssembly, of_assembly


class Official(InAssembly, Base):
    """A counter, scrutineer or clerk of an assembly. The notice freezes name and key; a `key-change` entry ends one row
    (`ended_at`) and begins another.
    """

    __tablename__ = "official"
    __table_args__ = of_assembly(
        "official", UniqueConstraint("community_id", "assembly_id", "key_id", name="uq_official_key")
    )

    person_id: Mapped[str]
    role: Mapped[str]
    name: Mapped[str]
    key_id: Mapped[str | None]
    public: Mapped[str | None]
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Witness(InAssembly, Base):
    """Somebody who cosigns tree heads (voting-record.md 6). `vkey` is what the manifest lists."""

    __tablename__ = "witness"
    __table_args__ = of_assembly(
        "witness", UniqueConstraint("community_id", "assembly_id", "name", name="uq_witness_name")
    )

    name: Mapped[str]
    vkey: Mapped[str]
    title: Mapped[str]
    outside: Mapped[bool]
    added_at: Mapped[datetime]


class Cosignature(InAssembly, Base):
    """A witness's signature line under a tree head, as it came."""

    __tablename__ = "cosignature"
    __table_args__ = of_assembly(
        "cosignature", UniqueConstraint("community_id", "assembly_id", "head_id", "name", name="uq_cosignature_head")
    )

    head_id: Mapped[str]
    name: Mapped[str]
    line: Mapped[str]
    made_at: Mapped[datetime]


class Proposal(InAssembly, Base):
    """An entry that waits for the signatures it needs. `entry` (canonical, without `by`) is sealed: it may hold a
    choice. `state`: waiting → appended (with its leaf) or dropped (with the reason).

    `subject` is the id of the row that this entry is about (a sheet, a delivery, a keyed ballot), so that its page can
    show where it stands.
    """

    __tablename__ = "proposal"
    __table_args__ = of_assembly(
        "proposal",
        Index("ix_proposal_state", "community_id", "assembly_id", "state"),
        Index("ix_proposal_subject", "community_id", "assembly_id", "subject"),
    )

    kind: Mapped[str]
    subject: Mapped[str]
    entry: Mapped[bytes]
    needed: Mapped[int]
    state: Mapped[str]
    made_by: Mapped[str | None]
    made_at: Mapped[datetime]
    leaf: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]


class EntrySignature(InAssembly, Base):
    """One personal signature over a proposal's entry."""

    __tablename__ = "entry_signature"
    __table_args__ = of_assembly(
        "entry_signature",
        UniqueConstraint("community_id", "assembly_id", "proposal_id", "key_id", name="uq_entry_signature_key"),
    )

    proposal_id: Mapped[str]
    person_id: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    signed_at: Mapped[datetime]


class BallotMark(InAssembly, Base):
    """What a `void` or `ruling` entry said about a ballot. `kind`: void, invalid, proxy-accepted, proxy-refused."""

    __tablename__ = "ballot_mark"
    __table_args__ = of_assembly("ballot_mark", Index("ix_ballot_mark_ballot", "community_id", "assembly_id", "ballot"))

    ballot: Mapped[str]
    kind: Mapped[str]
    motion: Mapped[str]
    reason: Mapped[str]
    entry: Mapped[str]


class RollRemoval(InAssembly, Base):
    """An elector that a `roll-change` took off the roll; `entry` is that entry's leaf."""

    __tablename__ = "roll_removal"
    __table_args__ = of_assembly(
        "roll_removal", UniqueConstraint("community_id", "assembly_id", "elector", name="uq_roll_removal_elector")
    )

    elector: Mapped[str]
    entry: Mapped[str]


class TallySignature(InAssembly, Base):
    """A counter's or scrutineer's signatures over both forms of the tally (voting-record.md 7)."""

    __tablename__ = "tally_signature"
    __table_args__ = of_assembly(
        "tally_signature", UniqueConstraint("community_id", "assembly_id", "key_id", name="uq_tally_signature_key")
    )

    role: Mapped[str]
    name: Mapped[str]
    key_id: Mapped[str]
    public_signature: Mapped[str]
    full_signature: Mapped[str]
    signed_at: Mapped[datetime]

"""After the close: the sample of recorded voters, the minutes, and how long the evidence stays locked.

Nothing here is part of the log; what the sample came to is in the tally, and the minutes quote the record by hash.
"""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from hoa.db import Base
from voting.tables.core import InAssembly, of_assembly


class SampleDraw(InAssembly, Base):
    """The draw of an assembly: once, from the close head (docs/audit-package.md 8.1), `size` of `voters` whose ballot
    counts. `drawn_by` None: by the count."""

    __tablename__ = "sample_draw"
    __table_args__ = of_assembly(
        "sample_draw", UniqueConstraint("community_id", "assembly_id", name="uq_sample_draw_assembly")
    )

    seed: Mapped[str]
    size: Mapped[int]
    voters: Mapped[int]
    drawn_by: Mapped[str | None]
    drawn_at: Mapped[datetime]


class SampleRow(InAssembly, Base):
    """One recorded voter that was drawn: the elector whose ballot is said to have counted, in the order of the draw."""

    __tablename__ = "sample_row"
    __table_args__ = of_assembly(
        "sample_row", UniqueConstraint("community_id", "assembly_id", "elector", name="uq_sample_row_elector")
    )

    elector: Mapped[str]
    position: Mapped[int]


class SampleAnswer(InAssembly, Base):
    """What came of asking one drawn elector: confirmed, denied or unreachable. The latest one holds; all stay."""

    __tablename__ = "sample_answer"
    __table_args__ = of_assembly(
        "sample_answer", Index("ix_sample_answer_elector", "community_id", "assembly_id", "elector")
    )

    elector: Mapped[str]
    result: Mapped[str]
    note: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class SampleLook(InAssembly, Base):
    """Somebody opened the list of drawn electors with their phones."""

    __tablename__ = "sample_look"
    __table_args__ = of_assembly("sample_look", Index("ix_sample_look_at", "community_id", "assembly_id", "at"))

    person_id: Mapped[str]
    at: Mapped[datetime]


class MinutesNote(InAssembly, Base):
    """What the secretary adds to what the record says (R1.40). Notes are added, never rewritten."""

    __tablename__ = "minutes_note"
    __table_args__ = of_assembly("minutes_note", Index("ix_minutes_note_at", "community_id", "assembly_id", "at"))

    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Minutes(InAssembly, Base):
    """The finished minutes: canonical JSON with its SHA-256; from then on only signatures are added."""

    __tablename__ = "assembly_minutes"
    __table_args__ = of_assembly(
        "assembly_minutes", UniqueConstraint("community_id", "assembly_id", name="uq_assembly_minutes_assembly")
    )

    content: Mapped[bytes]
    digest: Mapped[str]
    finished_by: Mapped[str]
    finished_at: Mapped[datetime]


class MinutesSignature(InAssembly, Base):
    """A personal signature over the finished minutes (kind `minutes`)."""

    __tablename__ = "minutes_signature"
    __table_args__ = of_assembly(
        "minutes_signature",
        UniqueConstraint("community_id", "assembly_id", "person_id", name="uq_minutes_signature_person"),
    )

    person_id: Mapped[str]
    name: Mapped[str]
    key_id: Mapped[str]
    public: Mapped[str]
    signature: Mapped[str]
    signed_at: Mapped[datetime]


class EvidenceHold(InAssembly, Base):
    """The evidence stays locked longer than the year of R1.11, for example because a suit was filed."""

    __tablename__ = "evidence_hold"
    __table_args__ = of_assembly("evidence_hold", Index("ix_evidence_hold_until", "community_id", "assembly_id"))

    until: Mapped[date]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

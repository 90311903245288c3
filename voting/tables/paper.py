"""Paper ballots: sheets with their serials, scans, what clerks keyed; and the ledger of deliveries (R1.28–R1.29)."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base
from voting.tables.core import InAssembly, of_assembly


class PaperSheet(InAssembly, Base):
    """A ballot paper of one elector. It lives from its `issue` or `reissue` entry (`entry`) until another replaces it.

    `building_id` and `position` say where it is carried to; `round` counts how often it was keyed: after a void the
    same sheet may be keyed again.
    """

    __tablename__ = "paper_sheet"
    __table_args__ = of_assembly(
        "paper_sheet",
        UniqueConstraint("community_id", "assembly_id", "serial", name="uq_paper_sheet_serial"),
        Index("ix_paper_sheet_elector", "community_id", "assembly_id", "elector"),
    )

    serial: Mapped[str]
    elector: Mapped[str]
    building_id: Mapped[str]
    position: Mapped[int]
    replaces: Mapped[str | None]
    made_by: Mapped[str | None]
    made_at: Mapped[datetime]
    entry: Mapped[str | None]
    replaced_by: Mapped[str | None]
    round: Mapped[int] = mapped_column(default=1)
    # Counted among the sheets in hand at the cut-off, and the leaf of the `paper-received` entry that lists it.
    in_hand_at: Mapped[datetime | None]
    in_hand_by: Mapped[str | None]
    received: Mapped[str | None]

    @property
    def live(self) -> bool:
        return self.entry is not None and self.replaced_by is None


class PaperScan(InAssembly, Base):
    """A scanned sheet. `sha256` is the hash of the file, which the ballot's evidence names; `stored` that of its sealed
    form in the file store, because a scan shows a choice. Without `serial` it still waits to be told whose it is.
    """

    __tablename__ = "paper_scan"
    __table_args__ = of_assembly("paper_scan", Index("ix_paper_scan_serial", "community_id", "assembly_id", "serial"))

    serial: Mapped[str | None]
    name: Mapped[str]
    place: Mapped[int]
    media_type: Mapped[str]
    pages: Mapped[int]
    sha256: Mapped[str]
    stored: Mapped[str]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    put_by: Mapped[str | None]
    put_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]


class PaperKeying(InAssembly, Base):
    """What one person read on a sheet, sealed like a ballot. `place` 1 and 2 are the clerks apart, 3 settles what they
    disagree on."""

    __tablename__ = "paper_keying"
    __table_args__ = of_assembly(
        "paper_keying",
        UniqueConstraint("community_id", "assembly_id", "serial", "round", "place", name="uq_paper_keying_place"),
        UniqueConstraint("community_id", "assembly_id", "serial", "round", "person_id", name="uq_paper_keying_person"),
    )

    serial: Mapped[str]
    round: Mapped[int]
    place: Mapped[int]
    person_id: Mapped[str]
    name: Mapped[str]
    scan: Mapped[str]
    marks: Mapped[bytes]
    keyed_at: Mapped[datetime]


class Delivery(InAssembly, Base):
    """The ballot reached an elector (R1.29). Work until its signed entry is in the log (`entry`), and then for good.
    `note` names the witness or the number of the registered letter; it stays out of the log, which names no bystander.
    """

    __tablename__ = "delivery"
    __table_args__ = of_assembly("delivery", Index("ix_delivery_elector", "community_id", "assembly_id", "elector"))

    elector: Mapped[str]
    serial: Mapped[str | None]
    method: Mapped[str]
    delivered_at: Mapped[datetime]
    note: Mapped[str]
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[datetime]
    entry: Mapped[str | None]

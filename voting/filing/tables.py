"""Who took office from a result, and the filing packs that were made. None of it changes afterwards (0018_after)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow
from voting.tables.core import InAssembly, of_assembly


class TakenSeat(InAssembly, Base):
    """One candidate's way into office: from the motion of an announced election to the row in `office`.

    `rank` is the place in the tally's list of the elected or of the alternates, from 1. `office_id` is None where the
    body has no post for alternates: the list is then what keeps their order.
    """

    __tablename__ = "taken_seat"
    __table_args__ = of_assembly(
        "taken_seat",
        ForeignKeyConstraint(
            ["community_id", "office_id"], ["office.community_id", "office.id"], name="fk_taken_seat_office"
        ),
        UniqueConstraint("community_id", "assembly_id", "motion", name="uq_taken_seat_motion"),
    )

    election: Mapped[str]
    motion: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str]
    rank: Mapped[int]
    office_id: Mapped[str | None]
    by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class FilingPack(CommunityRow, Base):
    """备案材料 of a round: what it is made from (`source`, a list of documents in the files port), then the sealed PDF
    and the zip. `state` is making or ready; a draft says so on each page."""

    __tablename__ = "filing_pack"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "round_id"], ["filing_round.community_id", "filing_round.id"], name="fk_filing_pack_round"
        ),
        UniqueConstraint("community_id", "round_id", "number", name="uq_filing_pack_number"),
    )

    round_id: Mapped[str]
    number: Mapped[int]
    draft: Mapped[bool]
    source: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    contents: Mapped[list[Any] | None]
    pdf_digest: Mapped[str | None]
    zip_digest: Mapped[str | None]

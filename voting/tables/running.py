"""What goes on around the votes: objections to the roll, reminders, visits at the door, and who looked at the turnout.

None of it is part of the record, and none of it can know a choice.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.accounts import delivering
from hoa.db import Base
from voting.tables.core import InAssembly, of_assembly


class RollObjection(InAssembly, Base):
    """An owner says before the opening that the roll is wrong (R1.20); answered once, question and answer stay.

    Corrections that it leads to are proposals with this row's id as their subject.
    """

    __tablename__ = "roll_objection"
    __table_args__ = of_assembly(
        "roll_objection", Index("ix_roll_objection_answered", "community_id", "assembly_id", "answered_at")
    )

    person_id: Mapped[str]
    unit: Mapped[str]
    text: Mapped[str]
    made_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class Reminder(delivering.Delivery, InAssembly, Base):
    """One message to one recipient in one slot: written before it is sent, so that a crash never sends it twice.

    `recipient` is the keyed digest of a phone, or an owner's id where there is none.
    """

    UNREACHABLE: ClassVar[str] = "no-address"
    __tablename__ = "reminder"
    __table_args__ = of_assembly(
        "reminder",
        UniqueConstraint("community_id", "assembly_id", "slot", "recipient", name="uq_reminder_recipient"),
    )

    slot: Mapped[str]
    recipient: Mapped[str]
    shown: Mapped[str]
    made_at: Mapped[datetime]


class DoorVisit(InAssembly, Base):
    """Somebody rang at an elector's door: whether they were in and whether they will vote, never how."""

    __tablename__ = "door_visit"
    __table_args__ = of_assembly("door_visit", Index("ix_door_visit_elector", "community_id", "assembly_id", "elector"))

    elector: Mapped[str]
    by: Mapped[str]
    result: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class TurnoutLook(InAssembly, Base):
    """Somebody looked at who has voted. `page`: map, doors, paper or ledger."""

    __tablename__ = "turnout_look"
    __table_args__ = of_assembly("turnout_look", Index("ix_turnout_look_at", "community_id", "assembly_id", "at"))

    person_id: Mapped[str]
    page: Mapped[str]
    at: Mapped[datetime]

"""What happened to a contract after it was signed, which offers were compared before, and the letters about overdue
rent. Every row says what was agreed or sent at one moment; none is changed or deleted (0025_disclosure).
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


def _to_contract(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["community_id", "contract_id"], ["finance_contract.community_id", "finance_contract.id"], name=f"fk_{name}"
    )


class ContractChange(CommunityRow, Base):
    """An amendment, a renewal or the end of a contract, counted from 1: from `effective_on` on the contract says this.

    `ends_on`, `frequency` and `amount_fen` (of one instalment) are what holds then; its instalments are rows of
    ContractDue with the same number in `change_no`.
    """

    __tablename__ = "finance_contract_change"
    __table_args__ = (
        UniqueConstraint("community_id", "contract_id", "no", name="uq_finance_contract_change_no"),
        _to_contract("contract_change_contract"),
        ForeignKeyConstraint(
            ["community_id", "resolution_id"],
            ["resolution.community_id", "resolution.id"],
            name="fk_contract_change_resolution",
        ),
    )

    contract_id: Mapped[str]
    no: Mapped[int]
    kind: Mapped[str]
    effective_on: Mapped[date]
    ends_on: Mapped[date]
    frequency: Mapped[str]
    amount_fen: Mapped[int]
    reason: Mapped[str]
    resolution_id: Mapped[str | None]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]


class ContractQuote(CommunityRow, Base):
    """An offer that was compared before the contract was signed (R4.3): who, and how much in fen for all of it."""

    __tablename__ = "finance_contract_quote"
    __table_args__ = (
        UniqueConstraint("community_id", "contract_id", "no", name="uq_finance_contract_quote_no"),
        _to_contract("contract_quote_contract"),
    )

    contract_id: Mapped[str]
    no: Mapped[int]
    party: Mapped[str]
    amount_fen: Mapped[int]


class RentLetter(CommunityRow, Base):
    """A letter to the other side about what is overdue: its words as they were printed, and the fen it asked for."""

    __tablename__ = "finance_rent_letter"
    __table_args__ = (_to_contract("rent_letter_contract"),)

    contract_id: Mapped[str]
    text: Mapped[str]
    amount_fen: Mapped[int]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

"""Contracts over common parts and with suppliers, their instalments, and who declared a payee related."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules import contracts as rules
from finance.rules.charts import purpose_role
from finance.rules.contracts import Direction, DueState, DueStatus, Frequency
from finance.rules.ledger import VoucherKind
from finance.rules.life import SummaryNeeded, VoucherState
from finance.service.books import trust_book
from finance.service.vouchers import PurposeDoesNotFit
from finance.tables import BankImport, Contract, ContractDue, RelatedParty, Voucher
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import service as resolutions


class AlreadyDeclared(Refusal):
    message = N_("“%(party)s”的关联关系已经申报过了")
    status = 409


@dataclass(frozen=True, kw_only=True)
class ContractFields:
    """What a contract says (R4.3). `amount_fen` is the price of one instalment, zero when it goes by what happens."""

    direction: Direction
    title: str
    common_part: str
    party: str
    purpose: str
    frequency: Frequency
    starts_on: date
    ends_on: date
    first_due_on: date
    amount_fen: int
    resolution_id: str | None = None
    procurement: str = ""
    related_party: str = ""


@dataclass(frozen=True, kw_only=True)
class ContractView:
    """A contract with what is due and what came of it."""

    contract: Contract
    dues: tuple[DueStatus, ...]
    today: date

    @property
    def expired(self) -> bool:
        return self.contract.ends_on < self.today

    @property
    def late(self) -> tuple[DueStatus, ...]:
        return tuple(due for due in self.dues if due.state in (DueState.OVERDUE, DueState.SHORT))

    @property
    def due_fen(self) -> int:
        """What should have arrived (or been paid) by today."""
        return sum(due.due.amount_fen for due in self.dues if due.due.day <= self.today)

    @property
    def settled_fen(self) -> int:
        return sum(due.settled_fen for due in self.dues)


def make(session: Session, community_id: str, *, fields: ContractFields, by: str, now: datetime) -> Contract:
    """Write a contract down with all its instalments. Income from a common part rests on the assembly's M8 decision (
    民法典 278).
    """
    book = trust_book(session, community_id, lock=True)
    _check(session, community_id, fields)
    dues = rules.schedule(
        starts_on=fields.starts_on,
        ends_on=fields.ends_on,
        frequency=fields.frequency,
        first_due_on=fields.first_due_on,
        amount_fen=fields.amount_fen,
    )
    last = session.scalar(select(func.max(Contract.number)).where(Contract.community_id == community_id)) or 0
    contract = Contract(
        community_id=community_id,
        book_id=book.id,
        number=last + 1,
        direction=fields.direction,
        title=fields.title,
        common_part=fields.common_part,
        party=fields.party,
        purpose=fields.purpose,
        frequency=fields.frequency,
        starts_on=fields.starts_on,
        ends_on=fields.ends_on,
        amount_fen=fields.amount_fen,
        resolution_id=fields.resolution_id,
        procurement=fields.procurement,
        related_party=fields.related_party,
        made_by_id=by,
        made_at=now,
    )
    session.add(contract)
    session.flush()
    for due in dues:
        session.add(
            ContractDue(
                community_id=community_id,
                contract_id=contract.id,
                no=due.no,
                due_on=due.day,
                amount_fen=due.amount_fen,
            )
        )
    session.flush()
    return contract


def _check(session: Session, community_id: str, fields: ContractFields) -> None:
    if not fields.title.strip() or not fields.party.strip():
        raise SummaryNeeded
    wanted = {Direction.INCOME: "income", Direction.SPENDING: "use"}[fields.direction]
    if purpose_role(fields.purpose).partition(".")[0] != wanted:
        raise PurposeDoesNotFit
    if fields.resolution_id is not None:
        resolutions.get(session, community_id, fields.resolution_id)
    if fields.direction is Direction.INCOME and fields.common_part and fields.resolution_id is None:
        raise rules.DecisionNeeded


def contracts(session: Session, community_id: str) -> Sequence[Contract]:
    """All contracts by number."""
    query = select(Contract).where(Contract.community_id == community_id)
    return session.scalars(query.order_by(Contract.number)).all()


def find(session: Session, community_id: str, number: int) -> Contract:
    """The contract with this number, or NotFound."""
    query = select(Contract.id).where(Contract.community_id == community_id, Contract.number == number)
    return get(session, Contract, community_id, session.scalar(query) or "")


def views(
    session: Session, community_id: str, *, today: date, posted_only: bool = True, until: date | None = None
) -> list[ContractView]:
    """Every contract with its instalments as of `today`; only vouchers dated until then count.

    `posted_only=False` also counts vouchers on their way, so that a proposal is not made twice.
    """
    dues: dict[str, list[rules.Due]] = {}
    for row in session.scalars(
        select(ContractDue).where(ContractDue.community_id == community_id).order_by(ContractDue.no)
    ):
        dues.setdefault(row.contract_id, []).append(rules.Due(no=row.no, day=row.due_on, amount_fen=row.amount_fen))
    settled = _settled(session, community_id, until or today, posted_only)
    known_until = _known_until(session, community_id)
    return [
        ContractView(
            contract=contract,
            dues=tuple(
                rules.statuses(
                    dues.get(contract.id, []),
                    settled_fen=settled.get(contract.id, {}),
                    today=today,
                    known_until=known_until,
                )
            ),
            today=today,
        )
        for contract in contracts(session, community_id)
    ]


def view(session: Session, contract: Contract, *, today: date) -> ContractView:
    """One contract with its instalments."""
    return next(
        found for found in views(session, contract.community_id, today=today) if found.contract.id == contract.id
    )


def _known_until(session: Session, community_id: str) -> date | None:
    """The last day that the imported bank statements cover; None when nothing was ever imported."""
    return session.scalar(select(func.max(BankImport.ends_on)).where(BankImport.community_id == community_id))


def _settled(session: Session, community_id: str, until: date, posted_only: bool) -> dict[str, dict[int, int]]:
    """Booked amounts by contract and instalment; a red voucher takes its share back."""
    query = select(Voucher.contract_id, Voucher.due_no, Voucher.kind, Voucher.amount_fen).where(
        Voucher.community_id == community_id,
        Voucher.contract_id.is_not(None),
        Voucher.due_no.is_not(None),
        Voucher.day <= until,
    )
    if posted_only:
        query = query.where(Voucher.state == VoucherState.POSTED)
    settled: dict[str, dict[int, int]] = {}
    for contract_id, no, kind, amount in session.execute(query):
        of_contract = settled.setdefault(contract_id or "", {})
        sign = -1 if kind == VoucherKind.REVERSAL else 1
        of_contract[no or 0] = of_contract.get(no or 0, 0) + sign * amount
    return settled


def declare_related(
    session: Session, community_id: str, *, party: str, relation: str, by: str, now: datetime
) -> RelatedParty:
    """An office holder declares that a payee belongs to them or to somebody close (F07)."""
    if not party.strip() or not relation.strip():
        raise SummaryNeeded
    if party.strip() in related_parties(session, community_id):
        raise AlreadyDeclared(party=party.strip())
    row = RelatedParty(
        community_id=community_id, party=party.strip(), relation=relation.strip(), declared_by_id=by, declared_at=now
    )
    session.add(row)
    session.flush()
    return row


def related_parties(session: Session, community_id: str) -> dict[str, str]:
    """Declared payees and how they are related."""
    query = select(RelatedParty).where(RelatedParty.community_id == community_id).order_by(RelatedParty.party)
    return {row.party: row.relation for row in session.scalars(query)}

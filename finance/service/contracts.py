"""Contracts over common parts and with suppliers, and their instalments as they hold on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from finance.contract_tables import ContractChange, ContractQuote
from finance.rules import contracts as rules
from finance.rules.charts import purpose_role
from finance.rules.contracts import (
    Change,
    ChangeKind,
    Direction,
    DueState,
    DueStatus,
    Frequency,
    Invoicing,
    Quote,
    Step,
)
from finance.rules.ledger import VoucherKind
from finance.rules.life import SummaryNeeded, VoucherState
from finance.service.books import trust_book
from finance.service.vouchers import PurposeDoesNotFit
from finance.tables import BankImport, Contract, ContractDue, Voucher
from hoa.db import get
from hoa.resolutions import service as resolutions


@dataclass(frozen=True, kw_only=True)
class ContractFields:
    """What a contract says (R4.3). `amount_fen` is the price of one instalment, zero when it goes by what happens;
    `steps` change it from a day on, `listed` are the instalments where no rhythm fits.
    """

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
    method: str = ""
    quotes: tuple[Quote, ...] = ()
    invoicing: str = ""
    invoice_note: str = ""
    deposit_fen: int = 0
    steps: tuple[Step, ...] = ()
    listed: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContractView:
    """A contract as it holds today: with what changes made of it, what is due and what came of it."""

    contract: Contract
    dues: tuple[DueStatus, ...]
    today: date
    changes: tuple[Change, ...] = ()

    @property
    def ends_on(self) -> date:
        """The last day as it was agreed last."""
        return self.changes[-1].ends_on if self.changes else self.contract.ends_on

    @property
    def amount_fen(self) -> int:
        """The price of one instalment as it holds today."""
        return self._now.amount_fen if self._now else self.contract.amount_fen

    @property
    def frequency(self) -> Frequency:
        return self._now.frequency if self._now else Frequency(self.contract.frequency)

    @property
    def ended_early(self) -> bool:
        return bool(self.changes) and self.changes[-1].kind is ChangeKind.END

    @property
    def _now(self) -> Change | None:
        reached = [change for change in self.changes if change.effective_on <= self.today]
        return reached[-1] if reached else None

    @property
    def expired(self) -> bool:
        return self.ends_on < self.today

    @property
    def without_decision(self) -> bool:
        """Income from a common part without the assembly's decision (民法典 278): F09 says so, and so does its page."""
        return self.contract.direction == Direction.INCOME and self.contract.resolution_id is None

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
        steps=fields.steps,
        listed=fields.listed,
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
        method=fields.method,
        invoicing=fields.invoicing,
        invoice_note=fields.invoice_note,
        deposit_fen=fields.deposit_fen,
        made_by_id=by,
        made_at=now,
    )
    session.add(contract)
    session.flush()
    for no, quote in enumerate(fields.quotes, start=1):
        session.add(
            ContractQuote(
                community_id=community_id,
                contract_id=contract.id,
                no=no,
                party=quote.party,
                amount_fen=quote.amount_fen,
            )
        )
    add_dues(session, contract, dues)
    return contract


def add_dues(session: Session, contract: Contract, dues: Sequence[rules.Due]) -> None:
    """Keep instalments of a contract."""
    for due in dues:
        session.add(
            ContractDue(
                community_id=contract.community_id,
                contract_id=contract.id,
                no=due.no,
                due_on=due.day,
                amount_fen=due.amount_fen,
                change_no=due.change_no,
            )
        )
    session.flush()


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
    if fields.deposit_fen < 0:
        raise rules.DepositNegative
    if fields.invoicing == Invoicing.EXEMPT and not fields.invoice_note.strip():
        raise rules.InvoiceNoteNeeded
    rules.check_choice(method=fields.method, procurement=fields.procurement, quotes=fields.quotes)


def contracts(session: Session, community_id: str) -> Sequence[Contract]:
    """All contracts by number."""
    query = select(Contract).where(Contract.community_id == community_id)
    return session.scalars(query.order_by(Contract.number)).all()


def find(session: Session, community_id: str, number: int) -> Contract:
    """The contract with this number, or NotFound."""
    query = select(Contract.id).where(Contract.community_id == community_id, Contract.number == number)
    return get(session, Contract, community_id, session.scalar(query) or "")


def views(
    session: Session,
    community_id: str,
    *,
    today: date,
    posted_only: bool = True,
    until: date | None = None,
    effective_by: date | None = None,
) -> list[ContractView]:
    """Every contract with its instalments as of `today`; only vouchers dated until then count.

    `posted_only=False` also counts vouchers on their way, so that a proposal is not made twice. With `effective_by`
    changes that begin later do not count: what was published of a quarter stays so when a contract is renewed after it.
    """
    changes = _changes(session, community_id, effective_by)
    dues = _dues(session, community_id, changes)
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
            changes=tuple(changes.get(contract.id, ())),
        )
        for contract in contracts(session, community_id)
    ]


def _dues(session: Session, community_id: str, changes: dict[str, list[Change]]) -> dict[str, list[rules.Due]]:
    """The instalments in force, by contract."""
    found: dict[str, list[rules.Due]] = {}
    known = {(contract_id, change.no) for contract_id, rows in changes.items() for change in rows}
    query = select(ContractDue).where(ContractDue.community_id == community_id)
    for row in session.scalars(query.order_by(ContractDue.no)):
        if not row.change_no or (row.contract_id, row.change_no) in known:
            due = rules.Due(no=row.no, day=row.due_on, amount_fen=row.amount_fen, change_no=row.change_no)
            found.setdefault(row.contract_id, []).append(due)
    return {contract_id: rules.in_force(dues, changes.get(contract_id, ())) for contract_id, dues in found.items()}


def _changes(session: Session, community_id: str, effective_by: date | None) -> dict[str, list[Change]]:
    """What changed each contract, in the order it was agreed."""
    query = select(ContractChange).where(ContractChange.community_id == community_id)
    if effective_by is not None:
        query = query.where(ContractChange.effective_on <= effective_by)
    found: dict[str, list[Change]] = {}
    for row in session.scalars(query.order_by(ContractChange.contract_id, ContractChange.no)):
        found.setdefault(row.contract_id, []).append(
            Change(
                no=row.no,
                kind=ChangeKind(row.kind),
                effective_on=row.effective_on,
                ends_on=row.ends_on,
                frequency=Frequency(row.frequency),
                amount_fen=row.amount_fen,
            )
        )
    return found


def quotes_of(session: Session, contract: Contract) -> Sequence[ContractQuote]:
    """The offers that were compared, as they were written down."""
    query = select(ContractQuote).where(
        ContractQuote.community_id == contract.community_id, ContractQuote.contract_id == contract.id
    )
    return session.scalars(query.order_by(ContractQuote.no)).all()


def numbers_of_quotes(session: Session, community_id: str) -> dict[str, int]:
    """How many offers were compared, by contract."""
    query = select(ContractQuote.contract_id, func.count()).where(ContractQuote.community_id == community_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(ContractQuote.contract_id))}


def view(session: Session, contract: Contract, *, today: date) -> ContractView:
    """One contract with its instalments."""
    return next(
        found for found in views(session, contract.community_id, today=today) if found.contract.id == contract.id
    )


def _known_until(session: Session, community_id: str) -> date | None:
    """The last day that the imported bank statements cover; None when nothing was ever imported."""
    return session.scalar(select(func.max(BankImport.ends_on)).where(BankImport.community_id == community_id))


def _settled(session: Session, community_id: str, until: date, posted_only: bool) -> dict[str, dict[int, int]]:
    """Booked amounts by contract and instalment, by the money that moved: a red voucher takes its share back, also the
    red difference that puts an amount right. Vouchers of the first form say by their kind what moved.
    """
    first_form = case((Voucher.kind == VoucherKind.REVERSAL, -Voucher.amount_fen), else_=Voucher.amount_fen)
    sign = case((Contract.direction == Direction.INCOME, 1), else_=-1)
    moved = func.coalesce(sign * (Voucher.bank_fen + Voucher.cash_fen), first_form)
    query = (
        select(Voucher.contract_id, Voucher.due_no, func.sum(moved))
        .join(Contract, (Contract.community_id == Voucher.community_id) & (Contract.id == Voucher.contract_id))
        .where(Voucher.community_id == community_id, Voucher.due_no.is_not(None), Voucher.day <= until)
        .group_by(Voucher.contract_id, Voucher.due_no)
    )
    if posted_only:
        query = query.where(Voucher.state == VoucherState.POSTED)
    settled: dict[str, dict[int, int]] = {}
    for contract_id, no, fen in session.execute(query):
        settled.setdefault(contract_id or "", {})[no or 0] = int(fen)
    return settled

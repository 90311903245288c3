"""What happens to a contract after it was signed: amended, renewed, ended early. Each is a row of its own with its day
and its reason; the contract as signed stays as it is (R4.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.contract_tables import ContractChange
from finance.rules import contracts as rules
from finance.rules.contracts import Change, ChangeKind, Frequency, Step
from finance.service import contracts
from finance.service.books import trust_book
from finance.tables import Contract, ContractDue
from hoa.kernel.clock import today
from hoa.resolutions import service as resolutions


@dataclass(frozen=True, kw_only=True)
class ChangeFields:
    """What was agreed: from when on, until when, how often and how much (fen an instalment), and why."""

    kind: ChangeKind
    effective_on: date
    ends_on: date
    frequency: Frequency
    first_due_on: date | None
    amount_fen: int
    reason: str
    resolution_id: str | None = None
    steps: tuple[Step, ...] = ()
    listed: tuple[Step, ...] = ()


def change(
    session: Session, community_id: str, *, number: int, fields: ChangeFields, by: str, now: datetime
) -> ContractChange:
    """Write down an amendment, a renewal or the end of the contract with this number."""
    trust_book(session, community_id, lock=True)
    contract = contracts.find(session, community_id, number)
    view = contracts.view(session, contract, today=today(now))
    if fields.resolution_id is not None:
        resolutions.get(session, community_id, fields.resolution_id)
    agreed = Change(
        no=len(view.changes) + 1,
        kind=fields.kind,
        effective_on=fields.effective_on,
        ends_on=fields.ends_on,
        frequency=fields.frequency,
        amount_fen=fields.amount_fen,
    )
    if fields.kind is ChangeKind.END:
        # What is said of an end is its last day; nothing is due any more from the day after.
        agreed = replace(
            agreed,
            effective_on=fields.ends_on + timedelta(days=1),
            frequency=view.frequency,
            amount_fen=view.amount_fen,
        )
    rules.check_change(
        agreed,
        starts_on=contract.starts_on,
        ends_on=view.ends_on,
        earlier=view.changes,
        dues=view.dues,
        reason=fields.reason,
    )
    dues = _dues(session, contract, agreed, fields)
    row = ContractChange(
        community_id=community_id,
        contract_id=contract.id,
        no=agreed.no,
        kind=agreed.kind,
        effective_on=agreed.effective_on,
        ends_on=agreed.ends_on,
        frequency=agreed.frequency,
        amount_fen=agreed.amount_fen,
        reason=fields.reason.strip(),
        resolution_id=fields.resolution_id,
        made_by_id=by,
        made_at=now,
    )
    session.add(row)
    contracts.add_dues(session, contract, dues)
    return row


def _dues(session: Session, contract: Contract, agreed: Change, fields: ChangeFields) -> list[rules.Due]:
    """The instalments this change brings, numbered on from those the contract ever had."""
    if agreed.kind is ChangeKind.END:
        return []
    last = session.scalar(
        select(func.max(ContractDue.no)).where(
            ContractDue.community_id == contract.community_id, ContractDue.contract_id == contract.id
        )
    )
    found = rules.schedule(
        starts_on=agreed.effective_on,
        ends_on=agreed.ends_on,
        frequency=agreed.frequency,
        first_due_on=fields.first_due_on or agreed.effective_on,
        amount_fen=agreed.amount_fen,
        steps=fields.steps,
        listed=fields.listed,
    )
    return [replace(due, no=(last or 0) + due.no, change_no=agreed.no) for due in found]


def history(session: Session, contract: Contract) -> Sequence[ContractChange]:
    """What happened to a contract, first agreed first."""
    query = select(ContractChange).where(
        ContractChange.community_id == contract.community_id, ContractChange.contract_id == contract.id
    )
    return session.scalars(query.order_by(ContractChange.no)).all()

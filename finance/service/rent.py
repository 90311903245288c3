"""The rent roll of a year, what to remind of today, and letters about overdue rent (R4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.contract_tables import RentLetter
from finance.rules import rent as rules
from finance.rules.contracts import Direction, DueStatus
from finance.rules.rent import Cell, Reminder
from finance.service import contracts as contract_service
from finance.service.contracts import ContractView
from finance.tables import Contract
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.kernel import money
from hoa.kernel.clock import today as day_of
from hoa.kernel.errors import N_, Refusal

HEADINGS = ("合同", "名称", "对方", "月份", "应收", "实收", "未收")


class NothingOverdue(Refusal):
    message = N_("这份合同没有逾期的款项，不用催")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A contract's year: twelve months and their sum."""

    view: ContractView
    months: tuple[Cell, ...]
    year: Cell


@dataclass(frozen=True, kw_only=True)
class Roll:
    """Every income contract's year, the sums of each month, and what is overdue by age (in the order of AGES)."""

    year: int
    rows: tuple[Row, ...]
    months: tuple[Cell, ...]
    total: Cell
    ages: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Reminded:
    """A contract with one thing to remind of."""

    contract: Contract
    reminder: Reminder


def roll(session: Session, community_id: str, *, year: int, today: date) -> Roll:
    """What contracts say should come in, month by month, and what did."""
    views = [view for view in contract_service.views(session, community_id, today=today) if _income(view)]
    rows = []
    for view in views:
        months = rules.year_of(view.dues, year)
        if any(cell.expected_fen for cell in months):
            rows.append(Row(view=view, months=months, year=rules.sum_of(months)))
    return Roll(
        year=year,
        rows=tuple(rows),
        months=tuple(rules.sum_of(row.months[at] for row in rows) for at in range(12)),
        total=rules.sum_of(row.year for row in rows),
        ages=rules.ageing(status for view in views for status in view.dues),
    )


def _income(view: ContractView) -> bool:
    return view.contract.direction == Direction.INCOME


def years(session: Session, community_id: str, *, today: date) -> list[int]:
    """The years in which anything falls due, and this one."""
    views = contract_service.views(session, community_id, today=today)
    return sorted({status.due.day.year for view in views if _income(view) for status in view.dues} | {today.year})


def reminders(session: Session, community_id: str, *, today: date) -> list[Reminded]:
    """What the treasurer should do something about: overdue first, then ends of contracts, then what is due soon."""
    pack = pack_choice.current(session, community_id, day=today)
    views = contract_service.views(session, community_id, today=today)
    terms = (pack.number("contract_expiry_days"), pack.number("contract_expiry_again_days"))
    found = [
        Reminded(contract=view.contract, reminder=reminder)
        for view in views
        for reminder in rules.reminders(
            view.dues,
            ends_on=view.ends_on,
            today=today,
            due_within=pack.number("rent_reminder_days"),
            expiry_within=terms,
            followed=view.ended_early or followed(view, views) or (not _income(view) and view.expired),
        )
        if _income(view) or reminder.kind is not rules.ReminderKind.OVERDUE
    ]
    order = list(rules.ReminderKind)
    first = [order.index(kind) for kind in (rules.ReminderKind.OVERDUE, rules.ReminderKind.EXPIRED)]
    return sorted(
        found,
        key=lambda row: (order.index(row.reminder.kind) not in first, row.reminder.day, row.contract.number),
    )


def followed(view: ContractView, views: Sequence[ContractView]) -> bool:
    """Whether another contract with the same party over the same part goes on after this one."""
    return any(
        other.contract.party == view.contract.party
        and other.contract.common_part == view.contract.common_part
        and other.ends_on > view.ends_on
        for other in views
    )


def letter_text(
    session: Session, community_id: str, *, contract: Contract, today: date
) -> tuple[str, int, list[DueStatus]]:
    """A letter to the other side, the sum it asks for in fen, and the instalments it is about."""
    view = contract_service.view(session, contract, today=today)
    late = list(view.late)
    if not late:
        raise NothingOverdue
    total = sum(status.missing_fen for status in late)
    here = get_community(session, community_id)
    lines = [
        f"第 {status.due.no} 期，{status.due.day:%Y-%m-%d} 到期，应付 {money.show(status.due.amount_fen)}，"
        f"已付 {money.show(status.settled_fen)}，尚欠 {money.show(status.missing_fen)}，逾期 {status.days_late} 天。"
        for status in late
    ]
    where = f"（{contract.common_part}）" if contract.common_part else ""
    words = [
        f"{contract.party}：",
        f"贵方与本小区签订的“{contract.title}”合同{where}，下列款项至今没有到账：",
        *lines,
        f"合计 {money.show(total)}（大写：{money.capital(total)}）。",
        f"请在 {rules.week_after(today):%Y-%m-%d} 前付到本小区公共收益专户，并注明合同名称。",
        "已经付款的，请提供付款凭证。",
        "逾期不付的，本小区将按合同约定主张违约责任。",
        f"{here.name}业主委员会",
        f"{today:%Y-%m-%d}",
    ]
    return "\n".join(words), total, late


def write_letter(session: Session, community_id: str, *, contract: Contract, by: str, now: datetime) -> RentLetter:
    """Keep the letter as it is printed."""
    text, total, _ = letter_text(session, community_id, contract=contract, today=day_of(now))
    row = RentLetter(
        community_id=community_id, contract_id=contract.id, text=text, amount_fen=total, made_by_id=by, made_at=now
    )
    session.add(row)
    session.flush()
    return row


def letters(session: Session, contract: Contract) -> Sequence[RentLetter]:
    """The letters written about a contract, the latest first."""
    query = select(RentLetter).where(
        RentLetter.community_id == contract.community_id, RentLetter.contract_id == contract.id
    )
    return session.scalars(query.order_by(RentLetter.made_at.desc(), RentLetter.id)).all()


def table(found: Roll) -> list[list[str]]:
    """The rent roll as rows of a file: one contract and month a line, amounts in yuan."""
    rows = []
    for row in found.rows:
        contract = row.view.contract
        for month, cell in enumerate(row.months, start=1):
            if cell.expected_fen:
                rows.append(
                    [
                        str(contract.number),
                        contract.title,
                        contract.party,
                        f"{found.year}-{month:02d}",
                        money.plain(cell.expected_fen),
                        money.plain(cell.received_fen),
                        money.plain(cell.open_fen),
                    ]
                )
    return rows

"""Contracts on common parts: what is due when, what arrived, what is late, what ran out (R4.3, F08); and how a signed
contract goes on by changes (amended, renewed, ended), each from a day on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hoa.kernel.clock import months_on
from hoa.kernel.errors import N_, Refusal


class Direction(StrEnum):
    INCOME = "income"
    SPENDING = "spending"


class Frequency(StrEnum):
    """How often a contract falls due. VARIABLE: by what happened (temporary parking), so nothing can be overdue by
    amount. LISTED: on the days and with the amounts that the contract lists.
    """

    ONCE = "once"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    VARIABLE = "variable"
    LISTED = "listed"


FREQUENCY_NAMES = {
    Frequency.ONCE: N_("一次"),
    Frequency.MONTHLY: N_("每月"),
    Frequency.QUARTERLY: N_("每季度"),
    Frequency.HALF_YEARLY: N_("每半年"),
    Frequency.YEARLY: N_("每年"),
    Frequency.VARIABLE: N_("按实际发生"),
    Frequency.LISTED: N_("按列出的日子"),
}
MONTHS = {
    Frequency.MONTHLY: 1,
    Frequency.QUARTERLY: 3,
    Frequency.HALF_YEARLY: 6,
    Frequency.YEARLY: 12,
}


class Method(StrEnum):
    """How the other side was chosen (R4.3)."""

    TENDER = "tender"
    QUOTES = "quotes"
    SINGLE = "single"
    RENEWAL = "renewal"


METHOD_NAMES = {
    Method.TENDER: N_("公开招标或比选"),
    Method.QUOTES: N_("比价"),
    Method.SINGLE: N_("只找了一家（单一来源）"),
    Method.RENEWAL: N_("原合同续签"),
}


class Invoicing(StrEnum):
    """How tax on a contract's money is dealt with (F10)."""

    ISSUED = "issued"
    EXEMPT = "exempt"


INVOICING_NAMES = {
    Invoicing.ISSUED: N_("每笔开具发票"),
    Invoicing.EXEMPT: N_("免税或不征税，已写明依据"),
}


class ChangeKind(StrEnum):
    AMEND = "amend"
    RENEW = "renew"
    END = "end"


CHANGE_NAMES = {
    ChangeKind.AMEND: N_("变更"),
    ChangeKind.RENEW: N_("续签"),
    ChangeKind.END: N_("提前终止"),
}


class DueState(StrEnum):
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    SHORT = "short"
    SETTLED = "settled"


@dataclass(frozen=True, kw_only=True)
class Due:
    """One instalment: `no` counts from 1 within its contract, `change_no` is the change that brought it (0: none)."""

    no: int
    day: date
    amount_fen: int
    change_no: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """From this day on an instalment is this many fen (a rent that rises), or: on this day this much is due."""

    day: date
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What somebody offered to do it for, in fen for the whole of it."""

    party: str
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """From `effective_on` on the contract runs until `ends_on` in this rhythm at this price (fen an instalment)."""

    no: int
    kind: ChangeKind
    effective_on: date
    ends_on: date
    frequency: Frequency
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class DueStatus:
    """An instalment and what came of it. `days_late` counts from the day after it was due."""

    due: Due
    settled_fen: int
    state: DueState
    days_late: int

    @property
    def missing_fen(self) -> int:
        return max(self.due.amount_fen - self.settled_fen, 0)


class EndsBeforeStart(Refusal):
    message = N_("合同到期日 %(end)s 早于开始日 %(start)s，请改正")


class DueOutsideTerm(Refusal):
    message = N_("首次应付日 %(day)s 不在合同期 %(start)s 至 %(end)s 之内，请改正")


class PriceNeeded(Refusal):
    message = N_("定期收付的合同要写明每期金额，且大于零；按实际发生的合同不写金额")


class DecisionNeeded(Refusal):
    message = N_("利用共有部分经营须有业主大会（M8）决议，请选择一项（民法典第二百七十八条）")


class StepOutsideTerm(Refusal):
    message = N_("%(day)s 不在合同期 %(start)s 至 %(end)s 之内，请改正")


class DayTwice(Refusal):
    message = N_("%(day)s 写了两次，请合成一行")


class ListNeeded(Refusal):
    message = N_("按列出的日子收付的，请一行写一期：日期和金额")


class ListNotNeeded(Refusal):
    message = N_("列出的日子只在选“按列出的日子”时才写；请清空，或者改选")


class SingleReasonNeeded(Refusal):
    message = N_("只找了一家的，请在“怎样选定对方”里写明为什么不比价")


class QuotesNeeded(Refusal):
    message = N_("比价的，请把每家的报价写出来，至少两家，一行一家")


class InvoiceNoteNeeded(Refusal):
    message = N_("免税或不征税的，请写明依据，例如哪个文件、谁说的")


class DepositNegative(Refusal):
    message = N_("押金不能小于零")


class ReasonNeeded(Refusal):
    message = N_("请写明原因，业主会看到")


class ChangeOutsideTerm(Refusal):
    message = N_("生效日 %(day)s 应在合同期内（%(start)s 至 %(end)s），请改正")


class RenewalNotLonger(Refusal):
    message = N_("续签后的到期日要晚于原来的 %(end)s，请改正")


class RenewalNotNext(Refusal):
    message = N_("续签从原合同到期的第二天（%(day)s）开始；中间断开的，请登记一份新合同")


class AlreadyEnded(Refusal):
    message = N_("这份合同已于 %(day)s 提前终止，不能再改；继续合作的请登记一份新合同")
    status = 409


class EarlierThanLast(Refusal):
    message = N_("生效日 %(day)s 早于上一次变更的 %(last)s，请改正")


class InstalmentSettled(Refusal):
    message = N_("第 %(no)s 期（%(day)s）已经收付过，变更要从它之后的日子开始")


def schedule(
    *,
    starts_on: date,
    ends_on: date,
    frequency: Frequency,
    first_due_on: date,
    amount_fen: int,
    steps: Sequence[Step] = (),
    listed: Sequence[Step] = (),
) -> tuple[Due, ...]:
    """Every instalment of a contract, from its term, its rhythm and its price per instalment in fen.

    `steps` change the price from a day on (rent that rises every year); `listed` are the instalments themselves where
    no rhythm fits.
    """
    if ends_on < starts_on:
        raise EndsBeforeStart(end=ends_on.isoformat(), start=starts_on.isoformat())
    _check_days((*steps, *listed), starts_on, ends_on)
    if frequency is Frequency.LISTED:
        if not listed:
            raise ListNeeded
        in_order = sorted(listed, key=lambda step: step.day)
        return tuple(Due(no=no, day=step.day, amount_fen=step.amount_fen) for no, step in enumerate(in_order, start=1))
    if listed:
        raise ListNotNeeded
    if (amount_fen <= 0) != (frequency is Frequency.VARIABLE) or (steps and frequency is Frequency.VARIABLE):
        raise PriceNeeded
    if frequency is Frequency.VARIABLE:
        return ()
    if not starts_on <= first_due_on <= ends_on:
        raise DueOutsideTerm(day=first_due_on.isoformat(), start=starts_on.isoformat(), end=ends_on.isoformat())
    step = MONTHS.get(frequency)
    days = [first_due_on]
    while step and (following := months_on(first_due_on, step * len(days))) <= ends_on:
        days.append(following)
    return tuple(Due(no=no, day=day, amount_fen=price_on(day, amount_fen, steps)) for no, day in enumerate(days, 1))


def price_on(day: date, amount_fen: int, steps: Sequence[Step]) -> int:
    """What an instalment of that day costs: the last step on or before it, or the price at the beginning."""
    reached = [step for step in steps if step.day <= day]
    return max(reached, key=lambda step: step.day).amount_fen if reached else amount_fen


def _check_days(steps: Sequence[Step], starts_on: date, ends_on: date) -> None:
    seen: set[date] = set()
    for step in steps:
        if not starts_on <= step.day <= ends_on:
            raise StepOutsideTerm(day=step.day.isoformat(), start=starts_on.isoformat(), end=ends_on.isoformat())
        if step.amount_fen <= 0:
            raise PriceNeeded
        if step.day in seen:
            raise DayTwice(day=step.day.isoformat())
        seen.add(step.day)


def check_choice(*, method: str, procurement: str, quotes: Sequence[Quote]) -> None:
    """How the other side was chosen is told with what belongs to it: reasons, or the offers compared (R4.3)."""
    if method == Method.SINGLE and not procurement.strip():
        raise SingleReasonNeeded
    if method == Method.QUOTES and len(quotes) < 2:
        raise QuotesNeeded


def in_force(dues: Iterable[Due], changes: Sequence[Change]) -> list[Due]:
    """The instalments that hold: a change takes the place of whatever earlier ones had from its day on."""
    starts = {change.no: change.effective_on for change in changes}
    return [
        due
        for due in sorted(dues, key=lambda due: (due.day, due.no))
        if all(due.day < begins for no, begins in starts.items() if no > due.change_no)
    ]


def check_change(
    change: Change, *, starts_on: date, ends_on: date, earlier: Sequence[Change], dues: Iterable[DueStatus], reason: str
) -> None:
    """Refuse a change that has no reason, begins outside the term, goes behind an earlier one, or would take away an
    instalment that was paid already. `ends_on` is the last day as it holds now; `dues` are those in force.
    """
    if not reason.strip():
        raise ReasonNeeded
    ended = next((row for row in earlier if row.kind is ChangeKind.END), None)
    if ended is not None:
        raise AlreadyEnded(day=ended.ends_on.isoformat())
    latest = ends_on + timedelta(days=1)
    if change.kind is ChangeKind.RENEW:
        if change.ends_on <= ends_on:
            raise RenewalNotLonger(end=ends_on.isoformat())
        if change.effective_on != latest:
            raise RenewalNotNext(day=latest.isoformat())
    elif not starts_on <= change.effective_on <= (latest if change.kind is ChangeKind.END else ends_on):
        raise ChangeOutsideTerm(
            day=change.effective_on.isoformat(), start=starts_on.isoformat(), end=ends_on.isoformat()
        )
    if change.ends_on < starts_on:
        raise EndsBeforeStart(end=change.ends_on.isoformat(), start=starts_on.isoformat())
    if change.kind is ChangeKind.AMEND and earlier and change.effective_on < earlier[-1].effective_on:
        raise EarlierThanLast(day=change.effective_on.isoformat(), last=earlier[-1].effective_on.isoformat())
    for status in dues:
        if status.settled_fen and status.due.day >= change.effective_on:
            raise InstalmentSettled(no=status.due.no, day=status.due.day.isoformat())


def due_status(due: Due, *, settled_fen: int, today: date, known_until: date | None = None) -> DueStatus:
    """Settled, short by some fen, due, overdue or still to come.

    `known_until` is the last day whose bank lines are there: what fell due later may have arrived, so it is not late.
    """
    late = max((today - due.day).days, 0)
    if known_until is not None and due.day > known_until:
        late = 0
    if settled_fen >= due.amount_fen:
        return DueStatus(due=due, settled_fen=settled_fen, state=DueState.SETTLED, days_late=0)
    if settled_fen > 0 and late:
        state = DueState.SHORT
    elif late:
        state = DueState.OVERDUE
    else:
        state = DueState.DUE if due.day - today <= timedelta(days=7) else DueState.UPCOMING
    return DueStatus(due=due, settled_fen=settled_fen, state=state, days_late=late)


def statuses(
    dues: Sequence[Due], *, settled_fen: Mapping[int, int], today: date, known_until: date | None = None
) -> list[DueStatus]:
    """The status of every instalment; `settled_fen` by instalment number."""
    return [
        due_status(due, settled_fen=settled_fen.get(due.no, 0), today=today, known_until=known_until) for due in dues
    ]

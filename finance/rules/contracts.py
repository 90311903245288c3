"""Contracts on common parts: what is due when, what arrived, what is late, what ran out (R4.3, F08)."""

from collections.abc import Mapping, Sequence
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
    amount.
    """

    ONCE = "once"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    VARIABLE = "variable"


FREQUENCY_NAMES = {
    Frequency.ONCE: N_("一次"),
    Frequency.MONTHLY: N_("每月"),
    Frequency.QUARTERLY: N_("每季度"),
    Frequency.HALF_YEARLY: N_("每半年"),
    Frequency.YEARLY: N_("每年"),
    Frequency.VARIABLE: N_("按实际发生"),
}
MONTHS = {
    Frequency.MONTHLY: 1,
    Frequency.QUARTERLY: 3,
    Frequency.HALF_YEARLY: 6,
    Frequency.YEARLY: 12,
}


class DueState(StrEnum):
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    SHORT = "short"
    SETTLED = "settled"


@dataclass(frozen=True, kw_only=True)
class Due:
    """One instalment: `no` counts from 1 within its contract."""

    no: int
    day: date
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


def schedule(
    *, starts_on: date, ends_on: date, frequency: Frequency, first_due_on: date, amount_fen: int
) -> tuple[Due, ...]:
    """Every instalment of a contract, from its term, its rhythm and its price per instalment in fen."""
    if ends_on < starts_on:
        raise EndsBeforeStart(end=ends_on.isoformat(), start=starts_on.isoformat())
    if (amount_fen <= 0) != (frequency is Frequency.VARIABLE):
        raise PriceNeeded
    if frequency is Frequency.VARIABLE:
        return ()
    if not starts_on <= first_due_on <= ends_on:
        raise DueOutsideTerm(day=first_due_on.isoformat(), start=starts_on.isoformat(), end=ends_on.isoformat())
    step = MONTHS.get(frequency)
    days = [first_due_on]
    while step and (following := months_on(first_due_on, step * len(days))) <= ends_on:
        days.append(following)
    return tuple(Due(no=no, day=day, amount_fen=amount_fen) for no, day in enumerate(days, start=1))


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

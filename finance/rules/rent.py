"""The rent roll: what contracts say month by month and what came of it; how old is what is owed; whom to remind of
what (R4.3, R4.7).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from finance.rules.contracts import DueState, DueStatus
from hoa.kernel.errors import N_


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One month of one contract, in fen: what was due in it, what of that arrived, and what of that is overdue."""

    expected_fen: int = 0
    received_fen: int = 0
    overdue_fen: int = 0

    @property
    def open_fen(self) -> int:
        return max(self.expected_fen - self.received_fen, 0)


def year_of(dues: Iterable[DueStatus], year: int) -> tuple[Cell, ...]:
    """Twelve months of one contract, each by the day its instalments fall due."""
    months: list[list[DueStatus]] = [[] for _ in range(12)]
    for status in dues:
        if status.due.day.year == year:
            months[status.due.day.month - 1].append(status)
    return tuple(total(month) for month in months)


def total(dues: Iterable[DueStatus]) -> Cell:
    """Sums over some instalments. More than was due counts as what was due: it settles nothing else."""
    expected = received = overdue = 0
    for status in dues:
        expected += status.due.amount_fen
        received += min(status.settled_fen, status.due.amount_fen)
        overdue += status.missing_fen if status.state in (DueState.OVERDUE, DueState.SHORT) else 0
    return Cell(expected_fen=expected, received_fen=received, overdue_fen=overdue)


def sum_of(cells: Iterable[Cell]) -> Cell:
    found = list(cells)
    return Cell(
        expected_fen=sum(cell.expected_fen for cell in found),
        received_fen=sum(cell.received_fen for cell in found),
        overdue_fen=sum(cell.overdue_fen for cell in found),
    )


# Days overdue, up to and including; the last one has no end.
AGES: tuple[tuple[int | None, str], ...] = (
    (30, N_("30 天以内")),
    (90, N_("31 至 90 天")),
    (180, N_("91 至 180 天")),
    (None, N_("180 天以上")),
)


def ageing(dues: Iterable[DueStatus]) -> tuple[int, ...]:
    """What is overdue in fen, by how long, in the order of AGES."""
    sums = [0] * len(AGES)
    for status in dues:
        if status.state in (DueState.OVERDUE, DueState.SHORT):
            at = next(at for at, (most, _) in enumerate(AGES) if most is None or status.days_late <= most)
            sums[at] += status.missing_fen
    return tuple(sums)


class ReminderKind(StrEnum):
    DUE = "due"
    OVERDUE = "overdue"
    EXPIRES = "expires"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """Something about a contract that somebody should do something about; `days` until it, or since."""

    kind: ReminderKind
    day: date
    days: int
    due_no: int | None = None
    amount_fen: int = 0


def reminders(
    dues: Sequence[DueStatus],
    *,
    ends_on: date,
    today: date,
    due_within: int,
    expiry_within: Sequence[int] = (60, 30),
    followed: bool = False,
) -> list[Reminder]:
    """What to remind of today: instalments due within `due_within` days, overdue ones, and the end of the contract from
    the largest of `expiry_within` days before it. `followed`: another contract takes its place, so its end is no news.
    """
    found = []
    for status in dues:
        left = (status.due.day - today).days
        if status.state in (DueState.OVERDUE, DueState.SHORT):
            found.append(_of(status, ReminderKind.OVERDUE, status.days_late))
        elif status.state is not DueState.SETTLED and 0 <= left <= due_within:
            found.append(_of(status, ReminderKind.DUE, left))
    left = (ends_on - today).days
    if not followed and left < 0:
        found.append(Reminder(kind=ReminderKind.EXPIRED, day=ends_on, days=-left))
    elif not followed and left <= max(expiry_within):
        found.append(Reminder(kind=ReminderKind.EXPIRES, day=ends_on, days=left))
    return found


def _of(status: DueStatus, kind: ReminderKind, days: int) -> Reminder:
    return Reminder(kind=kind, day=status.due.day, days=days, due_no=status.due.no, amount_fen=status.missing_fen)


def week_after(day: date) -> date:
    """Until when a letter asks to pay: seven days."""
    return day + timedelta(days=7)

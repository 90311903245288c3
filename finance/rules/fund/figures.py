"""What statements are made of: sums by account, by when and by what kind of voucher they were booked.

Lines of a statement are tied to the roles of accounts, never to codes, because codes change their meaning between the
regimes. An account that no line names counts where its parent counts: 管理费用—办公 with 管理费用.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from finance.rules.charts import Chart
from finance.rules.ledger import VoucherKind


class Phase(IntEnum):
    """When something was booked, seen from a period: before last year, last year, this year before the period, in it.

    A period that ends a year looks at the year before; other periods have no use for the difference.
    """

    BEFORE = 0
    LAST_YEAR = 1
    EARLIER = 2
    WITHIN = 3


class Nature(StrEnum):
    """What a voucher means to a statement of movements: balances brought in and the close of a year are none."""

    ORDINARY = "ordinary"
    OPENING = "opening"
    CLOSING = "closing"


THIS_YEAR = (Phase.EARLIER, Phase.WITHIN)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Debits and credits of one account, in fen. `roles`: its own first, then those of the accounts it is a part of.
    `with_money`: of vouchers that moved money.
    """

    roles: tuple[str, ...]
    phase: Phase
    nature: Nature
    with_money: bool
    debit_fen: int
    credit_fen: int

    @property
    def fen(self) -> int:
        """Debits less credits."""
        return self.debit_fen - self.credit_fen


def roles_of(chart: Chart, code: str) -> tuple[str, ...]:
    """The roles of an account and of the accounts it is a part of, its own first."""
    steps = code.split(".")
    return tuple(chart.by_code(".".join(steps[:depth])).role for depth in range(len(steps), 0, -1))


def nature_of(kind: VoucherKind, reversed_kind: VoucherKind | None) -> Nature:
    """The nature of a voucher; one that takes back the close of a year is part of that close."""
    if kind is VoucherKind.OPENING:
        return Nature.OPENING
    return Nature.CLOSING if VoucherKind.CLOSING in (kind, reversed_kind) else Nature.ORDINARY


def brought_forward(moved: Moved) -> bool:
    """Whether it belongs to what the year began with: everything earlier, and balances brought in when a book opened,
    also when that happened within the year.
    """
    return moved.phase not in THIS_YEAR or moved.nature is Nature.OPENING


def brought_in(moved: Moved) -> bool:
    """Whether it belongs to what the period began with."""
    return moved.phase is not Phase.WITHIN or moved.nature is Nature.OPENING


def place(roles: tuple[str, ...], places: Mapping[str, str]) -> str:
    """The line that an account counts in: the one that names its role, or else its nearest parent's."""
    for role in roles:
        if role in places:
            return places[role]
    raise LookupError(f"no line of the statement names the role {roles[0]}")


def totals(moved: Iterable[Moved], places: Mapping[str, str]) -> dict[str, int]:
    """Debits less credits by line."""
    found: dict[str, int] = {}
    for one in moved:
        key = place(one.roles, places)
        found[key] = found.get(key, 0) + one.fen
    return found

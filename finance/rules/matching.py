"""Which voucher, contract instalment or earlier booking a bank line belongs to: proposals with their reasons; a person
decides (books.md 2).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hoa.kernel import money
from hoa.kernel.errors import N_

NEAR_DAYS = 15
SHOWN = 3


class Target(StrEnum):
    """What a proposal points to: a voucher that exists, an instalment to book, an earlier booking to repeat."""

    VOUCHER = "voucher"
    DUE = "due"
    HABIT = "habit"


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A bank line without a voucher; positive fen came in."""

    day: date
    amount_fen: int
    party: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class LooseVoucher:
    """A voucher that no bank line stands against yet; positive fen came in."""

    id: str
    label: str
    day: date
    amount_fen: int
    party: str


@dataclass(frozen=True, kw_only=True)
class OpenDue:
    """A contract instalment not settled; positive fen are to come in."""

    contract_id: str
    label: str
    due_no: int
    day: date
    amount_fen: int
    party: str


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How a bank line was booked earlier, the newest first of its kind."""

    voucher_id: str
    label: str
    day: date
    amount_fen: int
    party: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A message id and its parameters."""

    message: str
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Proposal:
    target: Target
    id: str
    due_no: int | None
    label: str
    score: int
    reasons: tuple[Reason, ...]


SAME_AMOUNT = Reason(message=N_("金额相同"))
SAME_PARTY = Reason(message=N_("对方相同"))
SAME_SUMMARY = Reason(message=N_("摘要相同"))


def pattern(summary: str) -> str:
    """A summary without its figures: 临停收入 3月第2周 and 临停收入 4月第1周 are the same thing."""
    bare = re.sub(r"\s+", "", summary)
    return re.sub(r"[0-9]+|[一二三四五六七八九十]+(?=[月周季)）期])", "#", bare)


def same_party(one: str, other: str) -> bool:
    """Whether two names mean the same party: equal, or one holds the other (banks cut long names)."""
    return bool(one) and bool(other) and (one in other or other in one)


def proposals(
    movement: Movement,
    *,
    vouchers: Iterable[LooseVoucher] = (),
    dues: Iterable[OpenDue] = (),
    habits: Iterable[Habit] = (),
) -> list[Proposal]:
    """The best few proposals for one bank line, best first."""
    found = [
        *(proposal for voucher in vouchers if (proposal := _by_voucher(movement, voucher))),
        *(proposal for due in dues if (proposal := _by_due(movement, due))),
        *(proposal for habit in habits if (proposal := _by_habit(movement, habit))),
    ]
    ordered = sorted(found, key=lambda proposal: (-proposal.score, proposal.id, proposal.due_no or 0))
    # Of a contract only the instalment that fits best.
    best = {(proposal.target, proposal.id): proposal for proposal in reversed(ordered)}
    return [proposal for proposal in ordered if best[proposal.target, proposal.id] is proposal][:SHOWN]


def _days_apart(days: int) -> Reason:
    return Reason(message=N_("日期相差 %(days)s 天"), params=(("days", str(days)),))


def _by_voucher(movement: Movement, voucher: LooseVoucher) -> Proposal | None:
    days = abs((movement.day - voucher.day).days)
    if movement.amount_fen != voucher.amount_fen or days > NEAR_DAYS:
        return None
    known = same_party(movement.party, voucher.party)
    reasons = (SAME_AMOUNT, *((SAME_PARTY,) if known else ()), _days_apart(days))
    score = 75 + (20 if known else 0) - days
    return Proposal(
        target=Target.VOUCHER, id=voucher.id, due_no=None, label=voucher.label, score=score, reasons=reasons
    )


def _by_due(movement: Movement, due: OpenDue) -> Proposal | None:
    known, exact = same_party(movement.party, due.party), movement.amount_fen == due.amount_fen
    days = abs((movement.day - due.day).days)
    if (movement.amount_fen > 0) != (due.amount_fen > 0) or not (known or exact) or days > 3 * NEAR_DAYS:
        return None
    gap = due.amount_fen - movement.amount_fen
    amount = SAME_AMOUNT if exact else Reason(message=N_("金额相差 %(gap)s"), params=(("gap", money.show(abs(gap))),))
    reasons = (amount, *((SAME_PARTY,) if known else ()), _days_apart(days))
    score = (40 if exact else 0) + (45 if known else 0) - min(days, 15)
    return Proposal(
        target=Target.DUE, id=due.contract_id, due_no=due.due_no, label=due.label, score=score, reasons=reasons
    )


def _by_habit(movement: Movement, habit: Habit) -> Proposal | None:
    known, alike = same_party(movement.party, habit.party), pattern(movement.summary) == pattern(habit.summary)
    if (movement.amount_fen > 0) != (habit.amount_fen > 0) or not known or not (alike or not movement.summary):
        return None
    exact = movement.amount_fen == habit.amount_fen
    reasons = (SAME_PARTY, SAME_SUMMARY, *((SAME_AMOUNT,) if exact else ()))
    return Proposal(
        target=Target.HABIT,
        id=habit.voucher_id,
        due_no=None,
        label=habit.label,
        score=60 + (10 if exact else 0),
        reasons=reasons,
    )

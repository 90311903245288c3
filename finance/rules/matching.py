"""Which voucher, contract instalment or earlier booking a bank line belongs to: proposals with their reasons; a person
decides (books.md 2).

All amounts are what is still open of a line or a voucher, in fen, positive when money came in.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import combinations

from hoa.kernel import money
from hoa.kernel.errors import N_

NEAR_DAYS = 15
SURE_DAYS = 10
SHOWN = 3
# Sums are looked for among so many of the nearest vouchers: 40 of them have 10,660 pairs and triples.
SUMMED_FROM = 40
SUMMED_MOST = 3
# Shorter numbers stand in a summary by chance.
NUMBER_LENGTH = 6
# So often the same way makes a custom.
CUSTOM = 2


class Target(StrEnum):
    """What a proposal points to: a voucher that exists (or several that add up), an instalment to book, an earlier
    booking to repeat.
    """

    VOUCHER = "voucher"
    SUM = "sum"
    DUE = "due"
    HABIT = "habit"


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A bank line that is not explained yet."""

    id: str = ""
    day: date
    amount_fen: int
    party: str
    summary: str
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class LooseVoucher:
    """A voucher that the bank has not confirmed yet."""

    id: str
    label: str
    day: date
    amount_fen: int
    party: str
    invoice_no: str = ""


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
    """How bank lines of this party and kind of summary were booked: the latest booking, and how often in a row it was
    for the same purpose and contract.
    """

    voucher_id: str
    label: str
    day: date
    amount_fen: int
    party: str
    summary: str
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A message id and its parameters."""

    message: str
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """`id` is what it points to (several vouchers: joined by commas); `sure` when a person may confirm it together
    with others, without looking at each.
    """

    target: Target
    id: str
    due_no: int | None
    label: str
    score: int
    reasons: tuple[Reason, ...]
    sure: bool = False


SAME_AMOUNT = Reason(message=N_("金额相同"))
SAME_PARTY = Reason(message=N_("对方相同"))
SAME_SUMMARY = Reason(message=N_("摘要相同"))
SAME_NUMBER = Reason(message=N_("写着同一个发票号"))
LAST_TIME = Reason(message=N_("和上次一样"))


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
    rivals: Sequence[Movement] = (),
) -> list[Proposal]:
    """The best few proposals for one bank line, best first. `rivals` are the other open lines: what two of them could
    claim is not sure.
    """
    dues = sorted(dues, key=lambda due: (due.day, due.contract_id, due.due_no))
    near = [v for v in vouchers if _same_way(movement, v.amount_fen) and _apart(movement, v.day) <= NEAR_DAYS]
    single = [proposal for voucher in near if (proposal := _by_voucher(movement, voucher))]
    found = [
        *sorted(single, key=lambda proposal: proposal.id),
        *(_by_sum(movement, near) if not single else ()),
        *(proposal for due in dues if (proposal := _by_due(movement, due))),
        *(proposal for habit in habits if (proposal := _by_habit(movement, habit))),
    ]
    # What fits equally well stays in this order: of instalments the one that fell due first.
    ordered = sorted(found, key=lambda proposal: -proposal.score)
    best: dict[tuple[Target, str], Proposal] = {}
    shown = []
    for proposal in ordered:
        first = best.setdefault((proposal.target, proposal.id), proposal)
        # Of a contract the instalment that fits best, and those that it could as well have been for.
        if first is proposal or _could_as_well(movement, first, proposal, dues):
            shown.append(proposal)
    return _settled(movement, shown, dues, rivals)[:SHOWN]


def _could_as_well(movement: Movement, chosen: Proposal, other: Proposal, dues: Sequence[OpenDue]) -> bool:
    return any(due.due_no == other.due_no for due in _competing(movement, chosen, dues))


def _competing(movement: Movement, chosen: Proposal, dues: Sequence[OpenDue]) -> list[OpenDue]:
    """The other instalments of a contract that a payment may be for as well as for the one that was chosen."""
    if chosen.target is not Target.DUE:
        return []
    own = [due for due in dues if due.contract_id == chosen.id]
    best = next(due for due in own if due.due_no == chosen.due_no)
    return [due for due in own if due is not best and _competes(movement, best, due)]


def _competes(movement: Movement, chosen: OpenDue, other: OpenDue) -> bool:
    """The same amount, and due about as near to the payment, or before the one that was chosen. Who pays without saying
    for what pays what fell due first (民法典 560), and the bank's line does not always say it.
    """
    nearer = _apart(movement, other.day) < _apart(movement, chosen.day) + SURE_DAYS
    return other.amount_fen == chosen.amount_fen and (other.day <= chosen.day or nearer)


def _settled(
    movement: Movement, shown: list[Proposal], dues: Sequence[OpenDue], rivals: Sequence[Movement]
) -> list[Proposal]:
    """Only the first is ever sure, and only when nothing else fits as well and no other line could claim it."""
    if not shown or not shown[0].sure:
        return [replace(proposal, sure=False) for proposal in shown]
    first = shown[0]
    alone = not any(
        other.id != movement.id
        and other.amount_fen == movement.amount_fen
        and _apart(movement, other.day) <= 2 * SURE_DAYS
        and (same_party(other.party, movement.party) or not other.party)
        for other in rivals
    )
    close = any(other.target is first.target and other.score > first.score - SURE_DAYS for other in shown[1:])
    # A custom may repeat on any number of lines: each of them gets a voucher of its own.
    settled = not close and not _competing(movement, first, dues)
    sure = settled and (alone or first.target is Target.HABIT)
    return [replace(first, sure=sure), *(replace(proposal, sure=False) for proposal in shown[1:])]


def _same_way(movement: Movement, amount_fen: int) -> bool:
    return amount_fen != 0 and (movement.amount_fen > 0) == (amount_fen > 0)


def _apart(movement: Movement, day: date) -> int:
    return abs((movement.day - day).days)


def _names_number(movement: Movement, number: str) -> bool:
    return len(number) >= NUMBER_LENGTH and (number in movement.summary or number in movement.reference)


def _days_apart(days: int) -> Reason:
    return Reason(message=N_("日期相差 %(days)s 天"), params=(("days", str(days)),))


def _gap(one_fen: int, other_fen: int) -> Reason:
    return Reason(message=N_("金额相差 %(gap)s"), params=(("gap", money.show(abs(one_fen - other_fen))),))


def _by_voucher(movement: Movement, voucher: LooseVoucher) -> Proposal | None:
    """The same amount; or a part of one another, where the invoice's number says so."""
    days, exact = _apart(movement, voucher.day), movement.amount_fen == voucher.amount_fen
    known, numbered = same_party(movement.party, voucher.party), _names_number(movement, voucher.invoice_no)
    if not exact and not numbered:
        return None
    amount = SAME_AMOUNT if exact else _gap(movement.amount_fen, voucher.amount_fen)
    return Proposal(
        target=Target.VOUCHER,
        id=voucher.id,
        due_no=None,
        label=voucher.label,
        score=(75 if exact else 40) + (20 if known else 0) + (30 if numbered else 0) - days,
        reasons=(
            amount,
            *((SAME_NUMBER,) if numbered else ()),
            *((SAME_PARTY,) if known else ()),
            _days_apart(days),
        ),
        sure=exact and (known or numbered) and days <= SURE_DAYS,
    )


def _by_sum(movement: Movement, near: Sequence[LooseVoucher]) -> list[Proposal]:
    """One line that paid two or three vouchers. They belong together: all to the line's party, or (where the bank
    writes none, as for a batch) the only ones that add up.
    """
    smaller = sorted(
        (v for v in near if abs(v.amount_fen) < abs(movement.amount_fen)),
        key=lambda v: (not same_party(movement.party, v.party), _apart(movement, v.day), v.id),
    )[:SUMMED_FROM]
    fitting = [
        several
        for count in range(2, SUMMED_MOST + 1)
        for several in combinations(smaller, count)
        if sum(voucher.amount_fen for voucher in several) == movement.amount_fen
    ]
    to_party = [group for group in fitting if all(same_party(movement.party, v.party) for v in group)]
    if not to_party and (movement.party or len(fitting) != 1):
        return []
    return [_of_group(movement, group, known=bool(to_party)) for group in (to_party or fitting)[:SHOWN]]


def _of_group(movement: Movement, group: Sequence[LooseVoucher], *, known: bool) -> Proposal:
    days = max(_apart(movement, voucher.day) for voucher in group)
    together = Reason(message=N_("%(count)s 张凭证合计相同"), params=(("count", str(len(group))),))
    return Proposal(
        target=Target.SUM,
        id=",".join(voucher.id for voucher in group),
        due_no=None,
        label="、".join(voucher.label for voucher in group),
        score=60 + (20 if known else 0) - days - len(group),
        reasons=(together, *((SAME_PARTY,) if known else ()), _days_apart(days)),
    )


def _by_due(movement: Movement, due: OpenDue) -> Proposal | None:
    known, exact = same_party(movement.party, due.party), movement.amount_fen == due.amount_fen
    days = _apart(movement, due.day)
    if not _same_way(movement, due.amount_fen) or not (known or exact) or days > 3 * NEAR_DAYS:
        return None
    amount = SAME_AMOUNT if exact else _gap(due.amount_fen, movement.amount_fen)
    return Proposal(
        target=Target.DUE,
        id=due.contract_id,
        due_no=due.due_no,
        label=due.label,
        score=(40 if exact else 0) + (45 if known else 0) - min(days, NEAR_DAYS),
        reasons=(amount, *((SAME_PARTY,) if known else ()), _days_apart(days)),
        # A payment needs its invoice, so a person opens it in any case.
        sure=exact and known and days <= NEAR_DAYS and movement.amount_fen > 0,
    )


def _by_habit(movement: Movement, habit: Habit) -> Proposal | None:
    known, alike = same_party(movement.party, habit.party), pattern(movement.summary) == pattern(habit.summary)
    if not _same_way(movement, habit.amount_fen) or not known or not (alike or not movement.summary):
        return None
    exact = movement.amount_fen == habit.amount_fen
    return Proposal(
        target=Target.HABIT,
        id=habit.voucher_id,
        due_no=None,
        label=habit.label,
        score=60 + (10 if exact else 0),
        reasons=(LAST_TIME, SAME_PARTY, SAME_SUMMARY, *((SAME_AMOUNT,) if exact else ())),
        sure=habit.times >= CUSTOM and alike and movement.amount_fen > 0,
    )

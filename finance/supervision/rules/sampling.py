"""Drawing vouchers for inspection (抽凭): all above an amount, at random from a published seed, or all of an account.

Nobody chooses what a random draw finds, neither who draws nor who keeps the books, and anybody repeats it
(docs/sampling.md). The seed of a month is SHA-256 over the hashes of all its vouchers, fixed when the month is closed;
the key of a voucher is SHA-256("hoa-sample-2\\n" + its month's seed + "\\n" + its hash); the smallest keys are drawn.
So a voucher has its place in the order for good: drawing again, drawing more or over more months changes no other's
place. Lists drawn before had a seed that was typed ("hoa-sample-1"); they are still repeated from it. PURE.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from finance.rules.periods import last_day, month_of, month_text
from hoa.kernel import canonical
from hoa.kernel.errors import N_, Refusal

TYPED_FORMAT = "hoa-sample-1"
FORMAT = "hoa-sample-2"
MOST = 2000


class Method(StrEnum):
    ABOVE = "above"
    RANDOM = "random"
    ACCOUNT = "account"


METHOD_NAMES: Mapping[Method, str] = {
    Method.ABOVE: N_("金额达到起点的全部抽查"),
    Method.RANDOM: N_("随机抽取"),
    Method.ACCOUNT: N_("一个科目全部抽查"),
}


class Result(StrEnum):
    SOUND = "sound"
    WRONG = "wrong"


RESULT_NAMES: Mapping[Result, str] = {Result.SOUND: N_("相符"), Result.WRONG: N_("有问题")}


class NothingToDraw(Refusal):
    message: ClassVar[str] = N_("这段时间里没有符合条件的凭证，请换一段时间或条件")


class NotWholeMonths(Refusal):
    message: ClassVar[str] = N_("随机抽取按整月抽：起始日请填月初第一天，截止日请填月末最后一天")


class MonthsOpen(Refusal):
    message: ClassVar[str] = N_(
        "%(month)s 还没有结账，不能随机抽取：种子由结账后不再变的凭证算出。请抽已经结账的月份，或者按金额、科目抽"
    )


class BadSize(Refusal):
    message: ClassVar[str] = N_("抽取张数应在 1 到 %(most)s 之间")


class BadThreshold(Refusal):
    message: ClassVar[str] = N_("金额起点应大于零")


class NoAccount(Refusal):
    message: ClassVar[str] = N_("请选择科目")


class NoResult(Refusal):
    message: ClassVar[str] = N_("请选择核对的结果")


class AlreadyTicked(Refusal):
    message: ClassVar[str] = N_("这张凭证已经核对过，结果不能修改；新的情况请写批注或提出问题")
    status: ClassVar[int] = 409


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A posted voucher that might be drawn; `hash` is its own in the book's chain, `month` (202609) that of its
    day, `accounts` those it moves.
    """

    id: str
    hash: str
    month: int
    amount_fen: int
    accounts: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to draw: only what the method needs is given."""

    method: Method
    threshold_fen: int = 0
    size: int = 0
    account: str = ""


def check(plan: Plan) -> None:
    """Refuse a plan that says too little."""
    if plan.method is Method.ABOVE and plan.threshold_fen <= 0:
        raise BadThreshold
    if plan.method is Method.ACCOUNT and not plan.account:
        raise NoAccount
    if plan.method is Method.RANDOM and not 1 <= plan.size <= MOST:
        raise BadSize(most=MOST)


def check_months(*, start: date, end: date, open_month: int) -> None:
    """A random draw is over whole months before the first that is open: only their vouchers do not change any more."""
    if start.day != 1 or end != last_day(month_of(end)):
        raise NotWholeMonths
    if month_of(end) >= open_month:
        raise MonthsOpen(month=month_text(max(open_month, month_of(start))))


def result_of(word: str) -> Result:
    """The result that was chosen, or NoResult."""
    if word not in {str(one) for one in Result}:
        raise NoResult
    return Result(word)


def draw(population: Sequence[Candidate], plan: Plan, *, typed_seed: str = "") -> tuple[str, ...]:
    """The ids of the drawn vouchers: in the order of their keys at random, as they come otherwise. `typed_seed` repeats
    a list of the first format.
    """
    check(plan)
    if plan.method is Method.ABOVE:
        found = tuple(one.id for one in population if one.amount_fen >= plan.threshold_fen)
    elif plan.method is Method.ACCOUNT:
        found = tuple(one.id for one in population if _moves(one, plan.account))
    else:
        places = _places(population, typed_seed)
        found = tuple(sorted(places, key=places.__getitem__)[: plan.size])
    if not found:
        raise NothingToDraw
    return found


def _places(population: Sequence[Candidate], typed_seed: str) -> dict[str, str]:
    """The key of each voucher by its id."""
    if typed_seed:
        return {one.id: typed_key(typed_seed, one.hash) for one in population}
    seeds = {month: month_seed(hashes) for month, hashes in by_month(population).items()}
    return {one.id: key(seeds[one.month], one.hash) for one in population}


def by_month(population: Sequence[Candidate]) -> dict[int, list[str]]:
    """The hashes of each month's vouchers, sorted, the earliest month first."""
    found: dict[int, list[str]] = {}
    for one in sorted(population, key=lambda one: (one.month, one.hash)):
        found.setdefault(one.month, []).append(one.hash)
    return found


def month_seed(hashes: Sequence[str]) -> str:
    """SHA-256 over the sorted hashes of all vouchers of a month."""
    return canonical.digest(sorted(hashes))


def key(seed: str, voucher_hash: str) -> str:
    """What a voucher is ordered by in a random draw (64 hex digits); `seed` is its month's."""
    return _digest(FORMAT, seed, voucher_hash)


def typed_key(seed: str, voucher_hash: str) -> str:
    """The same for lists of the first format, from the seed that was typed."""
    return _digest(TYPED_FORMAT, seed.strip(), voucher_hash)


def _digest(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def population_digest(population: Sequence[Candidate]) -> str:
    """SHA-256 over the sorted hashes of everything that could have been drawn: nobody takes a voucher out later."""
    return canonical.digest(sorted(one.hash for one in population))


def _moves(one: Candidate, account: str) -> bool:
    return any(code == account or code.startswith(account + ".") for code in one.accounts)

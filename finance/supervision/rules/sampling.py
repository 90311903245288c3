"""Drawing vouchers for inspection (抽凭): all above an amount, at random from a published seed, or all of an account.

The random draw can be repeated by anybody with the list of hashes and the seed (docs/sampling.md): the key of a voucher
is SHA-256("hoa-sample-1\\n" + seed + "\\n" + the voucher's hash), and the vouchers with the smallest keys are drawn.
Nobody who types a seed can aim at a voucher, and the seed of an event that nobody here controls (the day's closing
index, a lottery) shows that nobody tried several. PURE.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from hoa.kernel import canonical
from hoa.kernel.errors import N_, Refusal

FORMAT = "hoa-sample-1"
SEED_LENGTH = 200
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


class NoSeed(Refusal):
    message: ClassVar[str] = N_("请写明随机种子和它的出处，最多 %(most)s 个字，例如：2026-10-20 上证指数收盘 3125.26")


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
    """A posted voucher that might be drawn; `hash` is its own in the book's chain, `accounts` those it moves."""

    id: str
    hash: str
    amount_fen: int
    accounts: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to draw: only what the method needs is given."""

    method: Method
    threshold_fen: int = 0
    seed: str = ""
    size: int = 0
    account: str = ""


def check(plan: Plan) -> None:
    """Refuse a plan that says too little."""
    if plan.method is Method.ABOVE and plan.threshold_fen <= 0:
        raise BadThreshold
    if plan.method is Method.ACCOUNT and not plan.account:
        raise NoAccount
    if plan.method is Method.RANDOM:
        if not 0 < len(plan.seed.strip()) <= SEED_LENGTH:
            raise NoSeed(most=SEED_LENGTH)
        if not 1 <= plan.size <= MOST:
            raise BadSize(most=MOST)


def result_of(word: str) -> Result:
    """The result that was chosen, or NoResult."""
    if word not in {str(one) for one in Result}:
        raise NoResult
    return Result(word)


def draw(population: Sequence[Candidate], plan: Plan) -> tuple[str, ...]:
    """The ids of the drawn vouchers: in the order of their keys at random, as they come otherwise."""
    check(plan)
    if plan.method is Method.ABOVE:
        found = tuple(one.id for one in population if one.amount_fen >= plan.threshold_fen)
    elif plan.method is Method.ACCOUNT:
        found = tuple(one.id for one in population if _moves(one, plan.account))
    else:
        found = tuple(one.id for one in sorted(population, key=lambda one: key(plan.seed, one.hash))[: plan.size])
    if not found:
        raise NothingToDraw
    return found


def key(seed: str, voucher_hash: str) -> str:
    """What a voucher is ordered by in a random draw (64 hex digits)."""
    return hashlib.sha256(f"{FORMAT}\n{seed.strip()}\n{voucher_hash}".encode()).hexdigest()


def population_digest(population: Sequence[Candidate]) -> str:
    """SHA-256 over the sorted hashes of everything that could have been drawn: nobody takes a voucher out later."""
    return canonical.digest(sorted(one.hash for one in population))


def _moves(one: Candidate, account: str) -> bool:
    return any(code == account or code.startswith(account + ".") for code in one.accounts)

"""How much of a voucher the bank can confirm, and how much of it and of a bank line is still open (books.md 2).

A voucher has two sides: what it brings into the account and what it takes out. Most have one; money moved between two
accounts of the same fund has both. A red voucher and a difference voucher are no money of their own: what they take
back is taken off the voucher they name.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Fen into the account and out of it, neither below zero."""

    in_fen: int = 0
    out_fen: int = 0

    def towards(self, amount_fen: int) -> int:
        """The side that a bank line of this (signed) amount stands against."""
        return self.in_fen if amount_fen > 0 else self.out_fen

    def less(self, other: "Sides") -> "Sides":
        return Sides(in_fen=max(0, self.in_fen - other.in_fen), out_fen=max(0, self.out_fen - other.out_fen))

    def covers(self, other: "Sides") -> bool:
        return self.in_fen >= other.in_fen and self.out_fen >= other.out_fen

    @property
    def signed_fen(self) -> int:
        """What it does to the account on balance; positive when money comes in."""
        return self.in_fen - self.out_fen


NOTHING = Sides()


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a voucher's entries do to the account: sums of debits and credits, negative where they are red. `names` is
    the voucher that it takes back or corrects.
    """

    voucher_id: str
    names: str | None
    debit_fen: int
    credit_fen: int


class PartTooLarge(Refusal):
    message = N_("流水还剩 %(line)s，凭证还剩 %(voucher)s，这一部分写的是 %(amount)s：请写不超过两边剩余的金额")


class PartEmpty(Refusal):
    message = N_("请写明对上多少钱，要大于 0")


class NothingLeft(Refusal):
    message = N_("流水 %(bank)s 与凭证 %(voucher)s 对不上：方向不同，或者凭证没有经过银行账户；请改凭证或另做一张")


class LineTaken(Refusal):
    message = N_("这笔流水已经全部对上凭证")
    status = 409


class VoucherTaken(Refusal):
    message = N_("这张凭证已经全部对上流水")
    status = 409


def capacities(effects: Iterable[Effect]) -> dict[str, Sides]:
    """What the bank can confirm of each voucher."""
    into: dict[str, int] = defaultdict(int)
    out: dict[str, int] = defaultdict(int)
    for effect in effects:
        for sums, amount in ((into, effect.debit_fen), (out, effect.credit_fen)):
            owner = effect.voucher_id if amount >= 0 or effect.names is None else effect.names
            sums[owner] += amount
    return {key: Sides(in_fen=max(0, into[key]), out_fen=max(0, out[key])) for key in into}


def check_part(*, line_fen: int, line_taken_fen: int, voucher: Sides, taken: Sides, amount_fen: int | None) -> int:
    """The fen of a new part: what was asked for, or as much as both sides have left. Never more than either."""
    if voucher.towards(line_fen) == 0:
        raise NothingLeft(bank=money.show(line_fen), voucher=money.show(voucher.signed_fen))
    line_left = abs(line_fen) - line_taken_fen
    voucher_left = voucher.less(taken).towards(line_fen)
    if line_left <= 0:
        raise LineTaken
    if voucher_left <= 0:
        raise VoucherTaken
    if amount_fen is None:
        return min(line_left, voucher_left)
    if amount_fen <= 0:
        raise PartEmpty
    if amount_fen > min(line_left, voucher_left):
        raise PartTooLarge(line=money.show(line_left), voucher=money.show(voucher_left), amount=money.show(amount_fen))
    return amount_fen

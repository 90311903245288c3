"""The cash box (现金管理暂行条例 5, 9–11; rules.md R5.9): what may be paid from it, how much may lie in it.

Cash received is carried to the bank and not spent (坐支 is forbidden, article 11), so the box holds two pools: what was
drawn from the bank for small payments, and what came in and waits to be carried there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from finance.rules.ledger import VoucherKind
from hoa.kernel.errors import N_, Refusal


class CashMissing(Refusal):
    message = N_("库存现金只有 %(held)s，付不出 %(amount)s；请先从银行提取现金并记账")


class CountNegative(Refusal):
    message = N_("点到的现金不能是负数")


class DifferenceUnexplained(Refusal):
    message = N_("点到 %(counted)s，账上是 %(book)s，差 %(gap)s：请写明原因，并补做凭证")


@dataclass(frozen=True, kw_only=True)
class CashMove:
    """A posted voucher that moves cash; positive when cash comes in."""

    voucher_id: str
    label: str
    kind: str
    day: date
    fen: int
    summary: str
    party: str
    party_is_person: bool = False
    reverses_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class CashRow:
    """A line of the cash journal (现金日记账): the movement, the balance after it, and what of a payment was paid out
    of cash received.
    """

    move: CashMove
    balance_fen: int
    out_of_receipts_fen: int


def journal(moves: Iterable[CashMove]) -> list[CashRow]:
    """The moves in their order with the running balance. What a red voucher takes back is as if it had never been."""
    moves = list(moves)
    gone = {move.reverses_id for move in moves if move.reverses_id is not None}
    drawn = received = balance = 0
    rows = []
    for move in moves:
        balance += move.fen
        over = 0
        if move.voucher_id not in gone and move.reverses_id is None:
            if move.fen > 0:
                if move.kind in (VoucherKind.DRAWING, VoucherKind.OPENING):
                    drawn += move.fen
                else:
                    received += move.fen
            elif move.kind == VoucherKind.DEPOSIT:
                # Receipts go to the bank first; what is left over was drawn and is brought back.
                out = -move.fen
                from_received = min(out, received)
                received, drawn = received - from_received, drawn - (out - from_received)
            else:
                from_drawn = min(-move.fen, max(drawn, 0))
                over = -move.fen - from_drawn
                drawn, received = drawn - from_drawn, received - over
        rows.append(CashRow(move=move, balance_fen=balance, out_of_receipts_fen=over))
    return rows


@dataclass(frozen=True, kw_only=True)
class OverFloat:
    """Consecutive days on whose evenings more lay in the box than allowed; `most_fen` is the largest balance."""

    first: date
    last: date
    most_fen: int


def over_float(rows: Iterable[CashRow], *, limit_fen: int, as_of: date) -> Iterator[OverFloat]:
    """The spans of days with more cash than the float at the end of the day (现金管理暂行条例 9)."""
    evenings: dict[date, int] = {}
    for row in rows:
        evenings[row.move.day] = row.balance_fen
    first: date | None = None
    most = 0
    for day, fen in sorted(evenings.items()):
        if fen > limit_fen:
            first, most = first or day, max(most, fen)
        elif first is not None:
            yield OverFloat(first=first, last=day, most_fen=most)
            first, most = None, 0
    if first is not None:
        yield OverFloat(first=first, last=as_of, most_fen=most)

"""What changed in the ledger under a publication, in words: sentences with their figures, made from what was published
and what would be published now (books.md 3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hoa.kernel import money
from hoa.kernel.errors import N_

TOTALS = (
    ("opening_fen", N_("期初结余原为 %(before)s，现在是 %(now)s")),
    ("income_fen", N_("收入合计原为 %(before)s，现在是 %(now)s")),
    ("spending_fen", N_("支出合计原为 %(before)s，现在是 %(now)s")),
    ("closing_fen", N_("期末结余原为 %(before)s，现在是 %(now)s")),
)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One sentence: a message id and what fills it."""

    message: str
    params: Mapping[str, str] = field(default_factory=dict)


def what_moved(published: Mapping[str, Any], current: Mapping[str, Any]) -> list[Moved]:
    """What is different now, the totals first, then line by line."""
    return [*_totals(published, current), *_lines(published, current), *_rest(published, current)]


def _totals(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Moved]:
    for key, message in TOTALS:
        if key in before and key in now and before[key] != now[key]:
            yield Moved(message=message, params={"before": money.show(before[key]), "now": money.show(now[key])})


def _lines(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Moved]:
    old, new = _by_key(before), _by_key(now)
    for key in sorted(new.keys() - old.keys()):
        yield Moved(message=N_("公示后新增：%(day)s %(number)s %(summary)s %(amount)s"), params=_about(new[key]))
    for key in sorted(old.keys() - new.keys()):
        yield Moved(
            message=N_("公示时有、现在没有：%(day)s %(number)s %(summary)s %(amount)s"), params=_about(old[key])
        )
    for key in sorted(old.keys() & new.keys()):
        if old[key] != new[key]:
            yield Moved(message=N_("内容变了：%(day)s %(number)s %(summary)s %(amount)s"), params=_about(new[key]))


def _by_key(content: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Every line by its day, its voucher and what it counts under: one voucher may stand under two uses."""
    return {
        (line["day"] + line["voucher"], group["purpose"]): line
        for side in ("income", "spending")
        for group in content.get(side, ())
        for line in group["lines"]
    }


def _about(line: Mapping[str, Any]) -> dict[str, str]:
    return {
        "day": str(line["day"]),
        "number": str(line["number"]),
        "summary": str(line["summary"]),
        "amount": money.show(line["amount_fen"]),
    }


def _rest(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Moved]:
    for key, message in (
        ("reconciliation", N_("与银行的核对（余额调节表）变了")),
        ("contracts", N_("合同清单或应收款变了")),
        ("fund_statements", N_("会计报表（会民非01、02、03）变了")),
        ("work", N_("工作经费的收支变了")),
        ("maintenance", N_("维修资金的数字变了")),
    ):
        if key in before and before.get(key) != now.get(key):
            yield Moved(message=message)
    kept = {"opening_fen", "income_fen", "spending_fen", "closing_fen", "income", "spending", "reconciliation"}
    kept |= {"contracts", "fund_statements", "work", "maintenance", "receivables"}
    if any(before[key] != now.get(key) for key in before if key not in kept and key != "chain_head"):
        yield Moved(message=N_("公示的其他内容变了"))
    elif before.get("chain_head") != now.get("chain_head"):
        yield Moved(message=N_("凭证链在这一期里有新的记账，指纹因此不同"))

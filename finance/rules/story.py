"""The accounts in plain words: what came in, what went out, what is left, where from and where to, month by month; told
from what was published, so that page, picture and paper never differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from finance.rules.periods import first_day, last_day, month_of, months_between

BIGGEST = 5
Line = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class MonthSums:
    """A month (202609) in fen; `closing_fen` is what was left at its end."""

    month: int
    income_fen: int
    spending_fen: int
    closing_fen: int


@dataclass(frozen=True, kw_only=True)
class Story:
    """One stretch of days, amounts in fen. `sources` and `uses` are (purpose, fen), the largest first."""

    start: date
    end: date
    opening_fen: int
    income_fen: int
    spending_fen: int
    closing_fen: int
    sources: tuple[tuple[str, int], ...]
    uses: tuple[tuple[str, int], ...]
    months: tuple[MonthSums, ...]
    biggest: tuple[Line, ...]


def told(contents: Sequence[Mapping[str, Any]]) -> Story:
    """The story of published contents that follow each other, earliest first."""
    first, last = contents[0], contents[-1]
    return Story(
        start=date.fromisoformat(first["start"]),
        end=date.fromisoformat(last["end"]),
        opening_fen=first["opening_fen"],
        income_fen=sum(content["income_fen"] for content in contents),
        spending_fen=sum(content["spending_fen"] for content in contents),
        closing_fen=last["closing_fen"],
        sources=_shares(contents, "income"),
        uses=_shares(contents, "spending"),
        months=_months(contents),
        biggest=tuple(biggest(line for _, line in lines(contents, "spending"))),
    )


def following(contents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The latest contents of one calendar year without a gap between them, earliest first."""
    newest_first = sorted(contents, key=lambda content: str(content["end"]), reverse=True)
    found: list[Mapping[str, Any]] = []
    for content in newest_first:
        if found:
            before = date.fromisoformat(found[0]["start"])
            end = date.fromisoformat(content["end"])
            if (before - end).days != 1 or end.year != before.year:
                break
        found.insert(0, content)
    return found


def month_content(content: Mapping[str, Any], month: int) -> dict[str, Any]:
    """One month out of what was published of a quarter or a year: its lines, and the balances they lead to."""
    start, end = first_day(month).isoformat(), last_day(month).isoformat()
    sides: dict[str, list[dict[str, Any]]] = {}
    before, sums = content["opening_fen"], {}
    for side, sign in (("income", 1), ("spending", -1)):
        groups = []
        for group in content[side]:
            before += sign * sum(line["amount_fen"] for line in group["lines"] if line["day"] < start)
            inside = [line for line in group["lines"] if start <= line["day"] <= end]
            if inside:
                total = sum(line["amount_fen"] for line in inside)
                groups.append({"purpose": group["purpose"], "amount_fen": total, "lines": inside})
        sides[side] = groups
        sums[side] = sum(group["amount_fen"] for group in groups)
    return {
        "start": start,
        "end": end,
        "opening_fen": before,
        "income_fen": sums["income"],
        "spending_fen": sums["spending"],
        "closing_fen": before + sums["income"] - sums["spending"],
        **sides,
    }


def lines(contents: Iterable[Mapping[str, Any]], side: str) -> list[tuple[str, Line]]:
    """Every line of one side (income or spending) with what it counts under, the latest day first."""
    found = [(group["purpose"], line) for content in contents for group in content[side] for line in group["lines"]]
    return sorted(found, key=lambda item: (item[1]["day"], item[1]["number"]), reverse=True)


def biggest(rows: Iterable[Line]) -> list[Line]:
    """The largest lines, the earlier one first among equals."""
    return sorted(rows, key=lambda line: (-line["amount_fen"], line["day"], line["number"]))[:BIGGEST]


def matches(line: Line, words: str) -> bool:
    """Whether a line has all these words in its summary, payee, number, decision or amount in yuan."""
    fen = int(line["amount_fen"])
    amount = f"{fen // 100}.{fen % 100:02d}"
    names = (line["summary"], line["party"], line["number"], line["decision"] or "", line["day"])
    text = " ".join(map(str, (*names, amount, f"{fen // 100:,}"))).casefold()
    return all(word in text for word in words.casefold().split())


def _shares(contents: Iterable[Mapping[str, Any]], side: str) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = {}
    for content in contents:
        for group in content[side]:
            sums[group["purpose"]] = sums.get(group["purpose"], 0) + group["amount_fen"]
    return tuple(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _months(contents: Sequence[Mapping[str, Any]]) -> tuple[MonthSums, ...]:
    start, end = date.fromisoformat(contents[0]["start"]), date.fromisoformat(contents[-1]["end"])
    sums = {month: [0, 0] for month in months_between(month_of(start), month_of(end))}
    for at, side in enumerate(("income", "spending")):
        for _, line in lines(contents, side):
            sums[month_of(date.fromisoformat(line["day"]))][at] += line["amount_fen"]
    left, found = contents[0]["opening_fen"], []
    for month, (income, spending) in sums.items():
        left += income - spending
        found.append(MonthSums(month=month, income_fen=income, spending_fen=spending, closing_fen=left))
    return tuple(found)

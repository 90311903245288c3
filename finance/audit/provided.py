"""What the report is told by others: by the rooms that keep shares, budgets, assets, and by the supervision's desk.

Each fills one name, once, when `hoa.app` wires the rooms. The report says "the platform keeps no such record" where
nobody filled a name, and "none in this period" where the answer is empty: the two are not the same.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A finding of an earlier period and how far its mending is (part 十一). `report` is the last day of the period it
    was found for (ISO, or empty), `no` its number, `state_name` a message id, `sentence` too, filled by `params`."""

    report: str
    no: int
    code: str
    title: str
    sentence: str
    params: dict[str, Any]
    amount_fen: int
    severity: str
    state_name: str
    due_on: date | None
    answer: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the committee said to a finding that it knew already (part 十二), by the finding's key; the report takes
    those that it tells of."""

    key: str
    state_name: str
    answer: str
    answered_on: date | None
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class Question:
    """An owner's or a supervisor's question and what came of it (业主质询办结)."""

    number: str
    about: str
    asked_on: date
    due_on: date
    answered_on: date | None
    settled: bool
    answer: str


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One item of a published evaluation sheet (履职评价打分): the average of all raters in thousandths of a point."""

    title: str
    item: str
    most: int
    average_milli: int
    raters: int
    published_on: date | None


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A voucher that was drawn and looked at (抽凭清单). `method` and `result` are message ids."""

    method: str
    seed: str
    voucher_id: str
    voucher: str
    result: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Share:
    """A top-up of the maintenance fund or a distribution (part 六). `kind` is a message id."""

    kind: str
    title: str
    decided: str
    required_fen: int | None
    actual_fen: int
    day: date
    note: str


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One line of a budget and what was spent on it (part 七 for the book `work`)."""

    book: str
    name: str
    year: int
    budget_fen: int
    actual_fen: int


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A card of the asset register (固定资产)."""

    number: str
    name: str
    place: str
    bought_on: date
    cost_fen: int
    book_fen: int
    inventoried_on: date | None
    state_name: str


NAMES = frozenset({"carried", "answers", "questions", "evaluation", "samples", "shares", "budgets", "assets"})


class Provider(Protocol):
    """Rows of one of the classes above, for the days from `start` to `end`, both inclusive."""

    def __call__(self, session: Session, community_id: str, *, start: date, end: date) -> Sequence[Any]: ...


_providers: dict[str, Provider] = {}


def provide(name: str, provider: Provider) -> None:
    """Fill a name; filling it again replaces it."""
    if name not in NAMES:
        raise ValueError(f"the report asks for no {name!r}")
    _providers[name] = provider


def rows(name: str, session: Session, community_id: str, *, start: date, end: date) -> list[dict[str, Any]] | None:
    """The rows as plain data with ISO dates; None where nobody keeps such records."""
    provider = _providers.get(name)
    if provider is None:
        return None
    return [_plain(row) for row in provider(session, community_id, start=start, end=end)]


def _plain(row: Any) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(row).items()}

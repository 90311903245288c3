"""The public list of suggestions, and what of it a figure counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules.figures import Outcome, Period
from hoa.affairs.rules.states import State
from hoa.affairs.service import figures, reading
from hoa.affairs.tables import Handler, Suggestion


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of the board is asked for. The last four are what a figure counts, within a `period`."""

    search: str = ""
    category: str = ""
    building: str = ""
    state: State | None = None
    handler: Handler | None = None
    overdue: bool = False
    period: Period | None = None
    sorting: str | None = None
    outcome: Outcome | None = None
    reopened: bool = False
    stars: int = 0

    @property
    def counts(self) -> bool:
        """Whether it asks for what only the figures know."""
        return self.sorting is not None or self.outcome is not None or self.reopened or self.stars > 0


def found(
    session: Session, community_id: str, asked: Asked, *, day: date, offset: int, limit: int
) -> tuple[Sequence[Suggestion], int]:
    """One page of the list, the latest first, and how many there are in all."""
    wanted: dict[str, Any] = {
        "states": None if asked.state is None else [asked.state],
        "handler_id": asked.handler.id if asked.handler else None,
        "category": asked.category or None,
        "building": asked.building or None,
        "search": asked.search,
        "public": True,
        "overdue_on": day if asked.overdue else None,
        "since": asked.period.start if asked.period else None,
        "until": asked.period.end if asked.period else None,
    }
    if asked.counts and asked.period is not None:
        labels = _counted(session, community_id, asked, asked.period, day)
        rows = [row for row in reading.listed(session, community_id, **wanted, limit=None) if row.label in labels]
        return rows[offset : offset + limit], len(rows)
    page = reading.listed(session, community_id, **wanted, offset=offset, limit=limit)
    return page, reading.count(session, community_id, **wanted)


def _counted(session: Session, community_id: str, asked: Asked, period: Period, day: date) -> set[str]:
    """The labels of what a figure of the period counts."""
    return {
        fact.label
        for fact in figures.facts(session, community_id, since=period.start, until=period.end)
        if (asked.sorting is None or fact.sorting == asked.sorting)
        and (asked.outcome is None or fact.outcome(day) is asked.outcome)
        and (not asked.reopened or fact.reopened)
        and (not asked.stars or fact.stars == asked.stars)
    }


def buildings(session: Session, community_id: str) -> Sequence[str]:
    """The buildings that anything was said about."""
    query = select(Suggestion.building).where(Suggestion.community_id == community_id, Suggestion.building != "")
    return session.scalars(query.distinct().order_by(Suggestion.building)).all()


def standing_counts(session: Session, community_id: str, day: date) -> tuple[int, int]:
    """How many are open now, and how many of them past their last day."""
    opened = [State.RECEIVED, State.ASSIGNED, State.PAUSED]
    return (
        reading.count(session, community_id, states=opened),
        reading.count(session, community_id, overdue_on=day),
    )

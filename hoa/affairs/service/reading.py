"""Finding suggestions and saying how they stand. Who may see which column is the caller's matter."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from hoa.affairs.rules import clocks
from hoa.affairs.rules.states import State
from hoa.affairs.service import steps
from hoa.affairs.tables import Step, Suggestion
from hoa.db import get
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import NotFound
from hoa.kernel.workdays import china


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the clock stands on a day, in working days: `whole` the term, `used` and `left` of it, `overdue` past it.

    It stands still while `paused`, and for good once it is answered: then it says how it came out. Without `due` there
    is no clock (merged, refused, withdrawn). `triage`: it is the desk's clock, not yet a handler's.
    """

    start: date | None = None
    due: date | None = None
    whole: int = 0
    used: int = 0
    left: int = 0
    overdue: int = 0
    provisional: bool = False
    paused: bool = False
    running: bool = False
    triage: bool = False
    level: int = 0

    @property
    def share(self) -> int:
        """Percent of the time used, 100 at most."""
        return min(100, 100 * self.used // self.whole) if self.whole else 100


def standing(row: Suggestion, day: date) -> Standing:
    """The clock of the row on `day`."""
    state = State(row.state)
    if row.due_on is None or state in (State.MERGED, State.REFUSED, State.WITHDRAWN):
        return Standing(level=row.level)
    calendar = china()
    start = row.clock_from
    until = day
    if row.paused_on is not None:
        until = min(day, row.paused_on)
    if row.answered_at is not None and state in (State.ANSWERED, State.RATED, State.PUBLISHED):
        until = today(row.answered_at)
    stood = row.paused_days
    whole = clocks.working_days_after(start, row.due_on, calendar) - stood
    overdue = clocks.overdue_days(row.due_on, until, calendar)
    left = clocks.working_days_after(until, row.due_on, calendar)
    return Standing(
        start=start,
        due=row.due_on,
        whole=whole,
        used=max(0, whole - left) if not overdue else whole + overdue,
        left=left,
        overdue=overdue,
        provisional=row.provisional,
        paused=row.paused_on is not None,
        running=state in (State.RECEIVED, State.ASSIGNED),
        triage=state is State.RECEIVED,
        level=row.level,
    )


def find(session: Session, community_id: str, suggestion_id: str) -> Suggestion:
    return get(session, Suggestion, community_id, suggestion_id)


def find_by_label(session: Session, community_id: str, label: str) -> Suggestion:
    """The suggestion cited as `2026-0012`; NotFound for anything else."""
    year, _, number = label.partition("-")
    row = None
    if year.isascii() and year.isdigit() and number.isascii() and number.isdigit() and len(label) <= 12:
        query = select(Suggestion).where(
            Suggestion.community_id == community_id, Suggestion.year == int(year), Suggestion.number == int(number)
        )
        row = session.scalars(query).one_or_none()
    if row is None or row.label != label:
        raise NotFound
    return row


def history(session: Session, row: Suggestion) -> Sequence[Step]:
    """Every step in its order."""
    return steps.history(session, row)


class Wanted(TypedDict, total=False):
    """What a list is narrowed to. `search` looks into what was said as well, unless it is for a `public` page;
    `overdue_on` keeps those past their last day on that day; `since` and `until` are the first and the last day of
    receipt.
    """

    states: Collection[State] | None
    handler_id: str | None
    category: str | None
    channel: str | None
    cluster_id: str | None
    building: str | None
    search: str
    public: bool
    overdue_on: date | None
    since: date | None
    until: date | None


def listed(
    session: Session,
    community_id: str,
    *,
    by_due: bool = False,
    offset: int = 0,
    limit: int | None = 50,
    **wanted: Unpack[Wanted],
) -> Sequence[Suggestion]:
    """Suggestions that fit, the latest first, or (`by_due`) the one due first."""
    query = _chosen(select(Suggestion), community_id, wanted)
    order = (
        (Suggestion.due_on, Suggestion.received_at, Suggestion.id)
        if by_due
        else (Suggestion.received_at.desc(), Suggestion.id)
    )
    return session.scalars(query.order_by(*order).offset(offset).limit(limit)).all()


def count(session: Session, community_id: str, **wanted: Unpack[Wanted]) -> int:
    """How many `listed` would find."""
    return session.scalar(_chosen(select(func.count()).select_from(Suggestion), community_id, wanted)) or 0


def overdue(day: date) -> ColumnElement[bool]:
    """Past the last day, with the clock running; a paused one only if it was late before the pause."""
    running = Suggestion.state.in_((State.RECEIVED, State.ASSIGNED)) & (Suggestion.due_on < day)
    return running | ((Suggestion.state == State.PAUSED) & (Suggestion.due_on < Suggestion.paused_on))


def _chosen(query: Select[Any], community_id: str, wanted: Wanted) -> Select[Any]:
    query = query.where(Suggestion.community_id == community_id)
    states, search = wanted.get("states"), wanted.get("search", "").strip()
    late_on, since, until = wanted.get("overdue_on"), wanted.get("since"), wanted.get("until")
    if states is not None:
        query = query.where(Suggestion.state.in_([State(state).value for state in states]))
    equal = {
        Suggestion.handler_id: wanted.get("handler_id"),
        Suggestion.category: wanted.get("category"),
        Suggestion.channel: wanted.get("channel"),
        Suggestion.cluster_id: wanted.get("cluster_id"),
        Suggestion.building: wanted.get("building"),
    }
    for column, value in equal.items():
        if value:
            query = query.where(column == value)
    if search:
        query = query.where(_says(search, public=wanted.get("public", False)))
    if late_on is not None:
        query = query.where(overdue(late_on))
    if since is not None:
        query = query.where(Suggestion.received_at >= datetime.combine(since, time(), CHINA))
    if until is not None:
        query = query.where(Suggestion.received_at < datetime.combine(until + timedelta(days=1), time(), CHINA))
    return query


def _says(words: str, *, public: bool) -> ColumnElement[bool]:
    columns = [Suggestion.title, Suggestion.public_text, Suggestion.public_answer, Suggestion.building]
    if not public:
        columns += [Suggestion.text, Suggestion.spot]
    fits = [column.icontains(words, autoescape=True) for column in columns]
    year, _, number = words.partition("-")
    if all(part.isascii() and part.isdigit() and len(part) <= 6 for part in (year, number)):
        fits.append((Suggestion.year == int(year)) & (Suggestion.number == int(number)))
    return or_(*fits)

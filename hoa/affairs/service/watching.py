"""What happens to suggestions by itself. Each is looked at again under its lock, so several workers are harmless."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from hoa.affairs.rules import clocks
from hoa.affairs.rules.reminding import Bounds, Clock, Reminder, Todo, is_daytime, todo
from hoa.affairs.rules.states import OPEN, Action, Actor, State
from hoa.affairs.service import closing, messages, steps, supervising, terms
from hoa.affairs.tables import Step, Suggestion
from hoa.community import pack_choice
from hoa.community.service import all_communities
from hoa.kernel.clock import today
from hoa.kernel.workdays import china
from hoa.platform import Platform

SECONDS = 60


def tick(platform: Platform) -> None:
    """Remind, escalate, lapse and count again, wherever it is due; by day."""
    now = platform.now()
    if not is_daytime(now):
        return
    with platform.database.reading() as session:
        due = [(here.id, one) for here in all_communities(session) for one in waiting(session, here.id, now=now)]
    for community_id, suggestion_id in due:
        with platform.database.writing() as session:
            look(session, community_id, suggestion_id, now=now)


def waiting(session: Session, community_id: str, *, now: datetime) -> Sequence[str]:
    """The ids of the suggestions with something to do."""
    day, bounds = today(now), _bounds(session, community_id, today(now))
    # The last day from which anybody is reminded already; what is due later has nothing to do yet.
    near = china().due(day, bounds.remind).day
    query = select(Suggestion).where(
        Suggestion.community_id == community_id,
        or_(
            and_(Suggestion.state == State.ASSIGNED, Suggestion.due_on <= near),
            and_(Suggestion.state.in_(OPEN), Suggestion.provisional),
            Suggestion.state == State.ANSWERED,
        ),
    )
    rows = session.scalars(query.order_by(Suggestion.due_on, Suggestion.id)).all()
    given = _reminders(session, community_id, [row for row in rows if row.state == State.ASSIGNED])
    return [row.id for row in rows if _todo(row, given[row.id], day, bounds)]


def look(session: Session, community_id: str, suggestion_id: str, *, now: datetime) -> None:
    """Do what is due of one suggestion, if it still is."""
    row, day = steps.locked(session, community_id, suggestion_id), today(now)
    bounds = _bounds(session, community_id, day)
    found = _todo(row, _reminders(session, community_id, [row])[row.id], day, bounds)
    if found.reckon:
        reckon(session, row, now=now)
        found = _todo(row, _reminders(session, community_id, [row])[row.id], day, bounds)
    if found.remind:
        _remind(session, row, found.remind, now=now)
    for level in found.levels:
        supervising.escalate(session, community_id, row.id, level=level, now=now)
    if found.lapse:
        closing.lapse(session, community_id, row.id, now=now)


def reckon(session: Session, row: Suggestion, *, now: datetime) -> None:
    """The days off and worked of a year were announced since: the last day is counted again, pauses too."""
    history = steps.history(session, row)
    begun = max(index for index, step in enumerate(history) if "term" in step.details)
    first = history[begun]
    stood = _stood(history[begun:])
    due = terms.again(today(first.at), first.details["term"], stood)
    before = row.due_on.isoformat() if row.due_on else ""
    steps.write(
        session,
        row,
        Action.RECKON,
        actor=Actor.CLOCK,
        now=now,
        handler_id=row.handler_id,
        details={"before": before, "due": due.day.isoformat()},
        changes={"due_on": due.day, "provisional": due.provisional, "paused_days": stood},
    )


def _stood(history: Sequence[Step]) -> int:
    """Working days of the pauses that ended."""
    stood, since = 0, None
    for step in history:
        if step.action == Action.PAUSE:
            since = today(step.at)
        elif since is not None and step.action in (Action.RESUME, Action.ANSWER):
            stood += clocks.working_days_after(since, today(step.at), china())
            since = None
    return stood


def _remind(session: Session, row: Suggestion, which: Reminder, *, now: datetime) -> None:
    due = row.due_on.isoformat() if row.due_on else ""
    details = {"which": which.value, "due": due}
    steps.write(session, row, Action.REMIND, actor=Actor.CLOCK, now=now, handler_id=row.handler_id, details=details)
    messages.tell(session, row, f"remind_{which.value}", now=now)


def _reminders(session: Session, community_id: str, rows: Collection[Suggestion]) -> Mapping[str, Collection[Reminder]]:
    """The reminders that each was given for its present last day, and its present handler."""
    found: dict[str, set[Reminder]] = defaultdict(set)
    by_id = {row.id: row for row in rows}
    if not by_id:
        return found
    query = select(Step).where(
        Step.community_id == community_id, Step.suggestion_id.in_(by_id), Step.action == Action.REMIND
    )
    for step in session.scalars(query):
        row = by_id[step.suggestion_id]
        due = row.due_on.isoformat() if row.due_on else ""
        if step.details["due"] == due and step.handler_id == row.handler_id:
            found[row.id].add(Reminder(step.details["which"]))
    return found


def _todo(row: Suggestion, reminded: Collection[Reminder], day: date, bounds: Bounds) -> Todo:
    if row.due_on is None and row.answered_at is None:
        return Todo()
    answered = today(row.answered_at) if row.answered_at else None
    clock = Clock(
        state=State(row.state),
        start=row.clock_from,
        due=row.due_on or row.clock_from,
        provisional=row.provisional,
        level=row.level,
        answered_on=answered,
        reminded=reminded,
    )
    return todo(clock, day, bounds, china())


def _bounds(session: Session, community_id: str, day: date) -> Bounds:
    pack = pack_choice.current(session, community_id, day=day)
    return Bounds(
        levels=terms.levels(session, community_id, day),
        remind=pack.number("suggestion_remind_working_days"),
        rating_days=pack.number("suggestion_rating_days"),
    )

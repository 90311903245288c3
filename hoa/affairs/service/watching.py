"""What happens to suggestions by itself. Each is looked at again under its lock, so several workers are harmless."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from hoa.affairs.rules import clocks
from hoa.affairs.rules.clocks import Milestone, Profile
from hoa.affairs.rules.reminding import OF_MILESTONE, Bounds, Clock, Reminder, Todo, is_daytime, todo
from hoa.affairs.rules.states import OPEN, Action, Actor, State
from hoa.affairs.service import closing, messages, steps, supervising, terms
from hoa.affairs.tables import Step, Suggestion
from hoa.community import pack_choice
from hoa.community.service import all_communities
from hoa.kernel.clock import today
from hoa.kernel.workdays import china
from hoa.platform import Platform

SECONDS = 60
# With a day for the plan and one for the report before the last one.
STAGED = (Profile.P13710, Profile.MAJOR)


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
            and_(Suggestion.state == State.ASSIGNED, or_(Suggestion.due_on <= near, Suggestion.profile.in_(STAGED))),
            and_(Suggestion.state.in_(OPEN), Suggestion.provisional),
            Suggestion.state == State.ANSWERED,
        ),
    )
    rows = session.scalars(query.order_by(Suggestion.due_on, Suggestion.id)).all()
    found = _clocks(session, community_id, rows, day)
    return [row.id for row in rows if row.id in found and todo(found[row.id], day, bounds, china())]


def look(session: Session, community_id: str, suggestion_id: str, *, now: datetime) -> None:
    """Do what is due of one suggestion, if it still is."""
    row, day = steps.locked(session, community_id, suggestion_id), today(now)
    bounds = _bounds(session, community_id, day)
    found = _todo(session, row, day, bounds)
    if found.reckon:
        reckon(session, row, now=now)
        found = _todo(session, row, day, bounds)
    if found.remind:
        _remind(session, row, found.remind, now=now)
    for level in found.levels:
        supervising.escalate(session, community_id, row.id, level=level, now=now)
    if found.lapse:
        closing.lapse(session, community_id, row.id, now=now)


def reckon(session: Session, row: Suggestion, *, now: datetime) -> None:
    """The days off and worked of a year were announced since: the last day is counted again, pauses too."""
    history = terms.running(steps.history(session, row))
    first, calendar = history[0], china()
    stood = sum(clocks.working_days_after(began, ended, calendar) for began, ended in terms.pauses(history))
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


def _remind(session: Session, row: Suggestion, which: Reminder, *, now: datetime) -> None:
    due = _last_days(row, terms.milestones(session, row, today(now)))[which]
    details = {"which": which.value, "due": due}
    steps.write(session, row, Action.REMIND, actor=Actor.CLOCK, now=now, handler_id=row.handler_id, details=details)
    messages.tell(session, row, f"remind_{which.value}", now=now)


def _todo(session: Session, row: Suggestion, day: date, bounds: Bounds) -> Todo:
    found = _clocks(session, row.community_id, [row], day)
    return todo(found[row.id], day, bounds, china()) if found else Todo()


def _clocks(session: Session, community_id: str, rows: Collection[Suggestion], day: date) -> Mapping[str, Clock]:
    """How the clock of each stands that has one."""
    history = _history(session, community_id, [row for row in rows if row.state == State.ASSIGNED])
    found = {}
    for row in rows:
        if row.due_on is None and row.answered_at is None:
            continue
        staged = row.state == State.ASSIGNED and row.profile in STAGED
        milestones = terms.milestones_of(session, row, history[row.id], day) if staged else ()
        found[row.id] = Clock(
            state=State(row.state),
            start=row.clock_from,
            due=row.due_on or row.clock_from,
            provisional=row.provisional,
            level=row.level,
            answered_on=today(row.answered_at) if row.answered_at else None,
            reminded=_reminded(row, milestones, history[row.id]),
            milestones=milestones,
        )
    return found


def _history(session: Session, community_id: str, rows: Collection[Suggestion]) -> Mapping[str, Sequence[Step]]:
    """The reminders of each; of those with more days than the last one every step."""
    found: dict[str, list[Step]] = defaultdict(list)
    if not rows:
        return found
    staged = [row.id for row in rows if row.profile in STAGED]
    query = select(Step).where(
        Step.community_id == community_id,
        Step.suggestion_id.in_([row.id for row in rows]),
        or_(Step.action == Action.REMIND, Step.suggestion_id.in_(staged)),
    )
    for step in session.scalars(query.order_by(Step.suggestion_id, Step.seq)):
        found[step.suggestion_id].append(step)
    return found


def _reminded(row: Suggestion, milestones: Sequence[Milestone], history: Sequence[Step]) -> Collection[Reminder]:
    """The reminders that its present handler was given for its present last days."""
    last_days = _last_days(row, milestones)
    given = [step for step in history if step.action == Action.REMIND and step.handler_id == row.handler_id]
    which = [(Reminder(step.details["which"]), step.details["due"]) for step in given]
    return {one for one, due in which if last_days.get(one) == due}


def _last_days(row: Suggestion, milestones: Sequence[Milestone]) -> Mapping[Reminder, str]:
    """The day that each reminder is about."""
    due = row.due_on.isoformat() if row.due_on else ""
    found = {Reminder.SOON: due, Reminder.OVERDUE: due}
    for one in milestones[:-1]:
        found |= dict.fromkeys(OF_MILESTONE[one.name], one.due.day.isoformat())
    return found


def _bounds(session: Session, community_id: str, day: date) -> Bounds:
    pack = pack_choice.current(session, community_id, day=day)
    return Bounds(
        levels=terms.levels(session, community_id, day),
        remind=pack.number("suggestion_remind_working_days"),
        rating_days=pack.number("suggestion_rating_days"),
    )

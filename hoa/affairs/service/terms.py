"""How long each step may take here and today: the community's rule pack and the calendar of working days."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.orm import Session

from hoa.affairs.rules import clocks
from hoa.affairs.rules.clocks import Milestone, Pause, Profile, Terms
from hoa.affairs.rules.states import Action, State
from hoa.affairs.service import steps
from hoa.affairs.tables import Step, Suggestion
from hoa.community import pack_choice
from hoa.kernel.clock import today
from hoa.kernel.packs import RulePack
from hoa.kernel.workdays import Due, china

# Whatever was not answered by then is nobody's to answer any more.
NO_CLOCK = (State.MERGED, State.REFUSED, State.WITHDRAWN)
LEVELS = ("suggestion_escalation_1", "suggestion_escalation_2", "suggestion_escalation_3")


def of(pack: RulePack) -> Terms:
    return Terms(
        triage=pack.number("suggestion_triage_working_days"),
        ten=pack.number("suggestion_working_days"),
        plan=pack.number("suggestion_13710_plan_working_days"),
        report=pack.number("suggestion_13710_report_working_days"),
        resolve=pack.number("suggestion_13710_resolve_working_days"),
        major_months=pack.number("suggestion_13710_major_months"),
    )


def current(session: Session, community_id: str, day: date) -> Terms:
    return of(pack_choice.current(session, community_id, day=day))


def length(session: Session, community_id: str, profile: Profile | None, day: date) -> dict[str, int]:
    """How long it may take from `day` on, kept in the step that begins a clock: `days` or `months`. None: triage."""
    here = current(session, community_id, day)
    if profile is Profile.MAJOR:
        return {"months": here.major_months}
    if profile is None:
        return {"days": here.triage}
    return {"days": here.ten if profile is Profile.TEN else here.resolve}


def again(start: date, term: Mapping[str, int], stood: int) -> Due:
    """The last day counted anew from what a step kept (`length`), with the working days that the clock stood still."""
    calendar = china()
    months = term.get("months")
    due = clocks.month_later(start, months, calendar) if months else calendar.due(start, term["days"])
    return clocks.later(due, stood, calendar)


def triage_due(session: Session, community_id: str, day: date) -> Due:
    """By when the desk sorts what came in, or came back, on `day`."""
    return china().due(day, current(session, community_id, day).triage)


def due(session: Session, community_id: str, profile: Profile, day: date) -> Due:
    """By when the handler answers what was assigned on `day`."""
    return clocks.last_day(profile, day, current(session, community_id, day), china())


def milestones(session: Session, row: Suggestion, day: date) -> Sequence[Milestone]:
    """The last days of the running round with its pauses as they stand on `day`, and when the handler met them; none
    before it is assigned, nor once it is merged, refused or withdrawn.
    """
    return milestones_of(session, row, steps.history(session, row), day)


def milestones_of(session: Session, row: Suggestion, history: Sequence[Step], day: date) -> Sequence[Milestone]:
    """The same where the steps of the row are known."""
    if row.assigned_on is None or not row.profile or State(row.state) in NO_CLOCK:
        return ()
    terms, calendar = current(session, row.community_id, row.assigned_on), china()
    found = clocks.milestones(Profile(row.profile), row.assigned_on, terms, calendar)
    round_ = running(history)
    stood = pauses(round_)
    moved = [one._replace(due=clocks.after_pauses(one.due, stood, calendar)) for one in found[:-1]]
    result = Due(row.due_on, row.provisional) if row.due_on else found[-1].due
    told = [today(step.at) for step in round_ if step.action == Action.PROGRESS]
    answered = today(row.answered_at) if row.answered_at else None
    all_met = clocks.met((*moved, found[-1]._replace(due=result)), told, answered)
    return clocks.told_on(all_met, day, row.paused_on, calendar)


def running(history: Sequence[Step]) -> Sequence[Step]:
    """The steps since the clock that runs now began, the one that began it first."""
    return history[max(index for index, step in enumerate(history) if "term" in step.details) :]


def pauses(history: Sequence[Step]) -> Sequence[Pause]:
    """The pauses that ended, in their order."""
    found, since = [], None
    for step in history:
        if step.action == Action.PAUSE:
            since = today(step.at)
        elif since is not None and step.action in (Action.RESUME, Action.ANSWER):
            found.append(Pause(since, today(step.at)))
            since = None
    return found


def levels(session: Session, community_id: str, day: date) -> Sequence[int]:
    """From how many overdue working days grid, community and street are told."""
    pack = pack_choice.current(session, community_id, day=day)
    return tuple(pack.number(name) for name in LEVELS)

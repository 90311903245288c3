"""How long each step may take here and today: the community's rule pack and the calendar of working days."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.orm import Session

from hoa.affairs.rules import clocks
from hoa.affairs.rules.clocks import Milestone, Profile, Terms
from hoa.affairs.rules.states import Action
from hoa.affairs.service import steps
from hoa.affairs.tables import Step, Suggestion
from hoa.community import pack_choice
from hoa.kernel.clock import today
from hoa.kernel.packs import RulePack
from hoa.kernel.workdays import Due, china

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


def milestones(session: Session, row: Suggestion) -> Sequence[Milestone]:
    """The last days of the running round with its pauses, and when the handler met them; none before it is assigned."""
    if row.assigned_on is None or not row.profile:
        return ()
    terms, calendar = current(session, row.community_id, row.assigned_on), china()
    found = clocks.milestones(Profile(row.profile), row.assigned_on, terms, calendar)
    moved = [Milestone(one.name, clocks.later(one.due, row.paused_days, calendar)) for one in found[:-1]]
    result = Due(row.due_on, row.provisional) if row.due_on else found[-1].due
    told = [today(step.at) for step in steps.history(session, row) if _is_feedback(step, row)]
    answered = today(row.answered_at) if row.answered_at else None
    return clocks.met((*moved, Milestone(found[-1].name, result)), told, answered)


def _is_feedback(step: Step, row: Suggestion) -> bool:
    return step.action == Action.PROGRESS and row.assigned_on is not None and today(step.at) >= row.assigned_on


def levels(session: Session, community_id: str, day: date) -> Sequence[int]:
    """From how many overdue working days grid, community and street are told."""
    pack = pack_choice.current(session, community_id, day=day)
    return tuple(pack.number(name) for name in LEVELS)

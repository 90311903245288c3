"""What waits for sorting and until when, and whether a page that somebody acts on is still how things stand.

The desk sorts within one working day of what came in, or came back from a handler (rules.md 8, Bishan).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.affairs.rules.clocks import overdue_days
from hoa.affairs.rules.states import Action, State
from hoa.affairs.tables import Step, Suggestion
from hoa.community import pack_choice
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import Due, china


class Moved(Refusal):
    message = N_("这一页打开以后，这件诉求又有了新的进展，刚才的操作没有生效；请刷新看过最新情况再做")
    status = 409


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A suggestion on the desk: the last day for sorting it, and how many working days that is past."""

    row: Suggestion
    due: Due
    overdue: int


def waiting(session: Session, community_id: str, *, day: date) -> Sequence[Waiting]:
    """What is to be sorted, the oldest first."""
    query = (
        select(Suggestion)
        .where(Suggestion.community_id == community_id, Suggestion.state == State.RECEIVED)
        .order_by(Suggestion.received_at, Suggestion.id)
    )
    rows = session.scalars(query).all()
    came = _came(session, community_id)
    days = pack_choice.current(session, community_id, day=day).number("suggestion_triage_working_days")
    found = []
    for row in rows:
        due = china().due(came.get(row.id, today(row.received_at)), days)
        found.append(Waiting(row=row, due=due, overdue=overdue_days(due.day, day, china())))
    return found


def _came(session: Session, community_id: str) -> dict[str, date]:
    """The day on which each waiting suggestion last came to the desk."""
    query = (
        select(Step.suggestion_id, func.max(Step.at))
        .join(Suggestion, (Suggestion.community_id == Step.community_id) & (Suggestion.id == Step.suggestion_id))
        .where(
            Step.community_id == community_id,
            Step.action.in_((Action.RECEIVE, Action.HAND_BACK)),
            Suggestion.state == State.RECEIVED,
        )
        .group_by(Step.suggestion_id)
    )
    return {suggestion_id: today(at) for suggestion_id, at in session.execute(query)}


def moved_to(session: Session, row: Suggestion) -> int:
    """The number of its last step: a page carries it along, so that it is known how old the page is."""
    query = select(func.max(Step.seq)).where(Step.community_id == row.community_id, Step.suggestion_id == row.id)
    return session.scalar(query) or 0


def demand_fresh(session: Session, row: Suggestion, seen: str) -> None:
    """Refuses what was decided on a page that does not show the last step any more."""
    if seen != str(moved_to(session, row)):
        raise Moved


def usual_handler(session: Session, community_id: str, category: str) -> str | None:
    """Who got the latest suggestion of this category: proposed first, for it is mostly the same."""
    query = (
        select(Suggestion.handler_id)
        .where(
            Suggestion.community_id == community_id,
            Suggestion.category == category,
            Suggestion.handler_id.is_not(None),
        )
        .order_by(Suggestion.assigned_on.desc(), Suggestion.received_at.desc())
        .limit(1)
    )
    return session.scalar(query)

"""督办: letters and the way up from grid to community to street, while a suggestion is overdue (rules.md 8)."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from hoa.affairs.rules import clocks
from hoa.affairs.rules.states import Action, Actor
from hoa.affairs.service import messages, steps
from hoa.affairs.tables import Suggestion, SupervisionLetter
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import china

LETTER = ("suggestion_id", "handler_id", "year", "number", "level", "text", "answer_by", "issued_at", "issued_by_id")
HIGHEST = 3


class NotOverdue(Refusal):
    message = N_("这件诉求还没有逾期（最迟 %(day)s），不用督办")
    status = 409


class AlreadyThere(Refusal):
    message = N_("这件诉求已经报到这一级，不用再报")
    status = 409


def demand_overdue(row: Suggestion, now: datetime) -> date:
    """The last day, which has passed; NotOverdue while there is time."""
    if row.due_on is None or clocks.overdue_days(row.due_on, today(now), china()) == 0:
        raise NotOverdue(day=row.due_on.isoformat() if row.due_on else "—")
    return row.due_on


def supervise(
    session: Session, community_id: str, suggestion_id: str, *, letter: SupervisionLetter, now: datetime
) -> Suggestion:
    """督办函: the letter, which is in the session already, becomes a step."""
    row = steps.opened(session, community_id, suggestion_id, Action.SUPERVISE)
    due = demand_overdue(row, now)
    steps.write(
        session,
        row,
        Action.SUPERVISE,
        actor=Actor.SUPERVISOR,
        now=now,
        person_id=letter.issued_by_id,
        handler_id=letter.handler_id,
        reason=letter.text,
        details={
            "letter": letter.label,
            "level": letter.level,
            "answer_by": letter.answer_by.isoformat(),
            # How things stood when it was written, for its paper: a second round has another clock.
            "due": due.isoformat(),
            "title": row.title,
            "profile": row.profile,
            "digest": steps.digest_of(letter, LETTER),
        },
    )
    messages.tell(session, row, "letter", now=now)
    return row


def escalate(
    session: Session, community_id: str, suggestion_id: str, *, level: int, by: str | None = None, now: datetime
) -> Suggestion:
    """升级: told to grid (1), community (2) or street (3); by the clock unless somebody does it."""
    row = steps.opened(session, community_id, suggestion_id, Action.ESCALATE)
    demand_overdue(row, now)
    if not row.level < level <= HIGHEST:
        raise AlreadyThere
    steps.write(
        session,
        row,
        Action.ESCALATE,
        actor=Actor.SUPERVISOR if by else Actor.CLOCK,
        now=now,
        person_id=by,
        handler_id=row.handler_id,
        details={"level": level},
        changes={"level": level},
    )
    messages.tell(session, row, f"escalated_{level}", now=now)
    return row

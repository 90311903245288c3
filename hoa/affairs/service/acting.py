"""The handler's verbs: back to the desk, progress, a pause with its reason, the result (rules.md 8)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from hoa.affairs.rules import clocks, wording
from hoa.affairs.rules.states import Action, Actor
from hoa.affairs.service import messages, photos, steps, terms
from hoa.affairs.service.photos import NONE, Phase, Pictures
from hoa.affairs.service.triage import back_to_desk
from hoa.affairs.tables import Suggestion
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.workdays import Due, china


class NotYours(Refusal):
    message = N_("这件诉求不由您的单位承办")
    status = 403


class PauseInThePast(Refusal):
    message = N_("预计恢复的日期应在今天之后")


def hand_back(
    session: Session, community_id: str, suggestion_id: str, *, reason: str, handler_id: str, by: str, now: datetime
) -> Suggestion:
    """The handler says why it is not theirs; the desk sorts it again within its own time."""
    row = _yours(session, community_id, suggestion_id, Action.HAND_BACK, handler_id)
    steps.write(
        session,
        row,
        Action.HAND_BACK,
        actor=Actor.HANDLER,
        now=now,
        person_id=by,
        handler_id=handler_id,
        reason=wording.reason(reason),
        details={"term": terms.length(session, community_id, None, today(now))},
        changes=back_to_desk(session, community_id, today(now)),
    )
    return row


def progress(
    session: Session, community_id: str, suggestion_id: str, *, text: str, handler_id: str, by: str, now: datetime
) -> Suggestion:
    """反馈进展, which the reporter reads; with 13710 also the plan and the report."""
    row = _yours(session, community_id, suggestion_id, Action.PROGRESS, handler_id)
    _step(session, row, Action.PROGRESS, wording.answer(text), handler_id, by, now, {})
    messages.tell(session, row, "progress", now=now)
    return row


def pause(
    session: Session,
    community_id: str,
    suggestion_id: str,
    *,
    reason: str,
    until: date | None = None,
    handler_id: str,
    by: str,
    now: datetime,
) -> Suggestion:
    """The clock stands still from tomorrow on, for a reason that the reporter reads; `until` is the day on which the
    handler expects to go on, which binds nobody.
    """
    row = _yours(session, community_id, suggestion_id, Action.PAUSE, handler_id)
    if until is not None and until <= today(now):
        raise PauseInThePast
    steps.write(
        session,
        row,
        Action.PAUSE,
        actor=Actor.HANDLER,
        now=now,
        person_id=by,
        handler_id=handler_id,
        reason=wording.reason(reason),
        details={"until": until.isoformat()} if until else {},
        changes={"paused_on": today(now)},
    )
    messages.tell(session, row, "paused", now=now)
    return row


def resume(
    session: Session, community_id: str, suggestion_id: str, *, handler_id: str, by: str, now: datetime
) -> Suggestion:
    """The clock runs again; the last day is as many working days later as it stood still."""
    row = _yours(session, community_id, suggestion_id, Action.RESUME, handler_id)
    _step(session, row, Action.RESUME, "", handler_id, by, now, clock_resumes(row, now))
    messages.tell(session, row, "resumed", now=now)
    return row


def answer(
    session: Session,
    community_id: str,
    suggestion_id: str,
    *,
    text: str,
    handler_id: str,
    pictures: Pictures = NONE,
    by: str,
    now: datetime,
) -> Suggestion:
    """反馈结果, with pictures of it: the reporter is asked what they think of it. A pause ends with the answer."""
    row = _yours(session, community_id, suggestion_id, Action.ANSWER, handler_id)
    text = wording.answer(text)
    brought = photos.bring(session, row, pictures, phase=Phase.AFTER, now=now)
    changes = {"answered_at": now, **clock_resumes(row, now)}
    _step(session, row, Action.ANSWER, text, handler_id, by, now, changes, brought)
    messages.tell(session, row, "answered", now=now)
    return row


def clock_resumes(row: Suggestion, now: datetime) -> dict[str, Any]:
    """The row's clock after its pause, if there is one."""
    if row.paused_on is None or row.due_on is None:
        return {}
    calendar = china()
    stood = clocks.working_days_after(row.paused_on, today(now), calendar)
    due = clocks.later(Due(row.due_on, row.provisional), stood, calendar)
    return {
        "paused_on": None,
        "paused_days": row.paused_days + stood,
        "due_on": due.day,
        "provisional": due.provisional,
    }


def _yours(session: Session, community_id: str, suggestion_id: str, action: Action, handler_id: str) -> Suggestion:
    row = steps.opened(session, community_id, suggestion_id, action)
    if row.handler_id != handler_id:
        raise NotYours
    return row


def _step(
    session: Session,
    row: Suggestion,
    action: Action,
    reason: str,
    handler_id: str,
    by: str,
    now: datetime,
    changes: dict[str, Any],
    brought: Mapping[str, Any] | None = None,
) -> None:
    stood = {"days": changes["paused_days"] - row.paused_days} if "paused_days" in changes and row.paused_on else {}
    steps.write(
        session,
        row,
        action,
        actor=Actor.HANDLER,
        now=now,
        person_id=by,
        handler_id=handler_id,
        reason=reason,
        details={**stood, **(brought or {})},
        changes=changes,
    )

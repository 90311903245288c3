"""The desk's verbs: 梳理 into 即办, 代办 and 上报, one handler for each (首问负责), duplicates merged (rules.md 8)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from hoa.affairs.rules import wording
from hoa.affairs.rules.clocks import Profile
from hoa.affairs.rules.states import Action, Actor, Sorting, State
from hoa.affairs.service import handlers, messages, steps, terms
from hoa.affairs.tables import Suggestion
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal


class NotForHandlers(Refusal):
    message = N_("即办的诉求由梳理人员当场答复，不用交办；交办请选“代办”或“上报”")


class SameHandler(Refusal):
    message = N_("它已经由这个单位承办，请选另一个单位")


class MergedIntoItself(Refusal):
    message = N_("不能并入它自己，请选另一件")


class MergedIntoEnded(Refusal):
    message = N_("%(label)s 已经合并、撤回或不予受理，不能并入；请选一件还在办的")
    status = 409


def answer_at_once(
    session: Session, community_id: str, suggestion_id: str, *, title: str, text: str, by: str, now: datetime
) -> Suggestion:
    """即办: the desk itself answers, without a handler."""
    row = steps.opened(session, community_id, suggestion_id, Action.ANSWER_AT_ONCE)
    title, text = wording.title(title), wording.answer(text)
    steps.write(
        session,
        row,
        Action.ANSWER_AT_ONCE,
        actor=Actor.DESK,
        now=now,
        person_id=by,
        reason=text,
        changes={"title": title, "sorting": Sorting.AT_ONCE.value, "answered_at": now},
    )
    messages.tell(session, row, "answered", now=now)
    return row


def assign(
    session: Session,
    community_id: str,
    suggestion_id: str,
    *,
    title: str,
    sorting: Sorting,
    handler_id: str,
    profile: Profile = Profile.TEN,
    reason: str = "",
    by: str,
    now: datetime,
) -> Suggestion:
    """交办: one handler, and its clock begins (not counting this day)."""
    row = steps.opened(session, community_id, suggestion_id, Action.ASSIGN)
    title, reason = wording.title(title), wording.remark(reason)
    if Sorting(sorting) is Sorting.AT_ONCE:
        raise NotForHandlers
    handler = handlers.working(session, community_id, handler_id, lock=True)
    steps.write(
        session,
        row,
        Action.ASSIGN,
        actor=Actor.DESK,
        now=now,
        person_id=by,
        handler_id=handler.id,
        reason=reason,
        details={
            "sorting": Sorting(sorting).value,
            "profile": Profile(profile).value,
            "unit": handler.name,
            "term": terms.length(session, community_id, Profile(profile), today(now)),
        },
        changes={
            "title": title,
            "sorting": Sorting(sorting).value,
            "handler_id": handler.id,
            **clock_begins(session, community_id, Profile(profile), today(now)),
        },
    )
    messages.tell(session, row, "assigned", now=now)
    return row


def clock_begins(session: Session, community_id: str, profile: Profile, day: date) -> dict[str, Any]:
    """The row's clock when a handler gets it on `day`, in a first round or a second."""
    due = terms.due(session, community_id, profile, day)
    return {
        "profile": profile.value,
        "assigned_on": day,
        "clock_from": day,
        "due_on": due.day,
        "provisional": due.provisional,
        "paused_on": None,
        "paused_days": 0,
        "level": 0,
    }


def back_to_desk(session: Session, community_id: str, day: date) -> dict[str, Any]:
    """The row when it waits for the desk again: nobody handles it, and triage's clock begins anew."""
    due = terms.triage_due(session, community_id, day)
    return {
        "handler_id": None,
        "sorting": "",
        "profile": "",
        "assigned_on": None,
        "clock_from": day,
        "due_on": due.day,
        "provisional": due.provisional,
        "paused_on": None,
        "paused_days": 0,
        "level": 0,
    }


def reassign(
    session: Session, community_id: str, suggestion_id: str, *, handler_id: str, reason: str, by: str, now: datetime
) -> Suggestion:
    """改派: another handler; the clock runs on, whoever was promised an answer is not to wait longer for it."""
    row = steps.opened(session, community_id, suggestion_id, Action.REASSIGN)
    reason = wording.reason(reason)
    handler = handlers.working(session, community_id, handler_id, lock=True)
    if handler.id == row.handler_id:
        raise SameHandler
    steps.write(
        session,
        row,
        Action.REASSIGN,
        actor=Actor.DESK,
        now=now,
        person_id=by,
        handler_id=handler.id,
        reason=reason,
        details={"from": row.handler_id, "unit": handler.name},
        changes={"handler_id": handler.id},
    )
    messages.tell(session, row, "reassigned", now=now)
    return row


def merge(
    session: Session, community_id: str, suggestion_id: str, *, into_id: str, by: str, now: datetime
) -> Suggestion:
    """合并: the same thing was said in another one, which is handled for both; this one's reporter hears of it too."""
    if into_id == suggestion_id:
        raise MergedIntoItself
    # Both rows in one order: two desks at once must not wait for each other.
    found = {one: steps.locked(session, community_id, one) for one in sorted((suggestion_id, into_id))}
    row, into = steps.opened(session, community_id, suggestion_id, Action.MERGE), found[into_id]
    if State(into.state) in (State.MERGED, State.REFUSED, State.WITHDRAWN):
        raise MergedIntoEnded(label=into.label)
    steps.write(
        session,
        row,
        Action.MERGE,
        actor=Actor.DESK,
        now=now,
        person_id=by,
        details={"into": into.id, "label": into.label},
        changes={"merged_into_id": into.id, "ended_at": now, "paused_on": None},
    )
    messages.tell(session, row, "merged", now=now)
    return row


def refuse(
    session: Session, community_id: str, suggestion_id: str, *, reason: str, by: str, now: datetime
) -> Suggestion:
    """不予受理, with the reason that the reporter reads."""
    row = steps.opened(session, community_id, suggestion_id, Action.REFUSE)
    steps.write(
        session,
        row,
        Action.REFUSE,
        actor=Actor.DESK,
        now=now,
        person_id=by,
        reason=wording.reason(reason),
        changes={"ended_at": now},
    )
    messages.tell(session, row, "refused", now=now)
    return row


def discuss(
    session: Session, community_id: str, suggestion_id: str, *, topic: str, by: str, now: datetime
) -> Suggestion:
    """It became part of the topic with this label; its own clock runs on."""
    row = steps.opened(session, community_id, suggestion_id, Action.DISCUSS)
    steps.write(session, row, Action.DISCUSS, actor=Actor.DESK, now=now, person_id=by, details={"topic": topic})
    return row

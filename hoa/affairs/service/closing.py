"""After the answer: 评价, one reopening with its reason, call-backs and on-site checks, 公示 (rules.md 8)."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from hoa.affairs.rules import checks, wording
from hoa.affairs.rules.clocks import Profile
from hoa.affairs.rules.states import Action, Actor
from hoa.affairs.service import messages, photos, steps, terms
from hoa.affairs.service.photos import NONE, Phase, Pictures
from hoa.affairs.service.triage import back_to_desk, clock_begins
from hoa.affairs.tables import Check, Handler, Rating, Suggestion
from hoa.community import pack_choice
from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal

ANNOUNCE = "suggestions.announce"
RATING = ("suggestion_id", "round", "stars", "text", "via", "at")
CHECK = ("suggestion_id", "round", "kind", "outcome", "text", "at", "by_id")


class ReopenedBefore(Refusal):
    message = N_("这件诉求已经重办过一次；如果问题还在，请另提一件并注明编号 %(label)s")
    status = 409


class TooLateToReopen(Refusal):
    message = N_("要求重办的期限是 %(day)s，已经过了；如果问题还在，请另提一件并注明编号 %(label)s")
    status = 409


def rate(
    session: Session, community_id: str, suggestion_id: str, *, stars: int, text: str = "", via: str, now: datetime
) -> Suggestion:
    """评价: one to five stars for this round, by whoever reported."""
    row = steps.opened(session, community_id, suggestion_id, Action.RATE)
    rating = Rating(
        community_id=community_id,
        suggestion_id=row.id,
        round=row.round,
        stars=checks.stars(stars),
        text=wording.remark(text),
        via=checks.way(via).value,
        at=now,
    )
    session.add(rating)
    session.flush()
    details = {"rating": rating.id, "stars": rating.stars, "digest": steps.digest_of(rating, RATING)}
    steps.write(session, row, Action.RATE, actor=Actor.REPORTER, now=now, person_id=row.reporter_id, details=details)
    return row


def lapse(session: Session, community_id: str, suggestion_id: str, *, now: datetime) -> Suggestion:
    """Nobody rated in time; what was done can be published."""
    row = steps.opened(session, community_id, suggestion_id, Action.LAPSE)
    steps.write(session, row, Action.LAPSE, actor=Actor.CLOCK, now=now)
    return row


def rate_by(session: Session, row: Suggestion) -> date | None:
    """The last day for a rating; None while there is no answer."""
    return _after_answer(session, row, "suggestion_rating_days")


def reopen_by(session: Session, row: Suggestion) -> date | None:
    """The last day on which the reporter may ask for another round; None while there is no answer."""
    return _after_answer(session, row, "suggestion_reopen_days")


def _after_answer(session: Session, row: Suggestion, name: str) -> date | None:
    if row.answered_at is None:
        return None
    answered = today(row.answered_at)
    days = pack_choice.current(session, row.community_id, day=answered).number(name)
    return answered + timedelta(days=days)


def reopen(
    session: Session, community_id: str, suggestion_id: str, *, reason: str, by_person: str | None = None, now: datetime
) -> Suggestion:
    """要求重办, once and with a reason: a second round with a clock of its own, at the same handler; at the desk where
    there is none, because triage had answered itself or the unit is gone.
    """
    row = steps.opened(session, community_id, suggestion_id, Action.REOPEN)
    if row.round > 1:
        raise ReopenedBefore(label=row.label)
    last = reopen_by(session, row)
    if last is not None and today(now) > last:
        raise TooLateToReopen(day=last.isoformat(), label=row.label)
    reason, profile = wording.reason(reason), _profile_again(session, row)
    day = today(now)
    clock = clock_begins(session, community_id, profile, day) if profile else back_to_desk(session, community_id, day)
    steps.write(
        session,
        row,
        Action.REOPEN,
        actor=Actor.REPORTER,
        now=now,
        person_id=by_person or row.reporter_id,
        handler_id=row.handler_id,
        reason=reason,
        details={"term": terms.length(session, community_id, profile, day)},
        changes={"round": row.round + 1, "answered_at": None, **clock},
    )
    messages.tell(session, row, "reopened", now=now)
    return row


def _profile_again(session: Session, row: Suggestion) -> Profile | None:
    """The second round's clock; None where nobody handles it. The unit is locked: it is not ended at this moment."""
    if row.handler_id is None:
        return None
    if get(session, Handler, row.community_id, row.handler_id, lock=True).ended_at is not None:
        return None
    return Profile(row.profile)


def withdraw(session: Session, community_id: str, suggestion_id: str, *, reason: str, now: datetime) -> Suggestion:
    """The reporter takes it back before anybody sorted it."""
    row = steps.opened(session, community_id, suggestion_id, Action.WITHDRAW)
    steps.write(
        session,
        row,
        Action.WITHDRAW,
        actor=Actor.REPORTER,
        now=now,
        person_id=row.reporter_id,
        reason=wording.remark(reason),
        changes={"ended_at": now},
    )
    return row


def check(
    session: Session,
    community_id: str,
    suggestion_id: str,
    *,
    kind: str,
    outcome: str,
    text: str,
    pictures: Pictures = NONE,
    by: str,
    now: datetime,
) -> Suggestion:
    """回访 or 实地验收: who looked, and what came out, with pictures of the place."""
    row = steps.opened(session, community_id, suggestion_id, Action.CHECK)
    how, result = checks.check(kind, outcome)
    found = Check(
        community_id=community_id,
        suggestion_id=row.id,
        round=row.round,
        kind=how.value,
        outcome=result.value,
        text=wording.remark(text),
        at=now,
        by_id=by,
    )
    session.add(found)
    session.flush()
    details = {
        "check": found.id,
        "kind": found.kind,
        "outcome": found.outcome,
        "digest": steps.digest_of(found, CHECK),
        **photos.bring(session, row, pictures, phase=Phase.AFTER, now=now),
    }
    steps.write(session, row, Action.CHECK, actor=Actor.SUPERVISOR, now=now, person_id=by, details=details)
    return row


def publish(
    session: Session,
    community_id: str,
    suggestion_id: str,
    *,
    public_text: str,
    public_answer: str,
    by: str,
    now: datetime,
) -> Suggestion:
    """公示: the words that the public reads, looked over by whoever publishes them."""
    row = steps.opened(session, community_id, suggestion_id, Action.PUBLISH)
    changes = {
        "public_text": wording.public(public_text),
        "public_answer": wording.public(public_answer),
        "published_at": now,
        "ended_at": now,
    }
    steps.write(session, row, Action.PUBLISH, actor=Actor.DESK, now=now, person_id=by, changes=changes)
    messages.tell(session, row, "published", now=now)
    enqueue(session, ANNOUNCE, {"suggestion": row.id}, now=now, community_id=community_id)
    return row

"""The one place where a step of a suggestion is written: checked, chained, and the row moved with it.

Each step's hash covers the one before and a digest of how the suggestion stands after it, so that neither a step nor
the row can be changed behind the platform's back without `hoa verify` naming it (trust.md 12).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules import replay
from hoa.affairs.rules.states import Action, Actor, State, follow
from hoa.affairs.tables import Step, Suggestion
from hoa.kernel import canonical
from hoa.kernel.clock import stamp
from hoa.kernel.errors import NotFound

# Not what is forgotten some time after the end: name, phone, and that they may be called (`REPORTER`).
SAID = (
    "year",
    "number",
    "category",
    "text",
    "place_id",
    "building",
    "entrance",
    "floor",
    "spot",
    "channel",
    "received_at",
    "received_by_id",
    "reporter_id",
)
STANDS = (
    "state",
    "round",
    "title",
    "sorting",
    "handler_id",
    "profile",
    "assigned_on",
    "clock_from",
    "due_on",
    "provisional",
    "paused_on",
    "paused_days",
    "level",
    "answered_at",
    "ended_at",
    "merged_into_id",
    "cluster_id",
    "public_text",
    "public_answer",
    "published_at",
)
REPORTER = ("reporter_name_sealed", "reporter_phone_sealed", "reporter_phone_key")
START = "0" * 64


def locked(session: Session, community_id: str, suggestion_id: str) -> Suggestion:
    """The suggestion, locked and as it stands in the database now."""
    query = select(Suggestion).where(Suggestion.community_id == community_id, Suggestion.id == suggestion_id)
    query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def opened(session: Session, community_id: str, suggestion_id: str, action: Action) -> Suggestion:
    """The suggestion, locked; NotNow when `action` does not fit."""
    row = locked(session, community_id, suggestion_id)
    follow(State(row.state), action)
    return row


def write(
    session: Session,
    row: Suggestion,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    person_id: str | None = None,
    handler_id: str | None = None,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Step:
    """One step: the row takes the state that follows and the `changes` that come with it. `row` is locked (`opened`)
    or new.
    """
    last = latest(session, row)
    changed = dict(changes or {})
    if action is not Action.RECEIVE:
        handled = changed.get("handler_id", row.handler_id) is not None
        row.state = follow(State(row.state), action, handled=handled).value
    for name, value in changed.items():
        setattr(row, name, value)
    step = Step(
        community_id=row.community_id,
        suggestion_id=row.id,
        seq=last.seq + 1 if last else 1,
        at=now,
        action=action.value,
        state=row.state,
        by=actor.value,
        person_id=person_id,
        handler_id=handler_id,
        reason=reason,
        details={**(details or {}), **_kept(row, action, changed), "stands": stands(row)},
        previous=last.hash if last else START,
    )
    step.hash = hash_of(step)
    session.add(step)
    session.flush()
    return step


def _kept(row: Suggestion, action: Action, changed: Collection[str]) -> Mapping[str, Any]:
    """What a step that changes the row keeps of what it does not say in its own words, for `replay`."""
    names = (*replay.CLOCK, *replay.WORDS)
    if action is Action.RECEIVE:
        changed = names
    if not changed:
        return {}
    return {replay.KEPT: {name: plain(row, name) for name in names if name in changed}}


def plain(row: Suggestion, name: str) -> object:
    """A column as a step keeps it: words as their digest, days as ISO."""
    value = getattr(row, name)
    return canonical.digest(value) if name in replay.WORDS else _plain(value)


def latest(session: Session, row: Suggestion) -> Step | None:
    """The last step; None of a suggestion that is only being received."""
    query = select(Step).where(Step.community_id == row.community_id, Step.suggestion_id == row.id)
    return session.scalars(query.order_by(Step.seq.desc()).limit(1)).one_or_none()


def history(session: Session, row: Suggestion) -> Sequence[Step]:
    """Every step in its order."""
    query = select(Step).where(Step.community_id == row.community_id, Step.suggestion_id == row.id)
    return session.scalars(query.order_by(Step.seq)).all()


def hash_of(step: Step) -> str:
    """SHA-256 over the step's canonical JSON, the hash before it included."""
    return canonical.digest(
        {
            "community": step.community_id,
            "suggestion": step.suggestion_id,
            "seq": step.seq,
            "at": stamp(step.at),
            "action": step.action,
            "state": step.state,
            "by": step.by,
            "person": step.person_id,
            "handler": step.handler_id,
            "reason": step.reason,
            "details": step.details,
            "previous": step.previous,
        }
    )


def said(row: Suggestion) -> str:
    """A digest of what was said, when and where; kept in the first step."""
    return digest_of(row, SAID)


def reporter(row: Suggestion) -> str:
    """A digest of who reported, sealed as it is; kept in the first step, and nothing can be read from it."""
    return digest_of(row, REPORTER)


def stands(row: Suggestion) -> str:
    """A digest of how it stands; kept in every step."""
    return digest_of(row, STANDS)


def digest_of(row: object, names: Sequence[str]) -> str:
    """A digest of some columns of a row."""
    return canonical.digest({name: _plain(getattr(row, name)) for name in names})


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else value

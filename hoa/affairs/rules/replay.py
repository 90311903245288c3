"""How a suggestion must stand by what its steps say, told again from the first one. Pure.

Each step already keeps a digest of how the suggestion stood after it. Told again, the steps also say *which* fact of a
row does not agree, and that a last step was written anew around a changed row: the hash of that step alone proves
nothing against somebody who can compute it (trust.md 12).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hoa.affairs.rules.states import Action, Sorting, State, allowed, follow
from hoa.kernel.clock import today

# What no step says in so many words; a step that changes one of them keeps it under `KEPT`, words as their digest.
KEPT = "kept"
CLOCK = ("due_on", "provisional", "paused_days")
WORDS = ("title", "public_text", "public_answer")
# Steps after which the suggestion stands as before.
STILL = frozenset(
    {
        Action.PROGRESS,
        Action.SUPERVISE,
        Action.REMIND,
        Action.CHECK,
        Action.RAISE,
        Action.DISCUSS,
        Action.PHOTO,
    }
)
_MOVES_STATE_ONLY = frozenset({Action.RATE, Action.LAPSE})


class Told(NamedTuple):
    """What is read of a step."""

    action: str
    state: str
    at: datetime
    handler_id: str | None
    details: Mapping[str, Any]


def misfit(history: Sequence[Told]) -> int | None:
    """The index of the first step that cannot follow the one before, or says another state than follows; None: all
    fit.
    """
    state = State.RECEIVED
    for index, step in enumerate(history):
        action = Action(step.action) if step.action in set(Action) else None
        if (action is Action.RECEIVE) is not (index == 0) or action is None:
            return index
        if index and not allowed(state, action):
            return index
        if index:
            state = follow(state, action, handled=step.state != State.RECEIVED)
        if step.state != state:
            return index
    return None


def unmoved(history: Sequence[Told]) -> Sequence[int]:
    """The indexes of the steps that changed nothing and yet say that the suggestion stands otherwise than before."""
    return [
        index
        for index, step in enumerate(history)
        if index and step.action in STILL and step.details.get("stands") != history[index - 1].details.get("stands")
    ]


def stands(history: Sequence[Told]) -> Mapping[str, Any]:
    """The row's columns as the steps tell them; what they do not tell is missing. Words are digests, days ISO."""
    found: dict[str, Any] = {}
    for step in history:
        action = Action(step.action)
        found |= _told(action, step, found)
        if KEPT in step.details:
            found |= step.details[KEPT]
        elif action not in STILL | _MOVES_STATE_ONLY:
            # Written before steps kept these: what they are from here on is not told.
            found = {name: value for name, value in found.items() if name not in (*CLOCK, *WORDS)}
    return found


def _told(action: Action, step: Told, before: Mapping[str, Any]) -> Mapping[str, Any]:
    day, details = today(step.at), step.details
    begins: dict[str, Any] = {"assigned_on": day, "clock_from": day, "paused_on": None, "level": 0}
    desk = begins | {"assigned_on": None, "handler_id": None, "sorting": "", "profile": ""}
    match action:
        case Action.RECEIVE:
            nothing = ("answered_at", "ended_at", "merged_into_id", "cluster_id", "published_at")
            return {**desk, "round": 1, **dict.fromkeys(nothing)}
        case Action.ANSWER_AT_ONCE:
            return {"sorting": Sorting.AT_ONCE.value, "answered_at": step.at}
        case Action.ASSIGN:
            given = {name: details.get(name) for name in ("sorting", "profile")}
            return begins | given | {"handler_id": step.handler_id}
        case Action.HAND_BACK:
            return desk
        case Action.REASSIGN:
            return {"handler_id": step.handler_id}
        case Action.PAUSE:
            return {"paused_on": day}
        case Action.RESUME:
            return {"paused_on": None}
        case Action.ANSWER:
            return {"paused_on": None, "answered_at": step.at}
        case Action.ESCALATE:
            return {"level": details.get("level")}
        case Action.REOPEN:
            again = {"round": before.get("round", 1) + 1, "answered_at": None}
            return (desk if step.state == State.RECEIVED else begins) | again
        case Action.WITHDRAW | Action.REFUSE:
            return {"ended_at": step.at}
        case Action.MERGE:
            return {"merged_into_id": details.get("into"), "ended_at": step.at, "paused_on": None}
        case Action.PUBLISH:
            return {"published_at": step.at, "ended_at": step.at}
        case Action.CLUSTER:
            return {"cluster_id": details.get("cluster")}
        case Action.UNCLUSTER:
            return {"cluster_id": None}
        case _:
            return {}

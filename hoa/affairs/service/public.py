"""A suggestion as anybody may see it. Whatever room shows one to the public takes its words from here: a title or a
reason passes the mask again, with the name the reporter gave, whatever the desk overlooked (trust.md 20).
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.affairs.rules import public as rules
from hoa.affairs.rules.masking import mask
from hoa.affairs.rules.states import Action, Actor
from hoa.affairs.service import reading, reporters
from hoa.affairs.service.handlers import name_of
from hoa.affairs.tables import Place, Step, Suggestion
from hoa.ports.keys import Keys


class PublicStep(NamedTuple):
    """One step: what was done, by which unit where one is named, why where that is public; the step for its day and
    details.
    """

    action: Action
    handler: str
    reason: str
    step: Step


def title(_session: Session, keys: Keys, row: Suggestion) -> str:
    """What the desk called it; empty before triage, when only its category is public."""
    return written(keys, row, row.title) if row.title else ""


def where(row: Suggestion, place: Place | None, *, here: bool = False) -> str:
    """Where it is, never in the reporter's words. What a poster's place is called is the staff's own text; but who
    lives at an entrance, or on a floor, can be two families: of such a place no more than the building, as on the
    board, except to somebody who scanned the same poster (`here`).
    """
    if place is not None and (here or (not place.entrance and place.floor is None)):
        return place.name
    return row.building


def masked(session: Session, keys: Keys, row: Suggestion, text: str) -> str:
    """What the reporter wrote, as it may be published once the desk confirmed it: without the name they gave and their
    account's.
    """
    account = accounts.person(session, row.reporter_id).name if row.reporter_id else ""
    return mask(text, names=[name for name in (_given(keys, row), account) if name])


def written(keys: Keys, row: Suggestion, text: str, *, by_handler: bool = False) -> str:
    """What staff wrote for everybody to read, without the reporter's name as far as the writer may know it. Any other
    name stays: if it vanished, guessing at names would tell who reported.
    """
    known = not by_handler or row.may_call
    return mask(text, names=[_given(keys, row)] if known else ())


def steps(session: Session, keys: Keys, row: Suggestion) -> Sequence[PublicStep]:
    """Every step, in its order."""
    return [_step(session, keys, row, step) for step in reading.history(session, row)]


def _step(session: Session, keys: Keys, row: Suggestion, step: Step) -> PublicStep:
    action = Action(step.action)
    named = step.handler_id if action in rules.NAMED else None
    return PublicStep(action, name_of(session, row.community_id, named), reason(keys, row, step), step)


def reason(keys: Keys, row: Suggestion, step: Step) -> str:
    """Why, where everybody may read it; else empty."""
    if not step.reason or not rules.reason_is_public(Action(step.action)):
        return ""
    return written(keys, row, step.reason, by_handler=step.by == Actor.HANDLER)


def _given(keys: Keys, row: Suggestion) -> str:
    """The name the reporter gave; empty when none, or when it was forgotten."""
    sealed = row.reporter_name_sealed
    return reporters.opened(keys, row.community_id, row.id, sealed) if sealed else ""

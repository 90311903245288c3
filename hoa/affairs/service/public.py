"""A suggestion as anybody may see it. Whatever room shows one to the public takes its words from here: a title or a
reason passes the mask again, with the reporter's own name, whatever the desk overlooked (trust.md 20).
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.affairs.rules import public as rules
from hoa.affairs.rules.masking import mask
from hoa.affairs.rules.states import Action
from hoa.affairs.service import reading, reporters
from hoa.affairs.service.handlers import name_of
from hoa.affairs.tables import Step, Suggestion
from hoa.ports.keys import Keys


class PublicStep(NamedTuple):
    """One step: what was done, by which unit where one is named, why where that is public; the step for its day and
    details.
    """

    action: Action
    handler: str
    reason: str
    step: Step


def title(session: Session, keys: Keys, row: Suggestion) -> str:
    """What the desk called it; empty before triage, when only its category is public."""
    return mask(row.title, names=names(session, keys, row)) if row.title else ""


def masked(session: Session, keys: Keys, row: Suggestion, text: str) -> str:
    """A text about this suggestion as it may be published: what the desk confirms or mends before it is."""
    return mask(text, names=names(session, keys, row))


def steps(session: Session, keys: Keys, row: Suggestion) -> Sequence[PublicStep]:
    """Every step, in its order."""
    return [_step(session, keys, row, step) for step in reading.history(session, row)]


def _step(session: Session, keys: Keys, row: Suggestion, step: Step) -> PublicStep:
    action = Action(step.action)
    named = step.handler_id if action in rules.NAMED else None
    reason = masked(session, keys, row, step.reason) if step.reason and rules.reason_is_public(action) else ""
    return PublicStep(action, name_of(session, row.community_id, named), reason, step)


def names(session: Session, keys: Keys, row: Suggestion) -> list[str]:
    """How the reporter is known: the name they gave, and their account's."""
    given = (
        reporters.opened(keys, row.community_id, row.id, row.reporter_name_sealed) if row.reporter_name_sealed else ""
    )
    account = accounts.person(session, row.reporter_id).name if row.reporter_id else ""
    return [name for name in (given, account) if name]

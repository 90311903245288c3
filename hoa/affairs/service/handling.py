"""What a unit has on its desk, and its verbs with the rules of handing on and pausing around `life`."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules import handing
from hoa.affairs.rules.handing import Given
from hoa.affairs.rules.states import DONE, Action, State
from hoa.affairs.service import life, reading, steps
from hoa.affairs.service.photos import Pictures
from hoa.affairs.service.reading import Standing
from hoa.affairs.tables import Handler, Step, Suggestion
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.workdays import china
from hoa.ports.files import Files
from hoa.ports.uploads import Upload

LATELY = 20


class NoLongerYours(Refusal):
    message = N_("这件诉求已经不在您单位办理，刚才的操作没有生效")
    status = 409


class Task(NamedTuple):
    """One line of the inbox."""

    row: Suggestion
    standing: Standing
    handler: Handler
    until: date | None  # of a paused one: the day on which it was expected to go on


def waiting(session: Session, community_id: str, units: Collection[Handler], day: date) -> Sequence[Task]:
    """What these units have to do: overdue first, then by the last day; what stands still comes last."""
    named = {unit.id: unit for unit in units}
    query = select(Suggestion).where(
        Suggestion.community_id == community_id,
        Suggestion.handler_id.in_(named),
        Suggestion.state.in_((State.ASSIGNED, State.PAUSED)),
    )
    rows = session.scalars(query).all()
    until = _until(session, community_id, [row.id for row in rows if row.state == State.PAUSED])
    tasks = [
        Task(row, reading.standing(row, day), named[row.handler_id], until.get(row.id))
        for row in rows
        if row.handler_id is not None
    ]
    return sorted(tasks, key=lambda task: (task.standing.paused, task.row.due_on or day, task.row.received_at))


def lately(session: Session, community_id: str, units: Collection[Handler]) -> Sequence[Suggestion]:
    """What these units answered last, to see what became of it."""
    query = select(Suggestion).where(
        Suggestion.community_id == community_id,
        Suggestion.handler_id.in_([unit.id for unit in units]),
        Suggestion.state.in_(DONE),
    )
    return session.scalars(query.order_by(Suggestion.answered_at.desc(), Suggestion.id).limit(LATELY)).all()


def find(session: Session, community_id: str, suggestion_id: str, units: Collection[Handler]) -> Suggestion:
    """A suggestion that one of these units handles. NoLongerYours for one that it handled before it was moved on, so
    that a page left open says what happened; NotFound for any other.
    """
    row = reading.find(session, community_id, suggestion_id)
    mine = {unit.id for unit in units}
    if row.handler_id in mine:
        return row
    if any(step.handler_id in mine for step in reading.history(session, row)):
        raise NoLongerYours
    raise NotFound


def given(session: Session, row: Suggestion) -> Given | None:
    """How it came to the unit that has it now."""
    return handing.given([Given(step.action, today(step.at)) for step in reading.history(session, row)])


def paused_until(session: Session, row: Suggestion) -> date | None:
    """Of a paused one, the day on which it is expected to go on."""
    return _until(session, row.community_id, [row.id]).get(row.id) if row.state == State.PAUSED else None


def hand_back(
    session: Session, row: Suggestion, *, belongs_to: str, why: str, handler_id: str, by: str, now: datetime
) -> None:
    """Back to the desk with whose it is, in the first working day (首问负责)."""
    reason = handing.handed_back(belongs_to, why)
    row = steps.locked(session, row.community_id, row.id)
    handing.check_hand_back(given(session, row), today(now), china())
    life.hand_back(session, row.community_id, row.id, reason=reason, handler_id=handler_id, by=by, now=now)


def pause(
    session: Session, row: Suggestion, *, reason: str, until: date, handler_id: str, by: str, now: datetime
) -> None:
    """Stop the clock for a reason, until a day that is named; not of what is late already."""
    row = steps.locked(session, row.community_id, row.id)
    handing.check_pause(row.due_on, until, today(now), china())
    life.pause(session, row.community_id, row.id, reason=reason, until=until, handler_id=handler_id, by=by, now=now)


def answer(
    session: Session,
    files: Files,
    row: Suggestion,
    *,
    text: str,
    pictures: Sequence[Upload],
    handler_id: str,
    by: str,
    now: datetime,
) -> None:
    """The result, with pictures of it."""
    brought = Pictures(files, pictures)
    life.answer(session, row.community_id, row.id, text=text, pictures=brought, handler_id=handler_id, by=by, now=now)


def _until(session: Session, community_id: str, ids: Collection[str]) -> dict[str, date]:
    query = select(Step).where(
        Step.community_id == community_id, Step.suggestion_id.in_(ids), Step.action == Action.PAUSE.value
    )
    steps = session.scalars(query.order_by(Step.suggestion_id, Step.seq)).all()
    return {step.suggestion_id: date.fromisoformat(step.details["until"]) for step in steps if "until" in step.details}

"""督办函: issuing them, and what their paper says. Only the overdue get one (rules.md 8, Lüliang)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.affairs.rules import intake, wording
from hoa.affairs.rules import letters as rules
from hoa.affairs.rules.clocks import overdue_days
from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import Action
from hoa.affairs.service import handlers, life, places, reading, steps, supervising
from hoa.affairs.tables import Handler, Step, Suggestion, SupervisionLetter
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.kernel.workdays import china
from hoa.offices import service as offices
from hoa.offices.rules import BODIES

# What a letter tells of the clock: not who said what to whom, but when what was due and done.
_TOLD = (
    Action.RECEIVE,
    Action.ASSIGN,
    Action.REASSIGN,
    Action.PROGRESS,
    Action.PAUSE,
    Action.RESUME,
    Action.REOPEN,
    Action.ESCALATE,
    Action.SUPERVISE,
)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Everything that stands on a letter, as it stood when it was issued."""

    letter: SupervisionLetter
    row: Suggestion
    handler: Handler
    title: str
    place: str
    sender: str
    overdue: int
    due: date
    basis: Sequence[str]
    steps: Sequence[Step]


def letters(session: Session, row: Suggestion) -> Sequence[SupervisionLetter]:
    """The letters of a suggestion, the first one first."""
    query = select(SupervisionLetter).where(
        SupervisionLetter.community_id == row.community_id, SupervisionLetter.suggestion_id == row.id
    )
    return session.scalars(query.order_by(SupervisionLetter.issued_at, SupervisionLetter.id)).all()


def latest(session: Session, community_id: str, *, limit: int) -> Sequence[SupervisionLetter]:
    """The community's letters, the latest first."""
    query = select(SupervisionLetter).where(SupervisionLetter.community_id == community_id)
    query = query.order_by(SupervisionLetter.year.desc(), SupervisionLetter.number.desc()).limit(limit)
    return session.scalars(query).all()


def find(session: Session, community_id: str, letter_id: str) -> SupervisionLetter:
    return get(session, SupervisionLetter, community_id, letter_id)


def title_of(row: Suggestion) -> str:
    """What a suggestion may be called before people outside the desk: its public title, else its kind."""
    return row.title or CATEGORIES[row.category]


def proposal(session: Session, row: Suggestion, *, answer_by: date, now: datetime) -> str:
    """Words for a letter, from what is on record; NotOverdue while there is time."""
    supervising.demand_overdue(row, now)
    if row.handler_id is None or row.assigned_on is None or row.due_on is None:
        raise NotFound
    return rules.proposed(
        rules.Facts(
            handler=handlers.name_of(session, row.community_id, row.handler_id),
            label=row.label,
            title=title_of(row),
            received=today(row.received_at),
            assigned=row.assigned_on,
            due=row.due_on,
            overdue=overdue_days(row.due_on, today(now), china()),
            answer_by=answer_by,
            again=len(_of_round(session, row)),
        )
    )


def issue(
    session: Session, community_id: str, suggestion_id: str, *, text: str, answer_by: date, by: str, now: datetime
) -> SupervisionLetter:
    """Send the handler of an overdue suggestion a letter, in the name of whoever the issuer acts for. One at a time:
    the next one when the day of the last has passed.
    """
    text = wording.answer(text)
    rules.check_day(answer_by, today(now), china())
    get_community(session, community_id, lock=True)  # two who write at once get two numbers, and one of them a refusal
    # Locked before anything is read of it: it may be given to another unit at this moment.
    row = steps.locked(session, community_id, suggestion_id)
    for other in _of_round(session, row):
        if other.handler_id == row.handler_id and other.answer_by >= today(now):
            raise rules.LetterRunning(label=other.label, day=other.answer_by.isoformat())
    if row.handler_id is None:
        raise NotFound
    letter = SupervisionLetter(
        community_id=community_id,
        suggestion_id=row.id,
        handler_id=row.handler_id,
        year=today(now).year,
        number=_next(session, community_id, today(now).year),
        level=rules.level_of(offices.posts_held(session, community_id, by, now)),
        text=text,
        answer_by=answer_by,
        issued_at=now,
        issued_by_id=by,
    )
    session.add(letter)
    session.flush()
    life.supervise(session, community_id, suggestion_id, letter=letter, now=now)
    return letter


def _next(session: Session, community_id: str, year: int) -> int:
    last = select(func.max(SupervisionLetter.number)).where(
        SupervisionLetter.community_id == community_id, SupervisionLetter.year == year
    )
    return (session.scalar(last) or 0) + 1


def _of_round(session: Session, row: Suggestion) -> Sequence[SupervisionLetter]:
    """Letters since it was last assigned or reopened."""
    if row.assigned_on is None:
        return ()
    return [letter for letter in letters(session, row) if today(letter.issued_at) >= row.assigned_on]


def sender(session: Session, letter: SupervisionLetter) -> str:
    """The name of the body in whose name it went out."""
    kind = rules.sender(offices.posts_held(session, letter.community_id, letter.issued_by_id, letter.issued_at))
    bodies = {body.kind: body.name for body in offices.bodies(session, letter.community_id)}
    return bodies.get(kind) or BODIES[kind]


def paper(session: Session, letter: SupervisionLetter) -> Paper:
    """The letter with its suggestion's clock as it was when it was issued, however things went on."""
    row = reading.find(session, letter.community_id, letter.suggestion_id)
    handler = handlers.find(session, letter.community_id, letter.handler_id)
    steps = [step for step in reading.history(session, row) if step.at <= letter.issued_at and step.action in _TOLD]
    own = next(step for step in steps if step.details.get("letter") == letter.label)
    due = date.fromisoformat(own.details["due"])
    floor = f"{row.floor} 层" if row.floor is not None else ""
    return Paper(
        letter=letter,
        row=row,
        handler=handler,
        title=own.details["title"],
        place=intake.where(
            building=row.building,
            entrance=row.entrance,
            floor=floor,
            place=places.name_of(session, row),
            spot=row.spot,
        ),
        sender=sender(session, letter),
        overdue=overdue_days(due, today(letter.issued_at), china()),
        due=due,
        basis=rules.basis(handler.body, own.details["profile"]),
        steps=[step for step in steps if step.seq < own.seq],
    )

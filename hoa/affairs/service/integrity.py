"""Whether suggestions are still what their steps say; for `hoa verify` (trust.md 12).

The steps hold the facts, so they are told again (`hoa.affairs.rules.replay`) and each row is compared with what comes
out: how a suggestion stands, its pictures, ratings, checks, letters, common cause, and whether its reporter may be
called. What no step tells stays outside: who follows, which messages went out, the names of places, which pictures
the desk opened to the public.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules import replay
from hoa.affairs.rules.replay import Told
from hoa.affairs.rules.states import Action
from hoa.affairs.service import photos, steps
from hoa.affairs.service.closing import CHECK, RATING
from hoa.affairs.service.clusters import CLUSTER
from hoa.affairs.service.supervising import LETTER
from hoa.affairs.tables import Check, Cluster, Handler, Photo, Rating, Step, Suggestion, SupervisionLetter
from hoa.db import CommunityRow
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from hoa.ports.files import Files

Row = TypeVar("Row", bound=CommunityRow)
# Rows that a step keeps a digest of, and under which name it keeps their id.
KEPT: Sequence[tuple[type[Rating | Check | SupervisionLetter | Cluster], Sequence[str], str]] = (
    (Rating, RATING, "rating"),
    (Check, CHECK, "check"),
    (SupervisionLetter, LETTER, "letter"),
    (Cluster, CLUSTER, "cluster"),
)
NOTHING = "of no suggestion"
Histories = Mapping[str, Sequence[Step]]


def verify(session: Session, community_id: str) -> Sequence[str]:
    """A sentence for each suggestion, or what belongs to one, that was changed behind the platform's back."""
    histories: dict[str, list[Step]] = defaultdict(list)
    for step in _all(session, Step, community_id, Step.suggestion_id, Step.seq):
        histories[step.suggestion_id].append(step)
    rows = list(_all(session, Suggestion, community_id, Suggestion.year, Suggestion.number))
    labels = {row.id: row.label for row in rows}
    return [
        *_gone(rows),
        *(line for row in rows for line in _suggestion(row, histories[row.id])),
        *_kept(session, community_id, histories, labels),
        *_raised(session, community_id, histories),
        *_units(session, community_id, histories, labels),
        *_photos(session, community_id, histories, labels),
    ]


def _gone(rows: Sequence[Suggestion]) -> Iterator[str]:
    """Numbers are given without a gap and never taken back."""
    numbers: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        numbers[row.year].add(row.number)
    for year, there in numbers.items():
        for number in sorted(set(range(1, max(there) + 1)) - there):
            yield f"table suggestion: {year}-{number:04d} is gone"


def _kept(session: Session, community_id: str, histories: Histories, labels: Mapping[str, str]) -> Iterator[str]:
    """Rows that are not what a step says, and steps whose row is gone."""
    told = [step for history in histories.values() for step in history if "digest" in step.details]
    digests = {_ident(step): step.details["digest"] for step in told}
    there: dict[tuple[str, str], str] = {}
    for table, names, key in KEPT:
        for kept in _all(session, table, community_id, table.id):
            ident = (key, kept.label if isinstance(kept, SupervisionLetter) else kept.id)
            there[ident] = steps.digest_of(kept, names)
            if digests.get(ident) != there[ident]:
                whose = kept.label if isinstance(kept, Cluster) else labels.get(kept.suggestion_id, NOTHING)
                yield f"table {table.__tablename__}, row {kept.id} ({whose}): it is not what its step says"
    for step in told:
        if there.get(_ident(step)) != step.details["digest"]:
            left = f"what this {step.action} of {labels.get(step.suggestion_id, NOTHING)} left"
            yield f"table suggestion_step, row {step.id}: {left} is gone or another one"


def _ident(step: Step) -> tuple[str, str]:
    """Which row a step keeps the digest of."""
    return next(((key, str(step.details[key])) for *_, key in KEPT if key in step.details), ("", ""))


def _raised(session: Session, community_id: str, histories: Histories) -> Iterator[str]:
    """To whom a common cause was raised, and when: each of its suggestions said so."""
    raised = {
        step.details.get("cluster"): (step.details.get("to"), step.at)
        for history in histories.values()
        for step in history
        if step.action == Action.RAISE
    }
    for row in _all(session, Cluster, community_id, Cluster.id):
        if (row.raised_to, row.raised_at) != raised.get(row.id, ("", None)):
            here = f"table suggestion_cluster, row {row.id} ({row.label})"
            yield f"{here}: to whom it was raised is not what its steps say"


def _units(session: Session, community_id: str, histories: Histories, labels: Mapping[str, str]) -> Iterator[str]:
    """A unit keeps the name under which it was given something."""
    names = {row.id: row.name for row in _all(session, Handler, community_id, Handler.id)}
    for suggestion_id, history in histories.items():
        for step in history:
            if "unit" in step.details and names.get(step.handler_id or "") != step.details["unit"]:
                label = labels.get(suggestion_id, NOTHING)
                yield f"table handler, row {step.handler_id}: its name is not the one by which it was given {label}"


def _photos(session: Session, community_id: str, histories: Histories, labels: Mapping[str, str]) -> Iterator[str]:
    """Each picture is the one that its step brought, to this suggestion, then, of the state before or after."""
    there = {photo.id: photo for photo in _all(session, Photo, community_id, Photo.id)}
    named: set[str] = set()
    for suggestion_id, history in histories.items():
        for step in history:
            for told in step.details.get(photos.KEPT, ()):
                named.add(told["id"])
                photo = there.get(told["id"])
                here = f"table suggestion_photo, row {told['id']} ({labels.get(suggestion_id, NOTHING)})"
                if photo is None:
                    yield f"{here}: it is gone; step {step.seq} brought it"
                elif (photo.suggestion_id, photo.added_at, photos.told(photo)) != (suggestion_id, step.at, told):
                    yield f"{here}: it is not the one that step {step.seq} brought"
    for photo in there.values():
        # Of what came in before steps named their pictures, a picture stands alone.
        history = histories.get(photo.suggestion_id, ())
        if photo.id not in named and history and photos.KEPT in history[0].details:
            here = f"table suggestion_photo, row {photo.id} ({labels.get(photo.suggestion_id, NOTHING)})"
            yield f"{here}: no step brought it"


def verify_pictures(session: Session, files: Files, community_id: str) -> Sequence[str]:
    """A sentence for each picture that is gone or another one."""
    return [
        f"table suggestion_photo, row {photo.id}: the picture is not the one that was sent"
        for photo in _all(session, Photo, community_id, Photo.id)
        if not _is_whole(files, photo.digest)
    ]


def verify_all(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    """For the room: rows and pictures."""
    return [*verify(session, community_id), *verify_pictures(session, platform.files, community_id)]


def _all(session: Session, table: type[Row], community_id: str, *order: object) -> Iterable[Row]:
    query = select(table).where(table.community_id == community_id)
    return session.scalars(query.order_by(*order))  # type: ignore[arg-type]


def _suggestion(row: Suggestion, history: Sequence[Step]) -> Iterator[str]:
    here = f"table suggestion, row {row.id} ({row.label})"
    if not history:
        yield f"{here}: it has no steps"
        return
    broken = list(_chain(row, history))
    yield from broken
    first, last = history[0], history[-1]
    if first.details.get("said") != steps.said(row):
        yield f"{here}: what was said was changed"
    yield from (f"{here}: {line}" for line in _reporter(row, first))
    if last.state != row.state or last.details.get("stands") != steps.stands(row):
        yield f"{here}: how it stands is not what its last step says"
    if not broken:
        yield from (f"{here}: {line}" for line in _told_again(row, history))


def _chain(row: Suggestion, history: Sequence[Step]) -> Iterator[str]:
    previous = steps.START
    for number, step in enumerate(history, start=1):
        if step.seq != number or step.previous != previous:
            yield f"table suggestion_step, row {step.id}: a step of {row.label} before it is missing or another one"
        if step.hash != _hash(step):
            yield f"table suggestion_step, row {step.id}: step {step.seq} of {row.label} was changed"
        previous = step.hash


def _reporter(row: Suggestion, first: Step) -> Iterator[str]:
    """Who reported and whether they may be called, until it is forgotten some time after the end."""
    if "may_call" not in first.details or (row.ended_at is not None and _is_forgotten(row)):
        return
    if row.may_call != first.details["may_call"]:
        yield "whether the reporter may be called was changed"
    if steps.reporter(row) != first.details.get("reporter"):
        yield "who reported it was changed"


def _is_forgotten(row: Suggestion) -> bool:
    return not row.may_call and all(getattr(row, name) is None for name in steps.REPORTER)


def _told_again(row: Suggestion, history: Sequence[Step]) -> Iterator[str]:
    """What a last step that was written anew around a changed row cannot hide."""
    told = [Told(step.action, step.state, step.at, step.handler_id, step.details) for step in history]
    wrong = replay.misfit(told)
    if wrong is not None:
        yield f"step {history[wrong].seq} does not follow from the one before"
        return
    for index in replay.unmoved(told):
        yield f"step {history[index].seq} changed nothing, and yet it stood otherwise after it"
    for name, value in replay.stands(told).items():
        plain = name in replay.CLOCK or name in replay.WORDS
        if (steps.plain(row, name) if plain else getattr(row, name)) != value:
            yield f"its {name} is not what its steps say"


def _hash(step: Step) -> str:
    try:
        return steps.hash_of(step)
    except Refusal:  # a value that canonical JSON does not know was not written by the platform
        return ""


def _is_whole(files: Files, digest: str) -> bool:
    try:
        files.get(digest)
    except Refusal:
        return False
    return True

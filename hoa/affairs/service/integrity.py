"""Whether suggestions are still what their steps say; for `hoa verify` (trust.md 12)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.service import steps
from hoa.affairs.service.closing import CHECK, RATING
from hoa.affairs.service.clusters import CLUSTER
from hoa.affairs.service.supervising import LETTER
from hoa.affairs.tables import Check, Cluster, Photo, Rating, Step, Suggestion, SupervisionLetter
from hoa.db import CommunityRow
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from hoa.ports.files import Files

Row = TypeVar("Row", bound=CommunityRow)
# Rows that a step keeps a digest of.
KEPT: Sequence[tuple[type[Rating | Check | SupervisionLetter | Cluster], Sequence[str]]] = (
    (Rating, RATING),
    (Check, CHECK),
    (SupervisionLetter, LETTER),
    (Cluster, CLUSTER),
)


def verify(session: Session, community_id: str) -> Sequence[str]:
    """A sentence for each suggestion, step, rating, check or letter that was changed behind the platform's back."""
    histories: dict[str, list[Step]] = defaultdict(list)
    for step in _all(session, Step, community_id, Step.suggestion_id, Step.seq):
        histories[step.suggestion_id].append(step)
    wrong = [
        line
        for row in _all(session, Suggestion, community_id, Suggestion.year, Suggestion.number)
        for line in _suggestion(row, histories[row.id])
    ]
    told = [step for history in histories.values() for step in history if "digest" in step.details]
    return [*wrong, *_kept(session, community_id, told)]


def _kept(session: Session, community_id: str, told: Sequence[Step]) -> Iterator[str]:
    """Rows that are not what a step says, and steps whose row is gone."""
    digests = {step.details["digest"] for step in told}
    there: set[str] = set()
    for table, names in KEPT:
        for kept in _all(session, table, community_id, table.id):
            digest = steps.digest_of(kept, names)
            there.add(digest)
            if digest not in digests:
                yield f"table {table.__tablename__}, row {kept.id}: it is not what its step says"
    for step in told:
        if step.details["digest"] not in there:
            yield f"table suggestion_step, row {step.id}: what this {step.action} left is gone or another one"


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
    previous = steps.START
    for number, step in enumerate(history, start=1):
        if step.seq != number or step.previous != previous:
            yield f"table suggestion_step, row {step.id}: a step of {row.label} before it is missing or another one"
        if step.hash != _hash(step):
            yield f"table suggestion_step, row {step.id}: step {step.seq} of {row.label} was changed"
        previous = step.hash
    if history[0].details.get("said") != steps.said(row):
        yield f"{here}: what was said was changed"
    last = history[-1]
    if last.state != row.state or last.details.get("stands") != steps.stands(row):
        yield f"{here}: how it stands is not what its last step says"


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

"""A recall that passed ends the member's offices in the transaction that announces the result."""

from datetime import datetime

from sqlalchemy.orm import Session

from hoa.offices.changes import service as changes
from hoa.offices.changes import suspensions
from hoa.resolutions.rules import number_text
from hoa.resolutions.tables import Resolution
from voting.recall import bound
from voting.recall.tables import Recall
from voting.rules.thresholds import Outcome
from voting.tables import Motion


def take(session: Session, motion: Motion, resolution: Resolution, *, by: str, now: datetime) -> None:
    """Nothing where the motion is no recall."""
    row = bound.of(session, motion)
    if row is None or row.outcome is not None:
        return
    number = number_text(resolution.source, resolution.year, resolution.number)
    change = changes.recalled(
        session,
        motion.community_id,
        body_kind=row.body_kind,
        person_id=row.person_id,
        resolution_id=resolution.id,
        resolution=f"业主大会决议 {number}《{resolution.title}》",
        by=by,
        now=now,
    )
    row.change_id = change.id if change else None
    decided(session, row, Outcome.PASSED.value, by=by, now=now)


def decided(session: Session, row: Recall, outcome: str, *, by: str | None, now: datetime) -> None:
    """Write the result down; a suspension lasts until the vote and no longer (北京 46, 47)."""
    row.outcome, row.decided_at = outcome, now
    if row.suspension_id is not None:
        suspensions.lift(session, row.community_id, row.suspension_id, basis="业主大会已表决", by=by, now=now)
    session.flush()

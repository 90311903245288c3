"""Who is told of a step: asked for in the same transaction, sent in the background (`hoa.affairs.tasks`)."""

from datetime import datetime

from sqlalchemy.orm import Session

from hoa.affairs.service import steps
from hoa.affairs.tables import Suggestion
from hoa.jobs import enqueue

JOB = "affairs.message"


def tell(session: Session, row: Suggestion, kind: str, *, now: datetime) -> None:
    """Tell whom `kind` concerns of the last step. The job names ids only: no name, number or word of anybody."""
    last = steps.latest(session, row)
    payload = {"suggestion": row.id, "kind": kind, "occasion": last.seq if last else 0}
    enqueue(session, JOB, payload, now=now, community_id=row.community_id)

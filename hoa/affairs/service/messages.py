"""Telling people of a step. Asked for in the step's own transaction, sent in the background; every delivery is a row,
and the same step is told to the same recipient once (`hoa.affairs.service.recipients` says who, and in which words).

The job and the rows name ids only, so that neither tells who reported (trust.md 20).
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hoa.accounts.delivering import deliver
from hoa.affairs.service import steps
from hoa.affairs.service.recipients import Sending, sendings
from hoa.affairs.tables import Message, Suggestion
from hoa.db import get
from hoa.jobs import Run, enqueue
from hoa.platform import Platform

JOB = "affairs.message"


def tell(session: Session, row: Suggestion, kind: str, *, now: datetime) -> None:
    """Tell whom `kind` concerns of the last step."""
    last = steps.latest(session, row)
    payload = {"suggestion": row.id, "kind": kind, "occasion": last.seq if last else 0}
    enqueue(session, JOB, payload, now=now, community_id=row.community_id)


def send(run: Run) -> dict[str, Any]:
    """The job: one message to each recipient. Whoever has a row was told, or is being told: never twice."""
    platform = run.platform
    with platform.database.reading() as session:
        row = get(session, Suggestion, run.community, str(run.payload["suggestion"]))
        kind, occasion = str(run.payload["kind"]), int(run.payload["occasion"])
        wanted = list(sendings(session, platform, row, kind))
    for done, sending in enumerate(wanted):
        run.progress(done, len(wanted))
        _send(platform, row, kind, occasion, sending)
    return {"told": len(wanted)}


def _send(platform: Platform, row: Suggestion, kind: str, occasion: int, sending: Sending) -> None:
    message = Message(
        community_id=row.community_id,
        suggestion_id=row.id,
        kind=kind,
        occasion=occasion,
        recipient=sending.recipient,
        made_at=platform.now(),
    )
    deliver(
        platform,
        message,
        phone=sending.phone,
        text=sending.words % sending.params,
        template=f"suggestion-{kind}",
        params=sending.params,
    )

"""How the committee decided, used its seals and published in the period, and who looked on (parts 十 and 列席记录).

Everything is read where it was written: minutes, seal register, bulletin. Names of people do not appear.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.bulletin.current import has_moved
from hoa.bulletin.tables import Objection, Publication
from hoa.kernel.clock import today
from hoa.resolutions import rules as resolution_rules
from hoa.resolutions.meetings import attendance, minutes
from hoa.resolutions.meetings import service as meetings
from hoa.resolutions.meetings.attendance import ROLES
from hoa.resolutions.meetings.rules import KIND_TITLES
from hoa.resolutions.meetings.tables import CommitteeMeeting
from hoa.resolutions.seals import service as seals


def held(session: Session, community_id: str, *, start: date, end: date, now: datetime) -> list[dict[str, Any]]:
    """The committee's meetings of the period: quorum, minutes, who looked on and what they said."""
    found = [
        meeting
        for meeting in meetings.meetings(session, community_id)
        if start <= today(meeting.starts_at) <= end and meeting.cancelled_at is None
    ]
    return [_meeting(session, meeting, now) for meeting in sorted(found, key=lambda one: (one.starts_at, one.id))]


def _meeting(session: Session, meeting: CommitteeMeeting, now: datetime) -> dict[str, Any]:
    done = meetings.latest_minutes(session, meeting)
    observers = attendance.observers(session, meeting)
    return {
        "id": meeting.id,
        "number": meetings.number_text(meeting),
        "kind": KIND_TITLES[meeting.kind],
        "day": today(meeting.starts_at).isoformat(),
        "held": meeting.opened_at is not None,
        "planned": meeting.planned,
        "present": len(attendance.present(session, meeting, now)),
        "signatures": len(minutes.signatures(session, done)) if done is not None else 0,
        "settled_on": today(meeting.settled_at).isoformat() if meeting.settled_at else None,
        "observers": [{"role": ROLES.get(role, role)} for _, role in observers],
        "notes": [
            {
                "role": ROLES.get(note.role, note.role),
                "day": today(note.at).isoformat(),
                "text": note.text,
                "answer": note.answer,
            }
            for note in attendance.observations(session, meeting)
        ],
    }


def seal_uses(session: Session, community_id: str, *, start: date, end: date, now: datetime) -> list[dict[str, Any]]:
    """Each use of a seal in the period with the decision behind it, the earliest first."""
    rows = []
    for line in reversed(seals.register(session, community_id, now=now)):
        applied = line.use.applied_at
        if applied is None or not start <= today(applied) <= end:
            continue
        decision = line.resolution
        rows.append(
            {
                "number": f"{line.use.year}-{line.use.number:03d}",
                "day": today(applied).isoformat(),
                "seal": line.seal.name,
                "document": line.use.document,
                "copies": line.use.copies,
                "decision": resolution_rules.number_text(decision.source, decision.year, decision.number)
                if decision is not None
                else None,
                "urgent": line.use.urgent,
            }
        )
    return rows


def notices(session: Session, community_id: str, *, start: date, end: date) -> list[dict[str, Any]]:
    """Everything that was published in the period (公示清单), with its hash and the objections to it."""
    objections: dict[str, list[Objection]] = {}
    for row in session.scalars(select(Objection).where(Objection.community_id == community_id)):
        objections.setdefault(row.publication_id, []).append(row)
    query = select(Publication).where(Publication.community_id == community_id)
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "title": row.title,
            "day": today(row.published_at).isoformat(),
            "display_until": row.display_until.isoformat(),
            "hash": row.content_hash,
            "moved": has_moved(session, row),
            "objections": len(objections.get(row.id, ())),
            "answered": sum(one.answered_at is not None for one in objections.get(row.id, ())),
        }
        for row in session.scalars(query.order_by(Publication.published_at, Publication.id))
        if start <= today(row.published_at) <= end
    ]

"""Members whom the register shows as owners no longer. Offices read the register; the register never calls offices."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.service import owns_today
from hoa.community.tables import Owner, Ownership, Unit
from hoa.kernel.clock import today
from hoa.offices.changes import service, standing
from hoa.offices.changes.rules import ELECTED, Reason
from hoa.offices.changes.standing import Member
from hoa.offices.changes.tables import ENDED, OPEN, REJECTED, MemberChange


def look(session: Session, community_id: str, *, now: datetime) -> list[MemberChange]:
    """Propose the end for each member or alternate who once owned a unit here and owns none today, once for each such
    finding: what was rejected comes again only when the register says something new."""
    return [
        service.propose_from_register(session, member, evidence=evidence, since=since, now=now)
        for member, evidence, since in found(session, community_id, now=now)
    ]


def found(session: Session, community_id: str, *, now: datetime) -> list[tuple[Member, list[dict[str, Any]], date]]:
    """Whom `look` would propose, each with the evidence; reads only."""
    rows = []
    for kind in ELECTED:
        for member in standing.members(session, community_id, kind, now=now):
            if owns_today(session, community_id, member.person.id, today(now)):
                continue
            evidence = former(session, community_id, member.person.id, now=now)
            if evidence and not _known(session, member, evidence):
                rows.append((member, evidence, max(date.fromisoformat(one["until"]) for one in evidence)))
    return rows


def former(session: Session, community_id: str, person_id: str, *, now: datetime) -> list[dict[str, Any]]:
    """What this person owned here and until when, the last sold first."""
    query = (
        select(Unit.label, Ownership.until)
        .join(Ownership, (Ownership.community_id == Unit.community_id) & (Ownership.unit_id == Unit.id))
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Owner.community_id == community_id, Owner.person_id == person_id, Ownership.until <= today(now))
        .order_by(Ownership.until.desc(), Unit.label)
    )
    return [{"unit": label, "until": until.isoformat()} for label, until in session.execute(query) if until]


def _known(session: Session, member: Member, evidence: list[dict[str, Any]]) -> bool:
    """Whether this very finding is being dealt with, or was rejected."""
    for change in service.of_person(session, member.offices[0].community_id, member.person.id):
        if change.body_kind != member.body_kind or change.state == ENDED:
            continue
        if change.state in OPEN:
            return True
        if change.state == REJECTED and change.reason == Reason.NOT_OWNER and change.evidence == evidence:
            return True
    return False

"""What the public reads of a change: who, since when, on what ground; never the circumstances (rules.md R2.12)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community.service import get_community
from hoa.kernel import masking
from hoa.kernel.clock import stamp, today
from hoa.offices import registration, rules
from hoa.offices.changes.tables import MemberChange, SeatOffer
from hoa.offices.preparing import board

KIND = "member-change"
COMMITTEE = "owners_committee"


def publish(session: Session, change: MemberChange, *, by: str, now: datetime) -> None:
    """Who left which body since when on what ground; the name as visitors see it, the circumstances never."""
    body = rules.BODIES[change.body_kind]
    assert change.effective_at is not None
    _publish(
        session,
        change,
        title=f"{body}成员变动",
        body=line_of(session, change),
        content={"body": body, "left": _name(session, change.person_id), "since": stamp(change.effective_at)},
        by=by,
        now=now,
    )


def moved_up(session: Session, change: MemberChange, offer: SeatOffer, *, now: datetime) -> None:
    """The alternate sits: published, and the committee is filed again."""
    body = rules.BODIES[change.body_kind]
    joined, left = _name(session, offer.person_id), _name(session, change.person_id)
    line = f"{joined}自 {today(now).isoformat()} 起由候补委员递补为{body}委员，接替{left}。"
    _publish(
        session,
        change,
        title=f"{body}候补委员递补",
        body=line,
        content={
            "body": body,
            "joined": joined,
            "place": offer.place,
            "instead": left,
            "since": stamp(now),
        },
        by=offer.person_id,
        now=now,
    )
    if change.body_kind == COMMITTEE:
        registration.refile(session, change.community_id, line, now, offer.person_id)


def _publish(
    session: Session,
    change: MemberChange,
    *,
    title: str,
    body: str,
    content: dict[str, Any],
    by: str,
    now: datetime,
) -> None:
    here = get_community(session, change.community_id)
    board.current().publish(
        session,
        change.community_id,
        kind=KIND,
        title=title,
        body=body,
        content={"title": title, "basis": change.basis, "text": body, **content},
        reference=change.id,
        url=f"/c/{here.code}/offices/changes/",
        by=by,
        now=now,
    )


def line_of(session: Session, change: MemberChange) -> str:
    assert change.effective_at is not None
    day = today(change.effective_at).isoformat()
    name = _name(session, change.person_id)
    return f"{name}自 {day} 起不再担任{rules.BODIES[change.body_kind]}职务。依据：{change.basis}。"


def _name(session: Session, person_id: str) -> str:
    return masking.name(accounts.person(session, person_id).name)

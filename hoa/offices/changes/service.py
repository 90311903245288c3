"""Leaving a body before the term ends: by one's own word, because the ground is gone, or by the assembly's vote
(rules.md R2.12).

Each way ends in `_end`: the offices end with their basis, then `aftermath.settle` publishes it, begins the handover and
the filing, and asks the first alternate.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.service import owns_today
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.offices import service as offices
from hoa.offices.changes import aftermath, papers, rules, standing
from hoa.offices.changes.papers import Paper
from hoa.offices.changes.rules import ARTICLES, TITLES, Reason
from hoa.offices.changes.standing import Member
from hoa.offices.changes.tables import (
    ENDED,
    OPEN,
    PROPOSED,
    REJECTED,
    WAITING,
    WITHDRAWN,
    MemberChange,
)
from hoa.offices.tables import Office
from hoa.ports.keys import Keys


class NotAMember(Refusal):
    message: ClassVar[str] = N_("没有这样的任职，或者任期已经结束")
    status: ClassVar[int] = 409


class AlreadyLeaving(Refusal):
    message: ClassVar[str] = N_("这个人在这个机构的变动正在办理，不能再提一次")
    status: ClassVar[int] = 409


class NotWaiting(Refusal):
    message: ClassVar[str] = N_("这一项已经办完，或者不是这样办的")
    status: ClassVar[int] = 409


class OwnsAgain(Refusal):
    message: ClassVar[str] = N_("业主名册显示这个人今天仍是业主，不能以“不再是业主”结束任职；请驳回并写明原因")
    status: ClassVar[int] = 409


# ---------------------------------------------------------------------------------------------------- resignation


def resign(
    session: Session,
    keys: Keys,
    community_id: str,
    *,
    body_kind: str,
    person_id: str,
    text: str,
    day: date,
    now: datetime,
) -> MemberChange:
    """A member's own written word. For today it counts at once; for a later day from its first minute, and until it
    has been received or that minute has come the member may take it back (民法典 137, 141)."""
    member = _member(session, community_id, body_kind, person_id, now)
    rules.check_text(text)
    effective = rules.effective_at(day, now=now, term_ends=member.ends_at)
    change = _begin(
        session,
        member,
        Reason.RESIGNED,
        state=WAITING,
        by=person_id,
        now=now,
        effective_at=effective,
        said=lambda change_id: papers.seal_said(keys, community_id, change_id, text),
    )
    if effective <= now:
        _end(session, change, by=person_id, now=now)
    return change


def withdraw(session: Session, community_id: str, change_id: str, *, by: str, now: datetime) -> MemberChange:
    """The member takes the resignation back."""
    change = get(session, MemberChange, community_id, change_id, lock=True)
    if change.person_id != by or change.reason != Reason.RESIGNED:
        raise NotWaiting
    if change.state == ENDED:
        raise rules.AlreadyInEffect
    if change.state != WAITING or change.effective_at is None:
        raise NotWaiting
    rules.check_withdrawal(received=change.received_at is not None, effective=change.effective_at, now=now)
    change.state, change.decided_by, change.decided_at = WITHDRAWN, by, now
    session.flush()
    return change


def receive(session: Session, community_id: str, change_id: str, *, by: str, now: datetime) -> MemberChange:
    """Somebody of the committee, or of the authorities, says that the resignation has arrived. Nobody can keep it from
    counting by not saying so."""
    change = get(session, MemberChange, community_id, change_id, lock=True)
    if change.state != WAITING or change.received_at is not None:
        raise NotWaiting
    if change.person_id == by:
        raise rules.OwnCase
    change.received_by, change.received_at = by, now
    session.flush()
    return change


def settle_due(session: Session, community_id: str, *, now: datetime) -> list[MemberChange]:
    """End what has come into effect; the powers have been gone since that minute (`held`)."""
    query = select(MemberChange).where(
        MemberChange.community_id == community_id, MemberChange.state == WAITING, MemberChange.effective_at <= now
    )
    due = session.scalars(query.order_by(MemberChange.effective_at, MemberChange.id).with_for_update()).all()
    for change in due:
        _end(session, change, by=change.person_id, now=now)
    return list(due)


# -------------------------------------------------------------------------------------------------- automatic end


def propose(
    session: Session,
    keys: Keys,
    community_id: str,
    *,
    body_kind: str,
    person_id: str,
    reason: Reason,
    explanation: str,
    since: date | None,
    paper: Paper | None,
    by: str,
    now: datetime,
) -> MemberChange:
    """Somebody writes down why an office has ended by itself; somebody else confirms it."""
    rules.check_automatic(reason, explanation, paper=paper is not None)
    if person_id == by:
        raise rules.OwnCase
    member = _member(session, community_id, body_kind, person_id, now)
    return _begin(
        session,
        member,
        reason,
        state=PROPOSED,
        by=by,
        now=now,
        since=since,
        paper=paper,
        said=lambda change_id: papers.seal_said(keys, community_id, change_id, explanation),
    )


def propose_from_register(
    session: Session, member: Member, *, evidence: Sequence[dict[str, Any]], since: date, now: datetime
) -> MemberChange:
    """The register says that this member owns nothing any more; `evidence` names each unit and since when."""
    return _begin(
        session, member, Reason.NOT_OWNER, state=PROPOSED, by=None, now=now, since=since, evidence=list(evidence)
    )


def confirm(session: Session, community_id: str, change_id: str, *, by: str, now: datetime) -> MemberChange:
    """The offices end now, not since the ground arose: what was done meanwhile stays done, and is listed."""
    change = _proposed(session, community_id, change_id, by)
    if change.reason == Reason.NOT_OWNER and owns_today(session, community_id, change.person_id, today(now)):
        raise OwnsAgain
    change.decided_by, change.decided_at, change.effective_at = by, now, now
    _end(session, change, by=by, now=now)
    return change


def reject(session: Session, community_id: str, change_id: str, *, reason: str, by: str, now: datetime) -> MemberChange:
    """The office goes on; why is kept."""
    rules.check_text(reason)
    change = _proposed(session, community_id, change_id, by)
    change.state, change.decided_by, change.decided_at, change.decision = REJECTED, by, now, reason.strip()
    session.flush()
    return change


# --------------------------------------------------------------------------------------------------------- recall


def recalled(
    session: Session,
    community_id: str,
    *,
    body_kind: str,
    person_id: str,
    resolution_id: str,
    resolution: str,
    by: str,
    now: datetime,
) -> MemberChange | None:
    """The assembly decided it. None when the member had left meanwhile: then there is nothing to end."""
    member = standing.member(session, community_id, body_kind, person_id, now=now)
    if member is None:
        return None
    for open_one in _open(session, community_id, body_kind, person_id):
        open_one.state, open_one.decided_by, open_one.decided_at = REJECTED, by, now
        open_one.decision = resolution
    change = _begin(
        session,
        member,
        Reason.RECALLED,
        state=WAITING,
        by=by,
        now=now,
        effective_at=now,
        resolution_id=resolution_id,
        basis=f"{TITLES[Reason.RECALLED]}：{resolution}（{ARTICLES[Reason.RECALLED]}）",
    )
    _end(session, change, by=by, now=now)
    return change


# -------------------------------------------------------------------------------------------------------- reading


def changes(session: Session, community_id: str, *, states: Sequence[str] = (ENDED,)) -> Sequence[MemberChange]:
    """Changes in these states, the latest first."""
    query = select(MemberChange).where(MemberChange.community_id == community_id, MemberChange.state.in_(states))
    return session.scalars(query.order_by(MemberChange.proposed_at.desc(), MemberChange.id.desc())).all()


def of_person(session: Session, community_id: str, person_id: str) -> Sequence[MemberChange]:
    query = select(MemberChange).where(MemberChange.community_id == community_id, MemberChange.person_id == person_id)
    return session.scalars(query.order_by(MemberChange.proposed_at.desc(), MemberChange.id.desc())).all()


# ------------------------------------------------------------------------------------------------------- the ways in


def _member(session: Session, community_id: str, body_kind: str, person_id: str, now: datetime) -> Member:
    found = standing.member(session, community_id, body_kind, person_id, now=now)
    if found is None or body_kind not in rules.ELECTED:
        raise NotAMember
    if any(True for _ in _open(session, community_id, body_kind, person_id)):
        raise AlreadyLeaving
    return found


def _open(session: Session, community_id: str, body_kind: str, person_id: str) -> Sequence[MemberChange]:
    query = select(MemberChange).where(
        MemberChange.community_id == community_id,
        MemberChange.person_id == person_id,
        MemberChange.body_kind == body_kind,
        MemberChange.state.in_(OPEN),
    )
    return session.scalars(query.with_for_update()).all()


def _begin(
    session: Session,
    member: Member,
    reason: Reason,
    *,
    state: str,
    by: str | None,
    now: datetime,
    effective_at: datetime | None = None,
    since: date | None = None,
    evidence: list[dict[str, Any]] | None = None,
    paper: Paper | None = None,
    resolution_id: str | None = None,
    basis: str = "",
    said: Any = None,
) -> MemberChange:
    change_id = new_id()
    change = MemberChange(
        community_id=member.offices[0].community_id,
        id=change_id,
        body_kind=member.body_kind,
        person_id=member.person.id,
        reason=reason.value,
        said_sealed=said(change_id) if said else None,
        since=since,
        evidence=evidence or [],
        paper_sha256=paper.sha256 if paper else "",
        paper_key=paper.key if paper else "",
        proposed_by=by,
        proposed_at=now,
        state=state,
        effective_at=effective_at,
        resolution_id=resolution_id,
        basis=basis or f"{TITLES[reason]}（{ARTICLES[reason]}）",
        seat=member.seat,
        term_ends_at=member.ends_at,
    )
    session.add(change)
    session.flush()
    return change


def _proposed(session: Session, community_id: str, change_id: str, by: str) -> MemberChange:
    change = get(session, MemberChange, community_id, change_id, lock=True)
    if change.state != PROPOSED:
        raise NotWaiting
    if change.person_id == by:
        raise rules.OwnCase
    if change.proposed_by == by:
        raise rules.SecondPersonNeeded
    return change


def _end(session: Session, change: MemberChange, *, by: str, now: datetime) -> None:
    """End every office of the person in that body since the effective moment, then see to what follows."""
    query = select(Office).where(
        Office.community_id == change.community_id,
        Office.person_id == change.person_id,
        Office.body_kind == change.body_kind,
        Office.ends_at > now,
    )
    for office in session.scalars(query.order_by(Office.id)).all():
        offices.end(
            session,
            change.community_id,
            office_id=office.id,
            basis=change.basis,
            by=by,
            now=now,
            at=change.effective_at,
        )
    change.state = ENDED
    session.flush()
    aftermath.settle(session, change, by=by, now=now)

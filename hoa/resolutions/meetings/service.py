"""Calling a meeting, demanding one, and asking what was called, held and decided.

Members are whoever holds an office of the committee at the moment in question: alternates do not (R2.5), and a person
with two posts is one member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.accounts.tables import Person
from hoa.bulletin import service as bulletin
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.db import get as get_row
from hoa.kernel.clock import months_on, stamp, today
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.packs import RulePack
from hoa.kernel.posts import COMMITTEE, COMMITTEE_CHAIR, RESIDENTS_STAFF
from hoa.offices import service as offices
from hoa.offices.tables import Body
from hoa.resolutions.meetings import rules
from hoa.resolutions.meetings.rules import Item, Kind, Terms
from hoa.resolutions.meetings.tables import (
    CommitteeAttendance,
    CommitteeItem,
    CommitteeMeeting,
    CommitteeMinutes,
    CommitteeRequest,
    CommitteeRequestSignature,
)
from hoa.resolutions.service import resolutions

PUBLICATION = "committee-meeting"
BODY = "owners_committee"


class NotAMember(NotAllowed):
    message: ClassVar[str] = N_("只有现任委员可以这样做；候补委员、监督委员和业主可以列席")


class MeetingOver(Refusal):
    message: ClassVar[str] = N_("会议已经结束或者取消，不能再改")
    status: ClassVar[int] = 409


class EmptySubject(Refusal):
    message: ClassVar[str] = N_("请写明要开会讨论什么")


class EmptyReason(Refusal):
    message: ClassVar[str] = N_("请写明原因")


class AlreadyCalled(Refusal):
    message: ClassVar[str] = N_("这项提议已经召集了会议")
    status: ClassVar[int] = 409


# ------------------------------------------------------------------------------------------------- who and how many


def members(session: Session, community_id: str, at: datetime) -> list[Person]:
    """The sitting members at a moment, in the order of their posts."""
    found = offices.holders(session, community_id, posts=COMMITTEE, now=at)
    return list({holder.person.id: holder.person for holder in found}.values())


def is_member(session: Session, community_id: str, person_id: str, at: datetime) -> bool:
    return bool(offices.posts_held(session, community_id, person_id, at) & COMMITTEE)


def seats(session: Session, community_id: str) -> int:
    """The planned number of members; 0 while nobody has said it."""
    query = select(Body.seats).where(Body.community_id == community_id, Body.kind == BODY)
    return session.scalar(query) or 0


def terms(pack: RulePack) -> Terms:
    """The numbers of a rule pack that meetings need."""
    return Terms(
        agenda_days=pack.number("meeting_agenda_days"),
        tell_days=pack.number("meeting_tell_days"),
        request_days=pack.number("meeting_request_days"),
        post_days=pack.number("committee_post_days"),
        first_days=pack.number("first_meeting_days"),
        interval_months=pack.number("meeting_interval_months"),
    )


def terms_here(session: Session, community_id: str, *, day: date) -> Terms:
    return terms(pack_choice.current(session, community_id, day=day))


# ------------------------------------------------------------------------------------------------------- calling one


def call(
    session: Session,
    community_id: str,
    *,
    kind: Kind,
    starts_at: datetime,
    place: str,
    items: Sequence[Item],
    by: str,
    now: datetime,
    reason: str = "",
    request_id: str | None = None,
    planned: int | None = None,
) -> CommitteeMeeting:
    """Call a meeting: its agenda goes to the owners as a publication, and to the residents' committee (R2.9).

    `planned` says how many seats the committee has where nobody has registered it yet.
    """
    here = terms_here(session, community_id, day=today(now))
    demand = _open_request(session, community_id, request_id) if request_id else None
    overdue = any(row.due is not None and row.due < today(now) for row in open_requests(session, community_id))
    rules.check_caller(
        offices.posts_held(session, community_id, by, now),
        kind=kind,
        chair_sits=_chair_sits(session, community_id, now),
        request_overdue=overdue,
    )
    rules.check_call(kind, now=now, starts_at=starts_at, terms=here, reason=reason)
    rules.check_agenda(items)
    meeting = CommitteeMeeting(
        community_id=community_id,
        year=today(starts_at).year,
        number=_next_number(session, community_id, today(starts_at).year),
        kind=kind,
        place=place.strip(),
        starts_at=starts_at,
        planned=_seats_or_set(session, community_id, planned, now),
        reason=reason.strip(),
        called_by=by,
        called_at=now,
    )
    if offices.holders(session, community_id, posts=frozenset({RESIDENTS_STAFF}), now=now):
        meeting.told_at = now
    session.add(meeting)
    session.flush()
    if demand is not None:
        demand.meeting_id = meeting.id
    _write_agenda(session, meeting, items)
    _publish_call(session, meeting)
    return meeting


def _chair_sits(session: Session, community_id: str, now: datetime) -> bool:
    return bool(offices.holders(session, community_id, posts=frozenset({COMMITTEE_CHAIR}), now=now))


def _next_number(session: Session, community_id: str, year: int) -> int:
    query = select(func.max(CommitteeMeeting.number)).where(
        CommitteeMeeting.community_id == community_id, CommitteeMeeting.year == year
    )
    return (session.scalar(query) or 0) + 1


def _seats_or_set(session: Session, community_id: str, planned: int | None, now: datetime) -> int:
    known = seats(session, community_id)
    if known:
        return known
    if planned is None:
        raise rules.NoSeats
    pack = pack_choice.current(session, community_id, day=today(now))
    least = pack.number("committee_seats_small") or pack.number("committee_seats_min")
    sitting = len(members(session, community_id, now))
    rules.check_seats(planned, least=least, most=pack.number("committee_seats_max"), sitting=sitting)
    offices.ensure_body(session, community_id, kind=BODY).seats = planned
    return planned


def _write_agenda(session: Session, meeting: CommitteeMeeting, proposed: Sequence[Item]) -> None:
    for no, item in enumerate(proposed, 1):
        decides = item.kind is rules.ItemKind.DECISION
        session.add(
            CommitteeItem(
                community_id=meeting.community_id,
                meeting_id=meeting.id,
                no=no,
                kind=item.kind,
                title=item.title.strip(),
                text=item.text.strip(),
                secret=item.secret and item.kind is not rules.ItemKind.REPORT,
                limit_fen=item.limit_fen if decides else None,
                valid_until=item.valid_until if decides else None,
                not_reserved=item.not_reserved.strip(),
            )
        )
    session.flush()


def _publish_call(session: Session, meeting: CommitteeMeeting) -> None:
    bulletin.publish(
        session,
        meeting.community_id,
        kind=PUBLICATION,
        title=f"业主委员会{number_text(meeting)}会议通知",
        content={
            "meeting": f"{meeting.year}-{meeting.number}",
            "kind": meeting.kind,
            "place": meeting.place,
            "starts_at": stamp(meeting.starts_at),
            "planned": meeting.planned,
            "reason": meeting.reason,
            "called_at": stamp(meeting.called_at),
            "agenda": [
                {"no": item.no, "kind": item.kind, "title": item.title, "text": item.text, "secret": item.secret}
                for item in agenda(session, meeting)
            ],
        },
        reference=meeting.id,
        url=path(session, meeting),
        by=meeting.called_by,
        now=meeting.called_at,
    )


def tell(session: Session, community_id: str, meeting_id: str, *, how: str, by: str, now: datetime) -> CommitteeMeeting:
    """Write down how the residents' committee was told, where nobody of it is on the platform."""
    meeting = current(session, community_id, meeting_id)
    needs_recorder(session, meeting, by, now)
    if not how.strip():
        raise EmptyReason
    meeting.told_at, meeting.told_how = now, how.strip()
    session.flush()
    return meeting


def cancel(
    session: Session, community_id: str, meeting_id: str, *, because: str, by: str, now: datetime
) -> CommitteeMeeting:
    """Call a meeting off that has not been opened; the row stays with the reason."""
    meeting = current(session, community_id, meeting_id)
    needs_recorder(session, meeting, by, now)
    if meeting.opened_at is not None:
        raise MeetingOver
    if not because.strip():
        raise EmptyReason
    meeting.cancelled_at, meeting.cancelled_because = now, because.strip()
    session.flush()
    return meeting


# ------------------------------------------------------------------------------------------------- demanding a meeting


def demand(session: Session, community_id: str, *, subject: str, by: str, now: datetime) -> CommitteeRequest:
    """A member demands a meeting; others join by `join`."""
    needs_member(session, community_id, by, now)
    if not subject.strip():
        raise EmptySubject
    row = CommitteeRequest(community_id=community_id, subject=subject.strip(), made_by=by, made_at=now)
    session.add(row)
    session.flush()
    return join(session, community_id, row.id, by=by, now=now)


def join(session: Session, community_id: str, request_id: str, *, by: str, now: datetime) -> CommitteeRequest:
    """Join a demand; with a third of the sitting members the meeting is due (指导规则 37). Joining twice is joining
    once."""
    needs_member(session, community_id, by, now)
    row = _open_request(session, community_id, request_id)
    if by not in asking(session, row):
        session.add(CommitteeRequestSignature(community_id=community_id, request_id=row.id, person_id=by, at=now))
        session.flush()
    sitting = {person.id for person in members(session, community_id, now)}
    if row.reached_at is None and rules.may_demand(len(sitting & set(asking(session, row))), len(sitting)):
        days = terms_here(session, community_id, day=today(now)).request_days
        row.reached_at, row.due = now, today(now) + timedelta(days=days)
        session.flush()
    return row


def _open_request(session: Session, community_id: str, request_id: str) -> CommitteeRequest:
    row = get_row(session, CommitteeRequest, community_id, request_id, lock=True)
    if row.meeting_id is not None:
        raise AlreadyCalled
    return row


def asking(session: Session, request: CommitteeRequest) -> Sequence[str]:
    """The ids of those who joined a demand, the first first."""
    query = select(CommitteeRequestSignature.person_id).where(
        CommitteeRequestSignature.community_id == request.community_id,
        CommitteeRequestSignature.request_id == request.id,
    )
    return session.scalars(query.order_by(CommitteeRequestSignature.at, CommitteeRequestSignature.id)).all()


def open_requests(session: Session, community_id: str) -> Sequence[CommitteeRequest]:
    """Demands for which no meeting was called yet, the earliest first."""
    query = select(CommitteeRequest).where(
        CommitteeRequest.community_id == community_id, CommitteeRequest.meeting_id.is_(None)
    )
    return session.scalars(query.order_by(CommitteeRequest.made_at, CommitteeRequest.id)).all()


# ------------------------------------------------------------------------------------------------------- who may what


def needs_member(session: Session, community_id: str, person_id: str, at: datetime) -> None:
    if not is_member(session, community_id, person_id, at):
        raise NotAMember


def may_record(session: Session, meeting: CommitteeMeeting, person_id: str, at: datetime) -> bool:
    """Whether this person keeps the record of the meeting."""
    held = offices.posts_held(session, meeting.community_id, person_id, at)
    return rules.may_record(held, is_caller=meeting.called_by == person_id and bool(held))


def needs_recorder(session: Session, meeting: CommitteeMeeting, person_id: str, at: datetime) -> None:
    if not may_record(session, meeting, person_id, at):
        raise NotAllowed


# ---------------------------------------------------------------------------------------------------------- asking


def get(session: Session, community_id: str, meeting_id: str) -> CommitteeMeeting:
    """One meeting of this community, or NotFound."""
    return get_row(session, CommitteeMeeting, community_id, meeting_id)


def current(session: Session, community_id: str, meeting_id: str) -> CommitteeMeeting:
    """A meeting to change something of, held for update; refused when it is over."""
    meeting = get_row(session, CommitteeMeeting, community_id, meeting_id, lock=True)
    if meeting.ended_at is not None or meeting.cancelled_at is not None:
        raise MeetingOver
    return meeting


def meetings(session: Session, community_id: str) -> Sequence[CommitteeMeeting]:
    """All meetings, the latest first."""
    query = select(CommitteeMeeting).where(CommitteeMeeting.community_id == community_id)
    return session.scalars(query.order_by(CommitteeMeeting.starts_at.desc(), CommitteeMeeting.id)).all()


def agenda(session: Session, meeting: CommitteeMeeting) -> Sequence[CommitteeItem]:
    query = select(CommitteeItem).where(
        CommitteeItem.community_id == meeting.community_id, CommitteeItem.meeting_id == meeting.id
    )
    return session.scalars(query.order_by(CommitteeItem.no)).all()


def number_text(meeting: CommitteeMeeting) -> str:
    """`2026 年第 3 次`: how a meeting is named in titles."""
    return f" {meeting.year} 年第 {meeting.number} 次"


def path(session: Session, meeting: CommitteeMeeting) -> str:
    """Where a meeting is read, without a host."""
    return f"/c/{get_community(session, meeting.community_id).code}/meetings/{meeting.id}"


class NextMeeting(NamedTuple):
    """The last day for the next meeting; `first` when the committee has not chosen its chair yet."""

    due: date
    first: bool


def next_due(session: Session, community_id: str, now: datetime) -> NextMeeting | None:
    """When the committee must meet next: within the pack's days of the election while no chair sits (R2.7), otherwise
    within its months of the last meeting or decision. None where no committee sits or a meeting is already called."""
    sitting = offices.holders(session, community_id, posts=COMMITTEE, now=now)
    ahead = [row for row in meetings(session, community_id) if row.ended_at is None and row.cancelled_at is None]
    if not sitting or ahead:
        return None
    here = terms_here(session, community_id, day=today(now))
    began = today(max(holder.office.starts_at for holder in sitting))
    if not any(holder.office.post == COMMITTEE_CHAIR for holder in sitting):
        return NextMeeting(began + timedelta(days=here.first_days), first=True)
    held = [today(row.ended_at) for row in meetings(session, community_id) if row.ended_at and row.opened_at]
    decided = [row.decided_on for row in resolutions(session, community_id) if row.source == "committee"]
    return NextMeeting(months_on(max([began, *held, *decided]), here.interval_months), first=False)


@dataclass(frozen=True, kw_only=True)
class FirstMeeting:
    """The first meeting as the filing needs it: `content` and `digest` are the signed minutes' bytes and SHA-256,
    None while they are not signed by more than half of all members (`settled_at`)."""

    meeting_id: str
    number: str
    url: str
    held_at: datetime
    settled_at: datetime | None
    content: bytes | None
    digest: str | None


def first_meeting(session: Session, community_id: str, *, since: datetime) -> FirstMeeting | None:
    """The first meeting that was held (with a quorum) at or after `since`, the moment of the election's result."""
    query = select(CommitteeMeeting).where(
        CommitteeMeeting.community_id == community_id,
        CommitteeMeeting.kind == Kind.FIRST,
        CommitteeMeeting.opened_at.is_not(None),
        CommitteeMeeting.opened_at >= since,
        CommitteeMeeting.ended_at.is_not(None),
    )
    meeting = session.scalars(query.order_by(CommitteeMeeting.opened_at).limit(1)).one_or_none()
    if meeting is None or meeting.opened_at is None:
        return None
    final = latest_minutes(session, meeting) if meeting.settled_at is not None else None
    return FirstMeeting(
        meeting_id=meeting.id,
        number=number_text(meeting).strip(),
        url=path(session, meeting),
        held_at=meeting.opened_at,
        settled_at=meeting.settled_at,
        content=final.content if final else None,
        digest=final.digest if final else None,
    )


def latest_minutes(session: Session, meeting: CommitteeMeeting) -> CommitteeMinutes | None:
    """The version of the minutes that counts; None before any was finished."""
    query = select(CommitteeMinutes).where(
        CommitteeMinutes.community_id == meeting.community_id, CommitteeMinutes.meeting_id == meeting.id
    )
    return session.scalars(query.order_by(CommitteeMinutes.version.desc()).limit(1)).one_or_none()


class Absences(NamedTuple):
    """How many meetings of a year a member had to attend, and how many of them they stayed away from."""

    meetings: int
    absent: int


def absences(session: Session, community_id: str, person_id: str, year: int) -> Absences:
    """Attendance of one member at the meetings of a calendar year that took place or failed for want of a quorum."""
    query = (
        select(CommitteeAttendance.presence)
        .join(
            CommitteeMeeting,
            (CommitteeMeeting.community_id == CommitteeAttendance.community_id)
            & (CommitteeMeeting.id == CommitteeAttendance.meeting_id),
        )
        .where(
            CommitteeAttendance.community_id == community_id,
            CommitteeAttendance.person_id == person_id,
            CommitteeAttendance.observer.is_(False),
            CommitteeMeeting.year == year,
            CommitteeMeeting.ended_at.is_not(None),
        )
    )
    found = session.scalars(query).all()
    return Absences(len(found), sum(presence == rules.Presence.ABSENT for presence in found))

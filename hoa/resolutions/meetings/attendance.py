"""Who came: members who check themselves in, a recorder for those who cannot, and observers. Nobody stands in for a
member (R2.9)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import Person
from hoa.community.service import owns_today
from hoa.db import get as get_row
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import AUTHORITIES, SUPERVISORS
from hoa.offices import service as offices
from hoa.resolutions.meetings import rules, service
from hoa.resolutions.meetings.rules import Presence
from hoa.resolutions.meetings.tables import (
    CommitteeAttendance,
    CommitteeItem,
    CommitteeMeeting,
    CommitteeObservation,
    CommitteeVote,
)

OBSERVATION_LENGTH, MOST_OBSERVATIONS = 1000, 5
ROLES = {
    "supervisor": N_("监督委员"),
    "residents": N_("居委会、街道"),
    "owner": N_("业主"),
}


class TooEarly(Refusal):
    message: ClassVar[str] = N_("还没有到开会时间；开会前一小时起可以签到")
    status: ClassVar[int] = 409


class NotOpenYet(Refusal):
    message: ClassVar[str] = N_("会议还没有开始，先由主持人宣布开会")
    status: ClassVar[int] = 409


class AlreadyOpen(Refusal):
    message: ClassVar[str] = N_("会议已经开始了")
    status: ClassVar[int] = 409


class VotesStillOpen(Refusal):
    message: ClassVar[str] = N_("还有表决没有结束，先结束表决再散会")
    status: ClassVar[int] = 409


class ReasonForAbsence(Refusal):
    message: ClassVar[str] = N_("请写明缺席的原因；没有说明的写“没有说明”")


class NotAnObserver(NotAllowed):
    message: ClassVar[str] = N_("本小区的业主、监督委员、居委会和街道可以列席并提意见")


class BadObservation(Refusal):
    message: ClassVar[str] = N_("请写明意见，最多 %(most)s 个字")


class EnoughObservations(Refusal):
    message: ClassVar[str] = N_("一次会议每人最多提 %(most)s 条意见，请把意见合在一起")


class ObservationsOver(Refusal):
    message: ClassVar[str] = N_("会议记录已经定稿，意见请在会议记录的公示下提出")
    status: ClassVar[int] = 409


class AlreadyAnswered(Refusal):
    message: ClassVar[str] = N_("这条意见已经答复过了")
    status: ClassVar[int] = 409


class Seat(NamedTuple):
    """A member and what is recorded of their coming (None: nothing yet)."""

    person: Person
    row: CommitteeAttendance | None


def seating(session: Session, meeting: CommitteeMeeting, at: datetime) -> list[Seat]:
    """The members of the meeting's moment with their attendance. Once ended, those who were members then."""
    moment = min(at, meeting.ended_at) if meeting.ended_at else at
    rows = {row.person_id: row for row in _rows(session, meeting) if not row.observer}
    return [Seat(person, rows.get(person.id)) for person in service.members(session, meeting.community_id, moment)]


def present(session: Session, meeting: CommitteeMeeting, at: datetime) -> list[Person]:
    """The members who are there, in person."""
    return [seat.person for seat in seating(session, meeting, at) if seat.row and seat.row.presence != Presence.ABSENT]


def observers(session: Session, meeting: CommitteeMeeting) -> list[tuple[Person, str]]:
    """Who looks on, and in which role."""
    query = (
        select(Person, CommitteeAttendance.reason)
        .join(CommitteeAttendance, CommitteeAttendance.person_id == Person.id)
        .where(
            CommitteeAttendance.community_id == meeting.community_id,
            CommitteeAttendance.meeting_id == meeting.id,
            CommitteeAttendance.observer.is_(True),
        )
    )
    return [(person, role) for person, role in session.execute(query.order_by(CommitteeAttendance.at))]


def _rows(session: Session, meeting: CommitteeMeeting) -> Sequence[CommitteeAttendance]:
    query = select(CommitteeAttendance).where(
        CommitteeAttendance.community_id == meeting.community_id, CommitteeAttendance.meeting_id == meeting.id
    )
    return session.scalars(query).all()


def check_in(session: Session, community_id: str, meeting_id: str, *, by: str, now: datetime) -> CommitteeAttendance:
    """A member says "I am here"; after the opening that is late. Anybody else who may look on becomes an observer."""
    meeting = service.current(session, community_id, meeting_id)
    if now < meeting.starts_at - rules.CHECK_IN_BEFORE:
        raise TooEarly
    if not service.is_member(session, community_id, by, now):
        role = role_of(session, community_id, by, now)
        return _write(session, meeting, by, Presence.PRESENT, reason=role, by=by, now=now, observer=True)
    late = Presence.LATE if meeting.opened_at is not None else Presence.PRESENT
    return _write(session, meeting, by, late, reason="", by=by, now=now)


def excuse(session: Session, community_id: str, meeting_id: str, *, reason: str, by: str, now: datetime) -> None:
    """A member says beforehand that they cannot come, and why."""
    meeting = service.current(session, community_id, meeting_id)
    service.needs_member(session, community_id, by, now)
    if not reason.strip():
        raise ReasonForAbsence
    _write(session, meeting, by, Presence.ABSENT, reason=reason.strip(), by=by, now=now)


def record(
    session: Session,
    community_id: str,
    meeting_id: str,
    *,
    person_id: str,
    presence: Presence,
    reason: str,
    by: str,
    now: datetime,
) -> CommitteeAttendance:
    """The recorder writes down a member who is there without a phone, came late or stayed away."""
    meeting = service.current(session, community_id, meeting_id)
    service.needs_recorder(session, meeting, by, now)
    service.needs_member(session, community_id, person_id, now)
    if presence is Presence.ABSENT and not reason.strip():
        raise ReasonForAbsence
    if presence is not Presence.ABSENT and now < meeting.starts_at - rules.CHECK_IN_BEFORE:
        raise TooEarly
    return _write(session, meeting, person_id, presence, reason=reason.strip(), by=by, now=now)


def _write(
    session: Session,
    meeting: CommitteeMeeting,
    person_id: str,
    presence: Presence,
    *,
    reason: str,
    by: str,
    now: datetime,
    observer: bool = False,
) -> CommitteeAttendance:
    """One row a person. Whoever is recorded as there stays there: having voted, nobody was absent."""
    row = next((row for row in _rows(session, meeting) if row.person_id == person_id), None)
    if row is None:
        row = CommitteeAttendance(
            community_id=meeting.community_id,
            meeting_id=meeting.id,
            person_id=person_id,
            observer=observer,
            presence=presence,
            reason=reason,
            recorded_by=by,
            at=now,
        )
        session.add(row)
    elif row.presence == Presence.ABSENT or meeting.opened_at is None or row.observer != observer:
        row.presence, row.reason, row.recorded_by, row.at, row.observer = presence, reason, by, now, observer
    session.flush()
    return row


def open_meeting(session: Session, community_id: str, meeting_id: str, *, by: str, now: datetime) -> CommitteeMeeting:
    """Begin, with more than half of all planned members there."""
    meeting = service.current(session, community_id, meeting_id)
    service.needs_recorder(session, meeting, by, now)
    if meeting.opened_at is not None:
        raise AlreadyOpen
    if now < meeting.starts_at - rules.CHECK_IN_BEFORE:
        raise TooEarly
    rules.needs_quorum(len(present(session, meeting, now)), meeting.planned)
    meeting.opened_at = now
    session.flush()
    return meeting


def end_meeting(session: Session, community_id: str, meeting_id: str, *, by: str, now: datetime) -> CommitteeMeeting:
    """End it; members of whom nothing is recorded were absent. A meeting that never had its quorum ends too, without
    decisions: staying away counts all the same."""
    meeting = service.current(session, community_id, meeting_id)
    service.needs_recorder(session, meeting, by, now)
    if now < meeting.starts_at:
        raise TooEarly
    if _open_votes(session, meeting):
        raise VotesStillOpen
    for seat in seating(session, meeting, now):
        if seat.row is None:
            _write(session, meeting, seat.person.id, Presence.ABSENT, reason="", by=by, now=now)
    days = service.terms_here(session, community_id, day=today(now)).post_days
    meeting.ended_at, meeting.ended_by, meeting.post_by = now, by, today(now) + timedelta(days=days)
    session.flush()
    return meeting


def _open_votes(session: Session, meeting: CommitteeMeeting) -> bool:
    query = (
        select(CommitteeVote.id)
        .join(
            CommitteeItem,
            (CommitteeItem.community_id == CommitteeVote.community_id) & (CommitteeItem.id == CommitteeVote.item_id),
        )
        .where(
            CommitteeItem.community_id == meeting.community_id,
            CommitteeItem.meeting_id == meeting.id,
            CommitteeVote.closed_at.is_(None),
        )
    )
    return session.scalars(query.limit(1)).first() is not None


# ------------------------------------------------------------------------------------------------------ observations


def role_of(session: Session, community_id: str, person_id: str, now: datetime) -> str:
    """In which role somebody looks on; refused for whoever has none here."""
    held = offices.posts_held(session, community_id, person_id, now)
    if held & SUPERVISORS:
        return "supervisor"
    if held & AUTHORITIES:
        return "residents"
    if owns_today(session, community_id, person_id, today(now)):
        return "owner"
    raise NotAnObserver


def observe(
    session: Session, community_id: str, meeting_id: str, *, text: str, by: str, now: datetime
) -> CommitteeObservation:
    """An opinion or a question that the minutes will carry, until they are finished."""
    meeting = get_row(session, CommitteeMeeting, community_id, meeting_id, lock=True)
    role = role_of(session, community_id, by, now)
    if meeting.cancelled_at is not None or service.latest_minutes(session, meeting) is not None:
        raise ObservationsOver
    if not 0 < len(text.strip()) <= OBSERVATION_LENGTH:
        raise BadObservation(most=OBSERVATION_LENGTH)
    if sum(row.person_id == by for row in observations(session, meeting)) >= MOST_OBSERVATIONS:
        raise EnoughObservations(most=MOST_OBSERVATIONS)
    row = CommitteeObservation(
        community_id=community_id, meeting_id=meeting.id, person_id=by, role=role, text=text.strip(), at=now
    )
    session.add(row)
    session.flush()
    return row


def answer(
    session: Session, community_id: str, observation_id: str, *, text: str, by: str, now: datetime
) -> CommitteeObservation:
    """A member answers once, before the minutes are finished."""
    row = get_row(session, CommitteeObservation, community_id, observation_id, lock=True)
    service.needs_member(session, community_id, by, now)
    if row.answer is not None:
        raise AlreadyAnswered
    if service.latest_minutes(session, service.get(session, community_id, row.meeting_id)) is not None:
        raise ObservationsOver
    if not 0 < len(text.strip()) <= OBSERVATION_LENGTH:
        raise BadObservation(most=OBSERVATION_LENGTH)
    row.answer, row.answered_by, row.answered_at = text.strip(), by, now
    session.flush()
    return row


def observations(session: Session, meeting: CommitteeMeeting) -> Sequence[CommitteeObservation]:
    query = select(CommitteeObservation).where(
        CommitteeObservation.community_id == meeting.community_id, CommitteeObservation.meeting_id == meeting.id
    )
    return session.scalars(query.order_by(CommitteeObservation.at, CommitteeObservation.id)).all()

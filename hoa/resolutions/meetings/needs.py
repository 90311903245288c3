"""What of the committee's meetings waits for a person."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.resolutions.meetings import attendance, ballots, minutes, rules, service
from hoa.resolutions.meetings.powers import ATTEND, CALL, TAKE_PART
from hoa.resolutions.meetings.tables import CommitteeMeeting
from hoa.web.room import Asker, Need


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """Meetings to come and to finish, demands that are due, and the interval that is running out (R2.9, R2.10)."""
    if ATTEND not in asker.powers and CALL not in asker.powers:
        return ()
    found: list[Need] = []
    for meeting in service.meetings(session, asker.community_id):
        if meeting.cancelled_at is None and meeting.settled_at is None:
            found += _of_meeting(session, asker, meeting)
    return [*found, *_calls(session, asker)] if CALL in asker.powers else found


def _of_meeting(session: Session, asker: Asker, meeting: CommitteeMeeting) -> Sequence[Need]:
    url, number = url_for("meetings.show", meeting_id=meeting.id), service.number_text(meeting).strip()
    if meeting.ended_at is not None:
        return _of_minutes(session, asker, meeting, number)
    found = []
    if TAKE_PART in asker.powers:
        there = {person.id for person in attendance.present(session, meeting, asker.now)}
        for item in service.agenda(session, meeting):
            for vote in ballots.votes(session, item):
                if vote.closed_at is None and asker.person_id in there - ballots.have_voted(session, vote):
                    title = gettext("请表决：%(title)s", title=item.title)
                    found.append(Need(title=title, url=f"{url}#item-{item.no}", urgent=True))
        if asker.person_id not in there:
            soon = asker.now >= meeting.starts_at - rules.CHECK_IN_BEFORE
            title = gettext("请签到：业主委员会%(number)s会议", number=number)
            if not soon:
                title = gettext("业主委员会%(number)s会议", number=number)
            found.append(Need(title=title, url=url, due=today(meeting.starts_at), urgent=soon))
    if meeting.told_at is None and service.may_record(session, meeting, asker.person_id, asker.now):
        title = gettext("把会议告知居民委员会：%(number)s会议", number=number)
        found.append(Need(title=title, url=url + "#told", due=today(meeting.starts_at), urgent=True))
    return found


def _of_minutes(session: Session, asker: Asker, meeting: CommitteeMeeting, number: str) -> Sequence[Need]:
    """Minutes to be finished by who keeps them, then to be signed by those who were there; red after the pack's days,
    for supervisors and the authorities too."""
    url = url_for("meetings.minutes", meeting_id=meeting.id)
    done = service.latest_minutes(session, meeting)
    late = meeting.post_by is not None and meeting.post_by < today(asker.now)
    if done is None:
        if service.may_record(session, meeting, asker.person_id, asker.now):
            title = gettext("请定稿会议记录：%(number)s会议", number=number)
            return [Need(title=title, url=url, due=meeting.post_by, urgent=late)]
    elif asker.person_id in minutes.may_sign(session, meeting):
        if asker.person_id not in {row.person_id for row in minutes.signatures(session, done)}:
            title = gettext("请签署会议记录：%(number)s会议", number=number)
            return [Need(title=title, url=url, due=meeting.post_by, urgent=late)]
        return ()
    if late and CALL in asker.powers:
        title = gettext("会议决定逾期没有公布：%(number)s会议", number=number)
        return [Need(title=title, url=url, due=meeting.post_by, urgent=True)]
    return ()


def _calls(session: Session, asker: Asker) -> Sequence[Need]:
    found = []
    for request in service.open_requests(session, asker.community_id):
        if request.due is not None:
            title = gettext("三分之一委员提议开会，请召集：%(subject)s", subject=request.subject)
            url = url_for("meetings.call", request=request.id)
            found.append(Need(title=title, url=url, due=request.due, urgent=request.due < today(asker.now)))
    upcoming = service.next_due(session, asker.community_id, asker.now)
    if upcoming is not None and (TAKE_PART in asker.powers or upcoming.first):
        days = (upcoming.due - today(asker.now)).days
        title = gettext("召集业主委员会首次会议，推选主任") if upcoming.first else gettext("业主委员会该开会了")
        ahead = 2 * service.terms_here(session, asker.community_id, day=today(asker.now)).agenda_days
        if upcoming.first or days <= ahead:
            found.append(Need(title=title, url=url_for("meetings.call"), due=upcoming.due, urgent=days < 0))
    return found

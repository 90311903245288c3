"""What a committee leaves undone, for the street officer, and the meetings ahead, for everybody's first page."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.community.service import get_community
from hoa.kernel.clock import today
from hoa.resolutions.meetings import service
from hoa.web.i18n import moment
from hoa.web.room import Overdue, Shown


def overdue(session: Session, community_id: str, now: datetime) -> Sequence[Overdue]:
    """Minutes not posted, demands not answered and meetings not held by their last day (R2.7, R2.9, R2.10)."""
    code, day = get_community(session, community_id).code, today(now)
    index = url_for("meetings.index", community_code=code)
    found = []
    for row in service.meetings(session, community_id):
        if row.cancelled_at is None and row.settled_at is None and row.post_by is not None and row.post_by < day:
            title = gettext("会议决定逾期没有公布：%(number)s会议", number=service.number_text(row).strip())
            url = url_for("meetings.show", community_code=code, meeting_id=row.id)
            found.append(Overdue(title=title, url=url, since=row.post_by))
    for request in service.open_requests(session, community_id):
        if request.due is not None and request.due < day:
            title = gettext("委员提议开会，逾期没有召集：%(subject)s", subject=request.subject)
            found.append(Overdue(title=title, url=index, since=request.due))
    upcoming = service.next_due(session, community_id, now)
    if upcoming is not None and upcoming.due < day:
        title = gettext("业主委员会首次会议逾期没有召开") if upcoming.first else gettext("业主委员会逾期没有开会")
        found.append(Overdue(title=title, url=index, since=upcoming.due))
    return found


def shown(session: Session, community_id: str, now: datetime) -> Sequence[Shown]:
    """Meetings that were called and are not over: owners may come and be heard."""
    code = get_community(session, community_id).code
    return [
        Shown(
            title=gettext("业主委员会%(number)s会议", number=service.number_text(row)),
            url=url_for("meetings.show", community_code=code, meeting_id=row.id),
            text=gettext("%(when)s，%(place)s，可以列席、提意见", when=moment(row.starts_at), place=row.place),
        )
        for row in service.meetings(session, community_id)
        if row.ended_at is None and row.cancelled_at is None and today(row.starts_at) >= today(now)
    ]

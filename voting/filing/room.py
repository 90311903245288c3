"""What filing brings: pages, the pack's task, what waits for whom, and what is overdue for the street."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.community.service import get_community
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.offices import registration
from hoa.offices.registration import STEPS, Step
from hoa.platform import Platform
from hoa.resolutions.meetings import service as meetings
from hoa.web.room import Asker, NavItem, Need, Overdue, Room
from voting.filing import clocks, making, service
from voting.filing.clocks import LATE, TITLES, Clock, Due
from voting.filing.powers import ENTER, OWE, POWERS, READ, WATCH
from voting.filing.views import blueprint
from voting.service import aftermath


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    """Taking office for whoever convened; filing for chair and secretary; what is late for the street as well."""
    found, code = [], get_community(session, asker.community_id).code
    for clock in clocks.waiting(session, asker.community_id):
        late = clock.late(asker.now) > 0
        if _turn(clock) in asker.powers or (late and WATCH in asker.powers):
            title = gettext((LATE if late else TITLES)[clock.due])
            due = clock.deadline.last_day
            found.append(Need(title=title, url=_place(clock, code), due=due, urgent=late))
    if OWE in asker.powers:
        found += _next_steps(session, asker.community_id)
    return found


def _turn(clock: Clock) -> str:
    """The power of whose turn it is."""
    return {Due.OFFICE: ENTER, Due.ANSWER: WATCH}.get(clock.due, OWE)


def _place(clock: Clock, code: str) -> str:
    """Where the clock's business is done."""
    if clock.round is not None:
        return url_for("filing.show", community_code=code, round_no=clock.round.number)
    assert clock.result is not None  # a clock without a round is of a result
    found = clock.result
    return url_for("filing.take_office", community_code=code, code=found.assembly.code, contest=found.code)


def _next_steps(session: Session, community_id: str) -> list[Need]:
    """Seal, registration and account have no legal day; they wait all the same once the filing is done."""
    for row in registration.rounds(session, community_id):
        so_far = registration.progress(session, row)
        if so_far.filed and so_far.next in (Step.SEAL, Step.REGISTRATION, Step.ACCOUNT):
            title = gettext("备案之后还要办：%(step)s", step=gettext(STEPS[so_far.next]))
            return [Need(title=title, url=url_for("filing.show", round_no=row.number))]
    return []


def _overdue(session: Session, community_id: str, now: datetime) -> Sequence[Overdue]:
    """For the street: results that were not announced in time, and every term of a filing that is past."""
    code = get_community(session, community_id).code
    found = [
        Overdue(
            title=gettext("表决结果逾期没有公布：%(title)s", title=row.title),
            url=url_for("voting.after", community_code=code, code=row.code),
            since=deadline.last_day,
        )
        for row, deadline in aftermath.to_announce(session, community_id)
        if deadline.overdue(now)
    ]
    found += _unposted(session, community_id, code, now)
    found += [
        Overdue(title=gettext(LATE[clock.due]), url=_place(clock, code), since=clock.deadline.last_day)
        for clock in clocks.waiting(session, community_id)
        if clock.late(now)
    ]
    return found


def _unposted(session: Session, community_id: str, code: str, now: datetime) -> list[Overdue]:
    """Committee meetings whose minutes and decisions were not posted in their days (R2.10)."""
    return [
        Overdue(
            title=gettext("业主委员会会议记录逾期没有公布：%(number)s会议", number=meetings.number_text(row).strip()),
            url=url_for("meetings.minutes", community_code=code, meeting_id=row.id),
            since=row.post_by,
        )
        for row in meetings.meetings(session, community_id)
        if row.post_by is not None and row.post_by < today(now) and row.settled_at is None and row.cancelled_at is None
    ]


def _verify(platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return service.verify(session, platform.files, community_id)


ROOM = Room(
    name="filing",
    blueprints=(blueprint,),
    powers=POWERS,
    tasks={service.TASK: making.task},
    nav=(NavItem(label=N_("备案"), endpoint="filing.index", power=READ),),
    needs=_needs,
    overdue=_overdue,
    verify=_verify,
)

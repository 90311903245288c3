"""What follows a term brings: handovers with their needs, the re-election alarm, and what of both is overdue."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community.service import get_community
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.kernel.posts import (
    AUTHORITIES,
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_SECRETARY,
    RESIDENTS_STAFF,
    STREET_OFFICER,
    SUPERVISORS,
    Post,
)
from hoa.offices import handover, handover_views, reelection
from hoa.offices.handover import State
from hoa.offices.reelection import Stage
from hoa.web.room import Asker, Need, Overdue, Room

READ = handover_views.READ
REELECT = "reelection.prepare"
WATCH = "handover.watch"

POWERS: Mapping[str, frozenset[Post]] = {
    READ: COMMITTEE | SUPERVISORS | AUTHORITIES,
    # Told of a handover only when it is late.
    WATCH: frozenset({STREET_OFFICER}),
    # Whose turn it is when the term nears its end (R2.15): the committee, and who convenes when it does not.
    REELECT: frozenset({COMMITTEE_CHAIR, COMMITTEE_SECRETARY, RESIDENTS_STAFF, STREET_OFFICER}),
}
ALARMS: Mapping[Stage, str] = {
    Stage.PREPARE: N_("业主委员会任期 %(day)s 届满，请准备换届"),
    Stage.NO_GROUP: N_("换届小组逾期没有成立，业主委员会任期 %(day)s 届满"),
    Stage.ENDED: N_("业主委员会任期已于 %(day)s 届满，还没有新一届"),
}


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """What one has to give or to take, and the term that nears its end."""
    found: list[Need] = []
    if REELECT in asker.powers and (alarm := reelection.alarm(session, asker.community_id, asker.now)):
        title = gettext(ALARMS[alarm.stage], day=alarm.term_ends.isoformat())
        due = alarm.since or alarm.term_ends
        found.append(Need(title=title, url=url_for("preparing.index"), due=due, urgent=alarm.since is not None))
    for state in handover.states(session, asker.community_id, asker.now):
        watches = WATCH in asker.powers and state.late(today(asker.now)) > 0
        if not state.done and (watches or _is_mine(session, asker, state)):
            title = gettext(_WORDS[state.departure.person_id is None], day=state.departure.left_on.isoformat())
            late = state.late(today(asker.now)) > 0
            found.append(
                Need(title=title, url=url_for("handovers.index"), due=state.departure.due.last_day, urgent=late)
            )
    return found


_WORDS: Mapping[bool, str] = {
    True: N_("请办理换届移交：上一届任期到 %(day)s"),
    False: N_("请办理离任移交：离任于 %(day)s"),
}


def _is_mine(session: Session, asker: Asker, state: State) -> bool:
    """Giver or taker; before the list is begun, whoever left and whoever reads such lists."""
    if state.handover is None:
        return asker.person_id == state.departure.person_id or REELECT in asker.powers
    people = handover.givers(session, state.handover) | handover.takers(session, state.handover, asker.now)
    return asker.person_id in people


def overdue(session: Session, community_id: str, now: datetime) -> Sequence[Overdue]:
    """For the street's list: a term that ended without a new committee, a group that was not formed, handovers."""
    code, found = get_community(session, community_id).code, []
    alarm = reelection.alarm(session, community_id, now)
    if alarm is not None and alarm.since is not None:
        title = gettext(ALARMS[alarm.stage], day=alarm.term_ends.isoformat())
        found.append(Overdue(title=title, url=url_for("preparing.index", community_code=code), since=alarm.since))
    url = url_for("handovers.index", community_code=code)
    found += [
        Overdue(title=_late(session, state), url=url, since=state.departure.due.last_day)
        for state in handover.states(session, community_id, now)
        if state.late(today(now))
    ]
    return found


def _late(session: Session, state: State) -> str:
    if state.departure.person_id is None:
        return str(gettext("上一届业主委员会逾期没有移交完"))
    name = accounts.person(session, state.departure.person_id).name
    return str(gettext("离任委员逾期没有移交完：%(name)s", name=name))


ROOM = Room(
    name="handovers",
    blueprints=(handover_views.blueprint,),
    powers=POWERS,
    tasks={handover_views.TASK: handover_views.print_task},
    needs=needs,
    overdue=overdue,
)

"""What is due after an election and until when: taking office, first meeting, filing, the authority's answer, the next
steps (rules.md R2.7, R2.8). Nothing is written here; pages, needs and the street's list all ask the same."""

from collections.abc import Mapping
from datetime import datetime, time
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import N_
from hoa.kernel.workdays import china
from hoa.offices import registration
from hoa.offices.after_tables import FilingRound
from hoa.offices.clocks import Deadline, after_days
from hoa.offices.registration import ELECTION
from hoa.resolutions.meetings import service as meetings
from voting.filing import taking


class Due(StrEnum):
    OFFICE = "office"
    MEETING = "meeting"
    FILING = "filing"
    ANSWER = "answer"


TITLES: Mapping[Due, str] = {
    Due.OFFICE: N_("当选人登记就任"),
    Due.MEETING: N_("业主委员会首次会议"),
    Due.FILING: N_("提交备案材料"),
    Due.ANSWER: N_("备案机关办理备案"),
}
LATE: Mapping[Due, str] = {
    Due.OFFICE: N_("选举结果公布后当选人逾期没有登记就任"),
    Due.MEETING: N_("业主委员会逾期没有召开首次会议"),
    Due.FILING: N_("业主委员会逾期没有备案"),
    Due.ANSWER: N_("备案材料提交后逾期没有答复"),
}


class Clock(NamedTuple):
    """One term: until when, whether it is settled, and where one goes to settle it (`round` or the `result`)."""

    due: Due
    deadline: Deadline
    done: bool
    round: FilingRound | None
    result: taking.Result | None

    def late(self, now: datetime) -> int:
        return 0 if self.done else self.deadline.late(today(now))


def of_round(session: Session, found: FilingRound) -> list[Clock]:
    """The terms of a round, in the order in which they run."""
    so_far = registration.progress(session, found)
    clocks = []
    if found.kind == ELECTION and found.meeting_due is not None:
        since = datetime.combine(found.event_on, time(), CHINA)
        held = meetings.first_meeting(session, found.community_id, since=since) is not None
        clocks.append(Clock(Due.MEETING, Deadline(found.meeting_due, found.provisional), held, found, None))
    clocks.append(Clock(Due.FILING, so_far.filing, so_far.submitted, found, None))
    if so_far.answer is not None:
        clocks.append(Clock(Due.ANSWER, so_far.answer, so_far.filed, found, None))
    return clocks


def waiting(session: Session, community_id: str) -> list[Clock]:
    """Everything in this community that is not settled: results that nobody has entered, and terms that run. A later
    filing that reached the authority settles the earlier ones, because it tells of the same committee as it is now."""
    rounds = registration.rounds(session, community_id)
    filed = max((row.number for row in rounds if registration.progress(session, row).submitted), default=0)
    open_rounds = [row for row in rounds if row.number >= filed]
    clocks = [clock for row in open_rounds for clock in of_round(session, row) if not clock.done]
    return [*_not_entered(session, community_id), *clocks]


def _not_entered(session: Session, community_id: str) -> list[Clock]:
    """Results that stand and of which nobody took office: the first meeting's days run all the same."""
    found = []
    for one in taking.results(session, community_id):
        if one.told.stands and not any(seat.taken for seat in one.seats) and one.election is not None:
            day = today(one.announced_at)
            days = pack_choice.current(session, community_id, day=day).number("first_meeting_days")
            found.append(Clock(Due.OFFICE, after_days(day, days, china()), False, None, one))
    return found

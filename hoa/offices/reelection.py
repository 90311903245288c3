"""The re-election alarm (换届): the committee's term nears its end, or ended without a new one (rules.md R2.15)."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.kernel.clock import months_on, today
from hoa.kernel.posts import COMMITTEE, RE_ELECTION_LEADER
from hoa.kernel.workdays import china
from hoa.offices.clocks import after_days
from hoa.offices.tables import Office


class Stage(StrEnum):
    """How late it is: prepare now; the group should be there; the term is over."""

    PREPARE = "prepare"
    NO_GROUP = "no-group"
    ENDED = "ended"


class Alarm(NamedTuple):
    """`term_ends` is the last day of the term, `begin_by` the day from which re-election is due, `group_by` the last
    day for forming the group."""

    stage: Stage
    term_ends: date
    begin_by: date
    group_by: date

    @property
    def since(self) -> date | None:
        """The last day that was missed; None while nothing is late."""
        return {Stage.PREPARE: None, Stage.NO_GROUP: self.group_by, Stage.ENDED: self.term_ends}[self.stage]


def term_ends_at(session: Session, community_id: str, now: datetime) -> datetime | None:
    """When the last committee's term ends or ended; None where there never was one, or a new one is already elected.

    A single member who left early ends nobody's term: the latest end counts.
    """
    kinds = {post.kind for post in COMMITTEE}
    mine = (Office.community_id == community_id, Office.body_kind == "owners_committee", Office.post_kind.in_(kinds))
    begun = session.scalar(select(func.max(Office.ends_at)).where(*mine, Office.starts_at <= now))
    later = session.scalar(select(func.count()).select_from(Office).where(*mine, Office.starts_at > now))
    return None if later else begun


def alarm(session: Session, community_id: str, now: datetime) -> Alarm | None:
    """What is to be done about the committee's term today; None while nothing is."""
    ends_at = term_ends_at(session, community_id, now)
    if ends_at is None:
        return None
    day, last = today(now), last_day(ends_at)
    pack = pack_choice.current(session, community_id, day=day)
    begin_by = months_on(last, -pack.number("reelection_lead_months"))
    group_by = after_days(begin_by, pack.number("reelection_group_days"), china()).last_day
    if ends_at <= now:
        return Alarm(Stage.ENDED, last, begin_by, group_by)
    if day < begin_by:
        return None
    late = day > group_by and not _has_group(session, community_id, now)
    return Alarm(Stage.NO_GROUP if late else Stage.PREPARE, last, begin_by, group_by)


def _has_group(session: Session, community_id: str, now: datetime) -> bool:
    query = select(Office.id).where(
        Office.community_id == community_id,
        Office.body_kind == RE_ELECTION_LEADER.body,
        Office.starts_at <= now,
        Office.ends_at > now,
    )
    return session.scalar(query.limit(1)) is not None


def last_day(ends_at: datetime) -> date:
    """The last whole day before an exclusive end."""
    return today(ends_at - timedelta(microseconds=1))

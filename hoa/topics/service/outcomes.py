"""What a topic becomes: a motion of the owners' assembly, an item of a committee meeting, or nothing to decide.

A motion or item stands in its own room; here is kept which one it was. When a draft's editor takes it out again, or
the meeting is called off, the topic waits for the next one.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import chain
from hoa.resolutions.chain import Key, Kind
from hoa.resolutions.meetings import rules as committee
from hoa.resolutions.meetings.tables import CommitteeItem, CommitteeMeeting
from hoa.topics import rules
from hoa.topics.rules import Outcome, Stage
from hoa.topics.service import reading
from hoa.topics.tables import Topic

LONGEST_MOTION_TITLE, LONGEST_MOTION = 120, 8000
WANTED = {Kind.MOTION: Outcome.MOTION, Kind.ITEM: Outcome.AGENDA}


class UnknownMatter(Refusal):
    message = N_("请选择事项类别（《民法典》第二百七十八条）")


class NotWaiting(Refusal):
    message = N_("这个议题已经列入会议，或者没有要在这里决定的事；请刷新页面")
    status = 409


class Decision(NamedTuple):
    """What becomes of a topic, why, and for a decision the words to decide on."""

    outcome: Outcome
    reason: str
    title: str = ""
    text: str = ""
    matter: str = ""


def settle(session: Session, community_id: str, topic_id: str, decision: Decision, *, by: str, now: datetime) -> Topic:
    """Say what becomes of a topic, once. A decision follows from the published summary; what needs none may be settled
    at any time, with the reason.
    """
    topic = reading.locked(session, community_id, topic_id)
    if topic.settled_at is not None:
        raise rules.AlreadySettled
    if decision.outcome is not Outcome.HANDLED and reading.stage(session, topic, today(now)) is not Stage.OUTCOME:
        raise rules.TooEarly
    topic.outcome_reason = rules.written(decision.reason, most=rules.LONGEST_CONCLUSION)
    if decision.outcome is Outcome.MOTION:
        topic.matter = _matter(decision.matter)
        topic.decision_title = rules.written(decision.title, most=LONGEST_MOTION_TITLE)
        topic.decision_text = rules.written(decision.text, most=LONGEST_MOTION)
    if decision.outcome is Outcome.AGENDA:
        topic.decision_title = rules.written(decision.title, most=committee.LONGEST_TITLE)
        topic.decision_text = rules.written(decision.text, most=committee.LONGEST_TEXT)
    topic.outcome, topic.settled_at, topic.settled_by_id = decision.outcome.value, now, by
    session.flush()
    return topic


def _matter(code: str) -> str:
    preparing = chain.preparing()
    if preparing is None or code not in preparing.matters():
        raise UnknownMatter
    return code


def is_taken_up(session: Session, topic: Topic) -> bool:
    """Whether the motion or item the topic became still stands."""
    if topic.motion_id is not None:
        preparing = chain.preparing()
        return preparing is not None and preparing.stands(session, topic.community_id, topic.motion_id)
    if topic.item_id is not None:
        return _item(session, topic, CommitteeMeeting.cancelled_at.is_(None))
    return False


def undecided(session: Session, topic: Topic) -> bool:
    """Whether a topic ended without a decision: there was nothing to decide, or the motion or item failed. What it is
    about may then be asked again, in a new topic.
    """
    if topic.outcome == Outcome.HANDLED:
        return True
    if topic.motion_id is not None:
        preparing = chain.preparing()
        return preparing is not None and preparing.failed(session, topic.community_id, topic.motion_id)
    if topic.item_id is not None:
        return _item(session, topic, CommitteeMeeting.settled_at.is_not(None), CommitteeItem.resolution_id.is_(None))
    return False


def _item(session: Session, topic: Topic, *conditions: ColumnElement[bool]) -> bool:
    """Whether this holds of the item a topic became, and of its meeting."""
    query = (
        select(CommitteeItem.id)
        .join(
            CommitteeMeeting,
            (CommitteeItem.community_id == CommitteeMeeting.community_id)
            & (CommitteeItem.meeting_id == CommitteeMeeting.id),
        )
        .where(CommitteeItem.community_id == topic.community_id, CommitteeItem.id == topic.item_id, *conditions)
    )
    return session.scalar(query) is not None


def stage(session: Session, topic: Topic, day: date) -> Stage:
    """Where a topic stands, with what became of it in the rooms above."""
    decided = topic.outcome in (Outcome.MOTION, Outcome.AGENDA)
    return reading.stage(session, topic, day, taken_up=decided and is_taken_up(session, topic))


def waiting(session: Session, community_id: str, kind: Kind) -> Sequence[Topic]:
    """Topics that wait for an assembly (MOTION) or the committee (ITEM), the earliest settled first."""
    query = select(Topic).where(Topic.community_id == community_id, Topic.outcome == WANTED[kind].value)
    rows = session.scalars(query.order_by(Topic.settled_at, Topic.id)).all()
    return [row for row in rows if not is_taken_up(session, row)]


def taken_up(session: Session, community_id: str, topic_id: str, *, by: Key, now: datetime) -> None:
    """Keep which motion or item a topic became."""
    topic = reading.locked(session, community_id, topic_id)
    if topic.outcome != WANTED[by.kind] or is_taken_up(session, topic):
        raise NotWaiting
    if by.kind is Kind.MOTION:
        topic.motion_id = by.id
    else:
        topic.item_id = by.id
    topic.taken_up_at = now
    session.flush()

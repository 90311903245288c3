"""Hearing the owners: what they say while the period runs, and taking words off the page."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.topics import rules
from hoa.topics.service.reading import comment_of, locked, period
from hoa.topics.tables import TopicComment


class AlreadyHidden(Refusal):
    message = N_("这条意见已经隐藏了")
    status = 409


def comment(
    session: Session, community_id: str, topic_id: str, *, side: str, text: str, by: str, now: datetime
) -> TopicComment:
    """An owner says where they stand and why, while the period runs."""
    topic = locked(session, community_id, topic_id)
    earlier = select(func.count()).where(
        TopicComment.community_id == community_id, TopicComment.topic_id == topic_id, TopicComment.person_id == by
    )
    chosen = rules.check_comment(period(topic), side, today=today(now), earlier=session.scalar(earlier) or 0)
    if topic.settled_at is not None:
        raise rules.AlreadySettled
    row = TopicComment(
        community_id=community_id,
        topic_id=topic.id,
        person_id=by,
        side=chosen.value,
        text=rules.written(text, most=rules.LONGEST_COMMENT),
        at=now,
        hidden_because="",
    )
    session.add(row)
    session.flush()
    return row


def hide(
    session: Session, community_id: str, topic_id: str, comment_id: str, *, reason: str, by: str, now: datetime
) -> TopicComment:
    """Take a comment's words off the page; its place, its side and the reason stay."""
    row = comment_of(session, locked(session, community_id, topic_id), comment_id)
    if row.hidden_at is not None:
        raise AlreadyHidden
    row.hidden_because = rules.written(reason, most=rules.LONGEST_REASON)
    row.hidden_at, row.hidden_by_id = now, by
    session.flush()
    return row

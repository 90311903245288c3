"""What topics there are and how they stand."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules.states import Action
from hoa.affairs.tables import Cluster, Step, Suggestion
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel.errors import NotFound
from hoa.topics import rules
from hoa.topics.rules import Outcome, Period, Stage
from hoa.topics.tables import Topic, TopicComment, TopicMeeting


def find(session: Session, community_id: str, topic_id: str) -> Topic:
    return get(session, Topic, community_id, topic_id)


def locked(session: Session, community_id: str, topic_id: str) -> Topic:
    """The topic for update, as it stands in the database now, whatever was read of it before."""
    query = select(Topic).where(Topic.community_id == community_id, Topic.id == topic_id)
    row = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row


def topics(session: Session, community_id: str) -> Sequence[Topic]:
    """All topics, those still open first, then the latest."""
    query = select(Topic).where(Topic.community_id == community_id)
    return session.scalars(query.order_by(Topic.settled_at.is_not(None), Topic.year.desc(), Topic.number.desc())).all()


def unsettled(session: Session, community_id: str) -> Sequence[Topic]:
    """Topics of which nobody has said yet what becomes of them, the earliest first."""
    query = select(Topic).where(Topic.community_id == community_id, Topic.settled_at.is_(None))
    return session.scalars(query.order_by(Topic.year, Topic.number)).all()


def topics_of(session: Session, community_id: str, suggestion_id: str) -> Sequence[Topic]:
    """The topics in which a suggestion was discussed, the earliest first, as its history says: a step was written the
    moment the topic was raised, with its label.
    """
    query = (
        select(Topic, Step.details)
        .join(Step, (Step.community_id == Topic.community_id) & (Step.at == Topic.raised_at))
        .where(
            Step.community_id == community_id,
            Step.suggestion_id == suggestion_id,
            Step.action == Action.DISCUSS.value,
        )
    )
    rows = session.execute(query.order_by(Step.seq)).all()
    return [topic for topic, details in rows if details["topic"] == topic.label]


def suggestions(session: Session, topic: Topic) -> Sequence[Suggestion]:
    """What is discussed in a topic, the earliest first; the other way round of `topics_of`."""
    query = (
        select(Suggestion, Step.details)
        .join(Step, (Step.community_id == Suggestion.community_id) & (Step.suggestion_id == Suggestion.id))
        .where(
            Step.community_id == topic.community_id,
            Step.at == topic.raised_at,
            Step.action == Action.DISCUSS.value,
        )
    )
    rows = session.execute(query.order_by(Suggestion.year, Suggestion.number)).all()
    return [row for row, details in rows if details["topic"] == topic.label]


def clusters(session: Session, community_id: str) -> Sequence[Cluster]:
    """Common problems, the latest first."""
    query = select(Cluster).where(Cluster.community_id == community_id)
    return session.scalars(query.order_by(Cluster.year.desc(), Cluster.number.desc())).all()


def comments(session: Session, topic: Topic) -> Sequence[TopicComment]:
    """What owners said, the earliest first."""
    query = select(TopicComment).where(
        TopicComment.community_id == topic.community_id, TopicComment.topic_id == topic.id
    )
    return session.scalars(query.order_by(TopicComment.at, TopicComment.id)).all()


def comment_of(session: Session, topic: Topic, comment_id: str) -> TopicComment:
    row = get(session, TopicComment, topic.community_id, comment_id)
    if row.topic_id != topic.id:
        raise NotFound
    return row


def meetings(session: Session, topic: Topic) -> Sequence[TopicMeeting]:
    """The meetings held about a topic, the earliest first."""
    query = select(TopicMeeting).where(
        TopicMeeting.community_id == topic.community_id, TopicMeeting.topic_id == topic.id
    )
    return session.scalars(query.order_by(TopicMeeting.held_on, TopicMeeting.recorded_at)).all()


def meeting_of(session: Session, topic: Topic, meeting_id: str) -> TopicMeeting:
    row = get(session, TopicMeeting, topic.community_id, meeting_id)
    if row.topic_id != topic.id:
        raise NotFound
    return row


def period(topic: Topic) -> Period:
    return Period(topic.opens_on, topic.closes_on, topic.provisional)


def stage(session: Session, topic: Topic, day: date, *, taken_up: bool = False) -> Stage:
    """Where a topic stands on a day; whether its motion or item still stands is the caller's to know."""
    return rules.stage(
        period(topic),
        today=day,
        met=bool(meetings(session, topic)),
        summarized=topic.summarized_at is not None,
        outcome=Outcome(topic.outcome) if topic.outcome else None,
        taken_up=taken_up,
    )


def path(session: Session, topic: Topic) -> str:
    """Where a topic is read, without a host."""
    return f"/c/{get_community(session, topic.community_id).code}/topics/{topic.id}"


def figures(session: Session, topic: Topic) -> dict[str, int]:
    """Heads by side, then how many comments there are and how many of them are hidden."""
    rows = comments(session, topic)
    return {
        **rules.counts((row.person_id, row.side) for row in rows),
        "comments": len(rows),
    }

"""Putting a question to the owners: out of which suggestions, in which words, until when."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.affairs.rules.states import Action, State, allowed
from hoa.affairs.service import life
from hoa.affairs.service.reading import find_by_label
from hoa.affairs.tables import Cluster, Suggestion
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel import workdays
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.keys import Keys
from hoa.topics import rules
from hoa.topics.service import nameless, outcomes
from hoa.topics.service.reading import topics_of
from hoa.topics.tables import Topic, TopicSuggestion


class NothingToDiscuss(Refusal):
    message = N_("请至少写一件诉求的编号，例如 2026-0012，或者选一个共性问题")


class NoSuchSuggestion(Refusal):
    message = N_("没有编号是 %(label)s 的诉求，请核对")


class AlreadyDiscussed(Refusal):
    message = N_("诉求 %(label)s 已经在议题 %(topic)s 里讨论，不用再提一次")
    status = 409


class NotToDiscuss(Refusal):
    message = N_("诉求 %(label)s 已经合并、撤回或者不予受理，不能转为议题")
    status = 409


class Wording(NamedTuple):
    """What is put to the owners, and how long they are heard."""

    title: str
    question: str
    opens_on: date
    closes_on: date


def least_days(session: Session, community_id: str, day: date) -> int:
    """The fewest working days for which owners are heard."""
    return pack_choice.current(session, community_id, day=day).number("topic_comment_days")


def first_close(session: Session, community_id: str, day: date) -> date:
    """The earliest last day of a period that begins on `day`."""
    return workdays.china().due(day, least_days(session, community_id, day)).day


def raise_topic(
    session: Session,
    keys: Keys,
    community_id: str,
    wording: Wording,
    *,
    labels: Sequence[str] = (),
    cluster_id: str | None = None,
    by: str,
    now: datetime,
) -> Topic:
    """Put a question to the owners, out of suggestions or a cluster; each of them says in its history that it became
    part of it. The community's row is locked, so that two topics at once get two numbers and share no suggestion.
    """
    get_community(session, community_id, lock=True)
    discussed = _discussed(session, community_id, labels, cluster_id)
    topic = _worded(session, community_id, wording, by=by, now=now)
    topic.cluster_id = cluster_id
    nameless.check(keys, discussed, topic.title + topic.question)
    session.add(topic)
    session.flush()
    for row in discussed:
        if not topics_of(session, community_id, row.id):
            session.add(TopicSuggestion(community_id=community_id, topic_id=topic.id, suggestion_id=row.id))
            session.flush()
        life.discuss(session, community_id, row.id, topic=topic.label, by=by, now=now)
    return topic


def _worded(session: Session, community_id: str, wording: Wording, *, by: str, now: datetime) -> Topic:
    """A topic with what is asked and until when, numbered within its year; nothing has come of it yet."""
    day = today(now)
    period = rules.check_period(
        wording.opens_on,
        wording.closes_on,
        today=day,
        least_days=least_days(session, community_id, day),
        calendar=workdays.china(),
    )
    return Topic(
        community_id=community_id,
        year=day.year,
        number=_next_number(session, community_id, day.year),
        title=rules.written(wording.title, most=rules.LONGEST_TITLE),
        question=rules.written(wording.question, most=rules.LONGEST_QUESTION),
        **period._asdict(),
        raised_at=now,
        raised_by_id=by,
        counts={},
        summary="",
        outcome="",
        outcome_reason="",
        decision_title="",
        decision_text="",
        matter="",
    )


def _next_number(session: Session, community_id: str, year: int) -> int:
    """The next free number of the year."""
    query = select(func.max(Topic.number)).where(Topic.community_id == community_id, Topic.year == year)
    return (session.scalar(query) or 0) + 1


def _discussed(
    session: Session, community_id: str, labels: Sequence[str], cluster_id: str | None
) -> Sequence[Suggestion]:
    """The suggestions named, then those of the cluster that can still be discussed; none twice, none of another topic
    unless that ended without a decision.
    """
    found: dict[str, Suggestion] = {}
    for label in labels:
        row = _by_label(session, community_id, label)
        taken = _open_topic(session, row)
        if taken is not None:
            raise AlreadyDiscussed(label=row.label, topic=taken.label)
        if not allowed(State(row.state), Action.DISCUSS):
            raise NotToDiscuss(label=row.label)
        found[row.id] = row
    if cluster_id is not None:
        cluster = get(session, Cluster, community_id, cluster_id)
        query = select(Suggestion).where(Suggestion.community_id == community_id, Suggestion.cluster_id == cluster.id)
        for row in session.scalars(query.order_by(Suggestion.year, Suggestion.number)):
            if allowed(State(row.state), Action.DISCUSS) and _open_topic(session, row) is None:
                found[row.id] = row
    if not found:
        raise NothingToDiscuss
    return list(found.values())


def _open_topic(session: Session, row: Suggestion) -> Topic | None:
    """The topic that is not over yet, or was decided, in which a suggestion stands."""
    topics = topics_of(session, row.community_id, row.id)
    return next((topic for topic in topics if not outcomes.undecided(session, topic)), None)


def _by_label(session: Session, community_id: str, label: str) -> Suggestion:
    try:
        return find_by_label(session, community_id, label)
    except NotFound:
        raise NoSuchSuggestion(label=label) from None

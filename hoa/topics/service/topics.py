"""Topics: asking the owners, hearing them, holding the six parties' meeting, publishing what came out."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.affairs.rules.states import Action, State, allowed
from hoa.affairs.service import life, reading, reporters
from hoa.affairs.tables import Cluster, Suggestion
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel import canonical, workdays
from hoa.kernel.clock import stamp, today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from hoa.topics import rules
from hoa.topics.rules import Party, Stage
from hoa.topics.service.reading import (
    clusters,
    comment_of,
    comments,
    figures,
    find,
    locked,
    meeting_of,
    meetings,
    path,
    period,
    stage,
    suggestions,
    topic_of,
    topics,
    unsettled,
)
from hoa.topics.tables import Topic, TopicComment, TopicMeeting, TopicSuggestion

__all__ = [
    "PUBLICATION",
    "AlreadyDiscussed",
    "AlreadyHidden",
    "Held",
    "NamesReporter",
    "NoSuchSuggestion",
    "NotToDiscuss",
    "NothingToDiscuss",
    "Wording",
    "clusters",
    "comment",
    "comment_of",
    "comments",
    "content",
    "current_hash",
    "demand_nameless",
    "figures",
    "find",
    "first_close",
    "hide",
    "least_days",
    "locked",
    "meeting_of",
    "meetings",
    "path",
    "period",
    "raise_topic",
    "record_meeting",
    "stage",
    "suggestions",
    "summarize",
    "topic_of",
    "topics",
    "unsettled",
    "verify",
]

PUBLICATION = "topic-summary"


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


class NamesReporter(Refusal):
    """What is asked is public at once: it must not say who reported."""

    message = N_("里面有诉求 %(label)s 的提出人的姓名或电话；这里写的会公开，请去掉")


class AlreadyHidden(Refusal):
    message = N_("这条意见已经隐藏了")
    status = 409


class Wording(NamedTuple):
    """What is put to the owners, and how long they are heard."""

    title: str
    question: str
    opens_on: date
    closes_on: date


class Held(NamedTuple):
    """A meeting of the six parties as it is recorded; `scan` is a file as it was sent, with its name."""

    held_on: date
    place: str
    present: Mapping[Party, tuple[str, ...]]
    missing_because: str
    minutes: str
    conclusion: str
    scan: tuple[bytes, str] | None = None


# ------------------------------------------------------------------------------------------------------ asking


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
    part of it.
    """
    discussed = _discussed(session, community_id, labels, cluster_id)
    topic = _worded(session, community_id, wording, by=by, now=now)
    topic.cluster_id = cluster_id
    _nameless(keys, discussed, topic.title + topic.question)
    session.add(topic)
    session.flush()
    for row in discussed:
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


def demand_nameless(session: Session, keys: Keys, topic: Topic, *texts: str) -> None:
    """Refuse words for the public that name whoever reported what a topic is about."""
    _nameless(keys, suggestions(session, topic), "".join(texts))


def _nameless(keys: Keys, discussed: Sequence[Suggestion], text: str) -> None:
    """Only what staff can see of a reporter is looked for: anything else would tell who it is by refusing."""
    plain = "".join(text.split())
    for row in discussed:
        known = reporters.shown(keys, row)
        if any(word and word in plain for word in (known.name, known.phone)):
            raise NamesReporter(label=row.label)


def _next_number(session: Session, community_id: str, year: int) -> int:
    """The next free number of the year. The community's row is locked, so that two topics at once get two numbers."""
    get_community(session, community_id, lock=True)
    query = select(func.max(Topic.number)).where(Topic.community_id == community_id, Topic.year == year)
    return (session.scalar(query) or 0) + 1


def _discussed(
    session: Session, community_id: str, labels: Sequence[str], cluster_id: str | None
) -> Sequence[Suggestion]:
    """The suggestions named, then those of the cluster that can still be discussed; none twice, none of another
    topic.
    """
    found: dict[str, Suggestion] = {}
    for label in labels:
        row = _by_label(session, community_id, label)
        taken = topic_of(session, community_id, row.id)
        if taken is not None:
            raise AlreadyDiscussed(label=row.label, topic=taken.label)
        if not allowed(State(row.state), Action.DISCUSS):
            raise NotToDiscuss(label=row.label)
        found[row.id] = row
    if cluster_id is not None:
        cluster = get(session, Cluster, community_id, cluster_id)
        query = select(Suggestion).where(Suggestion.community_id == community_id, Suggestion.cluster_id == cluster.id)
        for row in session.scalars(query.order_by(Suggestion.year, Suggestion.number)):
            if allowed(State(row.state), Action.DISCUSS) and topic_of(session, community_id, row.id) is None:
                found[row.id] = row
    if not found:
        raise NothingToDiscuss
    return list(found.values())


def _by_label(session: Session, community_id: str, label: str) -> Suggestion:
    try:
        return reading.find_by_label(session, community_id, label)
    except NotFound:
        raise NoSuchSuggestion(label=label) from None


# ----------------------------------------------------------------------------------------------------- hearing


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


def record_meeting(
    session: Session, files: Files, community_id: str, topic_id: str, held: Held, *, by: str, now: datetime
) -> TopicMeeting:
    """Write down a meeting of the six parties: minutes in words, as a scan, or both."""
    topic = locked(session, community_id, topic_id)
    if topic.settled_at is not None:
        raise rules.AlreadySettled
    if topic.summarized_at is not None:
        raise rules.TooEarly
    rules.check_held(held.held_on, raised_on=today(topic.raised_at), today=today(now))
    because = rules.written(held.missing_because, most=rules.LONGEST_REASON, needed=False)
    rules.check_parties(held.present, because=because)
    minutes = rules.written(held.minutes, most=rules.LONGEST_MINUTES, needed=False)
    if not minutes and held.scan is None:
        raise rules.NoRecord
    row = TopicMeeting(
        community_id=community_id,
        topic_id=topic.id,
        held_on=held.held_on,
        place=rules.written(held.place, most=rules.LONGEST_TITLE),
        present={party.value: list(names) for party, names in held.present.items() if names},
        missing_because=because,
        minutes=minutes,
        conclusion=rules.written(held.conclusion, most=rules.LONGEST_CONCLUSION),
        digest=None,
        media_type="",
        file_name="",
        recorded_at=now,
        recorded_by_id=by,
    )
    if held.scan is not None:
        scan = uploads.checked(*held.scan)
        row.digest, row.media_type, row.file_name = files.put(scan.data), scan.media_type, scan.name
    session.add(row)
    session.flush()
    return row


# -------------------------------------------------------------------------------------------- what came out of it


def summarize(session: Session, community_id: str, topic_id: str, *, text: str, by: str, now: datetime) -> Topic:
    """Publish the figures and the themes with their hash, once the period is over and the meeting was held."""
    topic = locked(session, community_id, topic_id)
    if stage(session, topic, today(now)) is not Stage.SUMMARY:
        raise rules.TooEarly
    topic.summary = rules.written(text, most=rules.LONGEST_SUMMARY)
    topic.counts = figures(session, topic)
    publication = bulletin.publish(
        session,
        community_id,
        kind=PUBLICATION,
        title=f"议题意见汇总：{topic.title}",
        content=content(session, topic),
        reference=topic.id,
        url=path(session, topic),
        by=by,
        now=now,
    )
    topic.summarized_at, topic.summarized_by_id, topic.publication_id = now, by, publication.id
    session.flush()
    return topic


def content(session: Session, topic: Topic) -> dict[str, Any]:
    """What is published: the question, the figures, the themes and the meetings; of people only how many."""
    return {
        "topic": topic.label,
        "title": topic.title,
        "question": topic.question,
        "from": topic.opens_on.isoformat(),
        "until": topic.closes_on.isoformat(),
        "counts": figures(session, topic),
        "summary": topic.summary,
        "meetings": [
            {
                "day": row.held_on.isoformat(),
                "place": row.place,
                "parties": [party.value for party in Party if party.value in row.present],
                "missing_because": row.missing_because,
                "conclusion": row.conclusion,
                "recorded_at": stamp(row.recorded_at),
            }
            for row in meetings(session, topic)
        ],
    }


def current_hash(session: Session, community_id: str, reference: str, _published: Mapping[str, Any]) -> str | None:
    """What a summary would be published as now (Protocol CurrentContent)."""
    return canonical.digest(content(session, find(session, community_id, reference)))


def verify(session: Session, community_id: str) -> list[str]:
    """A sentence for each topic that is no longer what was published of it; for `hoa verify` (trust.md 12)."""
    query = select(Topic, Publication.content_hash).join(
        Publication,
        (Publication.community_id == Topic.community_id) & (Publication.id == Topic.publication_id),
    )
    rows = session.execute(query.where(Topic.community_id == community_id).order_by(Topic.id)).all()
    return [
        f"table topic, row {topic.id}: question, comments or meetings are not the ones that were published"
        for topic, digest in rows
        if canonical.digest(content(session, topic)) != digest
    ]

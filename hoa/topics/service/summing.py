"""Publishing what owners and the six parties said, and proving later that it is still the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.kernel import canonical
from hoa.kernel.clock import stamp, today
from hoa.topics import rules
from hoa.topics.rules import Party, Stage
from hoa.topics.service.reading import figures, find, locked, meetings, path, stage
from hoa.topics.tables import Topic

PUBLICATION = "topic-summary"


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

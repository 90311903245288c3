"""What topics are in the chain: what they came from and became; and what waits for motions and agendas."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.resolutions.chain import Key, Kind, Link, Reader, Waiting
from hoa.topics import rules
from hoa.topics.rules import OUTCOME_NAMES, Outcome, Stage
from hoa.topics.service import outcomes, reading
from hoa.topics.tables import Topic
from hoa.web.i18n import day

FOLLOWS: Mapping[Stage, str] = {
    Stage.AHEAD: N_("%(opens)s 起向业主征求意见，到 %(closes)s 为止。"),
    Stage.COMMENTS: N_("正在向业主征求意见，到 %(closes)s 为止。"),
    Stage.MEETING: N_("征求意见已结束，等待六方会议商议。"),
    Stage.SUMMARY: N_("征求意见和六方会议都已结束，等待公布意见汇总。"),
    Stage.OUTCOME: N_("意见汇总已公布，等待确定怎么办。"),
    Stage.WAITING: N_("等待列入下一次会议。"),
    Stage.TAKEN_UP: N_("已列入会议。"),
    Stage.HANDLED: N_("不需要作决定，直接处理：%(reason)s"),
}


class TopicLinks:
    """Topics: out of which suggestions, and which motion or agenda item."""

    def tell(self, session: Session, community_id: str, keys: Sequence[Key], reader: Reader, /) -> Mapping[Key, Link]:
        found = {}
        for key in keys:
            if key.kind is Kind.TOPIC and (topic := session.get(Topic, (community_id, key.id))):
                found[key] = _topic(session, key, topic, reader)
        return found

    def up(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        if key.kind is Kind.TOPIC:
            topic = session.get(Topic, (community_id, key.id))
            return [Key(Kind.SUGGESTION, row.id) for row in reading.suggestions(session, topic)] if topic else ()
        column = {Kind.MOTION: Topic.motion_id, Kind.ITEM: Topic.item_id}.get(key.kind)
        if column is None:
            return ()
        query = select(Topic.id).where(Topic.community_id == community_id, column == key.id)
        return [Key(Kind.TOPIC, topic_id) for topic_id in session.scalars(query)]

    def down(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        if key.kind is Kind.SUGGESTION:
            return [Key(Kind.TOPIC, topic.id) for topic in reading.topics_of(session, community_id, key.id)]
        topic = session.get(Topic, (community_id, key.id)) if key.kind is Kind.TOPIC else None
        if topic is None:
            return ()
        became = ((Kind.MOTION, topic.motion_id), (Kind.ITEM, topic.item_id))
        return [Key(kind, row_id) for kind, row_id in became if row_id is not None]


def _topic(session: Session, key: Key, topic: Topic, reader: Reader) -> Link:
    stage = outcomes.stage(session, topic, today(reader.now))
    says = [gettext(rules.STAGE_NAMES[stage])]
    if topic.summarized_at is not None:
        counts = topic.counts
        says.append(
            gettext(
                "赞成 %(yes)s 人，反对 %(no)s 人，其他意见 %(other)s 人",
                yes=counts["for"],
                no=counts["against"],
                other=counts["other"],
            )
        )
    if topic.outcome:
        says.append(gettext(OUTCOME_NAMES[Outcome(topic.outcome)]))
    return Link(
        key=key,
        label=topic.label,
        title=topic.title,
        on=today(topic.raised_at),
        says=" · ".join(says),
        follows=gettext(
            FOLLOWS[stage], opens=day(topic.opens_on), closes=day(topic.closes_on), reason=topic.outcome_reason
        ),
        over=outcomes.undecided(session, topic),
        url=url_for("topics.show", topic_id=topic.id),
    )


class WaitingTopics:
    """The Protocol `hoa.resolutions.chain.Topics`."""

    def waiting(self, session: Session, community_id: str, kind: Kind) -> Sequence[Waiting]:
        return [
            Waiting(
                id=row.id,
                label=row.label,
                title=row.decision_title,
                text=row.decision_text,
                matter=row.matter,
                url=url_for("topics.show", topic_id=row.id),
            )
            for row in outcomes.waiting(session, community_id, kind)
        ]

    def taken_up(self, session: Session, community_id: str, topic_id: str, *, by: Key, now: datetime) -> None:
        outcomes.taken_up(session, community_id, topic_id, by=by, now=now)

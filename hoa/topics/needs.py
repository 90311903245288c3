"""What topics ask of people: owners to say what they think, whoever leads them to take the next step; and which are
open, for everybody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.topics.powers import COMMENT, TOPICS
from hoa.topics.rules import Stage
from hoa.topics.service import outcomes, reading
from hoa.topics.tables import Topic
from hoa.web.i18n import day as told_day
from hoa.web.room import Asker, Need, Shown

STEPS: Mapping[Stage, str] = {
    Stage.MEETING: N_("征求意见已结束，请开六方会议：%(title)s"),
    Stage.SUMMARY: N_("请公布意见汇总：%(title)s"),
    Stage.OUTCOME: N_("请确定议题怎么办：%(title)s"),
}


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """The next step of each topic for those who lead them; for owners, what is open and they said nothing about."""
    if not asker.powers & {TOPICS, COMMENT}:
        return ()
    day, found = today(asker.now), []
    for topic in reading.unsettled(session, asker.community_id):
        stage = outcomes.stage(session, topic, day)
        url = url_for("topics.show", topic_id=topic.id)
        if TOPICS in asker.powers and stage in STEPS:
            found.append(Need(title=gettext(STEPS[stage], title=topic.title), url=url))
        if COMMENT in asker.powers and stage is Stage.COMMENTS and not _spoke(session, topic, asker):
            title = gettext("请提意见：%(title)s", title=topic.title)
            found.append(Need(title=title, url=url, due=topic.closes_on))
    return found


def _spoke(session: Session, topic: Topic, asker: Asker) -> bool:
    return any(row.person_id == asker.person_id for row in reading.comments(session, topic))


def shown(session: Session, community_id: str, now: datetime) -> Sequence[Shown]:
    """Topics on which owners may say what they think today, for a community's first page."""
    day = today(now)
    return [
        Shown(
            title=topic.title,
            url=url_for("topics.show", topic_id=topic.id),
            text=gettext("议题征求意见，%(closes)s 截止", closes=told_day(topic.closes_on)),
            current=True,
        )
        for topic in reading.unsettled(session, community_id)
        if outcomes.stage(session, topic, day) is Stage.COMMENTS
    ]

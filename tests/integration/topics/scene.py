"""Suggestions that become topics, and topics on their way to a decision."""

import re
from datetime import timedelta

from sqlalchemy import select

from hoa.affairs.service import life
from hoa.affairs.tables import Suggestion
from hoa.kernel.clock import today
from hoa.platform import Platform
from hoa.topics.rules import Party
from hoa.topics.service import opening, outcomes, reading, recording, summing
from hoa.topics.service.opening import Wording
from hoa.topics.service.outcomes import Decision
from hoa.topics.service.recording import Held
from tests.integration.affairs.scene import TITLE, said
from tests.integration.voting.world import World
from voting import service as voting

TOPICS = "/c/WTY/topics/"
QUESTION = "3 幢电梯常停：换曳引机 2600 元，还是整梯大修？"
OWNERS = 6


def label_of(platform: Platform, suggestion_id: str) -> str:
    with platform.database.reading() as session:
        return session.scalars(select(Suggestion).where(Suggestion.id == suggestion_id)).one().label


def receive(platform: Platform, community: str, by: str) -> str:
    with platform.database.writing() as session:
        row = life.receive(session, platform.keys, community, said(), now=platform.now())
        life.answer_at_once(
            session, community, row.id, title=TITLE, text="已登记，要大家商量", by=by, now=platform.now()
        )
        return row.id


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def asked(platform: Platform, community: str, suggestion: str, title: str, *, by: str) -> str:
    """A topic of this suggestion with the shortest period from today; its id."""
    now = platform.now()
    with platform.database.writing() as session:
        wording = Wording(title, QUESTION, today(now), opening.first_close(session, community, today(now)))
        labels = [session.scalars(select(Suggestion).where(Suggestion.id == suggestion)).one().label]
        return opening.raise_topic(session, platform.keys, community, wording, labels=labels, by=by, now=now).id


def settled(platform: Platform, community: str, topic_id: str, decision: Decision, *, by: str) -> None:
    """The meeting held, the summary published and the outcome said, now."""
    now = platform.now()
    with platform.database.writing() as session:
        row = reading.find(session, community, topic_id)
        held = Held(row.closes_on, "会议室", dict.fromkeys(Party, ("甲",)), "", "都到了", decision.text)
        recording.record_meeting(session, community, topic_id, held, files=platform.files, by=by, now=now)
        summing.summarize(session, community, topic_id, text="没有人提意见。", by=by, now=now)
        outcomes.settle(session, community, topic_id, decision, by=by, now=now)


def a_draft(world: World) -> str:
    """A draft assembly of the committee; its code."""
    now = world.clock.now()
    with world.platform.database.writing() as session:
        made = voting.create(
            session,
            world.community,
            title="2026 年第一次业主大会会议",
            body="请各位业主参加表决。",
            convener="业主委员会",
            opens_at=now + timedelta(days=20),
            closes_at=now + timedelta(days=30),
            by=world.chair,
            now=now,
        )
        world.assembly, code = made.id, made.code
    return code

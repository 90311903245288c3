"""A topic that ended without a decision, and the next one about the same suggestion."""

import pytest
from flask import Flask

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.resolutions.chain import Key, Kind
from hoa.resolutions.meetings.rules import Item, ItemKind
from hoa.topics.rules import Outcome
from hoa.topics.service import opening, outcomes, reading
from hoa.topics.service.outcomes import Decision
from tests.integration.community.scene import post, signed_in
from tests.integration.finance.scene import open_books
from tests.integration.people import a_person
from tests.integration.resolutions.committee import a_committee
from tests.integration.topics.scene import OWNERS, TOPICS, a_draft, asked, label_of, receive, settled, text_of
from tests.integration.voting.world import World, _register
from voting.rules.life import State

FOUR = ("chair", "deputy", "secretary", "treasurer")


def test_what_the_owners_did_not_pass_is_asked_again_and_the_chain_shows_both_attempts(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    books = open_books(platform)
    owners = [a_person(platform, f"业主{number}") for number in range(OWNERS)]
    _register(platform, books.community, owners)
    world = World(platform, clock, books.community, owners, books.people["chair"])
    chair, visitor, desk = signed_in(app, platform, world.chair), app.test_client(), books.people["clerk"]
    suggestion = receive(platform, books.community, desk)
    story = f"/c/WTY/chain/suggestion/{suggestion}"
    first = asked(platform, books.community, suggestion, "第一次问", by=desk)
    clock.advance(days=8)
    motion = Decision(Outcome.MOTION, "六方同意", "换不换曳引机？", "更换曳引机。", "M9")
    settled(platform, books.community, first, motion, by=desk)
    code = a_draft(world)
    manage = f"/c/WTY/assemblies/{code}/manage"
    assert post(chair, f"/c/WTY/assemblies/{code}/topics/{first}", page=manage).status_code == 302
    world.staff()
    world.cite()
    world.to(State.OPEN)
    with pytest.raises(opening.AlreadyDiscussed):
        asked(platform, books.community, suggestion, "表决还没完", by=desk)
    assert "再提一个议题" not in chair.get(f"{TOPICS}{first}").text

    # ---- nobody votes, so it fails: the chain has ended, and whoever leads topics may ask again
    world.to(State.ANNOUNCED)
    ended = text_of(visitor.get(story).text)
    assert "没有通过" in ended
    assert "到此为止 表决没有通过" in ended
    page = chair.get(f"{TOPICS}{first}").text
    assert f"/topics/new?suggestion={label_of(platform, suggestion)}" in page
    assert "再提一个议题" not in visitor.get(f"{TOPICS}{first}").text
    second = asked(platform, books.community, suggestion, "第二次问", by=desk)
    with pytest.raises(opening.AlreadyDiscussed) as refused:
        asked(platform, books.community, suggestion, "同时又问", by=desk)
    assert refused.value.params["topic"] == "T2026-002"

    # ---- from whichever of the two one comes, both are there, and it goes on with the second
    for start in (story, f"/c/WTY/chain/topic/{first}", f"/c/WTY/chain/topic/{second}"):
        found = text_of(visitor.get(start).text)
        assert found.index("T2026-001 第一次问") < found.index("T2026-002 第二次问") < found.index("没有通过")
        assert "T2026-002 正在向业主征求意见，到" in found
        assert "到此为止" not in found
    label = label_of(platform, suggestion)
    board = visitor.get(f"/c/WTY/suggestions/{label}").text
    assert board.index("议题 T2026-001") < board.index("议题 T2026-002") < board.index(story)
    with platform.database.reading() as session:
        for topic_id in (first, second):
            topic = reading.find(session, books.community, topic_id)
            assert [row.id for row in reading.suggestions(session, topic)] == [suggestion]


def test_an_item_the_committee_did_not_pass_and_what_needed_no_decision_may_be_asked_again(
    platform: Platform, clock: FrozenClock
) -> None:
    committee = a_committee(platform, clock)
    community, desk = committee.community, committee.people["residents"]
    suggestion = receive(platform, community, desk)
    first = asked(platform, community, suggestion, "第一次问", by=desk)
    clock.advance(days=8)
    words = Item(ItemKind.DECISION, "检修时间", "每月第一个周二上午检修。")
    decision = Decision(Outcome.AGENDA, "小事小议", words.title, words.text)
    settled(platform, community, first, decision, by=desk)
    meeting = committee.call(words)
    with platform.database.writing() as session:
        item = Key(Kind.ITEM, committee.items(meeting)[0].id)
        outcomes.taken_up(session, community, first, by=item, now=clock.now())
    committee.gather(meeting, *FOUR)
    committee.vote(meeting, **dict.fromkeys(FOUR[:3], "agree"))
    with pytest.raises(opening.AlreadyDiscussed):
        asked(platform, community, suggestion, "记录还没签完", by=desk)
    committee.sign(meeting, committee.finish(meeting), *FOUR)
    second = asked(platform, community, suggestion, "第二次问", by=desk)
    with platform.database.writing() as session:
        handled = Decision(Outcome.HANDLED, "物业已经改了时间")
        outcomes.settle(session, community, second, handled, by=desk, now=clock.now())
    third = asked(platform, community, suggestion, "第三次问", by=desk)
    with platform.database.reading() as session:
        assert [row.id for row in reading.topics_of(session, community, suggestion)] == [first, second, third]

"""The result page and its paper: what was missing, how people took part, what became of each of my ballots."""

import pytest
from flask import Flask
from sqlalchemy import select

from hoa.bulletin import service as bulletin
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import SUPERVISOR
from hoa.platform import Platform
from tests.integration.community.scene import signed_in, work
from tests.integration.voting.test_sample import in_post
from tests.integration.voting.world import World, a_world
from voting.rules import record
from voting.rules.life import State
from voting.service import tallying
from voting.service.results import merged
from voting.tables import Ballot

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9, counting="last", staffed=True, channels=["online"])
    made.to(State.OPEN)
    return made


def leaf_of(receipt: bytes) -> str:
    return str(canonical.decode(receipt)["leaf"])


def void(world: World, leaf: str) -> None:
    world.enter(
        record.void_entry(world.row().manifest_hash or "", time=world.clock.now(), leaf=leaf, reason="keying-error")
    )


def rule_invalid(world: World, leaf: str, motion: str, reason: str) -> None:
    world.enter(
        record.ruling_entry(
            world.row().manifest_hash or "",
            time=world.clock.now(),
            leaf=leaf,
            motion=motion,
            ruling="invalid",
            reason=reason,
        ),
        "counter1",
        "counter2",
    )


def test_the_page_says_what_was_missing_in_heads_and_area(app: Flask, world: World) -> None:
    for place in range(7):
        world.cast(place, m1="agree", m2="oppose")
    world.to(State.ANNOUNCED)
    page = app.test_client().get(BASE).text
    assert "通过。" in page
    assert "还差 6 人" in page, "three quarters of seven heads are six"
    assert "网上投票 7 人" in page
    assert "由 " in page, "the timeline names who took the steps"
    assert "scrutineer1" in page


def test_each_of_my_ballots_says_what_became_of_it(app: Flask, world: World) -> None:
    first = leaf_of(world.cast(0, m1="agree", m2="agree"))
    world.clock.advance(minutes=1)
    world.cast(0, m1="oppose", m2="agree")
    void(world, leaf_of(world.cast(1, m1="agree", m2="agree")))
    ruled = leaf_of(world.cast(2, m1="agree", m2="agree"))
    rule_invalid(world, ruled, "m1", "altered")
    world.to(State.ANNOUNCED)
    mine = signed_in(app, world.platform, world.people[0]).get(BASE).text
    assert "这一票计入" in mine
    assert "按公告，以最后一张票为准" in mine
    assert first in mine
    voided = signed_in(app, world.platform, world.people[1]).get(BASE).text
    assert "没有以我的名义计票" in voided
    assert "选项录错" in voided
    invalid = signed_in(app, world.platform, world.people[2]).get(BASE).text
    assert "票面被涂改" in invalid
    silent = signed_in(app, world.platform, world.people[8]).get(BASE).text
    assert "没有以我的名义计票" in silent
    assert "日志里没有这套房的票" in silent


def test_reasons_of_invalid_ballots_are_for_those_who_may_see_the_whole_record(app: Flask, world: World) -> None:
    for place in range(7):
        world.cast(place, m1="agree", m2="agree")
    with world.platform.database.reading() as session:
        leaf = str(session.scalar(select(Ballot.leaf).limit(1)))
    rule_invalid(world, leaf, "*", "unsigned")
    world.to(State.ANNOUNCED)
    assert "没有签名" not in app.test_client().get(BASE).text
    page = signed_in(app, world.platform, in_post(world, "监督员", SUPERVISOR)).get(BASE).text
    assert "没有签名 1 人" in page
    assert "无效票算参加表决，不算同意" in page


def test_objections_to_notice_and_result_are_shown_with_their_answers(app: Flask, world: World) -> None:
    for place in range(7):
        world.cast(place, m1="agree", m2="agree")
    with world.platform.database.writing() as session:
        early = next(row for row in bulletin.publications(session, world.community) if row.kind == "assembly-notice")
        bulletin.object_to(
            session,
            world.community,
            publication_id=early.id,
            text="方案写得不清楚",
            by=world.people[0],
            now=early.published_at,
        )
    assert "方案写得不清楚" in app.test_client().get(BASE).text, "while voting is open as well"
    world.to(State.ANNOUNCED)
    with world.platform.database.writing() as session:
        rows = bulletin.publications(session, world.community)
        result = next(row for row in rows if row.kind == "assembly-result")
        notice = next(row for row in rows if row.kind == "assembly-notice")
        now = world.clock.now()
        made = bulletin.object_to(
            session, world.community, publication_id=result.id, text="算得不对", by=world.people[0], now=now
        )
        bulletin.answer(session, world.community, objection_id=made.id, text="已复核，无误", by=world.chair, now=now)
        assert notice.reference == world.assembly
    page = app.test_client().get(BASE).text
    assert "算得不对" in page
    assert "已复核，无误" in page


def test_the_paper_has_room_for_hands_and_seal_and_the_keys_that_signed(app: Flask, world: World) -> None:
    for place in range(7):
        world.cast(place, m1="agree", m2="agree")
    world.to(State.ANNOUNCED)
    client = app.test_client()
    assert client.get(f"{BASE}/result.pdf").status_code == 202
    work(world.platform)
    made = client.get(f"{BASE}/result.pdf")
    assert made.status_code == 200
    assert made.data.startswith(b"%PDF")


def test_small_channels_are_told_together_until_they_are_five() -> None:
    told = [(row.channels, row.heads) for row in merged({"online": 20, "paper": 3, "meeting": 6})]
    assert told == [(("online",), 20), (("meeting", "paper"), 9)]
    assert [row.heads for row in merged({"online": 20, "paper": 3, "meeting": 2})] == [20, 5]
    assert [(row.channels, row.heads) for row in merged({"online": 3})] == [(("online",), 3)]
    assert merged({}) == []


def test_the_contested_rule_is_warned_of_counted_apart_and_decides_nothing(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    world = a_world(platform, clock, owners=9, staffed=True, silent_rule="follow-majority")
    assert "不投票也可能被算进去" in app.test_client().get(f"{BASE}/notice").text
    world.to(State.OPEN)
    for place in range(5):
        world.cast(place, m1="agree", m2="agree")
    ballot = signed_in(app, world.platform, world.people[8]).get(f"{BASE}/vote/{world.electors[8]}/1").text
    assert "不投票也可能被算进去" in ballot
    for place in (6, 7):
        now = world.clock.now()
        delivered = record.delivery_entry(
            world.row().manifest_hash or "",
            time=now,
            elector=world.electors[place],
            serial=None,
            method="in-person",
            delivered=now,
        )
        world.enter(delivered, "clerk1")
    world.to(State.ANNOUNCED)
    with world.platform.database.reading() as session:
        told = canonical.decode(tallying.tally_of(session, world.row()).public)["motions"]
    assert [motion["outcome"] for motion in told] == ["review", "failed"]
    assert told[0]["with_silent"]["silent"]["heads"] == 2, "only those with a delivery entry are counted"
    assert told[0]["with_silent"]["passed"]
    assert told[1]["with_silent"] is None, "M8 needs three quarters who said so"
    page = app.test_client().get(BASE).text
    assert "需要法律意见" in page
    assert "依据有争议，只作参照" in page
    assert world.problems() == []

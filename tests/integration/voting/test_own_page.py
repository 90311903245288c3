"""An owner's own page: what needs me, my ballots and receipts over all assemblies, my rooms and why they count so."""

import pytest
from flask import Flask

from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.voting.test_pages import owner
from tests.integration.voting.test_successions import sell
from tests.integration.voting.world import World, a_world
from voting.rules import record
from voting.rules.life import State
from voting.service import proxies

MINE, HOME = "/c/WTY/my", "/c/WTY/"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9)
    made.to(State.OPEN)
    return made


def test_before_the_vote_it_asks_for_it_and_afterwards_never_again(app: Flask, world: World):
    client = owner(app, world)
    before = client.get(MINE).text
    assert "请投票" in before.split("<h1>")[1].split("</h1>")[0]
    assert "还没有投票" in before
    code = record.short_code(canonical.decode(world.cast(0, m1="agree", m2="oppose"))["leaf"])
    after = client.get(MINE).text
    assert "现在没有等您办的事" in after
    assert "已投票" in after
    assert code in after
    assert "反对" not in after
    home = client.get(HOME).text
    assert "已投票" in home
    assert "我要投票" not in home + after
    assert f"/receipt/{world.electors[0]}" in home


def test_it_shows_rooms_weight_and_why(app: Flask, world: World):
    page = owner(app, world, 3).get(MINE).text
    assert "算 1 人，面积 83.00 m²" in page
    assert "一个专有部分按一人计算" in page


def test_after_the_result_each_ballot_says_whether_it_counted_with_result_and_recount(app: Flask, world: World):
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.ANNOUNCED)
    page = owner(app, world).get(MINE).text
    assert "以前的会议" in page
    assert "已计入" in page
    assert "package-public.zip" in page
    other = owner(app, world, 1).get(MINE).text
    assert "没有投票" in other
    assert "回执短码" not in other


def test_who_sold_after_voting_still_has_the_receipt_there(app: Flask, world: World):
    world.clock.moment = world.clock.now().replace(hour=23)
    world.cast(0, m1="agree", m2="oppose")
    sell(world, 0)
    page = owner(app, world).get(MINE).text
    assert f"/receipt/{world.electors[0]}" in page


def test_a_visitor_is_asked_to_sign_in(app: Flask, world: World):
    assert app.test_client().get(MINE).status_code == 302


def test_whoever_named_an_agent_sees_who_votes_for_them_and_where_to_take_it_back(
    app: Flask, platform: Platform, clock: FrozenClock
):
    world = a_world(platform, clock, owners=9, staffed=True, channels=["online", "proxy"])
    world.to(State.OPEN)
    with platform.database.writing() as session:
        terms = proxies.Terms(
            world.electors[0],
            world.people[0],
            "业主0",
            proxies.Agent(world.people[5], world.people[5], "业主5"),
            {"m1": "agree", "m2": "agent"},
            world.row().ends_at,
        )
        where = (session, platform.keys, world.assembly, world.community)
        authority = proxies.appoint(*where, terms, now=clock.now()).id
    page = owner(app, world).get(MINE).text
    assert "已委托业主5" in page
    assert f"/proxy/{world.electors[0]}" in page
    with platform.database.writing() as session:
        proxies.withdraw(session, world.row(), authority, by=world.people[0], now=clock.now())
    assert "已委托" not in owner(app, world).get(MINE).text

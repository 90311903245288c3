"""The desk says that the clock jumped, and lets two officials decide the cut-off."""

import pytest
from flask import Flask

from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.voting.test_pages import BASE, in_post
from tests.integration.voting.world import a_world
from voting.rules.life import State
from voting.service import closing, proposals, steps


@pytest.mark.parametrize("staffed", [True, False])
def test_the_cut_off_is_decided_where_the_hold_is_told(
    app: Flask, platform: Platform, clock: FrozenClock, staffed: bool
) -> None:
    world = a_world(platform, clock, owners=3, staffed=staffed)
    world.to(State.OPEN)
    client = signed_in(app, platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    assert client.get(f"{BASE}/held").status_code == 404
    with platform.database.writing() as session:
        assert closing.hold(session, steps.locked(session, world.community, world.assembly), now=clock.now())
    assert f"{BASE}/held" in client.get(f"{BASE}/manage").text
    assert "还没有到截止时间" in client.get(f"{BASE}/held").text
    clock.moment = world.row().ends_at
    page = client.get(f"{BASE}/held").text
    if not staffed:
        assert f"{BASE}/step/cut-off" in page
        assert "已完成" in post(client, f"{BASE}/step/cut-off", {}, follow_redirects=True).text
        assert world.state() is State.CUT_OFF
        return
    assert "提出截止" in page
    assert "field--wrong" in post(client, f"{BASE}/held", {"reason": ""}).text
    assert post(client, f"{BASE}/held", {"reason": "与电信报时核对"}).status_code == 302
    assert "已经提出" in client.get(f"{BASE}/held").text
    with platform.database.reading() as session:
        (task,) = proposals.waiting(session, platform.keys, world.row())
    assert world.sign(task.proposal.id, "clerk1", "scrutineer1") == "appended"
    assert world.state() is State.CUT_OFF
    assert client.get(f"{BASE}/held").status_code == 404

"""An election in the other channels: an agent's walk, the desk of a meeting, paper as it was marked, the notice."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.voting import test_meeting
from tests.integration.voting.test_election_ballots import CANDIDATES, DRAWN, ELECTION, MOTIONS, NAMES
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.test_paper import prepare, scan, waiting
from tests.integration.voting.test_proxies import agent
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.service import casting
from voting.tables import MeetingDesk, Proposal, ProxyAuthority

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    return a_world(
        platform,
        clock,
        owners=9,
        staffed=True,
        motions=MOTIONS,
        elections=[ELECTION],
        channels=["meeting", "online", "paper", "proxy"],
    )


def choices_of(world: World, place: int) -> dict[str, str]:
    with world.platform.database.reading() as session:
        (ballot,) = casting.my_ballots(session, world.row(), world.electors[place])
        entry = casting.opened(world.platform.keys, world.community, world.assembly, ballot.leaf, ballot.entry)
    return dict(entry["choices"])


def marked(prefix: str, agree: int, oppose: int) -> dict[str, str]:
    return {
        f"{prefix}-{code}": mark for code, mark in zip(DRAWN, ["agree"] * agree + ["oppose"] * oppose, strict=False)
    }


# ----------------------------------------------------------------------------------------------------------- an agent


def test_an_agent_is_told_whom_to_agree_to_and_votes_so_on_one_page(app: Flask, world: World) -> None:
    agent_id = agent(world)
    world.to(State.OPEN)
    owner = signed_in(app, world.platform, world.people[0])
    page = f"{BASE}/proxy/{world.electors[0]}"
    form = owner.get(page).text
    assert "最多同意 7 人" in form
    assert form.index(NAMES[8]) < form.index(NAMES[0]), "the drawn order"
    whom = {"name": "代办人", "phone": "19900000991"}
    too_many = post(owner, page, {**whom, **marked("told", 8, 1)})
    assert "请去掉 1 人的“同意”" in too_many.text
    assert too_many.text.count(" checked") == 9, "what was marked is still there"
    with world.platform.database.reading() as session:
        assert session.scalars(select(ProxyAuthority)).all() == []
    told = {**marked("told", 6, 2), "told-m8": "agent"}
    assert post(owner, page, {**whom, **told}).status_code == 302
    shown = owner.get(page).text
    assert f"{NAMES[5]}、{NAMES[6]}" in shown
    assert "没有委托" in shown, "the ordinary motion is left out"

    client = signed_in(app, world.platform, agent_id)
    begun = re.search(r'href="([^"]+/vote/1)"', client.get(f"{BASE}/proxies").text)
    assert begun
    question = client.get(begun[1]).text
    assert "第 1 项，共 1 项" in question
    assert len(re.findall('<input type="radio"', question)) == 8 + 3
    against = post(client, begun[1], {**marked("mark", 7, 2), "go": "next"})
    assert against.status_code == 422
    unfinished = post(client, begun[1], {**marked("mark", 6, 2), "go": "leave"})
    assert "委托的每一项都要选" in unfinished.text, "an agent leaves nobody out who was entrusted"
    data = {**marked("mark", 6, 2), "mark-m8": "abstain", "go": "next"}
    review = post(client, begun[1], data).headers["Location"]
    words = client.get(review).text
    nonce = re.search(r'name="nonce" value="([^"]+)"', words)
    assert nonce
    sent = {"nonce": nonce[1], **dict(re.findall(r'name="(choice-m\d+)" value="(\w+)"', words))}
    assert post(client, review.replace("review", "cast"), sent, page=review).status_code == 303
    assert choices_of(world, 0) == {
        **dict.fromkeys(DRAWN[:6], "agree"),
        **dict.fromkeys(DRAWN[6:8], "oppose"),
        "m8": "abstain",
        "m10": "blank",
    }


# ---------------------------------------------------------------------------------------------------------- a meeting


def test_at_the_desk_too_many_are_mended_before_anybody_signs(app: Flask, world: World) -> None:
    world.to(State.OPEN)
    clerk = signed_in(app, world.platform, world.officials["clerk1"])
    post(clerk, f"{BASE}/meeting/desks", {"name": "一号台"}, page=f"{BASE}/meeting")
    with world.platform.database.reading() as session:
        desk = session.scalars(select(MeetingDesk.id)).one()
    test_meeting.come(world, 0, desk)
    page = f"{BASE}/meeting/electors/{world.electors[0]}/ballot"
    form = clerk.get(page).text
    assert re.findall(r"<legend>\d+\. (\S+)</legend>", form)[:2] == [NAMES[8], NAMES[0]]
    refused = post(clerk, page, {**marked("choice", 9, 0), "choice-m10": "agree"})
    assert "请去掉 2 人的“同意”" in refused.text
    assert refused.text.count(" checked") == 10
    assert post(clerk, page, {**marked("choice", 7, 1), "choice-m10": "agree"}).headers["Location"].endswith("/sign")
    with world.platform.database.reading() as session:
        proposal = session.scalars(select(Proposal.id)).one()
    assert world.sign(proposal, "clerk1", "clerk2") == "appended"
    assert choices_of(world, 0)[DRAWN[8]] == "blank"


# --------------------------------------------------------------------------------------------------------------- paper


def test_a_sheet_with_too_many_is_keyed_as_it_was_marked_and_the_clerk_is_told(app: Flask, world: World) -> None:
    (serial,) = prepare(world, 0)
    world.to(State.OPEN)
    scan(world, serial)
    sheet = f"{BASE}/paper/sheets/{serial}"
    reading = {**{f"mark-{code}": "agree" for code in CANDIDATES}, "mark-m10": "oppose"}
    first = signed_in(app, world.platform, world.officials["clerk1"])
    form = first.get(f"{sheet}/key").text
    assert form.index(NAMES[8]) < form.index(NAMES[0])
    assert "最多同意 7 人" in form
    told = first.get(post(first, f"{sheet}/key", reading).headers["Location"]).text
    assert "同意了 9 人，超过 7 人" in told
    assert "按无效票处理" in told
    second = signed_in(app, world.platform, world.officials["clerk2"])
    assert "超过 7 人" not in second.get(sheet).text, "the second clerk learns nothing of the first one's reading"
    assert "录入完成" in second.get(post(second, f"{sheet}/key", reading).headers["Location"]).text
    assert world.sign(waiting(world, "ballot")[0], "clerk1", "clerk2") == "appended"
    assert choices_of(world, 0) == {**dict.fromkeys(CANDIDATES, "agree"), "m10": "oppose"}


def test_a_reading_within_the_limit_says_nothing_of_it(app: Flask, world: World) -> None:
    (serial,) = prepare(world, 0)
    world.to(State.OPEN)
    scan(world, serial)
    sheet = f"{BASE}/paper/sheets/{serial}"
    first = signed_in(app, world.platform, world.officials["clerk1"])
    reading = {**marked("mark", 7, 2), "mark-m10": "blank"}
    told = first.get(post(first, f"{sheet}/key", reading).headers["Location"]).text
    assert "已保存" in told
    assert "按无效票处理" not in told


# ---------------------------------------------------------------------------------------------------------- the notice


def test_the_notice_says_seats_marks_order_rank_and_lot_once(app: Flask, world: World) -> None:
    browser = app.test_client()
    notice = browser.get(f"{BASE}/notice").text
    assert [notice.index(f"{place}. {NAMES[index]}") for place, index in ((1, 8), (2, 0), (9, 7))] == sorted(
        notice.index(f"{place}. {NAMES[index]}") for place, index in ((1, 8), (2, 0), (9, 7))
    )
    for words in ("最多同意 7 人", "当选不少于 5 人", "最多 2 人", "同意人数多的在前", "任何人都能重算"):
        assert notice.count(words) == 1, words
    show = browser.get(BASE).text
    assert "候选人 9 人，选 7 人，最多同意 7 人" in show
    browser.get(f"{BASE}/notice.pdf")
    work(world.platform)
    assert browser.get(f"{BASE}/notice.pdf").data.startswith(b"%PDF")


def test_the_desk_shows_the_election_and_offers_no_change_of_its_candidates(app: Flask, world: World) -> None:
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    page = chair.get(f"{BASE}/manage").text
    assert "应选 7 人，最多同意 7 人" in page
    assert page.index(NAMES[8]) < page.index(NAMES[0])
    assert "更换电梯钢丝绳" in page

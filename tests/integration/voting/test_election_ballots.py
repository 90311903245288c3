"""The ballot of an election on screen: all candidates on one page, as many marks of agreement as the notice allows."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.service import casting

BASE = "/c/WTY/assemblies/2026-01"
NAMES = ("林小竹", "何守信", "周永安", "吴清和", "郑怀远", "王知行", "冯一诺", "陈思齐", "褚明理")
CANDIDATES = [f"m{number}" for number in range(1, 10)]
# The lot put the ninth first.
DRAWN = ["m9", *CANDIDATES[:8]]
ELECTION = {
    "code": "e1",
    "title": "选举第二届业主委员会委员",
    "body": "owners_committee",
    "seats": 7,
    "minimum": 5,
    "alternates": 2,
    "approve_at_most": 7,
    "rank": "heads-area-lot",
    "motions": DRAWN,
}
MOTIONS = [*((name, "M3") for name in NAMES), ("更换电梯钢丝绳", "M5")]


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(
        platform,
        clock,
        owners=9,
        staffed=True,
        motions=MOTIONS,
        elections=[ELECTION],
        channels=["meeting", "online", "paper", "proxy"],
    )
    made.to(State.OPEN)
    return made


def owner(app: Flask, world: World, place: int = 0) -> FlaskClient:
    return signed_in(app, world.platform, world.people[place])


def marks(agree: int, oppose: int = 0, **others: str) -> dict[str, str]:
    """Boxes of the page: the first `agree` candidates in the drawn order, then `oppose`, and some by code."""
    chosen = dict(zip(DRAWN, ["agree"] * agree + ["oppose"] * oppose, strict=False))
    return {f"mark-{code}": mark for code, mark in {**chosen, **others}.items()}


def test_an_election_is_one_page_in_the_drawn_order_with_nothing_chosen_beforehand(app: Flask, world: World) -> None:
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    page = client.get(f"{path}/1").text
    assert "第 1 项，共 2 项" in page
    assert "最多同意 7 人" in page
    assert re.findall(r"<legend>\d+\. (\S+)</legend>", page) == [NAMES[8], *NAMES[:8]]
    assert len(re.findall(r'<input type="radio"', page)) == 27
    assert "checked" not in page
    assert client.get(f"{path}/3").status_code == 404


def test_an_owner_elects_decides_and_confirms(app: Flask, world: World) -> None:
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    assert post(client, f"{path}/1", {**marks(7, 2), "go": "next"}).headers["Location"].endswith("/2")
    assert post(client, f"{path}/2", {"mark": "abstain"}).headers["Location"].endswith("/review")
    review = client.get(f"{path}/review").text
    assert "同意 7 人" in review
    assert "反对 2 人" in review
    assert f"{NAMES[6]}、{NAMES[7]}" in review
    nonce = re.search(r'name="nonce" value="([^"]+)"', review)
    assert nonce
    data = dict(re.findall(r'name="(choice-m\d+)" value="(\w+)"', review))
    assert len(data) == 10
    done = post(client, f"{path}/cast", {"nonce": nonce[1], **data}, page=f"{path}/review")
    assert done.status_code == 303
    shown = client.get(done.headers["Location"] + "&show=choices").text
    assert "同意 7 人" in shown
    assert "更换电梯钢丝绳" in shown
    assert entry(world, 0)["choices"] == {
        **dict.fromkeys(DRAWN[:7], "agree"),
        **dict.fromkeys(DRAWN[7:], "oppose"),
        "m10": "abstain",
    }


def entry(world: World, place: int) -> dict[str, object]:
    with world.platform.database.reading() as session:
        (ballot,) = casting.my_ballots(session, world.row(), world.electors[place])
        return casting.opened(world.platform.keys, world.community, world.assembly, ballot.leaf, ballot.entry)


def test_too_many_marks_of_agreement_come_back_with_everything_that_was_marked(app: Flask, world: World) -> None:
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    refused = post(client, f"{path}/1", {**marks(9), "go": "next"})
    assert refused.status_code == 200
    assert "多选了 2 人" in refused.text
    assert refused.text.count(" checked") == 9
    again = client.get(f"{path}/1").text
    assert again.count(" checked") == 9, "the marks are still there when the page is asked for anew"
    assert "多选了 2 人" in again
    assert client.get(f"{path}/review").headers["Location"].endswith("/1"), "the review is not to be had around it"
    mended = post(client, f"{path}/1", {**marks(7), "mark-m7": "abstain", "mark-m8": "oppose", "go": "next"})
    assert mended.headers["Location"].endswith("/2")


def test_marks_taken_away_are_gone(app: Flask, world: World) -> None:
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    post(client, f"{path}/1", {**marks(9), "go": "next"})
    fewer = post(client, f"{path}/1", {**marks(3), "go": "next"})
    assert fewer.text.count(" checked") == 3


def test_candidates_overlooked_are_named_and_may_be_left_blank_on_purpose(app: Flask, world: World) -> None:
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    asked = post(client, f"{path}/1", {**marks(7), "go": "next"})
    assert asked.status_code == 200
    assert "还有 2 人没有选" in asked.text
    assert f"{NAMES[6]}、{NAMES[7]}" in asked.text
    assert client.get(f"{path}/review").headers["Location"].endswith("/1")
    left = post(client, f"{path}/1", {**marks(7), "go": "leave"})
    assert left.headers["Location"].endswith("/2")
    post(client, f"{path}/2", {"mark": "agree"})
    review = client.get(f"{path}/review").text
    assert "未选 2 人" in review
    assert len(re.findall(r'name="choice-', review)) == 8
    over = post(client, f"{path}/1", {**marks(8), "go": "leave"})
    assert "多选了 1 人" in over.text, "nobody leaves with too many"


def test_a_ballot_with_too_many_that_goes_round_the_form_is_refused(app: Flask, world: World) -> None:
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    post(client, f"{path}/1", {**marks(7, 2), "go": "next"})
    post(client, f"{path}/2", {"mark": "agree"})
    data = {"nonce": "a" * 32, **{f"choice-{code}": "agree" for code in CANDIDATES}}
    refused = post(client, f"{path}/cast", data, page=f"{path}/review")
    assert refused.status_code == 422
    assert "最多同意 7 人" in refused.text
    with world.platform.database.reading() as session:
        assert casting.my_ballots(session, world.row(), world.electors[0]) == []


@pytest.mark.parametrize("given", [{"mark-m1": "perhaps"}, {"mark-m1": "blank"}])
def test_a_mark_nobody_may_make_is_refused(app: Flask, world: World, given: dict[str, str]) -> None:
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    assert post(client, f"{path}/1", {**given, "go": "next"}).status_code == 422


def test_going_back_keeps_what_was_marked(app: Flask, platform: Platform, clock: FrozenClock) -> None:
    shifted = {**ELECTION, "motions": [f"m{number}" for number in range(2, 11)]}
    motions = [("更换电梯钢丝绳", "M5"), *((name, "M3") for name in NAMES)]
    world = a_world(platform, clock, owners=9, motions=motions, elections=[shifted])
    world.to(State.OPEN)
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    assert post(client, f"{path}/1", {"mark": "agree"}).headers["Location"].endswith("/2")
    back = post(client, f"{path}/2", {"mark-m3": "oppose", "go": "back"})
    assert back.headers["Location"].endswith("/1")
    assert re.search(r'id="m3-oppose"[^>]* checked', client.get(f"{path}/2").text)


def test_the_cookie_holds_fifteen_candidates_and_five_motions(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    candidates = [f"m{number}" for number in range(1, 16)]
    motions = [*((f"候选人{code}", "M3") for code in candidates), *((f"事项{number}", "M9") for number in range(5))]
    election = {**ELECTION, "seats": 11, "approve_at_most": 15, "motions": candidates}
    world = a_world(platform, clock, owners=9, motions=motions, elections=[election])
    world.to(State.OPEN)
    client, path = owner(app, world), f"{BASE}/vote/{world.electors[0]}"
    answer = post(client, f"{path}/1", {**{f"mark-{code}": "abstain" for code in candidates}, "go": "next"})
    for step in range(2, 7):
        answer = post(client, f"{path}/{step}", {"mark": "abstain"})
    assert answer.headers["Location"].endswith("/review")
    (kept,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("hoa-ballot=")]
    assert len(kept) < 2048, "browsers keep 4,096 bytes, name and attributes included"
    assert len(re.findall(r'name="choice-m\d+" value="abstain"', client.get(f"{path}/review").text)) == 20

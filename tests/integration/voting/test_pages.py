"""The pages of assemblies: an owner's walk, the conveners' desk, who may see what."""

import json
import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.community.tables import Ownership
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR, SUPERVISOR
from hoa.offices.service import appoint
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.people import a_community, a_person
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.tables import Ballot

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9)
    made.to(State.OPEN)
    return made


def in_post(world: World, person: str, kind: object) -> str:
    with world.platform.database.writing() as session:
        appoint(
            session,
            world.community,
            post=kind,
            person_id=person,
            starts_at=world.clock.now().replace(year=2026, month=1),
            ends_at=world.clock.now().replace(year=2028),
            basis="选举",
            by=None,
            now=world.clock.now(),
        )
    return person


def owner(app: Flask, world: World, place: int = 0) -> FlaskClient:
    return signed_in(app, world.platform, world.people[place])


def nonce_of(page: str) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page)
    assert found
    return found[1]


def mark_both(client: FlaskClient, world: World, place: int = 0) -> str:
    """Mark both motions; the review page."""
    path = f"{BASE}/vote/{world.electors[place]}"
    first = post(client, f"{path}/1", {"mark": "agree"})
    assert first.headers["Location"].endswith("/2")
    second = post(client, f"{path}/2", {"mark": "oppose"})
    assert second.headers["Location"].endswith("/review")
    return str(client.get(f"{path}/review").text)


def test_an_owner_votes_in_as_many_taps_as_motions_and_three(app: Flask, world: World) -> None:
    client = owner(app, world)
    page = client.get(BASE).text
    assert "我要投票" in page
    begun = client.get(f"{BASE}/vote")
    assert begun.headers["Location"].endswith(f"/vote/{world.electors[0]}/1")
    question = client.get(begun.headers["Location"]).text
    assert "button--chosen" not in question
    review = mark_both(client, world)
    assert "同意" in review
    assert "反对" in review
    path = f"{BASE}/vote/{world.electors[0]}"
    data = {"nonce": nonce_of(review), "choice-m1": "agree", "choice-m2": "oppose"}
    done = post(client, f"{path}/cast", data, page=f"{path}/review")
    assert done.status_code == 303
    receipt = client.get(done.headers["Location"]).text
    assert "已提交" in receipt
    assert "反对" not in receipt
    assert "反对" in client.get(done.headers["Location"] + "&show=choices").text
    after = client.get(BASE).text
    assert "我要投票" not in after
    assert "已投票" in after
    assert client.get(f"{path}/1").headers["Location"].endswith(f"/receipt/{world.electors[0]}")


def test_the_same_confirmation_sent_twice_leads_to_one_ballot_and_one_receipt(app: Flask, world: World) -> None:
    client = owner(app, world)
    review = mark_both(client, world)
    path = f"{BASE}/vote/{world.electors[0]}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', review)
    assert token
    data = {
        "csrf_token": token[1],
        "nonce": nonce_of(review),
        "choice-m1": "agree",
        "choice-m2": "oppose",
    }
    first, second = client.post(f"{path}/cast", data=data), client.post(f"{path}/cast", data=data)
    assert first.headers["Location"] == second.headers["Location"]
    other = client.post(f"{path}/cast", data={**data, "choice-m1": "abstain"})
    assert other.status_code == 409
    with world.platform.database.reading() as session:
        assert len(session.scalars(select(Ballot)).all()) == 1


def test_below_the_identity_level_the_page_says_where_to_go_and_nothing_is_cast(app: Flask, world: World) -> None:
    with world.platform.database.writing() as session:
        for row in session.scalars(select(Ownership)):
            row.level = "V1"
    client = owner(app, world)
    assert "当面核验身份" in client.get(BASE).text
    first = client.get(BASE.split("/assemblies")[0] + "/").text
    assert "先带证件核验身份，再投票" in first
    assert "请投票：" not in first, "nobody is sent to a vote that would refuse them"
    assert "我要投票" not in client.get(BASE).text
    refused = client.get(f"{BASE}/vote/{world.electors[0]}/1")
    assert refused.status_code == 403
    assert "核验点" in refused.text


def test_nobody_opens_anothers_ballot_or_receipt(app: Flask, world: World) -> None:
    world.cast(0, m1="agree")
    neighbour = owner(app, world, 1)
    assert neighbour.get(f"{BASE}/vote/{world.electors[0]}/1").status_code == 403
    assert neighbour.get(f"{BASE}/receipt/{world.electors[0]}").status_code == 404
    assert neighbour.get(f"{BASE}/receipt/{world.electors[0]}.json").status_code == 404
    assert app.test_client().get(f"{BASE}/receipt/{world.electors[0]}").status_code == 302


def test_another_communitys_people_find_nothing_here(app: Flask, world: World) -> None:
    a_community(world.platform, "ABC", "别的小区")
    for path in ("", "/notice", "/vote", "/manage", "/heads.json", "/package-public.zip", "/check"):
        assert owner(app, world).get(f"/c/ABC/assemblies/2026-01{path}").status_code in (403, 404)
    stranger = signed_in(app, world.platform, a_person(world.platform, "外人"))
    assert stranger.get(f"{BASE}/vote/{world.electors[0]}/1").status_code == 403
    assert stranger.get(f"{BASE}/manage").status_code == 403


def test_while_open_no_page_tells_a_leaning(app: Flask, world: World) -> None:
    for place in range(7):
        world.cast(place, m1="agree", m2="oppose")
    world.clock.advance(minutes=61)
    from voting import service

    service.run_schedule(world.platform)
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    desk = chair.get(f"{BASE}/manage").text
    assert "7 / 9 人" in desk
    public = app.test_client().get(BASE).text
    assert "77.7%" in public
    for path in ("/result.pdf", "/tally.json", "/package-public.zip"):
        assert app.test_client().get(BASE + path).status_code == 404
    supervisor = signed_in(app, world.platform, in_post(world, world.people[8], SUPERVISOR))
    assert supervisor.get(f"{BASE}/package-full.zip").status_code == 404


def test_the_desk_takes_an_assembly_from_draft_to_announced(app: Flask, world: World) -> None:
    chair = signed_in(app, world.platform, in_post(world, world.chair, COMMITTEE_CHAIR))
    fields = {
        "title": "第二次会议",
        "convener": "业主委员会",
        "body": "请参加。",
        "opens": "2026-12-01T09:00",
        "closes": "2026-12-10T18:00",
        "form": "regular",
        "channels": "online",
        "counting": "first",
        "silent_rule": "none",
    }
    wrong = post(chair, "/c/WTY/assemblies/new", {**fields, "closes": "2026-11-01T09:00"})
    assert "截止时间必须晚于开始时间" in wrong.text
    assert post(chair, "/c/WTY/assemblies/new", fields).headers["Location"].endswith("/2026-02/manage")
    second = "/c/WTY/assemblies/2026-02"
    assert app.test_client().get(second).status_code == 404
    motion = {"title": "屋顶投放广告", "body": "方案", "matter": "M9", "majority": ""}
    assert post(chair, f"{second}/motions", motion, page=f"{second}/motions/new").status_code == 302
    assert "通常属于 M8" in chair.get(f"{second}/manage").text
    assert "公告后" in chair.get(f"{second}/step/noticed").text
    assert post(chair, f"{second}/step/noticed").status_code == 302
    assert "第二次会议" in app.test_client().get(f"{second}/notice").text
    assert post(chair, f"{second}/step/tallied", page=f"{second}/check").status_code == 409

    for place in range(7):
        world.cast(place, m1="agree", m2="oppose")
    world.to(State.CLOSED)
    for target in ("tallied", "announced"):
        asked = post(chair, f"{BASE}/step/{target}")
        assert "/jobs/" in asked.headers["Location"]
        work(world.platform)
    result = app.test_client().get(BASE).text
    assert "通过。" in result
    assert "未通过。" in result
    assert "还差" in result
    assert result.index("通过。") < result.index("参加面积")


def test_papers_and_packages_are_made_once_and_then_served(app: Flask, world: World) -> None:
    for place in range(7):
        world.cast(place, m1="agree", m2="oppose")
    world.to(State.ANNOUNCED)
    browser = app.test_client()
    for path, kind in (("/notice.pdf", b"%PDF"), ("/result.pdf", b"%PDF"), ("/package-public.zip", b"PK")):
        first = browser.get(BASE + path)
        if first.status_code == 202:
            assert browser.get(BASE + path).status_code == 202
            work(world.platform)
            first = browser.get(BASE + path)
        assert first.status_code == 200, path
        assert first.data.startswith(kind)
        assert browser.get(BASE + path).data == first.data
        assert "attachment" in first.headers["Content-Disposition"]
    assert browser.get(f"{BASE}/package-full.zip").status_code == 302
    supervisor = signed_in(app, world.platform, in_post(world, world.people[8], SUPERVISOR))
    assert supervisor.get(f"{BASE}/package-full.zip").data.startswith(b"PK")
    assert owner(app, world).get(f"{BASE}/package-full.zip").status_code == 403


def test_my_receipt_file_is_answered_by_the_check_page(app: Flask, world: World) -> None:
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.TALLIED)
    client = owner(app, world)
    file = client.get(f"{BASE}/receipt/{world.electors[0]}.json")
    assert set(json.loads(file.data)) == {"receipt", "entry"}
    answer = post(client, f"{BASE}/check", {"text": file.text})
    assert "已计入" in answer.text
    assert "不能核验" in post(client, f"{BASE}/check", {"text": "x"}).text


def test_anyone_does_the_sum_and_is_told_what_is_wrong_with_the_numbers(app: Flask, world: World) -> None:
    browser = app.test_client()
    numbers = "roll-heads=487&roll-area=46112&participated-heads=351&participated-area=33418.07"
    page = browser.get(f"/decide/?matter=M8&{numbers}&agreed-heads=268&agreed-area=24751.10").text
    assert "312.46" in page
    assert "4 × 24751.10 ≥ 3 × 33418.07" in page
    assert "看不懂" in browser.get(f"/decide/?matter=M8&{numbers}&agreed-heads=x&agreed-area=1").text
    assert "没有事项类别" in browser.get(f"/decide/?matter=M99&{numbers}&agreed-heads=1&agreed-area=1").text


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_while_somebody_else_holds_the_database_casting_says_so_and_works_afterwards(app: Flask, world: World) -> None:
    client = owner(app, world)
    review = mark_both(client, world)
    path = f"{BASE}/vote/{world.electors[0]}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', review)
    assert token
    data = {"csrf_token": token[1], "nonce": nonce_of(review), "choice-m1": "agree", "choice-m2": "oppose"}
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with world.platform.database.writing():
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        busy = client.post(f"{path}/cast", data=data)
    finally:
        done.set()
        holder.join()
    assert busy.status_code == 503
    assert int(busy.headers["Retry-After"]) > 0
    with world.platform.database.reading() as session:
        assert session.scalars(select(Ballot)).all() == []
    assert client.post(f"{path}/cast", data=data).status_code == 303

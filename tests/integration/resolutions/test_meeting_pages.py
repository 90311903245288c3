"""Meetings through their pages: who sees, who may, and what they say (rules.md R2.9, R2.10)."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.accounts.tables import Person
from hoa.app import ROOMS, load_powers
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.resolutions.meetings.tables import CommitteeMeeting, CommitteeObservation, CommitteeVote
from hoa.web.room import Asker
from tests.integration.community.scene import post, signed_in, work
from tests.integration.people import a_person
from tests.integration.resolutions.committee import EXTINGUISHERS, Committee, a_committee

BASE = "/c/WTY/meetings"
FOUR = ("chair", "deputy", "secretary", "treasurer")
CALL = {
    "kind": "regular",
    "day": "2026-10-28",
    "time": "19:30",
    "place": "物业服务中心",
    "seats": "7",
    "items-0-title": EXTINGUISHERS.title,
    "items-0-kind": "decision",
    "items-0-text": EXTINGUISHERS.text,
    "items-0-limit": "3860",
    "items-0-valid_until": "2026-12-31",
    "items-1-title": "第三季度收支",
    "items-1-kind": "report",
    "items-2-kind": "decision",
    "items-3-kind": "decision",
    "items-4-kind": "decision",
    "items-5-kind": "decision",
}


@pytest.fixture
def committee(platform: Platform, clock: FrozenClock) -> Committee:
    return a_committee(platform, clock)


def client(app: Flask, committee: Committee, name: str) -> FlaskClient:
    return signed_in(app, committee.platform, committee.people[name])


def needs(app: Flask, committee: Committee, name: str) -> list[str]:
    with committee.platform.database.reading() as session, app.test_request_context("/c/WTY/"):
        app.preprocess_request()
        person = session.get(Person, committee.people[name])
        powers = load_powers(session, person, committee.community, committee.now)
        asker = Asker(
            community_id=committee.community, person_id=committee.people[name], powers=powers, now=committee.now
        )
        room = next(room for room in ROOMS if room.name == "meetings")
        assert room.needs is not None
        return [need.title for need in room.needs(session, asker)]


def the_meeting(committee: Committee) -> CommitteeMeeting:
    with committee.platform.database.reading() as session:
        return session.scalars(select(CommitteeMeeting)).one()


def test_a_meeting_goes_from_its_call_to_published_minutes_by_forms_alone(app: Flask, committee: Committee):
    browsers = {name: client(app, committee, name) for name in (*FOUR, "supervisor")}
    chair, visitor = browsers["chair"], app.test_client()
    assert post(chair, f"{BASE}/call", {**CALL, "day": "2026-10-21"}).status_code == 200
    assert post(chair, f"{BASE}/call", CALL).status_code == 302
    meeting = the_meeting(committee)
    page = f"{BASE}/{meeting.id}"
    ahead = visitor.get(page).text
    assert EXTINGUISHERS.text in ahead
    assert "甲chair" not in ahead
    post(browsers["supervisor"], f"{page}/observations", {"text": "报价单在哪里？"}, page=page)
    committee.clock.moment = meeting.starts_at
    browsers = {name: client(app, committee, name) for name in (*FOUR, "supervisor")}
    chair = browsers["chair"]
    for name in browsers:
        assert post(browsers[name], f"{page}/check-in", page=page).status_code == 302
    assert post(chair, f"{page}/open", page=page).status_code == 302
    item = committee.items(meeting.id)[0].id
    assert post(chair, f"{BASE}/items/{item}/vote", page=page).status_code == 302
    with committee.platform.database.reading() as session:
        vote = session.scalars(select(CommitteeVote.id)).one()
    assert needs(app, committee, "treasurer")[0] == f"请表决：{EXTINGUISHERS.title}"
    for name in FOUR:
        assert post(browsers[name], f"{BASE}/votes/{vote}/cast", {"choice": "agree"}, page=page).status_code == 302
    assert post(chair, f"{BASE}/votes/{vote}/close", page=page).status_code == 302
    assert post(chair, f"{page}/end", page=page).status_code == 302
    assert visitor.get(f"{page}/minutes").status_code == 404
    minutes = f"{page}/minutes"
    post(chair, f"{page}/remarks", {"text": "会上三家比价。"}, page=minutes)
    assert post(chair, f"{page}/finish", page=minutes).status_code == 302
    assert any(title.startswith("请签署会议记录") for title in needs(app, committee, "deputy"))
    for name in FOUR:
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', browsers[name].get(minutes).text)
        assert digest is not None
        assert post(browsers[name], f"{page}/sign", {"digest": digest[1]}, page=minutes).status_code == 302
    assert visitor.get(f"{minutes}.pdf").status_code == 202
    work(committee.platform)
    assert visitor.get(f"{minutes}.pdf").data.startswith(b"%PDF-")
    shown, full = visitor.get(minutes).text, chair.get(minutes).text
    assert "甲chair" not in shown
    assert "甲chair" in full
    assert "4 &gt; 7/2" in shown
    assert "报价单在哪里？" in shown
    assert "会上三家比价。" in shown
    assert EXTINGUISHERS.title in visitor.get("/c/WTY/resolutions/").text
    assert visitor.get(f"{minutes}.json").data != chair.get(f"{minutes}.json").data
    assert needs(app, committee, "deputy") == []


def test_a_refused_call_keeps_what_was_typed_and_says_why(app: Flask, committee: Committee):
    chair = client(app, committee, "chair")
    answer = post(chair, f"{BASE}/call", {**CALL, "items-0-title": "修改议事规则", "items-0-valid_until": ""})
    assert "M1 制定和修改业主大会议事规则" in answer.text
    assert "修改议事规则" in answer.text
    assert "第 1 项的有效期" in post(chair, f"{BASE}/call", {**CALL, "items-0-valid_until": "年底"}).text
    with committee.platform.database.reading() as session:
        assert session.scalars(select(CommitteeMeeting)).all() == []


@pytest.mark.parametrize("name", ["alternate", "supervisor", "residents", "outsider"])
def test_who_is_no_member_takes_no_part(app: Flask, committee: Committee, name: str):
    meeting = committee.call(EXTINGUISHERS)
    committee.gather(meeting, *FOUR)
    vote = committee.open_vote(meeting)
    if name == "outsider":
        committee.people[name] = a_person(committee.platform, "路人")
    browser, page = client(app, committee, name), "/me/keys"
    for address in (
        f"{BASE}/{meeting}/excuse",
        f"{BASE}/votes/{vote}/cast",
        f"{BASE}/votes/{vote}/close",
        f"{BASE}/{meeting}/end",
        f"{BASE}/{meeting}/sign",
        f"{BASE}/requests",
    ):
        data = {"choice": "agree", "reason": "x", "subject": "x"}
        assert post(browser, address, data, page=page).status_code in (403, 409), address
    with committee.platform.database.reading() as session:
        row = session.get(CommitteeVote, (committee.community, vote))
        assert row is not None
        assert row.closed_at is None
    assert committee.held(meeting).ended_at is None


def test_what_is_late_is_told_to_the_members_and_to_the_authorities(app: Flask, committee: Committee):
    meeting = committee.call(EXTINGUISHERS)
    committee.gather(meeting, *FOUR)
    committee.finish(meeting)
    assert not any("逾期" in title for title in needs(app, committee, "residents"))
    committee.clock.advance(days=4)
    assert any("逾期没有公布" in title for title in needs(app, committee, "residents"))
    assert any("请签署会议记录" in title for title in needs(app, committee, "chair"))
    assert needs(app, committee, "supervisor") == []


def test_the_street_is_told_what_is_overdue_and_everybody_what_is_ahead(app: Flask, committee: Committee):
    room = next(room for room in ROOMS if room.name == "meetings")
    assert room.overdue is not None

    def late() -> list[str]:
        with committee.platform.database.reading() as session, app.test_request_context("/"):
            assert room.overdue is not None
            return [one.title for one in room.overdue(session, committee.community, committee.now)]

    meeting = committee.call(EXTINGUISHERS)
    assert "可以列席、提意见" in app.test_client().get("/c/WTY/").text
    committee.gather(meeting, *FOUR)
    committee.finish(meeting)
    committee.clock.advance(days=3)
    assert late() == []
    committee.clock.advance(days=1)
    assert late() == ["会议决定逾期没有公布：2026 年第 1 次会议"]
    committee.clock.advance(days=60)
    assert late()[1:] == ["业主委员会逾期没有开会"]


def test_demands_and_the_interval_wait_for_whoever_calls(app: Flask, committee: Committee):
    assert needs(app, committee, "chair") == []
    for name in ("member1", "member2", "member3"):
        browser = client(app, committee, name)
        if name == "member1":
            assert post(browser, f"{BASE}/requests", {"subject": "电梯停运"}, page=f"{BASE}/").status_code == 302
            continue
        listed = browser.get(f"{BASE}/").text
        (address,) = re.findall(rf'action="({BASE}/requests/\w+/join)"', listed)
        post(browser, address, page=f"{BASE}/")
    assert needs(app, committee, "chair") == ["三分之一委员提议开会，请召集：电梯停运"]
    committee.clock.advance(days=55)
    assert "业主委员会该开会了" in needs(app, committee, "secretary")


def test_an_opinion_is_answered_and_a_meeting_called_off_with_its_reason_for_everybody(
    app: Flask, committee: Committee
):
    chair, supervisor = client(app, committee, "chair"), client(app, committee, "supervisor")
    meeting = committee.call()
    page = f"{BASE}/{meeting}"
    assert post(chair, f"{page}/told", {"how": "送到居委会办公室"}, page=page).status_code == 302
    post(supervisor, f"{page}/observations", {"text": "报价单在哪里？"}, page=page)
    with committee.platform.database.reading() as session:
        asked = session.scalars(select(CommitteeObservation)).one()
    answer = f"{BASE}/observations/{asked.id}/answer"
    assert post(supervisor, answer, {"text": "我自己答"}, page=page).status_code == 403
    assert post(chair, answer, {"text": "附在议程后面"}, page=page).status_code == 302
    assert post(chair, f"{page}/cancel", {"because": ""}, page=page).status_code == 422
    assert post(chair, f"{page}/cancel", {"because": "多数委员出差"}, page=page).status_code == 302
    seen = app.test_client().get(page).text
    assert "送到居委会办公室" in seen
    assert "附在议程后面" in seen
    assert "多数委员出差" in seen

"""The pages of changes of members, for each who may and may not."""

from io import BytesIO

import pytest
from flask import Flask

from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import COMMITTEE_ALTERNATE, COMMITTEE_MEMBER
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in, work
from tests.integration.offices.committee import BODY, Committee, a_committee
from tests.integration.offices.test_changes import PDF
from tests.integration.people import a_community

BASE = "/c/WTY/offices/changes"


@pytest.fixture
def committee(platform: Platform, clock: FrozenClock) -> Committee:
    return a_committee(platform, clock)


def test_a_member_resigns_on_a_page_and_the_next_alternate_accepts_on_another(app: Flask, committee: Committee):
    member, first = committee.members[3], committee.alternates[0]
    client = signed_in(app, committee.platform, member)
    typed = {"body": BODY, "text": "我得了重病。", "day": today(committee.clock.now()).isoformat()}
    answer = post(client, f"{BASE}/resign", typed)
    assert answer.status_code == 302, answer.text
    page = answer.headers["Location"]
    assert "任职已结束" in client.get(page).text
    assert committee.posts(member) == frozenset()
    follower = signed_in(app, committee.platform, first)
    assert "请答复是否递补" in follower.get("/c/WTY/").text
    (offer,) = committee.offers(page.rsplit("/", 1)[1])
    post(follower, f"{BASE}/offers/{offer.id}/accept", page=f"{BASE}/")
    assert committee.posts(first) == {COMMITTEE_MEMBER}
    said = app.test_client().get(f"{BASE}/").text
    assert "本人书面辞职" in said
    assert "递补为委员" in said
    for hidden in ("重病", "业主03", "业主08"):
        assert hidden not in said


def test_a_day_that_cannot_be_is_told_in_place_and_changes_nothing(app: Flask, committee: Committee):
    client = signed_in(app, committee.platform, committee.members[3])
    said = post(client, f"{BASE}/resign", {"body": BODY, "text": "辞职", "day": "2026-10-01"}).text
    assert "生效日期应在 2026-10-20 与" in said
    assert "辞职</textarea>" in said
    assert committee.posts(committee.members[3]) == {COMMITTEE_MEMBER}


def test_what_a_resignation_says_is_read_by_the_committee_and_the_authorities_only(app: Flask, committee: Committee):
    page = f"{BASE}/{committee.resign(committee.members[3], words='我得了重病。')}"
    for reader in (committee.members[3], committee.members[0], committee.clerk, committee.officer):
        assert "重病" in signed_in(app, committee.platform, reader).get(page).text
    for other in (committee.owners[11], committee.alternates[0]):
        assert signed_in(app, committee.platform, other).get(page).status_code == 403
    assert app.test_client().get(page).status_code == 302


def test_an_end_by_hand_goes_from_one_clerk_to_another_and_its_paper_to_nobody_else(app: Flask, committee: Committee):
    platform, member = committee.platform, committee.members[2]
    clerk, other = (signed_in(app, platform, one) for one in (committee.clerk, committee.other_clerk))
    typed = {
        "member": f"{BODY}/{member}",
        "reason": "incapacity",
        "since": "2026-10-01",
        "explanation": "法院宣告",
        "paper": (BytesIO(PDF), "判决书.pdf"),
    }
    without = post(clerk, f"{BASE}/propose", {key: value for key, value in typed.items() if key != "paper"})
    assert "要附证明文件" in without.text
    answer = post(clerk, f"{BASE}/propose", typed, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    page = answer.headers["Location"]
    assert "确认任职结束" not in clerk.get(page).text
    assert other.get(f"{page}/paper").data == PDF
    for reader in (committee.members[0], committee.owners[11]):
        assert signed_in(app, platform, reader).get(f"{page}/paper").status_code == 403
        assert signed_in(app, platform, reader).get(page).status_code == 403
    assert "请确认或驳回" in other.get("/c/WTY/").text
    post(other, f"{page}/confirm", page=page)
    assert committee.posts(member) == frozenset()


def test_a_rejection_says_why_and_the_office_goes_on(app: Flask, committee: Committee):
    member = committee.members[2]
    committee.sell(member)
    committee.tick()
    clerk = signed_in(app, committee.platform, committee.clerk)
    home = clerk.get("/c/WTY/").text
    assert "请确认或驳回：业主02" in home
    page = home.split(f'href="{BASE}/')[1].split('"')[0]
    post(clerk, f"{BASE}/{page}/reject", {"reason": "名册录错了"}, page=f"{BASE}/{page}")
    assert "名册录错了" in clerk.get(f"{BASE}/{page}").text
    assert COMMITTEE_MEMBER in committee.posts(member)


def test_too_few_left_is_a_sentence_for_everybody_and_a_need_for_the_authorities(app: Flask, committee: Committee):
    for person in (*committee.alternates, *committee.members[:3]):
        committee.resign(person)
    officer = signed_in(app, committee.platform, committee.officer)
    assert "不足半数" not in officer.get("/c/WTY/").text
    assert "有席位空缺，没有候补可以递补" in officer.get("/c/WTY/").text
    committee.resign(committee.members[3])
    for person in (committee.officer, committee.clerk):
        assert "只剩 3 人，不足半数，请组织重新选举" in signed_in(app, committee.platform, person).get("/c/WTY/").text
    assert "不足半数" in app.test_client().get(f"{BASE}/").text
    assert "不足半数" not in signed_in(app, committee.platform, committee.owners[11]).get("/c/WTY/").text


def test_who_may_do_what_follows_from_posts_and_from_nothing_else(app: Flask, committee: Committee):
    app.config["WTF_CSRF_ENABLED"] = False
    platform = committee.platform
    change = committee.resign(committee.members[3], day=today(committee.clock.now()).replace(day=30))
    owner, alternate, chair, clerk = (
        signed_in(app, platform, one)
        for one in (committee.owners[11], committee.alternates[0], committee.members[0], committee.clerk)
    )
    for client in (owner, alternate):
        assert client.get(f"{BASE}/propose").status_code == 403
        assert client.post(f"{BASE}/{change}/receive").status_code == 403
    assert owner.get(f"{BASE}/resign").status_code == 403
    assert alternate.get(f"{BASE}/resign").status_code == 200
    for verb in ("confirm", "reject"):
        assert chair.post(f"{BASE}/{change}/{verb}", data={"reason": "x"}).status_code == 403
    assert clerk.post(f"{BASE}/{change}/confirm").status_code == 409
    assert committee.posts(committee.alternates[0]) == {COMMITTEE_ALTERNATE}


def test_another_communitys_changes_are_not_found(app: Flask, committee: Committee):
    app.config["WTF_CSRF_ENABLED"] = False
    a_community(committee.platform, "BYL", "白云里")
    change = committee.resign(committee.members[3])
    (offer,) = committee.offers(change)
    member = signed_in(app, committee.platform, committee.members[3])
    assert member.get(f"/c/BYL/offices/changes/{change}").status_code == 404
    follower = signed_in(app, committee.platform, committee.alternates[0])
    assert follower.post(f"/c/BYL/offices/changes/offers/{offer.id}/accept").status_code == 404
    work(committee.platform)
    assert committee.posts(committee.alternates[0]) == {COMMITTEE_ALTERNATE}


def test_an_alternate_says_no_on_the_page_and_the_next_is_asked(app: Flask, committee: Committee):
    change = committee.resign(committee.members[3])
    (offer,) = committee.offers(change)
    follower = signed_in(app, committee.platform, committee.alternates[0])
    assert post(follower, f"{BASE}/offers/{offer.id}/decline", page=f"{BASE}/").status_code == 302
    assert [one.state for one in committee.offers(change)] == ["declined", "offered"]
    assert "本人不递补" in app.test_client().get(f"{BASE}/").text
    assert committee.posts(committee.alternates[0]) == {COMMITTEE_ALTERNATE}

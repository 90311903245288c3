"""Elections before the ballot as pages: owners stand and ask, the group screens and drafts, strangers see no more."""

import io
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hoa.accounts.service import person_for_phone
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import AUDITOR, COMMITTEE_MEMBER, PARTY_SECRETARY, PREPARATORY_LEADER, RESIDENTS_STAFF
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_community, a_person
from tests.integration.voting.candidates import Race, a_photo, a_race
from voting.elections.rules.eligibility import CRITERIA
from voting.elections.rules.life import CandidateState, State
from voting.elections.service import reading
from voting.service import drafts
from voting.tables import Assembly

HOME = "/c/WTY/elections/"


@pytest.fixture
def race(platform: Platform, clock: FrozenClock) -> Race:
    return a_race(platform, clock)


def as_(app: Flask, race: Race, person: str) -> FlaskClient:
    return signed_in(app, race.platform, person)


def here(race: Race, rest: str = "") -> str:
    return f"{HOME}{race.code}{rest}"


def test_the_whole_way_goes_through_the_pages(app: Flask, race: Race):
    leader = as_(app, race, race.leader)
    form = leader.get(HOME + "new").text
    assert "5 到 11 之间的单数" in form
    given = {
        "title": "第一届业主委员会选举",
        "body_kind": "owners_committee",
        "seats": "6",
        "term_starts_on": "2027-02-01",
        "term_ends_on": "2030-01-31",
        "nominations_until": "2026-10-27",
        "convener": "首次业主大会会议筹备组",
    }
    refused = post(leader, HOME + "new", given)
    assert "名额应是单数" in refused.text
    assert 'value="第一届业主委员会选举"' in refused.text
    answer = post(leader, HOME + "new", {**given, "seats": "5"})
    race.code = urlsplit(answer.headers["Location"]).path.split("/")[-2]
    for person in race.people[:6]:
        _stands(app, race, person)
    race.clock.advance(days=8)
    assert "提名已到期" in leader.get("/c/WTY/").text
    desk = here(race, "/manage")
    post(leader, here(race, "/steps/screening"), page=desk)
    for number in range(1, 7):
        review = f"{desk}/{number}"
        checks = {f"result-{one.code}": "pass" for one in CRITERIA}
        checks |= {f"evidence-{one.code}": "看过材料" for one in CRITERIA}
        post(leader, review + "/checks", checks, page=review)
        post(leader, review + "/decision", {"outcome": "accepted", "reasons": ""}, page=review)
    post(leader, here(race, "/steps/display"), page=desk)
    assert race.row().step is State.DISPLAY
    assert "业主3" in app.test_client().get(here(race)).text
    race.clock.advance(days=8)
    assert "请抽签定顺序" in leader.get("/c/WTY/").text
    post(leader, here(race, "/steps/draw"), page=desk)
    told = app.test_client().get(here(race, "/draw")).text
    assert race.row().list_hash in told
    _drafts(race, leader)


def _stands(app: Flask, race: Race, person: str) -> None:
    owner = as_(app, race, person)
    post(owner, here(race, "/stand"), {"channel": "self"})
    mine = here(race, "/mine")
    post(owner, mine + "/statement", {"statement": "住了十年，愿意为大家做事。"}, page=mine)
    data = {"photo": (io.BytesIO(a_photo()), "我.png")}
    post(owner, mine + "/photo", data, page=mine, content_type="multipart/form-data")
    name = race.candidate(person).name
    given = {"agreed": "y", "name": name, "lot_word": name}
    answer = post(owner, mine + "/undertaking", given)
    assert answer.status_code == 302
    assert "承诺书已签署" in owner.get(mine).text


def _drafts(race: Race, leader: FlaskClient) -> None:
    page = here(race, "/draft")
    form = leader.get(page).text
    assert 'value="2026-11-21T09:00"' in form
    given = {
        "into": "",
        "title": "首次业主大会会议",
        "form": "first",
        "convener": "首次业主大会会议筹备组",
        "body": "请投票",
        "closes": "2026-12-10T18:00",
        "channels": "online",
    }
    early = post(leader, page, {**given, "opens": "2026-11-19T09:00"})
    assert "最早是 2026-11-20" in early.text
    answer = post(leader, page, {**given, "opens": "2026-11-20T09:00"})
    assert answer.headers["Location"].endswith("/assemblies/2026-01/manage")
    with race.platform.database.reading() as session:
        assembly = session.get_one(Assembly, (race.community, race.row().assembly_id))
        assert len(drafts.motions(session, assembly)) == 6
        digest = drafts.motions(session, assembly)[0].documents[0]["sha256"]
    assert leader.get(f"/c/WTY/assemblies/2026-01/documents/{digest}").mimetype == "image/jpeg"


def test_a_checklist_is_saved_as_a_whole_or_not_at_all_and_shows_what_was_typed(app: Flask, race: Race):
    race.begin()
    race.nominate(race.people[0])
    leader, page = as_(app, race, race.leader), here(race, "/manage/1")
    given = {"result-owner": "pass", "evidence-owner": "名册第 3 页", "result-arrears": "fail", "evidence-arrears": ""}
    answer = post(leader, page + "/checks", given, page=page)
    assert "请写明依据" in answer.text
    assert "名册第 3 页" in answer.text
    with race.platform.database.reading() as session:
        assert reading.checks(session, race.candidate(race.people[0])) == {}
    file = {"file-owner": (io.BytesIO(a_photo()), "../证.png")}
    sent = {"result-owner": "pass", "evidence-owner": "不动产权证", **file}
    post(leader, page + "/checks", sent, page=page, content_type="multipart/form-data")
    with race.platform.database.reading() as session:
        looked = reading.checks(session, race.candidate(race.people[0]))["owner"]
    assert looked.file_name == "证.png"
    url = f"{page}/evidence/{looked.id}"
    assert leader.get(url).mimetype == "image/png"
    post(leader, page + "/checks", {"result-owner": "pass", "evidence-owner": "不动产权证"}, page=page)
    with race.platform.database.reading() as session:
        assert reading.checks(session, race.candidate(race.people[0]))["owner"].no == looked.no
    owner = as_(app, race, race.people[0])
    assert owner.get(url).status_code == 403


def test_refused_appealed_and_upheld_on_the_pages(app: Flask, race: Race):
    race.begin()
    race.nominate(*race.people[:6])
    race.screen()
    leader, page = as_(app, race, race.leader), here(race, "/manage/6")
    post(leader, page + "/decision", {"outcome": "refused", "reasons": "欠费"}, page=page)
    owner, mine = as_(app, race, race.people[5]), here(race, "/mine")
    assert "资格审查没有通过，可以申诉" in owner.get("/c/WTY/").text
    assert "欠费" in owner.get(mine).text
    post(owner, mine + "/appeal", {"text": "已缴清"}, page=mine)
    assert "候选人申诉等答复" in leader.get("/c/WTY/").text
    post(leader, page + "/appeal", {"outcome": "upheld", "reasons": "收据属实"}, page=page)
    assert "收据属实" in owner.get(mine).text
    assert race.candidate(race.people[5]).step is CandidateState.ACCEPTED


def test_before_the_list_nobody_outside_reads_names_and_after_it_no_room_or_phone(app: Flask, race: Race):
    race.begin()
    race.nominate(*race.people[:6])
    visitor, owner = app.test_client(), as_(app, race, race.people[9])
    assert visitor.get(here(race, "/candidates/" + "9" * 30)).status_code == 404
    for client in (visitor, owner):
        assert "业主1" not in client.get(here(race)).text
        assert client.get(here(race, "/candidates/2")).status_code == 404
        assert client.get(here(race, "/candidates/2/photo")).status_code == 404
        assert client.get(here(race, "/draw")).status_code == 404
    assert as_(app, race, race.people[1]).get(here(race, "/candidates/2")).status_code == 200
    race.screen()
    race.publish()
    page = visitor.get(here(race, "/candidates/2")).text
    assert "<h1>业主1</h1>" in page
    for text in (page, visitor.get(here(race)).text, owner.get(here(race, "/candidates/2")).text):
        assert "1幢1单元" not in text
        assert "0201" not in text


def test_an_owner_asks_the_candidate_is_reminded_and_answers(app: Flask, race: Race):
    race.begin()
    race.nominate(*race.people[:6])
    race.screen()
    race.publish()
    page = here(race, "/candidates/1")
    asking, candidate = as_(app, race, race.people[9]), as_(app, race, race.people[0])
    post(asking, page + "/questions", {"text": "每月能花几天？"}, page=page)
    assert "业主向您提了 1 个问题" in candidate.get("/c/WTY/").text
    with race.platform.database.reading() as session:
        asked = reading.about(session, race.candidate(race.people[0]), reading.Question)[0]
    mine = here(race, "/mine")
    post(candidate, f"{mine}/questions/{asked.id}", {"text": "周末两天"}, page=mine)
    shown = app.test_client().get(page).text
    assert "每月能花几天？" in shown
    assert "周末两天" in shown
    assert "业主9" not in shown
    leader = as_(app, race, race.leader)
    post(leader, here(race, f"/questions/{asked.id}/hide"), {"reason": "写了邻居的房号"}, page=page)
    shown = app.test_client().get(page).text
    assert "写了邻居的房号" in shown
    assert "周末两天" not in shown


def test_owners_join_a_joint_nomination_and_nobody_sees_who_did(app: Flask, race: Race):
    race.begin()
    standing, other = as_(app, race, race.people[0]), as_(app, race, race.people[1])
    post(standing, here(race, "/stand"), {"channel": "joint"})
    assert "等业主联名" in other.get(here(race)).text
    post(other, here(race, "/candidates/1/support"), page=here(race))
    assert "1 / 10 人" in other.get(here(race)).text
    assert "撤回联名" in other.get(here(race)).text
    leader = as_(app, race, race.leader)
    assert "1 / 10 人" in leader.get(here(race, "/manage")).text
    assert "业主1" not in leader.get(here(race, "/manage")).text
    post(other, here(race, "/candidates/1/take-back"), page=here(race))
    assert "0 / 10 人" in other.get(here(race)).text
    assert "等业主联名" not in app.test_client().get(here(race)).text


def test_a_draft_gives_its_candidates_back_from_the_desk(app: Flask, race: Race):
    race.begin()
    race.nominate(*race.people[:6])
    race.screen()
    race.publish()
    race.draw()
    race.draft()
    leader, desk = as_(app, race, race.leader), here(race, "/manage")
    assert "从会议草稿撤下候选人" in leader.get(desk).text
    empty = post(leader, here(race, "/take-off"), {"reason": ""}, page=desk)
    assert "请填写这一项" in empty.text
    post(leader, here(race, "/take-off"), {"reason": "有人卖了房子"}, page=desk)
    assert race.row().step is State.DISPLAY
    assert "有人卖了房子" in app.test_client().get(here(race)).text


def test_branch_and_residents_committee_recommend_each_by_its_own_channel(app: Flask, race: Race):
    race.begin()
    secretary, staff = (a_person(race.platform, name) for name in ("书记", "社区干部"))
    race.appoint(secretary, PARTY_SECRETARY)
    race.appoint(staff, RESIDENTS_STAFF)
    page = here(race, "/recommend")
    given = {"room": "1幢1单元0201", "name": "业主1", "words": "热心"}
    client = as_(app, race, secretary)
    assert "居民委员会推荐" not in client.get(page).text
    wrong = post(client, page, {**given, "channel": "residents"})
    assert wrong.status_code == 200
    with race.platform.database.reading() as session:
        assert reading.candidates(session, race.row()) == []
    answer = post(client, page, {**given, "channel": "branch"})
    assert answer.status_code == 302
    assert "请签署承诺书" in as_(app, race, race.people[1]).get("/c/WTY/").text
    post(as_(app, race, staff), page, {**given, "channel": "residents"})
    with race.platform.database.reading() as session:
        one = race.candidate(race.people[1])
        found = {row.channel for row in reading.about(session, one, reading.Nomination)}
    assert found == {"branch", "residents"}
    assert as_(app, race, race.people[3]).get(page).status_code == 403


def test_the_groups_desk_is_closed_to_owners_other_posts_and_strangers(app: Flask, race: Race):
    race.begin()
    race.nominate(race.people[0])
    auditor, member = a_person(race.platform, "审计"), a_person(race.platform, "委员")
    race.appoint(auditor, AUDITOR)
    race.appoint(member, COMMITTEE_MEMBER)
    for person in (race.people[0], race.people[1], auditor, member):
        client = as_(app, race, person)
        for page in ("/manage", "/manage/1", "/draft"):
            assert client.get(here(race, page)).status_code == 403
        assert client.get(HOME + "new").status_code == 403
    assert as_(app, race, race.people[1]).get(here(race, "/mine")).status_code == 404
    assert as_(app, race, auditor).get(here(race, "/stand")).status_code == 403
    visitor = app.test_client()
    for page in ("/manage", "/stand", "/mine", "/recommend"):
        assert visitor.get(here(race, page)).status_code == 302


def test_an_election_of_another_community_does_not_exist_here(app: Flask, race: Race):
    race.begin()
    race.nominate(race.people[0])
    elsewhere = a_community(race.platform, "BYL", "白云里")
    with race.platform.database.writing() as session:
        person_for_phone(session, race.platform.keys, phone="13800005555", name="外人", now=race.now)
    other = Race(race.platform, race.clock, elsewhere, [], a_person(race.platform, "外组长"))
    other.appoint(other.leader, PREPARATORY_LEADER)
    client = as_(app, race, other.leader)
    for page in ("", "/manage", "/manage/1", "/candidates/1", "/draw", "/mine"):
        assert client.get(f"/c/BYL/elections/{race.code}{page}").status_code == 404
    assert client.get(here(race, "/manage")).status_code == 403
    assert race.code not in client.get("/c/BYL/elections/").text


def test_the_front_page_and_the_list_of_assemblies_lead_to_the_election(app: Flask, race: Race):
    race.begin()
    visitor = app.test_client()
    assert here(race) in visitor.get("/c/WTY/").text
    assert HOME in visitor.get("/c/WTY/assemblies/").text
    assert "正在提名候选人" in visitor.get("/c/WTY/").text
    assert "第一届业主委员会选举" in visitor.get(HOME).text


def test_an_election_is_called_off_from_the_desk_with_a_reason_that_everybody_reads(app: Flask, race: Race):
    race.begin()
    leader, desk = as_(app, race, race.leader), here(race, "/manage")
    assert "取消这次选举" in post(leader, here(race, "/cancel"), {"reason": ""}, page=desk).text
    assert post(leader, here(race, "/cancel"), {"reason": "改由街道代行"}, page=desk).status_code == 302
    assert "改由街道代行" in app.test_client().get(here(race)).text

"""Drafting on both engines: local rules with clauses, motions and attachments, packs, and what the notice checks."""

import io
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from hoa.community import pack_choice
from hoa.jobs import Job
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.errors import NotFound
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_SECRETARY, RESIDENTS_STAFF, STREET_OFFICER
from hoa.platform import Platform
from hoa.resolutions import rulebooks
from tests.integration.community.scene import officer, post, signed_in, work
from tests.integration.people import a_community, a_person
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.world import World, _register
from voting import service
from voting.rules import local, schedule
from voting.rules.life import NotTheNextStep, State
from voting.service import casting, drafts, motions, notice, notifying, terms
from voting.service.terms import Terms
from voting.tables import Assembly, Motion, NoticeTold

RULES = "第一条 总则。\n第二条 重复投票的，以最后一张为准。\n第三条 一名代理人最多代理两名业主。\n"
NEW_RULES = RULES.replace("两名", "五名")


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    """Owners, a chair, and no assembly yet."""
    community = a_community(platform)
    people = [a_person(platform, f"业主{number}") for number in range(9)]
    _register(platform, community, people)
    made = World(platform, clock, community, people, a_person(platform))
    in_post(made, made.chair, COMMITTEE_CHAIR)
    return made


def rulebook(world: World, words: str = RULES, kind: str = "procedure") -> str:
    now = world.clock.now()
    with world.platform.database.writing() as session:
        row = rulebooks.draft(session, world.community, kind=kind, text=words, by=None, now=now)
        rulebooks.adopt_first(
            session, world.community, row.id, basis="首次会议", effective_on=today(now), by=world.chair, now=now
        )
        return row.sha256


def draft(world: World, **asked: object) -> str:
    now = world.clock.now()
    with world.platform.database.writing() as session:
        row = drafts.create(
            session,
            world.community,
            title="会议",
            body="请参加。",
            convener="业主委员会",
            opens_at=now + timedelta(days=20),
            closes_at=now + timedelta(days=30),
            by=world.chair,
            now=now,
            terms=Terms(**asked),
        )
        world.assembly = row.id
        return row.id


def add(world: World, title: str = "更换电梯钢丝绳", matter: str = "M5", body: str = "是否同意？") -> str:
    with world.platform.database.writing() as session:
        return service.add_motion(
            session, world.community, world.assembly, title=title, body=body, matter_code=matter
        ).id


def give(world: World) -> Assembly:
    world._draft()
    return world.row()


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"counting": "last"}, "counting"),
        ({"proxy_cap": 2}, "proxy_cap"),
        ({"silent_rule": "follow-majority"}, "silent_rule"),
        ({"notice_days": 18}, "notice_days"),
    ],
)
def test_a_local_rule_is_refused_without_its_clause_and_freezes_it_with_one(
    world: World, asked: dict[str, object], parameter: str
):
    with pytest.raises(terms.NoRulebook):
        draft(world, **asked)
    document = rulebook(world)
    with pytest.raises(local.NEEDS[parameter]):
        draft(world, **asked)
    with pytest.raises(rulebooks.BadClause):
        draft(world, **asked, clauses={parameter: "第九十九条"})
    draft(world, **asked, clauses={parameter: "第二条"})
    add(world)
    manifest = canonical.decode(give(world).manifest or b"")
    assert manifest["clauses"] == [{"clause": "第二条", "document": document}]


def test_an_extension_is_noticed_with_its_latest_time_and_its_clause(world: World):
    rulebook(world)
    latest = world.clock.now() + timedelta(days=40)
    with pytest.raises(local.ExtensionNeedsClause):
        draft(world, extension_latest=latest)
    with pytest.raises(terms.ExtensionTooEarly):
        draft(world, extension_latest=world.clock.now() + timedelta(days=25), clauses={"extension": "第一条"})
    draft(world, extension_latest=latest, clauses={"extension": "第一条"})
    add(world)
    assert canonical.decode(give(world).manifest or b"")["extension"]["clause"] == "第一条"


def test_the_notice_refuses_clauses_of_a_text_that_is_not_in_force_any_more(world: World):
    rulebook(world)
    draft(world, counting="last", clauses={"counting": "第二条"})
    add(world)
    world.change(clauses=[{"parameter": "counting", "clause": "第二条", "document": "0" * 64}])
    with pytest.raises(terms.RulebookMoved):
        give(world)
    world.change(clauses=[])
    with pytest.raises(local.CountingNeedsClause):
        give(world)
    assert world.state() is State.DRAFT


def test_a_longer_notice_of_the_rulebook_holds(world: World):
    rulebook(world)
    draft(world, notice_days=21, clauses={"notice_days": "第一条"})
    add(world)
    with pytest.raises(schedule.NoticeTooShort) as refused:
        give(world)
    assert refused.value.params["days"] == 21


def test_the_communitys_pack_decides_and_what_was_noticed_keeps_its_own(world: World):
    now = world.clock.now()
    noticed = draft(world)
    add(world)
    assert give(world).rule_pack == "cn-national"
    with world.platform.database.writing() as session:
        with pytest.raises(pack_choice.NoReason):
            pack_choice.choose(session, world.community, code="cn-beijing", reason="", by=world.chair, now=now)
        pack_choice.choose(session, world.community, code="cn-beijing", reason="在北京", by=world.chair, now=now)
    with pytest.raises(local.ChannelNotAllowed):
        draft(world)
    draft(world, channels=["paper"])
    assert world.row().rule_pack == "cn-beijing"
    world.assembly = noticed
    assert world.row().rule_pack == "cn-national"


def test_an_extraordinary_assembly_in_hangzhou_is_noticed_seven_days_before_and_its_package_verifies(world: World):
    now = world.clock.now()
    with world.platform.database.writing() as session:
        pack_choice.choose(session, world.community, code="cn-hangzhou", reason="杭州", by=world.chair, now=now)
    draft(world, form="extraordinary")
    add(world)
    world.change(opens_at=now + timedelta(days=6), closes_at=now + timedelta(days=12))
    with pytest.raises(schedule.NoticeTooShort):
        give(world)
    world.change(opens_at=now + timedelta(days=7), closes_at=now + timedelta(days=11))
    with pytest.raises(schedule.WindowTooShort):
        give(world)
    world.change(closes_at=now + timedelta(days=12))
    assert canonical.decode(give(world).manifest or b"")["rules"]["pack"] == "cn-hangzhou"
    world.to(State.ANNOUNCED)
    assert world.problems() == []


def test_motions_are_reworded_ordered_and_numbered_without_gaps_until_the_notice(world: World):
    draft(world)
    first, second, third = add(world, "一"), add(world, "二"), add(world, "三")
    with world.platform.database.writing() as session:
        motions.move_up(session, world.community, world.assembly, third)
        motions.change(
            session,
            world.community,
            world.assembly,
            second,
            title="二改",
            body="全文",
            matter_code="M8",
            majority=None,
        )
        drafts.remove_motion(session, world.community, world.assembly, first)
    with world.platform.database.reading() as session:
        found = drafts.motions(session, world.row())
        assert [(row.code, row.title, row.majority) for row in found] == [
            ("m1", "三", "ordinary"),
            ("m2", "二改", "special"),
        ]
    give(world)
    with world.platform.database.writing() as session:
        for act in (motions.move_up, motions.split, motions.make_stricter, drafts.remove_motion):
            with pytest.raises(NotTheNextStep):
                act(session, world.community, world.assembly, second)


def test_a_mixed_motion_is_taken_apart_or_made_stricter(world: World):
    draft(world)
    mixed = add(world, "北门充电桩", "M8", "在北门设充电桩。收入每年分红给业主。")
    last = add(world, "别的")
    with world.platform.database.writing() as session:
        motions.split(session, world.community, world.assembly, mixed)
        with pytest.raises(motions.NotMixed):
            motions.split(session, world.community, world.assembly, last)
        motions.make_stricter(session, world.community, world.assembly, last)
    with world.platform.database.reading() as session:
        found = drafts.motions(session, world.row())
        assert [(row.code, row.matter, row.majority, row.body) for row in found] == [
            ("m1", "M8", "special", "在北门设充电桩。"),
            ("m2", "M9", "ordinary", "收入每年分红给业主。"),
            ("m3", "M5", "special", "是否同意？"),
        ]


def test_a_blank_that_was_left_open_is_not_noticed(world: World):
    draft(world)
    add(world, "是否使用维修资金＿＿元？")
    with pytest.raises(notice.BlankLeft):
        give(world)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "PNG")
    return out.getvalue()


def test_an_attachment_is_checked_noticed_with_its_hash_and_downloaded_by_anybody(app: Flask, world: World):
    draft(world)
    motion = add(world)
    base = "/c/WTY/assemblies/2026-01"
    chair, anybody = signed_in(app, world.platform, world.chair), app.test_client()
    page = f"{base}/motions/{motion}"
    wrong = post(chair, f"{page}/documents", {"file": (io.BytesIO(b"<svg/>"), "a.png")}, page=page)
    assert "不是 PDF、PNG 或 JPEG" in wrong.text
    sent = {"file": (io.BytesIO(picture()), "../平面图.png")}
    assert post(chair, f"{page}/documents", sent, page=page).status_code == 302
    with world.platform.database.reading() as session:
        (document,) = session.scalars(select(Motion)).one().documents
    assert document["title"] == "平面图.png"
    address = f"{base}/documents/{document['sha256']}"
    assert anybody.get(address).status_code == 404
    manifest = canonical.decode(give(world).manifest or b"")
    assert manifest["motions"][0]["documents"] == [document]
    answer = anybody.get(address)
    assert answer.headers["X-Content-SHA256"] == document["sha256"]
    assert "attachment" in answer.headers["Content-Disposition"]
    assert document["sha256"] in anybody.get(f"{base}/notice").text
    assert anybody.get(f"{base}/documents/{'0' * 64}").status_code == 404


def test_a_passed_motion_gives_its_rulebook_draft_force_and_a_failed_one_does_not(
    platform: Platform, clock: FrozenClock, world: World
):
    rulebook(world)
    draft(world)
    passing, failing = add(world, "修改议事规则", "M1"), add(world, "修改管理规约", "M2")
    now = clock.now()
    with platform.database.writing() as session:
        rules = rulebooks.draft(session, world.community, kind="procedure", text=NEW_RULES, by=world.chair, now=now)
        covenant = rulebooks.draft(session, world.community, kind="covenant", text=RULES, by=world.chair, now=now)
        with pytest.raises(motions.WrongBook):
            motions.attach_rulebook(
                session, platform.files, world.community, world.assembly, passing, version_id=covenant.id
            )
        for motion, version in ((passing, rules), (failing, covenant)):
            motions.attach_rulebook(
                session, platform.files, world.community, world.assembly, motion, version_id=version.id
            )
    world.to(State.OPEN)
    with platform.database.reading() as session:
        found = [
            casting.standings(session, world.row(), person_id=person, day=today(clock.now())) for person in world.people
        ]
    world.electors = [standings[0].elector for standings in found]
    for place in range(8):
        world.cast(place, m1="agree", m2="oppose")
    world.to(State.ANNOUNCED)
    with platform.database.reading() as session:
        present = rulebooks.current(session, world.community, "procedure")
        assert present is not None
        assert (present.number, present.text) == (2, NEW_RULES)
        assert present.resolution_id is not None
        assert rulebooks.current(session, world.community, "covenant") is None
    assert world.problems() == []


def test_the_residents_committee_is_told_of_a_notice_and_says_so(app: Flask, world: World):
    platform = world.platform
    staff = officer(platform, world.community, RESIDENTS_STAFF, name="王主任", phone="19900000777")
    silent = a_person(platform, "没有手机")
    in_post(world, silent, RESIDENTS_STAFF)
    draft(world)
    add(world)
    give(world)
    work(platform)
    with platform.database.reading() as session:
        rows = {row.person_id: row.outcome for row in session.scalars(select(NoticeTold))}
    assert rows == {staff: notifying.SENT, silent: notifying.UNREACHABLE}
    client, chair = signed_in(app, platform, staff), signed_in(app, platform, world.chair)
    assert "请确认已收到公告" in client.get("/c/WTY/").text
    page = "/c/WTY/assemblies/2026-01/clock"
    assert "已告知居民委员会" not in chair.get(page).text
    assert post(chair, f"{page}/acknowledge", page=page).status_code == 403
    assert post(client, f"{page}/acknowledge", page=page).status_code == 302
    assert "已告知居民委员会" in chair.get(page).text
    assert "请确认已收到公告" not in client.get("/c/WTY/").text
    post(chair, f"{page}/written", {"note": "纸质公告当面交给居委会"}, page=page)
    assert "纸质公告当面交给居委会" in chair.get(page).text


def test_a_crash_while_the_residents_committee_is_told_tells_nobody_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    platform = world.platform
    for number in range(2):
        officer(platform, world.community, RESIDENTS_STAFF, name=f"王{number}", phone=f"1990000077{number}")
    draft(world)
    add(world)
    give(world)
    asked: list[str] = []

    def send(phone: str, _text: str, *, template: str, **_params: object) -> None:
        asked.append(phone)
        assert template == "assembly-notice"
        assert len(asked) > 1, "the line breaks while the first message is on its way"

    monkeypatch.setattr(platform.sms, "send", send)
    for _ in range(2):
        work(platform)
        with platform.database.writing() as session:
            job = session.scalars(select(Job).where(Job.kind == notifying.TASK)).one()
            job.state, job.attempts, job.lease_until = "waiting", 0, None
    work(platform)
    assert sorted(asked) == ["19900000770", "19900000771"]
    with platform.database.reading() as session:
        assert sorted(session.scalars(select(NoticeTold.outcome))) == ["sending", notifying.SENT]


def test_the_form_offers_only_what_the_post_allows_and_says_which_clause_is_missing(app: Flask, world: World):
    secretary = signed_in(app, world.platform, in_post(world, a_person(world.platform), COMMITTEE_SECRETARY))
    rulebook(world)
    page = secretary.get("/c/WTY/assemblies/new").text
    assert "业主委员会" in page
    assert "居民委员会</option>" not in page
    fields = {
        "title": "会议",
        "form": "extraordinary",
        "convener": "业主委员会",
        "body": "请参加。",
        "opens": "2026-12-01T09:00",
        "closes": "2026-12-20T18:00",
        "channels": ["online", "paper"],
        "counting": "last",
        "silent_rule": "none",
        "proxy_cap": "3",
    }
    assert "须选择议事规则中约定" in post(secretary, "/c/WTY/assemblies/new", fields).text
    forged = {**fields, "convener": "居民委员会", "counting_clause": "第二条"}
    assert "不能以“居民委员会”的名义召集" in post(secretary, "/c/WTY/assemblies/new", forged).text
    done = post(secretary, "/c/WTY/assemblies/new", {**fields, "counting_clause": "第二条"})
    assert done.headers["Location"].endswith("/2026-01/manage")
    edit = secretary.get("/c/WTY/assemblies/2026-01/edit").text
    assert '<details class="fold" open>' in edit
    assert "第二条" in edit
    with world.platform.database.reading() as session:
        row = session.scalars(select(Assembly)).one()
        assert (row.form, row.channels, row.counting) == ("extraordinary", ["online", "paper"], "last")


def test_the_street_office_chooses_the_pack_and_the_committee_does_not(app: Flask, world: World):
    street = signed_in(app, world.platform, in_post(world, a_person(world.platform), STREET_OFFICER))
    chair = signed_in(app, world.platform, world.chair)
    page = "/c/WTY/assemblies/rules"
    chosen = {"pack": "cn-hangzhou", "reason": "小区在杭州"}
    assert post(chair, page, chosen, page="/c/WTY/assemblies/new").status_code == 403
    assert post(street, page, chosen).status_code == 302
    shown = app.test_client().get(page).text
    assert "杭州" in shown
    assert "小区在杭州" in shown
    assert "未核对" in app.test_client().get(f"{page}?pack=cq-draft").text


def test_another_assemblys_motion_is_not_found_here(platform: Platform, world: World):
    draft(world)
    motion = add(world)
    first = world.assembly
    draft(world)
    with platform.database.writing() as session:
        for act in (motions.move_up, motions.make_stricter, drafts.remove_motion):
            with pytest.raises(NotFound):
                act(session, world.community, world.assembly, motion)
    world.assembly = first
    with platform.database.reading() as session:
        assert [row.id for row in drafts.motions(session, world.row())] == [motion]


def test_a_candidates_statement_is_downloaded_as_the_text_that_was_noticed(app: Flask, world: World):
    draft(world)
    motion, words = add(world), "我住在这里二十年。\n"
    digest = world.platform.files.put(words.encode())
    with world.platform.database.writing() as session:
        row = session.get_one(Motion, (world.community, motion))
        row.documents = [{"title": "候选人的自述.txt", "sha256": digest}]
    give(world)
    answer = app.test_client().get(f"/c/WTY/assemblies/2026-01/documents/{digest}")
    assert answer.data.decode() == words
    assert answer.mimetype == "text/plain"
    assert "attachment" in answer.headers["Content-Disposition"]

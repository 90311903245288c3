"""One matter from a suggestion to the payment: topic, comments, six parties, summary, motion, vote, contract, voucher;
and the page on which anybody can read it.
"""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from finance.rules.contracts import Direction, Frequency
from finance.service import contracts
from finance.service.contracts import ContractFields
from hoa.affairs.service import life
from hoa.affairs.tables import Step
from hoa.bulletin.current import has_moved
from hoa.bulletin.tables import Publication
from hoa.demo import papers
from hoa.kernel.clock import FrozenClock, today
from hoa.platform import Platform
from hoa.resolutions.tables import Resolution
from hoa.topics.rules import Party
from hoa.topics.service import commenting, opening, outcomes, reading, recording, summing
from hoa.topics.service.opening import Wording
from hoa.topics.service.recording import Held
from hoa.topics.tables import Topic, TopicComment, TopicMeeting
from tests.integration.affairs.scene import REPORTER_NAME, REPORTER_PHONE, SECRET, TITLE, open_scene
from tests.integration.community.scene import csrf, post, signed_in
from tests.integration.finance.scene import PAYMENT, open_books
from tests.integration.people import a_community, a_person
from tests.integration.topics.scene import OWNERS, QUESTION, TOPICS, a_draft, label_of, receive, text_of
from tests.integration.voting.world import World, _register
from voting.rules.life import State
from voting.service import casting
from voting.tables import Motion


def test_a_suggestion_becomes_a_payment_and_anybody_can_read_how(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    books = open_books(platform)
    owners = [a_person(platform, f"业主{number}") for number in range(OWNERS)]
    _register(platform, books.community, owners)
    world = World(platform, clock, books.community, owners, books.people["chair"])
    clerk, chair = (signed_in(app, platform, books.people[key]) for key in ("clerk", "chair"))
    visitor, owner = app.test_client(), signed_in(app, platform, owners[0])
    suggestion = receive(platform, books.community, books.people["clerk"])

    # ---- a topic, asked by the residents' committee
    new = f"{TOPICS}new?suggestion={label_of(platform, suggestion)}"
    first = text_of(clerk.get(new).text)
    assert "至少 5 个工作日" in first
    form = {
        "labels": label_of(platform, suggestion),
        "title": "3 幢电梯怎么修",
        "question": QUESTION,
        "opens_on": "2026-10-20",
        "closes_on": "2026-10-26",
    }
    short = post(clerk, f"{TOPICS}new", form, page=new)
    assert "最早到 2026-10-27" in text_of(short.text), "20 October does not count"
    assert QUESTION in short.text, "what was typed stays"
    told = post(clerk, f"{TOPICS}new", form | {"closes_on": "2026-10-27", "question": REPORTER_NAME}, page=new)
    assert "提出人的姓名" in told.text
    topic_url = post(clerk, f"{TOPICS}new", form | {"closes_on": "2026-10-27"}, page=new).headers["Location"]
    topic_id = topic_url.rsplit("/", 1)[1]
    again = post(clerk, f"{TOPICS}new", form | {"closes_on": "2026-10-27"}, page=new)
    assert "已经在议题 T2026-001 里讨论" in again.text
    with platform.database.reading() as session:
        last = session.scalars(
            select(Step).where(Step.suggestion_id == suggestion).order_by(Step.seq.desc()).limit(1)
        ).one()
        assert (last.action, last.details["topic"]) == ("discuss", "T2026-001")

    # ---- owners say what they think
    assert "议题征求意见，2026年10月27日 截止" in visitor.get("/c/WTY/").text
    assert "请提意见：3 幢电梯怎么修" in owner.get("/c/WTY/").text
    assert "登录后提意见" in visitor.get(topic_url).text
    assert visitor.post(f"{topic_url}/comment").status_code in (302, 400)
    said_by_owners = [
        ("for", "赞成换曳引机"),
        ("against", "我住 3 幢 2 单元 901，电话 13812345678，反对"),
        ("other", "骂人的话"),
    ]
    for number, (side, words) in enumerate(said_by_owners):
        browser = signed_in(app, platform, owners[number])
        assert post(browser, f"{topic_url}/comment", {"side": side, "text": words}, page=topic_url).status_code == 302
    nothing = post(owner, f"{topic_url}/comment", {"text": "说了半天没选立场"}, page=topic_url)
    assert "说了半天没选立场" in nothing.text
    with platform.database.reading() as session:
        hidden = session.scalars(select(TopicComment).where(TopicComment.side == "other")).one().id
    hide = f"{topic_url}/comments/{hidden}/hide"
    assert signed_in(app, platform, owners[1]).get(hide).status_code == 403
    assert post(chair, hide, {"reason": "辱骂他人"}).status_code == 302
    public = visitor.get(topic_url).text
    assert "赞成换曳引机" in public
    assert "辱骂他人" in public
    for secret in ("骂人的话", "13812345678", "业主0", REPORTER_NAME, REPORTER_PHONE, SECRET):
        assert secret not in public
    assert "业**" in public
    assert "其他意见 1 人" in text_of(public), "what is hidden still counts"
    assert post(clerk, f"{topic_url}/summary", {"text": "早了"}).status_code == 200
    assert "意见汇总：" not in visitor.get("/c/WTY/bulletin/").text

    # ---- the six parties meet
    token = csrf(owner, topic_url)
    clock.advance(days=8)
    words = "来晚了，可我还是要说一句话"
    late = owner.post(f"{topic_url}/comment", data={"csrf_token": token, "side": "for", "text": words})
    assert late.status_code == 409
    assert words in late.text, "what was typed is not lost"
    assert "请开六方会议：3 幢电梯怎么修" in clerk.get("/c/WTY/").text
    meeting = {
        "held_on": "2026-10-27",
        "place": "居委会会议室",
        "party_branch": "高敬之",
        "residents_committee": "秦雅宁",
        "owners_committee": "鲁秀诺、常娟萱",
        "supervisory_committee": "顾杰",
        "owners": "平志晓",
        "minutes": "先听维保单位说明，再讨论两种办法。",
        "conclusion": "同意换曳引机，提请业主大会表决。",
    }
    missing = post(clerk, f"{topic_url}/meeting", meeting)
    assert "还有 1 方没有人到会" in missing.text
    assert "没有写到会的人" in missing.text
    assert "先听维保单位说明" in missing.text
    named = post(clerk, f"{topic_url}/meeting", meeting | {"conclusion": f"答复 {REPORTER_NAME}"})
    assert "提出人的姓名" in named.text
    scan = (papers.paper("会议记录", ("签字",)), "记录.pdf")
    sent = {**meeting, "missing_because": "物业经理住院", "csrf_token": csrf(clerk, f"{topic_url}/meeting")}
    with __import__("io").BytesIO(scan[0]) as body:
        made = clerk.post(f"{topic_url}/meeting", data={**sent, "scan": (body, scan[1])})
    assert made.status_code == 302, text_of(made.text)
    public = visitor.get(topic_url).text
    assert "高**" in public
    assert "高敬之" not in public
    assert "物业经理住院" in public
    with platform.database.reading() as session:
        held = session.scalars(select(TopicMeeting)).one()
    paper = f"{topic_url}/meetings/{held.id}/minutes"
    assert visitor.get(paper).status_code == 302
    assert owner.get(paper).data.startswith(b"%PDF-")

    # ---- what came out is published, and what becomes of it
    assert post(clerk, f"{topic_url}/summary", {"text": "多数赞成换曳引机，担心费用。"}).status_code == 302
    with platform.database.reading() as session:
        published = session.scalars(select(Publication).where(Publication.kind == summing.PUBLICATION)).one()
        assert published.content["counts"] == {"for": 1, "against": 1, "other": 1, "comments": 3}
        assert not has_moved(session, published)
        assert "业主" not in str(published.content["counts"])
        assert "高敬之" not in str(published.content)
    decision = {
        "outcome": "motion",
        "reason": "六方同意",
        "title": "是否同意更换 3 幢电梯曳引机？",
        "text": "更换 3 幢电梯曳引机，费用不超过 2600 元。",
    }
    assert "请选择事项类别" in text_of(post(clerk, f"{topic_url}/outcome", decision).text)
    assert post(clerk, f"{topic_url}/outcome", decision | {"matter": "M9"}).status_code == 302
    assert "等待列入会议" in visitor.get(topic_url).text
    assert "起草业主大会会议" in clerk.get(topic_url).text

    # ---- the assembly's editor takes it up; a draft is nobody's but the editor's
    code = a_draft(world)
    manage = f"/c/WTY/assemblies/{code}/manage"
    assert "等待表决的议题" in chair.get(manage).text
    assert signed_in(app, platform, books.people["manager"]).post(
        f"/c/WTY/assemblies/{code}/topics/{topic_id}"
    ).status_code in (400, 403)
    taken = post(chair, f"/c/WTY/assemblies/{code}/topics/{topic_id}", page=manage)
    assert taken.status_code == 302, text_of(taken.text)
    motion = taken.headers["Location"].rsplit("/", 1)[1]
    story = f"/c/WTY/chain/suggestion/{suggestion}"
    draft = visitor.get(story).text
    assert "筹备中" in draft
    assert "起草中" in draft
    assert decision["title"] not in draft
    assert decision["title"] in chair.get(story).text
    assert post(chair, f"/c/WTY/assemblies/{code}/motions/{motion}/remove", page=manage).status_code == 302
    assert "等待列入会议" in visitor.get(topic_url).text, "thrown out of the draft, it waits again"
    taken = post(chair, f"/c/WTY/assemblies/{code}/topics/{topic_id}", page=manage)
    motion = taken.headers["Location"].rsplit("/", 1)[1]
    twice = post(chair, f"/c/WTY/assemblies/{code}/topics/{topic_id}", page=manage)
    assert twice.status_code == 404

    # ---- it passes
    _vote(world)
    with platform.database.reading() as session:
        row = session.scalars(select(Resolution).where(Resolution.title == decision["title"])).one()
        motions = session.scalars(select(Motion).where(Motion.id == motion)).one()
        assert row.matter == motions.matter == "M9"
    assembly = visitor.get(f"/c/WTY/assemblies/{code}").text
    assert f"/chain/motion/{motion}" in assembly
    open_page = text_of(visitor.get(f"/c/WTY/chain/motion/{motion}").text)
    assert "表决通过" in open_page
    assert "等待落实" in open_page

    # ---- a contract and a payment
    with platform.database.writing() as session:
        signed = contracts.make(
            session,
            books.community,
            fields=ContractFields(
                direction=Direction.SPENDING,
                title="3 幢曳引机更换合同",
                common_part="",
                party="渝升电梯维保",
                purpose="U5",
                frequency=Frequency.ONCE,
                starts_on=today(clock.now()),
                ends_on=today(clock.now()) + timedelta(days=30),
                first_due_on=today(clock.now()),
                amount_fen=260_000,
                resolution_id=row.id,
            ),
            by=books.people["treasurer"],
            now=clock.now(),
        )
        contract_id, number = signed.id, signed.number
    assert "等待第一笔付款" in visitor.get(story).text
    fields = replace(
        PAYMENT, day=today(clock.now()), contract_id=contract_id, due_no=1, resolution_id=row.id, grounds=""
    )
    voucher = books.posted(fields, summary="曳引机更换款")
    for page in (visitor, owner):
        found = text_of(page.get(story).text)
        assert "已记账，账目公示以后可以看到凭证和金额" in found
        assert "付出" not in found
        for word in (TITLE, "T2026-001", "3 幢电梯怎么修", decision["title"], "表决通过", row.title, "渝升电梯维保"):
            assert word in found
        for secret in (REPORTER_NAME, REPORTER_PHONE, SECRET, "业主0", "业主1", "13812345678"):
            assert secret not in found
    inside = signed_in(app, platform, books.people["supervisor"]).get(story).text
    assert "付出 ¥2,600.00" in inside
    assert f"/vouchers/{voucher}" in inside
    for kind, row_id in (
        ("topic", topic_id),
        ("motion", motion),
        ("resolution", row.id),
        ("contract", contract_id),
        ("payment", voucher),
    ):
        same = visitor.get(f"/c/WTY/chain/{kind}/{row_id}")
        assert TITLE in same.text, "every link leads to the whole chain"
    assert f"/chain/contract/{contract_id}" in visitor.get(f"/c/WTY/books/contracts/{number}").text
    assert f"/chain/resolution/{row.id}" in visitor.get(f"/c/WTY/resolutions/{row.id}").text
    a_community(platform, "BYL", "碧云里")
    assert visitor.get(f"/c/BYL/chain/resolution/{row.id}").status_code == 404
    for wanted in re.findall(r'href="(/c/WTY/[^"#]+)"', owner.get(story).text):
        assert owner.get(wanted, follow_redirects=True).status_code == 200, wanted
    assert visitor.get(f"{topic_url}?page=9").status_code == 200
    with platform.database.writing() as session:
        assert summing.verify(session, books.community) == []
        add = {**{c.name: getattr(held, c.name) for c in TopicMeeting.__table__.columns}, "id": "slipped-in"}
        session.add(TopicMeeting(**add))
        session.flush()
        assert summing.verify(session, books.community) == [
            f"table topic, row {topic_id}: question, comments or meetings are not the ones that were published"
        ]
    with platform.database.writing() as session, pytest.raises(DBAPIError):
        session.execute(text("UPDATE topic_comment SET text = '改过的' WHERE side = 'for'"))


def _vote(world: World) -> None:
    """Notice, five of six owners agree, announced."""
    world.staff()
    world.cite()
    world.to(State.NOTICED)
    with world.platform.database.reading() as session:
        found = [
            casting.standings(session, world.row(), person_id=person, day=today(world.clock.now()))
            for person in world.people
        ]
    world.electors = [standings[0].elector for standings in found]
    world.to(State.OPEN)
    for place in range(OWNERS - 1):
        world.cast(place, m1="agree")
    world.to(State.ANNOUNCED)


def test_the_committee_meeting_takes_up_what_is_the_committees_and_a_cancelled_one_gives_it_back(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    scene = open_scene(platform)
    one, two = scene.suggestion(), scene.suggestion(phone=None, name="")
    with platform.database.writing() as session:
        cluster = life.make_cluster(
            session, scene.community, [one, two], title="电梯常停", text="两件都说电梯", by=scene.desk, now=scene.now()
        )
        topic = opening.raise_topic(
            session,
            platform.keys,
            scene.community,
            Wording("电梯检修时间", "什么时候检修影响最小？", date(2026, 10, 20), date(2026, 10, 27)),
            cluster_id=cluster.id,
            by=scene.desk,
            now=scene.now(),
        )
        topic_id = topic.id
        with pytest.raises(opening.NothingToDiscuss):
            opening.raise_topic(
                session,
                platform.keys,
                scene.community,
                Wording("再提一次", "…", date(2026, 10, 20), date(2026, 10, 27)),
                cluster_id=cluster.id,
                by=scene.desk,
                now=scene.now(),
            )
        assert {row.id for row in reading.suggestions(session, topic)} == {one, two}
    scene.pass_days(8)
    clerk, chair = (signed_in(app, platform, scene.people[key]) for key in ("clerk", "chair"))
    with platform.database.writing() as session:
        recording.record_meeting(
            session,
            scene.community,
            topic_id,
            Held(
                date(2026, 10, 26),
                "会议室",
                dict.fromkeys(Party, ("甲",)),
                "",
                "都到了",
                "请业主委员会定时间",
            ),
            files=platform.files,
            by=scene.desk,
            now=scene.now(),
        )
        summing.summarize(session, scene.community, topic_id, text="没有人提意见。", by=scene.desk, now=scene.now())
    topic_url = f"{TOPICS}{topic_id}"
    decision = {"outcome": "agenda", "reason": "小事小议", "title": "电梯检修时间", "text": "每月第一个周二上午检修。"}
    assert post(clerk, f"{topic_url}/outcome", decision).status_code == 302
    assert post(clerk, f"{topic_url}/outcome", decision).status_code == 200, "once"
    call = chair.get("/c/WTY/meetings/call").text
    assert decision["text"] in call
    sent = {
        "kind": "extraordinary",
        "day": "2026-10-29",
        "time": "19:00",
        "place": "会议室",
        "reason": "电梯要尽快检修",
        "seats": "7",
        "items-0-title": decision["title"],
        "items-0-kind": "decision",
        "items-0-text": decision["text"],
        "items-0-topic": topic_id,
        **{f"items-{number}-kind": "decision" for number in range(1, 6)},
    }
    called = post(chair, "/c/WTY/meetings/call", sent)
    assert called.status_code == 302, text_of(called.text)
    visitor = app.test_client()
    story = visitor.get(f"/c/WTY/chain/topic/{topic_id}").text
    assert "已列入业主委员会会议的议程" in story
    twice = post(chair, "/c/WTY/meetings/call", sent)
    assert "这个议题已经列入会议" in twice.text
    meeting = called.headers["Location"].rsplit("/", 1)[1]
    assert (
        post(
            chair, f"/c/WTY/meetings/{meeting}/cancel", {"because": "停电"}, page=f"/c/WTY/meetings/{meeting}"
        ).status_code
        == 302
    )
    with platform.database.reading() as session:
        row = session.scalars(select(Topic)).one()
        assert not outcomes.is_taken_up(session, row)
    assert decision["text"] in chair.get("/c/WTY/meetings/call").text
    with platform.database.writing() as session, pytest.raises(outcomes.rules.AlreadySettled):
        commenting.comment(
            session,
            scene.community,
            topic_id,
            side="for",
            text="…",
            by=scene.people["owner"],
            now=clock.now() - timedelta(days=8),
        )

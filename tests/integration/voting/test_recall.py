"""Recalling a member: who may demand it, the right of defence, the motion, and the vote."""

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.app import create_worker
from hoa.community import pack_choice
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import COMMITTEE_MEMBER, RESIDENTS_STAFF
from hoa.offices import service as offices
from hoa.offices.changes import rules as leaving
from hoa.offices.changes import service as changes
from hoa.offices.changes import succession
from hoa.offices.changes.rules import Reason
from hoa.platform import Platform
from hoa.resolutions.meetings.rules import Presence
from hoa.resolutions.meetings.tables import CommitteeAttendance, CommitteeMeeting
from hoa.resolutions.tables import Resolution
from tests.integration.community.scene import post, signed_in
from tests.integration.offices.committee import BODY, Committee, a_committee
from tests.integration.voting.world import World
from voting.recall import integrity, rules, service, tasks
from voting.recall.bound import RecallFixed
from voting.recall.rules import MEMBERS, OWNERS, Stage
from voting.recall.tables import Recall
from voting.rules.life import State
from voting.service import casting, drafts, motions, requests
from voting.tables import Assembly

WHY = "三次没有委员会决定就用印。"
ANSWER = "每次用印都有决定，编号在用印登记里。"


@pytest.fixture
def committee(platform: Platform, clock: FrozenClock) -> Committee:
    return a_committee(platform, clock)


def start(committee: Committee, *, by: str, way: str = OWNERS, about: int = 3, reason: str = WHY) -> str:
    with committee.platform.database.writing() as session:
        return service.start(
            session,
            committee.community,
            body_kind=BODY,
            person_id=committee.members[about],
            demanded_by=way,
            reason=reason,
            by=by,
            now=committee.clock.now(),
        ).id


def sign(committee: Committee, recall: str, *people: str) -> None:
    for person in people:
        with committee.platform.database.writing() as session:
            service.sign(session, committee.community, recall, by=person, now=committee.clock.now())


def row(committee: Committee, recall: str) -> Recall:
    with committee.platform.database.reading() as session:
        return service.get(session, committee.community, recall)


def stage(committee: Committee, recall: str) -> Stage:
    with committee.platform.database.reading() as session:
        return service.stage(session, row(committee, recall), now=committee.clock.now())


def defend(committee: Committee, recall: str, *, by: str, words: str = ANSWER) -> None:
    with committee.platform.database.writing() as session:
        service.defend(session, committee.community, recall, text=words, by=by, now=committee.clock.now())


def draft(committee: Committee, recall: str, *, by: str | None = None) -> str:
    with committee.platform.database.writing() as session:
        return service.draft(
            session,
            committee.community,
            recall,
            convener="居民委员会",
            posts=frozenset({RESIDENTS_STAFF}),
            by=by or committee.clerk,
            now=committee.clock.now(),
        ).id


def demanded(committee: Committee) -> str:
    """A demand of three of seven members, which is enough."""
    recall = start(committee, by=committee.members[0], way=MEMBERS)
    sign(committee, recall, committee.members[1], committee.members[2])
    return recall


def voted(committee: Committee, recall: str, choice: str) -> World:
    """The assembly of a recall from its draft to the announced result; everybody votes alike."""
    world = World(
        committee.platform,
        committee.clock,
        committee.community,
        committee.owners,
        committee.clerk,
        assembly=str(row(committee, recall).assembly_id),
    )
    world.to(State.OPEN)
    with committee.platform.database.reading() as session:
        world.electors = [
            casting.standings(session, world.row(), person_id=person, day=today(committee.clock.now()))[0].elector
            for person in committee.owners
        ]
    for place in range(len(committee.owners)):
        world.cast(place, m1=choice)
    world.to(State.ANNOUNCED)
    return world


# ----------------------------------------------------------------------------------------------------- who demands


def test_twenty_of_a_hundred_owners_may_demand_it_and_nineteen_may_not(platform: Platform, clock: FrozenClock):
    committee = a_committee(platform, clock, owners=100)
    recall = start(committee, by=committee.owners[20])
    sign(committee, recall, *committee.owners[21:39])
    assert (row(committee, recall).reached_at, stage(committee, recall)) == (None, Stage.COLLECTING)
    sign(committee, recall, committee.owners[39])
    assert stage(committee, recall) is Stage.DEFENDING
    with platform.database.reading() as session:
        assert service.support(session, row(committee, recall), now=clock.now()) == (20, 100, 20)


def test_three_of_seven_members_may_demand_it_and_two_may_not(committee: Committee):
    recall = start(committee, by=committee.members[0], way=MEMBERS)
    sign(committee, recall, committee.members[1], committee.members[1])
    assert stage(committee, recall) is Stage.COLLECTING
    sign(committee, recall, committee.members[2])
    assert stage(committee, recall) is Stage.DEFENDING


def test_only_other_members_sign_a_demand_of_members_and_nobody_demands_their_own_recall(committee: Committee):
    recall = start(committee, by=committee.members[0], way=MEMBERS)
    for outsider in (committee.owners[11], committee.alternates[0], committee.members[3]):
        with pytest.raises(service.OnlyMembersSign):
            sign(committee, recall, outsider)
    with pytest.raises(leaving.OwnCase):
        start(committee, by=committee.members[4], about=4)
    with pytest.raises(service.UnderWay):
        start(committee, by=committee.owners[11])
    with pytest.raises(requests.NotAKnownOwner):
        start(committee, by=committee.clerk, about=5)


def test_a_member_withdraws_while_there_are_not_enough(committee: Committee):
    recall = start(committee, by=committee.members[0], way=MEMBERS)
    sign(committee, recall, committee.members[1])
    with committee.platform.database.writing() as session:
        service.withdraw(session, committee.community, recall, by=committee.members[1], now=committee.clock.now())
    sign(committee, recall, committee.members[2])
    assert stage(committee, recall) is Stage.COLLECTING
    sign(committee, recall, committee.members[1])
    assert stage(committee, recall) is Stage.DEFENDING
    with committee.platform.database.writing() as session, pytest.raises(service.Reached):
        service.withdraw(session, committee.community, recall, by=committee.members[1], now=committee.clock.now())


def test_a_demand_that_too_few_sign_in_ninety_days_lapses_and_stands_in_nobodys_way(committee: Committee):
    feeble = start(committee, by=committee.members[0], way=MEMBERS)
    with pytest.raises(service.UnderWay):
        start(committee, by=committee.owners[0])
    committee.clock.advance(days=90)
    assert stage(committee, feeble) is Stage.COLLECTING
    with pytest.raises(service.UnderWay):
        start(committee, by=committee.owners[0])
    committee.clock.advance(days=1)
    assert stage(committee, feeble) is Stage.LAPSED
    second = start(committee, by=committee.owners[0])
    assert row(committee, feeble).outcome == "lapsed"
    assert stage(committee, second) is Stage.COLLECTING
    with pytest.raises(service.WrongStage):
        sign(committee, feeble, committee.members[1])
    committee.clock.advance(days=91)
    with committee.platform.database.writing() as session:
        assert service.settle(session, committee.community, now=committee.clock.now()) == 1
    assert row(committee, second).outcome == "lapsed"


def test_a_recall_is_no_ordinary_request_and_is_not_declined(committee: Committee):
    recall = start(committee, by=committee.owners[9])
    sign(committee, recall, committee.owners[10], committee.owners[11])
    request = str(row(committee, recall).request_id)
    with committee.platform.database.reading() as session:
        assert requests.requests(session, committee.community) == []
    with committee.platform.database.writing() as session, pytest.raises(requests.IsARecall):
        requests.decline(
            session, committee.community, request, reason="不开", by=committee.clerk, now=committee.clock.now()
        )


# ------------------------------------------------------------------------------------------------- right of defence


def test_the_member_is_told_at_once_and_again_when_enough_have_signed(committee: Committee):
    recall = start(committee, by=committee.members[0], way=MEMBERS)
    worker = create_worker(committee.platform)
    while worker.run_one():
        pass
    assert row(committee, recall).told_at == committee.clock.now()
    assert row(committee, recall).told_again_at is None
    sign(committee, recall, committee.members[1], committee.members[2])
    while worker.run_one():
        pass
    assert row(committee, recall).told_again_at == committee.clock.now()


def test_no_motion_is_drafted_before_the_member_answered_or_the_days_are_over(committee: Committee):
    recall = demanded(committee)
    committee.clock.advance(days=7)
    with pytest.raises(rules.StillDefending):
        draft(committee, recall)
    committee.clock.advance(days=1)
    assert stage(committee, recall) is Stage.READY
    with pytest.raises(rules.DefenceOver):
        defend(committee, recall, by=committee.members[3])
    draft(committee, recall)
    with committee.platform.database.reading() as session:
        assembly = session.scalars(select(Assembly)).one()
        assert "没有提交书面申辩" in drafts.motions(session, assembly)[0].body


def test_the_defence_is_the_members_own_and_given_once(committee: Committee):
    recall = demanded(committee)
    with pytest.raises(service.NotYours):
        defend(committee, recall, by=committee.members[0])
    with pytest.raises(rules.TextTooLong):
        defend(committee, recall, by=committee.members[3], words="辩" * (rules.TEXT_LENGTH + 1))
    defend(committee, recall, by=committee.members[3])
    with pytest.raises(rules.AlreadyDefended):
        defend(committee, recall, by=committee.members[3], words="换一个说法")
    assert stage(committee, recall) is Stage.READY


def test_the_member_may_answer_before_enough_have_signed(committee: Committee):
    recall = start(committee, by=committee.members[0], way=MEMBERS)
    defend(committee, recall, by=committee.members[3])
    assert stage(committee, recall) is Stage.COLLECTING
    sign(committee, recall, committee.members[1], committee.members[2])
    assert stage(committee, recall) is Stage.READY


# ------------------------------------------------------------------------------------------------------- the motion


def test_the_motion_prints_both_sides_and_no_editor_changes_it(committee: Committee):
    recall = demanded(committee)
    defend(committee, recall, by=committee.members[3])
    with pytest.raises(leaving.OwnCase):
        draft(committee, recall, by=committee.members[3])
    assembly = draft(committee, recall)
    with committee.platform.database.writing() as session:
        motion = drafts.motions(session, drafts.locked_draft(session, committee.community, assembly))[0]
        assert (motion.matter, motion.majority) == ("M3", "ordinary")
        assert WHY in motion.body.split("\n")
        assert ANSWER in motion.body.split("\n")
        place = (session, committee.community, assembly, motion.id)
        with pytest.raises(RecallFixed):
            motions.change(*place, title="罢免", body="只有一边的话", matter_code="M3", majority=None)
        with pytest.raises(RecallFixed):
            drafts.remove_motion(*place)
        with pytest.raises(RecallFixed):
            motions.make_stricter(*place)
        with pytest.raises(RecallFixed):
            motions.split(*place)
    with pytest.raises(service.WrongStage):
        draft(committee, recall)


def test_a_passed_recall_ends_every_office_in_the_body_with_the_resolution_as_its_basis(committee: Committee):
    recall = demanded(committee)
    defend(committee, recall, by=committee.members[3])
    draft(committee, recall)
    member = committee.members[3]
    world = voted(committee, recall, "agree")
    assert committee.posts(member) == frozenset()
    found = row(committee, recall)
    assert (found.outcome, found.decided_at) == ("passed", committee.clock.now())
    with committee.platform.database.reading() as session:
        resolution = session.scalars(select(Resolution)).one()
        (change,) = changes.changes(session, committee.community)
        assert (change.id, change.reason, change.resolution_id) == (
            found.change_id,
            Reason.RECALLED,
            resolution.id,
        )
        past = offices.roster(session, committee.community, now=committee.clock.now(), past=True)
        assert "业主大会决议 业2026-001" in str(past[0].office.end_basis)
        assert [one.person_id for one in succession.offers(session, change)] == [committee.alternates[0]]
    assert world.problems() == []


def test_a_recall_that_did_not_pass_leaves_the_member_in_office(committee: Committee):
    recall = demanded(committee)
    defend(committee, recall, by=committee.members[3])
    draft(committee, recall)
    voted(committee, recall, "oppose")
    tasks.settle(committee.platform)
    assert committee.posts(committee.members[3]) == {COMMITTEE_MEMBER}
    assert row(committee, recall).outcome == "failed"


def test_what_the_notice_froze_holds_both_sides(committee: Committee):
    recall = demanded(committee)
    defend(committee, recall, by=committee.members[3])
    draft(committee, recall)
    world = World(
        committee.platform,
        committee.clock,
        committee.community,
        committee.owners,
        committee.clerk,
        assembly=str(row(committee, recall).assembly_id),
    )
    world.to(State.NOTICED)
    manifest = world.row().manifest
    assert manifest is not None
    frozen = str(canonical.decode(manifest)["motions"][0])
    assert WHY in frozen
    assert ANSWER in frozen


def test_who_resigned_before_the_vote_needs_none(committee: Committee):
    recall = demanded(committee)
    committee.resign(committee.members[3])
    assert stage(committee, recall) is Stage.LEFT
    tasks.settle(committee.platform)
    assert row(committee, recall).outcome == "left"


def met(committee: Committee, *, absent: int, of: int) -> None:
    """Meetings of this year, of which the member stayed away from the first `absent`."""
    now, here = committee.clock.now(), committee.community
    with committee.platform.database.writing() as session:
        for number in range(1, of + 1):
            meeting = CommitteeMeeting(
                community_id=here,
                year=now.year,
                number=number,
                kind="regular",
                place="物业用房",
                starts_at=now,
                planned=7,
                called_by=committee.members[0],
                called_at=now,
                ended_at=now,
            )
            session.add(meeting)
            session.flush()
            session.add(
                CommitteeAttendance(
                    community_id=here,
                    meeting_id=meeting.id,
                    person_id=committee.members[3],
                    observer=False,
                    presence=(Presence.ABSENT if number <= absent else Presence.PRESENT).value,
                    recorded_by=committee.members[0],
                    at=now,
                )
            )


def started_for_absence(committee: Committee) -> str:
    with committee.platform.database.writing() as session:
        return service.start(
            session,
            committee.community,
            body_kind=BODY,
            person_id=committee.members[3],
            demanded_by=MEMBERS,
            reason="长期不来开会。",
            with_absences=True,
            by=committee.members[0],
            now=committee.clock.now(),
        ).id


def test_half_of_a_years_meetings_missed_is_printed_with_its_figures(committee: Committee, app: Flask):
    met(committee, absent=3, of=6)
    client = signed_in(app, committee.platform, committee.members[0])
    assert "应出席 6 次，缺席 3 次" in client.get("/c/WTY/recalls/new").text
    recall = started_for_absence(committee)
    sign(committee, recall, *committee.members[1:3])
    defend(committee, recall, by=committee.members[3])
    assembly = draft(committee, recall)
    with committee.platform.database.reading() as session:
        (motion,) = drafts.motions(session, session.get_one(Assembly, (committee.community, assembly)))
    assert "会议出席记录：2026 年应出席 6 次，缺席 3 次。" in motion.body.split("\n")


def test_fewer_absences_are_no_ready_made_reason(committee: Committee):
    met(committee, absent=2, of=6)
    with pytest.raises(service.NotEnoughAbsences):
        started_for_absence(committee)


def test_a_defence_that_was_changed_behind_the_platform_is_found(committee: Committee):
    recall = demanded(committee)
    defend(committee, recall, by=committee.members[3])
    draft(committee, recall)
    with committee.platform.database.writing() as session:
        assert integrity.verify(committee.platform, session, committee.community) == []
        session.execute(text("UPDATE motion SET body = replace(body, '用印登记', '日记')"))
        session.expire_all()
        (problem,) = integrity.verify(committee.platform, session, committee.community)
    assert "第 1 号罢免提议" in problem


# ------------------------------------------------------------------------------------------------------- suspension


def suspend(committee: Committee, recall: str) -> None:
    with committee.platform.database.writing() as session:
        service.suspend(
            session,
            committee.community,
            recall,
            basis="街道办事处通知第 12 号",
            by=committee.officer,
            now=committee.clock.now(),
        )


def test_nobody_is_suspended_where_the_pack_does_not_say_so(committee: Committee):
    recall = demanded(committee)
    with pytest.raises(service.NoSuspension):
        suspend(committee, recall)


def test_in_beijing_a_member_is_suspended_from_the_second_it_is_ordered_until_the_result(committee: Committee):
    with committee.platform.database.writing() as session:
        pack_choice.choose(
            session,
            committee.community,
            code="cn-beijing",
            reason="本小区在北京",
            by=committee.officer,
            now=committee.clock.now(),
        )
    member = committee.members[3]
    recall = start(committee, by=committee.members[0], way=MEMBERS)
    with pytest.raises(service.WrongStage):
        suspend(committee, recall)
    sign(committee, recall, committee.members[1], committee.members[2])
    assert committee.posts(member) == {COMMITTEE_MEMBER}
    suspend(committee, recall)
    assert committee.posts(member) == frozenset()
    committee.resign(member)
    tasks.settle(committee.platform)
    with committee.platform.database.reading() as session:
        held = service.suspension(session, row(committee, recall))
        assert held is not None
        assert held.until == committee.clock.now()


# ------------------------------------------------------------------------------------------------------------ pages


def test_the_walk_through_the_pages(app: Flask, committee: Committee):
    platform = committee.platform
    member, other = committee.members[3], committee.members[0]
    client = signed_in(app, platform, other)
    assert "提议罢免" in client.get("/c/WTY/recalls/").text
    typed = {"member": f"{BODY}/{member}", "demanded_by": MEMBERS, "reason": WHY}
    answer = post(client, "/c/WTY/recalls/new", typed)
    assert answer.status_code == 302, answer.text
    page = answer.headers["Location"]
    for signer in committee.members[1:3]:
        post(signed_in(app, platform, signer), f"{page}/sign", page=page)
    mine = signed_in(app, platform, member)
    assert "请写书面申辩" in mine.get("/c/WTY/").text
    assert "写书面申辩" in mine.get(page).text
    post(mine, f"{page}/defence", {"text": ANSWER}, page=page)
    clerk = signed_in(app, platform, committee.clerk)
    assert "请起草罢免表决" in clerk.get("/c/WTY/").text
    answer = post(clerk, f"{page}/draft", {"convener": "居民委员会"}, page=page)
    assert answer.status_code == 302
    desk = clerk.get(answer.headers["Location"]).text
    assert "罢免业主委员会委员" in desk


def test_visitors_read_neither_the_name_nor_the_reason_before_the_notice(app: Flask, committee: Committee):
    recall = demanded(committee)
    visitor = app.test_client()
    for address in ("/c/WTY/recalls/", f"/c/WTY/recalls/{recall}"):
        said = visitor.get(address).text
        assert "业主03" not in said
        assert WHY not in said
    owner = signed_in(app, committee.platform, committee.owners[11])
    assert WHY in owner.get(f"/c/WTY/recalls/{recall}").text


def test_signatures_and_the_members_answer_are_nobody_elses_to_give(app: Flask, committee: Committee):
    app.config["WTF_CSRF_ENABLED"] = False
    page = f"/c/WTY/recalls/{demanded(committee)}"
    stranger = signed_in(app, committee.platform, committee.officer)
    assert stranger.get("/c/WTY/recalls/new").status_code == 403
    assert stranger.post(f"{page}/defence", data={"text": ANSWER}).status_code == 403
    assert stranger.post(f"{page}/sign").status_code == 409
    chair = signed_in(app, committee.platform, committee.members[0])
    assert chair.post(f"{page}/suspend", data={"basis": "我说的"}).status_code == 403
    assert app.test_client().post(f"{page}/sign").status_code == 302


# ----------------------------------------------------------------------------------------------------------- guards


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM recall",
        "UPDATE recall SET reason = 'x'",
        "UPDATE recall SET defence = 'x'",
        "DELETE FROM recall_signature",
    ],
)
def test_the_database_keeps_what_both_sides_said(committee: Committee, change: str):
    recall = demanded(committee)
    defend(committee, recall, by=committee.members[3])
    with pytest.raises(DBAPIError), committee.platform.database.writing() as session:
        session.execute(text(change))

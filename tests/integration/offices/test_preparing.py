"""A preparation from the report to the end: what it demands, whom it empowers, what cannot be rewritten."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import NotFound
from hoa.kernel.posts import (
    COMMITTEE_CHAIR,
    PREPARATORY_LEADER,
    PREPARATORY_MEMBER,
    PROPERTY_STAFF,
    RE_ELECTION_MEMBER,
)
from hoa.offices import service as offices
from hoa.offices.preparing import announcing, board, integrity, paperwork, progress, service, starting
from hoa.offices.preparing.rules import composition, papers, trigger
from hoa.offices.preparing.rules.clock import State
from hoa.offices.preparing.rules.composition import Delegation
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.rules.trigger import Delivered, Ground, Kind, Request
from hoa.offices.rules import NotByYourself
from hoa.platform import Platform
from tests.integration.community.scene import officer
from tests.integration.offices.preparing_scene import Scene


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return Scene(platform)


def posts_of(scene: Scene, person: str):
    with scene.platform.database.reading() as session:
        return set(offices.posts_held(session, scene.id, person, scene.platform.now()))


def number(scene: Scene, table: str) -> int:
    with scene.platform.database.reading() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


# ------------------------------------------------------------------------------------------------------ starting
def test_half_delivered_is_not_enough_in_the_national_pack_and_enough_in_beijing(platform: Platform):
    scene = Scene(platform, delivered=4, others=4)
    with pytest.raises(trigger.NotEnoughDelivered, match=r"还差 0\.01 m²"):
        scene.start()
    assert number(scene, "preparation") == 0
    with platform.database.writing() as session:
        pack_choice.choose(session, scene.id, code="cn-beijing", reason="在北京", by=scene.clerk, now=platform.now())
    found = scene.of(scene.start())
    assert found.row.facts["delivered"] == 40_000
    assert [step.code for step in found.steps][:3] == ["papers", "review", "form"]


def test_too_few_owners_are_told_how_many_are_missing(scene: Scene):
    with scene.platform.database.writing() as session:
        pack_choice.choose(
            session, scene.id, code="cn-beijing", reason="在北京", by=scene.clerk, now=scene.platform.now()
        )
    with pytest.raises(trigger.NotEnoughOwners, match="至少要 5 人"):
        scene.start(request=Request(4, 100, 100, 80_000))
    scene.start(request=Request(5, 100, 100, 80_000))


def test_a_certificate_may_know_better_than_the_register_and_that_is_written_down(scene: Scene):
    found = scene.of(scene.start(delivered=Delivered(60_000, 80_000)))
    assert (found.row.facts["from_register"], found.row.facts["delivered"]) == (False, 60_000)
    with pytest.raises(trigger.ImpossibleShare):
        Scene(scene.platform, "BYL").start(delivered=Delivered(90_000, 80_000))


def test_one_preparation_at_a_time_and_another_after_it_has_ended(scene: Scene):
    made = scene.start()
    with pytest.raises(starting.AlreadyRunning):
        scene.start_again(ends=date(2027, 3, 31))
    with scene.platform.database.writing() as session:
        service.finish(session, scene.id, made, reason="撤回申请", by=scene.clerk, now=scene.platform.now())
    scene.start()
    with pytest.raises(service.IsOver):
        scene.add(made, "罗正言", Delegation.STREET, scene.street)


def test_where_a_committee_sits_the_first_assembly_is_not_prepared_again(scene: Scene):
    officer(scene.platform, scene.id, COMMITTEE_CHAIR, name="鲁秀诺", phone="19900000073")
    with pytest.raises(starting.CommitteeThere):
        scene.start()


def test_a_re_election_needs_the_last_day_of_the_term_or_another_ground(scene: Scene):
    with pytest.raises(starting.NoEndOfTerm):
        scene.start_again(ends=None)
    found = scene.of(scene.start_again(ends=date(2027, 6, 1), ground=Ground.VACANCY))
    assert (found.row.what, found.row.term_ends_on) == (Kind.RE_ELECTION, None)


def test_a_report_from_tomorrow_is_refused(scene: Scene):
    with pytest.raises(starting.ReceivedLater):
        scene.start(received=scene.day + timedelta(days=1))


# ----------------------------------------------------------------------------------------------------- the group
def test_members_get_their_powers_when_the_group_is_formed_and_not_before(scene: Scene):
    made = scene.start()
    scene.fill(made)
    assert PREPARATORY_MEMBER not in posts_of(scene, scene.owners[0])
    scene.form(made)
    assert posts_of(scene, scene.owners[0]) == {PREPARATORY_MEMBER}
    assert PREPARATORY_LEADER in posts_of(scene, scene.street)


def test_a_group_is_formed_on_the_streets_decision_of_this_very_preparation(scene: Scene):
    other = Scene(scene.platform, "BYL")
    made, theirs = scene.start(), other.start()
    scene.fill(made)
    (decision,) = other.file(theirs, [Paper.EVIDENCE])
    with pytest.raises(NotFound), scene.platform.database.writing() as session:
        service.form(
            session,
            scene.id,
            made,
            formed_on=scene.day,
            decision=decision,
            by=scene.second,
            now=scene.platform.now(),
        )
    scene.form(made)
    taken = scene.of(made).mark("form")
    assert taken is not None
    assert taken.paper_id is not None


def test_a_group_that_the_law_does_not_allow_is_not_formed(scene: Scene):
    made = scene.start()
    scene.fill(made, owners=2)
    with pytest.raises(composition.GroupIncomplete):
        scene.form(made)
    assert scene.of(made).row.formed_on is None
    assert posts_of(scene, scene.owners[0]) == set()


def test_a_member_cannot_form_the_group_that_gives_them_their_office(scene: Scene):
    made = scene.start()
    scene.fill(made)
    with pytest.raises(NotByYourself):
        scene.form(made, by=scene.street)
    assert (scene.of(made).row.formed_on, posts_of(scene, scene.owners[0])) == (None, set())


def test_the_developers_delegate_sits_in_the_group_and_gets_no_powers(scene: Scene):
    made = scene.start()
    scene.fill(made, owners=4)
    developer = officer(scene.platform, None, None, name="钱开发", phone="19900000300")
    scene.add(made, "钱开发", Delegation.DEVELOPER, developer)
    scene.form(made)
    assert posts_of(scene, developer) == set()
    assert len(scene.of(made).members) == 7


def test_an_owners_delegate_is_a_checked_owner_and_not_of_the_property_company(scene: Scene):
    made = scene.start()
    stranger = officer(scene.platform, None, None, name="路人甲", phone="19900000301")
    with pytest.raises(service.NotAnOwner):
        scene.add(made, "路人甲", Delegation.OWNER, stranger)
    officer(scene.platform, scene.id, PROPERTY_STAFF, name="平志晓", phone="19900000200")
    with pytest.raises(service.CompanyStaff):
        scene.add(made, "平志晓", Delegation.OWNER, scene.owners[0])
    assert scene.of(made).members == []


def test_nobody_speaks_for_two_and_nobody_works_without_an_account(scene: Scene):
    made = scene.start()
    scene.fill(made)
    with pytest.raises(service.ListedTwice):
        scene.add(made, "平志晓", Delegation.RESIDENTS, scene.owners[0])
    with pytest.raises(service.NeedsAccount):
        scene.add(made, "高敬之", Delegation.BRANCH, consent=True)
    with pytest.raises(composition.NoConsent):
        scene.add(made, "高敬之", Delegation.BRANCH, scene.second)


def test_who_leaves_loses_the_powers_in_the_same_second_and_the_group_is_no_longer_lawful(
    scene: Scene, clock: FrozenClock
):
    made = scene.start()
    *_, last = scene.fill(made)
    scene.form(made)
    clock.advance(days=1)
    with scene.platform.database.writing() as session:
        service.remove_member(session, scene.id, made, last, reason="搬走", by=scene.second, now=scene.platform.now())
    assert posts_of(scene, scene.owners[2]) == set()
    assert not scene.of(made).lawful
    scene.add(made, "常娟萱", Delegation.OWNER, scene.owners[3])
    assert posts_of(scene, scene.owners[3]) == {PREPARATORY_MEMBER}
    assert scene.of(made).lawful


def test_ending_the_preparation_ends_every_office_of_the_group(scene: Scene, clock: FrozenClock):
    made = scene.formed()
    clock.advance(days=30)
    with scene.platform.database.writing() as session:
        service.finish(session, scene.id, made, reason="业主大会已成立", by=scene.second, now=scene.platform.now())
    assert [posts_of(scene, person) for person in scene.owners[:3]] == [set(), set(), set()]


def test_a_re_election_group_holds_the_posts_of_one(scene: Scene):
    made = scene.start_again(ends=date(2027, 3, 31))
    scene.fill(made)
    scene.form(made)
    assert posts_of(scene, scene.owners[0]) == {RE_ELECTION_MEMBER}


# -------------------------------------------------------------------------------------------- papers and announcing
def announce(scene: Scene, made: str, what=announcing.announce_members) -> str:
    with scene.platform.database.writing() as session:
        step = what(session, scene.id, made, url=f"/c/WTY/preparing/{made}", by=scene.street, now=scene.platform.now())
        assert step.publication_id is not None
        return step.publication_id


def test_the_list_of_members_is_published_with_its_hash_and_can_be_objected_to(scene: Scene):
    made = scene.formed()
    published = announce(scene, made)
    with scene.platform.database.writing() as session:
        row = session.scalars(select(Publication).where(Publication.id == published)).one()
        assert row.content_hash == canonical.digest(row.content)
        assert {"name": "平志晓", "delegation": "业主代表", "leader": False} in row.content["members"]
        bulletin.object_to(
            session, scene.id, publication_id=published, text="有亲属", by=scene.owners[4], now=scene.platform.now()
        )
    with scene.platform.database.reading() as session:
        assert board.current().objections(session, scene.id, published) == (1, 1)
    step = scene.of(made).step("members")
    assert step is not None
    assert step.state(scene.day) is State.DONE
    with pytest.raises(paperwork.DoneAlready):
        announce(scene, made)


def test_nothing_is_announced_before_the_group_is_formed(scene: Scene):
    made = scene.start()
    scene.fill(made)
    with pytest.raises(paperwork.NotYet):
        announce(scene, made)


def test_what_owners_must_know_is_published_whole_or_not_at_all(scene: Scene):
    made = scene.formed()
    wanted = papers.published(Kind.FIRST)
    scene.file(made, wanted[:-1])
    with pytest.raises(announcing.PapersMissing):
        announce(scene, made, announcing.announce_papers)
    assert all(paper.published_at is None for paper in scene.of(made).papers)
    scene.file(made, wanted[-1:])
    published = announce(scene, made, announcing.announce_papers)
    found = scene.of(made)
    public = [paper for paper in found.papers if paper.what in wanted]
    assert {paper.publication_id for paper in public} == {published}
    with scene.platform.database.reading() as session:
        content = session.scalars(select(Publication.content).where(Publication.id == published)).one()
    assert {paper["sha256"] for paper in content["papers"]} == {paper.sha256 for paper in public}
    assert (content["heads"], content["area"]) == (6, 80_000)


def test_the_developer_has_filed_when_the_last_of_six_papers_is_there(scene: Scene, clock: FrozenClock):
    made = scene.start(papers_by=scene.day + timedelta(days=10))
    scene.file(made, papers.DEVELOPERS[:5])
    assert scene.of(made).missing_filed == (Paper.SERVICE_ROOMS,)
    clock.advance(days=3)
    scene.file(made, [Paper.SERVICE_ROOMS, Paper.OWNER_ROLL])
    step = scene.of(made).step("papers")
    assert step is not None
    assert step.done_on == scene.day


def test_a_papers_bytes_come_back_as_they_were_sent_and_lie_sealed(scene: Scene):
    made = scene.start()
    (paper_id,) = scene.file(made, [Paper.OWNER_ROLL])
    (paper,) = scene.of(made).papers
    assert paper.id == paper_id
    data = paperwork.content_of(scene.platform.keys, scene.platform.files, paper)
    assert data.startswith(b"%PDF-")
    assert not scene.platform.files.get(paper.file_key).startswith(b"%PDF-")
    with scene.platform.database.reading() as session:
        assert integrity.verify(scene.platform, session, scene.id) == []


def test_a_file_that_was_exchanged_is_found_by_verify(scene: Scene):
    made = scene.start()
    scene.file(made, [Paper.AREA_LIST])
    with scene.platform.database.writing() as session:
        for statement in _without_guards(scene, "preparation_paper"):
            session.execute(text(statement))
        session.execute(text("UPDATE preparation_paper SET file_key = (SELECT evidence_key FROM preparation)"))
    with scene.platform.database.reading() as session:
        (sentence,) = integrity.verify(scene.platform, session, scene.id)
    assert "preparation_paper" in sentence


def _without_guards(scene: Scene, table: str) -> list[str]:
    if not scene.platform.database.is_sqlite:
        return [f"ALTER TABLE {table} DISABLE TRIGGER USER"]
    with scene.platform.database.reading() as session:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        return [f"DROP TRIGGER {name}" for name in session.scalars(text(query), {"table": table})]


# --------------------------------------------------------------------------------------------------------- steps
def mark(scene: Scene, made: str, step: str, **more) -> None:
    values = {"done_on": scene.day, "by": scene.street, "now": scene.platform.now()} | more
    with scene.platform.database.writing() as session:
        paperwork.mark(session, scene.id, made, step=step, **values)


def test_a_step_is_marked_on_evidence_only(scene: Scene):
    made = scene.formed()
    with pytest.raises(paperwork.NoEvidence):
        mark(scene, made, "members")
    (evidence,) = scene.file(made, [Paper.EVIDENCE])
    mark(scene, made, "members", paper_id=evidence)
    found = scene.of(made).mark("members")
    assert found is not None
    assert (found.paper_id, found.by) == (evidence, scene.street)


@pytest.mark.parametrize("url", ["https://example.com/", "/c/BYL/x", "//x", "/c/WTY/../BYL", "/c/WTY/ x"])
def test_a_link_leads_to_a_page_of_this_community(scene: Scene, url: str):
    made = scene.formed()
    with pytest.raises(paperwork.ForeignLink):
        mark(scene, made, "members", url=url)


def test_the_assembly_cannot_be_marked_before_its_announcement(scene: Scene):
    made = scene.formed()
    with pytest.raises(paperwork.NotYet):
        mark(scene, made, "assembly", url="/c/WTY/assemblies/2026-1")
    mark(scene, made, "publish", url="/c/WTY/bulletin/")
    mark(scene, made, "assembly", url="/c/WTY/assemblies/2026-1")
    assert {step.code for step in scene.of(made).steps if step.done_on} == {"form", "publish", "assembly"}


def test_days_outside_the_preparation_and_steps_that_are_none_are_refused(scene: Scene):
    made = scene.formed()
    for day in (scene.day + timedelta(days=1), scene.day - timedelta(days=1)):
        with pytest.raises(paperwork.WrongDay):
            mark(scene, made, "members", done_on=day, url="/c/WTY/bulletin/")
    for step in ("form", "review", "report", "party"):
        with pytest.raises(paperwork.NoSuchStep):
            mark(scene, made, step, url="/c/WTY/bulletin/")


def test_a_mark_is_taken_back_with_a_reason_and_both_stay(scene: Scene):
    made = scene.formed()
    mark(scene, made, "members", url="/c/WTY/bulletin/")
    with scene.platform.database.writing() as session:
        paperwork.undo(
            session, scene.id, made, step="members", reason="登记错了", by=scene.street, now=scene.platform.now()
        )
    assert scene.of(made).mark("members") is None
    assert number(scene, "preparation_step") == 3  # forming, marking, taking back
    with pytest.raises(paperwork.NotDone), scene.platform.database.writing() as session:
        paperwork.undo(
            session, scene.id, made, step="members", reason="再来", by=scene.street, now=scene.platform.now()
        )


def test_the_meeting_leaves_room_for_the_announcement(scene: Scene):
    made = scene.formed()
    with scene.platform.database.writing() as session:
        kept = {"by": scene.street, "now": scene.platform.now()}
        with pytest.raises(paperwork.MeetingTooSoon):
            paperwork.set_meeting(session, scene.id, made, day=scene.day + timedelta(days=14), **kept)
        paperwork.set_meeting(session, scene.id, made, day=scene.day + timedelta(days=15), **kept)
    step = scene.of(made).step("publish")
    assert step is not None
    assert step.deadline is not None
    assert step.deadline.day == scene.day


# ---------------------------------------------------------------------------------------------- evidence and tenants
@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("DELETE FROM preparation", "never deleted"),
        ("UPDATE preparation SET received_on = '2020-01-01'", "started on is final"),
        ("UPDATE preparation SET evidence_sha256 = 'x'", "started on is final"),
        ("UPDATE preparation SET facts = '{}'", "started on is final"),
        ("UPDATE preparation SET formed_on = '2020-01-01'", "formed once"),
        ("DELETE FROM preparation_member", "stays on record"),
        ("UPDATE preparation_member SET delegation = 'owner'", "replaced, not rewritten"),
        ("UPDATE preparation_member SET office_id = NULL", "office of a member is final"),
        ("DELETE FROM preparation_paper", "papers of a preparation stay"),
        ("UPDATE preparation_paper SET sha256 = 'x'", "filed paper is final"),
        ("UPDATE preparation_step SET done_on = '2020-01-01'", "are a history"),
        ("DELETE FROM preparation_step", "are a history"),
    ],
)
def test_the_database_itself_keeps_what_is_evidence(scene: Scene, statement: str, because: str):
    made = scene.formed()
    scene.file(made, [Paper.EVIDENCE])
    mark(scene, made, "members", url="/c/WTY/bulletin/")
    with pytest.raises(DBAPIError, match=because), scene.platform.database.writing() as session:
        session.execute(text(statement))


def test_a_preparation_of_another_community_is_not_found(scene: Scene):
    other = Scene(scene.platform, "BYL")
    made = scene.formed()
    (paper,) = scene.file(made, [Paper.EVIDENCE])
    with pytest.raises(NotFound):
        other.add(made, "罗正言", Delegation.STREET, other.street)
    theirs = other.formed()
    with pytest.raises(NotFound), scene.platform.database.reading() as session:
        paperwork.paper_of(session, other.id, theirs, paper)
    with pytest.raises(NotFound):
        mark(other, theirs, "members", paper_id=paper)
    with scene.platform.database.reading() as session:
        assert [row.id for row in progress.preparations(session, other.id)] == [theirs]

"""Leaving a committee and moving up, through the services and the clock."""

import hashlib
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.app import create_worker
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.community.tables import Owner
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import (
    COMMITTEE_ALTERNATE,
    COMMITTEE_MEMBER,
    SUPERVISOR,
)
from hoa.offices import handover, registration
from hoa.offices import service as offices
from hoa.offices.changes import acts, papers, register, rules, service, standing, succession
from hoa.offices.changes.rules import Reason
from hoa.offices.changes.tables import ENDED, MemberChange
from hoa.offices.relationships import declare
from hoa.offices.rules import TieKind
from hoa.offices.tables import Office
from hoa.platform import Platform
from tests.integration.offices.committee import BODY, Committee, a_committee
from tests.integration.people import a_person

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>"
)


@pytest.fixture
def committee(platform: Platform, clock: FrozenClock) -> Committee:
    return a_committee(platform, clock)


# ---------------------------------------------------------------------------------------------------- resignation


def test_a_resignation_for_today_takes_every_power_the_same_moment(committee: Committee):
    chair = committee.members[0]
    assert "offices.change.propose" in committee.powers(chair)
    change = committee.resign(chair)
    assert committee.posts(chair) == frozenset()
    assert "offices.change.propose" not in committee.powers(chair)
    assert committee.change(change).state == ENDED
    with committee.platform.database.reading() as session:
        past = offices.roster(session, committee.community, now=committee.clock.now(), past=True)
    assert [(row.office.person_id, row.office.end_basis) for row in past] == [(chair, committee.change(change).basis)]
    assert "本人书面辞职" in str(past[0].office.end_basis)


def test_a_later_resignation_takes_the_powers_in_the_first_minute_of_its_day_before_any_task_has_run(
    committee: Committee,
):
    member = committee.members[3]
    committee.resign(member, day=date(2026, 10, 25))
    committee.clock.advance(days=4, hours=13, minutes=59, seconds=59)
    assert committee.posts(member) == {COMMITTEE_MEMBER}
    committee.clock.advance(seconds=1)
    assert committee.posts(member) == frozenset()
    committee.clock.advance(minutes=3)
    committee.tick()
    with committee.platform.database.reading() as session:
        office = session.scalars(select(Office).where(Office.person_id == member)).one()
    assert office.ends_at.isoformat() == "2026-10-25T00:00:00+08:00"
    assert office.ended_at == committee.clock.now()


def test_a_resignation_is_withdrawn_until_somebody_received_it(committee: Committee):
    member, clerk = committee.members[3], committee.clerk
    first = committee.resign(member, day=date(2026, 10, 30))
    with committee.platform.database.writing() as session:
        service.withdraw(session, committee.community, first, by=member, now=committee.clock.now())
    assert committee.posts(member) == {COMMITTEE_MEMBER}
    second = committee.resign(member, day=date(2026, 10, 30))
    with committee.platform.database.writing() as session:
        service.receive(session, committee.community, second, by=clerk, now=committee.clock.now())
    with committee.platform.database.writing() as session, pytest.raises(rules.AlreadyReceived):
        service.withdraw(session, committee.community, second, by=member, now=committee.clock.now())
    committee.clock.advance(days=11)
    committee.tick()
    assert (committee.change(first).state, committee.change(second).state) == ("withdrawn", ENDED)


def test_nobody_receives_or_withdraws_for_another_and_nobody_resigns_twice(committee: Committee):
    member = committee.members[3]
    change = committee.resign(member, day=date(2026, 10, 30))
    with committee.platform.database.writing() as session:
        with pytest.raises(rules.OwnCase):
            service.receive(session, committee.community, change, by=member, now=committee.clock.now())
        with pytest.raises(service.NotWaiting):
            service.withdraw(session, committee.community, change, by=committee.clerk, now=committee.clock.now())
    with pytest.raises(service.AlreadyLeaving):
        committee.resign(member)
    with pytest.raises(service.NotAMember):
        committee.resign(committee.clerk)


def test_what_the_public_reads_names_the_ground_and_no_private_reason(committee: Committee):
    committee.resign(committee.members[3], words="我得了重病。")
    with committee.platform.database.reading() as session:
        published = session.scalars(select(Publication).where(Publication.kind == "member-change")).one()
        sealed = session.scalars(select(MemberChange)).one()
        for row in (published.title, published.body, str(published.content)):
            assert "重病" not in row
            assert "业主03" not in row
        assert "本人书面辞职" in published.body
        assert "重病".encode() not in bytes(sealed.said_sealed or b"")
        assert papers.said(committee.platform.keys, sealed) == "我得了重病。"


def test_leaving_starts_the_handover_and_a_new_filing(committee: Committee):
    member = committee.members[3]
    committee.resign(member)
    with committee.platform.database.reading() as session:
        begun = handover.begun(session, committee.community)
        assert [(row.person_id, row.left_on) for row in begun] == [(member, today(committee.clock.now()))]
        assert [row.kind for row in registration.rounds(session, committee.community)] == ["change"]


# ------------------------------------------------------------------------------------------------------ moving up


def test_the_first_alternate_in_rank_is_asked_and_moves_up_for_the_rest_of_the_term(committee: Committee):
    change = committee.resign(committee.members[3])
    (offer,) = committee.offers(change)
    first = committee.alternates[0]
    assert (offer.person_id, offer.place, offer.answer_by) == (first, 1, date(2026, 10, 27))
    assert committee.posts(first) == {COMMITTEE_ALTERNATE}
    committee.accept(offer)
    assert committee.posts(first) == {COMMITTEE_MEMBER}
    with committee.platform.database.reading() as session:
        seat = session.scalars(
            select(Office).where(Office.person_id == first, Office.post_kind == COMMITTEE_MEMBER.kind)
        ).one()
        assert seat.ends_at == committee.change(change).term_ends_at
        assert "递补" in seat.basis
        assert standing.of(session, committee.community, BODY, now=committee.clock.now()) == (7, 7)
        titles = set(session.scalars(select(Publication.title)))
        assert titles == {"业主委员会成员变动", "业主委员会候补委员递补"}


def test_an_alternate_who_sold_or_whose_spouse_supervises_is_passed_over_with_the_rule(committee: Committee):
    sold, married, fit = committee.alternates
    committee.sell(sold)
    supervisor = a_person(committee.platform, "顾杰")
    with committee.platform.database.writing() as session:
        offices.appoint(
            session,
            committee.community,
            post=SUPERVISOR,
            person_id=supervisor,
            starts_at=committee.clock.now(),
            ends_at=committee.clock.now() + timedelta(days=900),
            basis="选举",
            by=None,
            now=committee.clock.now(),
        )
        declare(
            session,
            committee.community,
            kind=TieKind.SPOUSE,
            person_id=married,
            other_id=supervisor,
            since=date(2020, 1, 1),
            basis="本人声明",
            evidence="结婚证，存居委会",
            by=committee.clerk,
            now=committee.clock.now(),
        )
    offers = committee.offers(committee.resign(committee.members[3]))
    assert [(one.person_id, one.state) for one in offers] == [(sold, "unfit"), (married, "unfit"), (fit, "offered")]
    assert offers[0].note != offers[1].note


def test_who_declines_or_keeps_silent_is_followed_by_the_next_until_nobody_is_left(committee: Committee):
    change = committee.resign(committee.members[3])
    (offer,) = committee.offers(change)
    with committee.platform.database.writing() as session:
        succession.decline(session, committee.community, offer.id, by=offer.person_id, now=committee.clock.now())
    assert [one.state for one in committee.offers(change)] == ["declined", "offered"]
    committee.clock.advance(days=7)
    committee.tick()
    assert [one.state for one in committee.offers(change)] == ["declined", "offered"]  # its last day
    committee.clock.advance(days=1)
    committee.tick()
    assert [one.state for one in committee.offers(change)] == ["declined", "lapsed", "offered"]
    committee.clock.advance(days=8)
    committee.tick()
    with committee.platform.database.reading() as session:
        left = succession.unfilled(session, committee.community, now=committee.clock.now())
        assert [row.id for row in left] == [change]


def test_nobody_answers_for_another_or_twice(committee: Committee):
    (offer,) = committee.offers(committee.resign(committee.members[3]))
    with committee.platform.database.writing() as session, pytest.raises(succession.NotOffered):
        succession.accept(session, committee.community, offer.id, by=committee.clerk, now=committee.clock.now())
    committee.accept(offer)
    with pytest.raises(succession.NotOffered):
        committee.accept(offer)


def test_two_vacancies_ask_two_different_alternates(committee: Committee):
    first = committee.offers(committee.resign(committee.members[3]))
    second = committee.offers(committee.resign(committee.members[4]))
    assert [one.person_id for one in (*first, *second)] == list(committee.alternates[:2])


def test_an_alternate_who_leaves_leaves_no_seat(committee: Committee):
    change = committee.resign(committee.alternates[0])
    assert committee.offers(change) == []
    assert committee.posts(committee.alternates[0]) == frozenset()
    with committee.platform.database.reading() as session:
        assert handover.begun(session, committee.community) == []


# ------------------------------------------------------------------------------------------------ too few are left


def test_three_of_seven_left_is_re_election_and_four_is_not(committee: Committee):
    for person in committee.alternates:
        committee.resign(person)

    def left() -> rules.Standing:
        with committee.platform.database.reading() as session:
            return standing.of(session, committee.community, BODY, now=committee.clock.now())

    for person in committee.members[:3]:
        committee.resign(person)
    assert (left().sitting, left().reelection) == (4, False)
    committee.resign(committee.members[3])
    assert (left().sitting, left().reelection) == (3, True)


# -------------------------------------------------------------------------------------------------- automatic end


def test_a_sale_in_the_register_proposes_the_end_and_somebody_confirms_it(committee: Committee):
    member = committee.members[2]
    committee.sell(member, days_ago=5)
    committee.tick()
    committee.tick()
    with committee.platform.database.reading() as session:
        (change,) = service.changes(session, committee.community, states=("proposed",))
    assert (change.person_id, change.proposed_by, change.since) == (member, None, date(2026, 10, 15))
    assert [one["until"] for one in change.evidence] == ["2026-10-15"]
    assert committee.posts(member) == {COMMITTEE_MEMBER}
    with committee.platform.database.writing() as session:
        service.confirm(session, committee.community, change.id, by=committee.clerk, now=committee.clock.now())
    assert committee.posts(member) == frozenset()
    assert len(committee.offers(change.id)) == 1


def test_the_worker_sees_a_changed_register_within_its_next_pass(committee: Committee):
    worker = create_worker(committee.platform)
    watch = next(one for one in worker.periodic if one.name == "offices.changes")
    watch.run(committee.platform)
    committee.sell(committee.members[2])
    with committee.platform.database.writing() as session:
        session.execute(text("UPDATE community SET register_version = register_version + 1"))
    watch.run(committee.platform)
    with committee.platform.database.reading() as session:
        assert len(service.changes(session, committee.community, states=("proposed",))) == 1


def test_a_rejected_finding_comes_again_only_when_the_register_says_something_new(committee: Committee):
    member = committee.members[2]
    committee.sell(member, days_ago=5)
    committee.tick()
    with committee.platform.database.reading() as session:
        (change,) = service.changes(session, committee.community, states=("proposed",))
    with committee.platform.database.writing() as session:
        service.reject(
            session,
            committee.community,
            change.id,
            reason="名册录错了，正在更正",
            by=committee.clerk,
            now=committee.clock.now(),
        )
    committee.tick()
    with committee.platform.database.reading() as session:
        assert register.found(session, committee.community, now=committee.clock.now()) == []
    assert committee.posts(member) == {COMMITTEE_MEMBER}
    committee.sell(member, days_ago=2)
    with committee.platform.database.reading() as session:
        assert len(register.found(session, committee.community, now=committee.clock.now())) == 1


def test_somebody_whom_the_register_never_knew_is_not_proposed(committee: Committee):
    with committee.platform.database.writing() as session:
        for owner in session.scalars(select(Owner).where(Owner.person_id == committee.members[2])):
            owner.person_id = None
    with committee.platform.database.reading() as session:
        assert register.found(session, committee.community, now=committee.clock.now()) == []


def test_an_end_by_hand_needs_two_people_and_a_paper_that_stays_sealed(committee: Committee):
    chair, member, platform = committee.members[0], committee.members[2], committee.platform
    with platform.database.writing() as session:
        paper = papers.keep(platform.keys, platform.files, committee.community, data=PDF, name="判决书.pdf")
        change = service.propose(
            session,
            platform.keys,
            committee.community,
            body_kind=BODY,
            person_id=member,
            reason=Reason.INCAPACITY,
            explanation="法院宣告为限制民事行为能力人",
            since=date(2026, 10, 1),
            paper=paper,
            by=committee.clerk,
            now=committee.clock.now(),
        )
    assert PDF not in platform.files.get(paper.key)
    assert paper.sha256 == hashlib.sha256(PDF).hexdigest()
    with platform.database.reading() as session:
        assert papers.open_paper(platform.keys, platform.files, committee.change(change.id)) == PDF
    for wrong, refusal in ((committee.clerk, rules.SecondPersonNeeded), (member, rules.OwnCase)):
        with platform.database.writing() as session, pytest.raises(refusal):
            service.confirm(session, committee.community, change.id, by=wrong, now=committee.clock.now())
    with platform.database.writing() as session:
        service.confirm(session, committee.community, change.id, by=committee.other_clerk, now=committee.clock.now())
    assert committee.posts(member) == frozenset()
    with platform.database.reading() as session:
        for published in session.scalars(select(Publication)):
            assert "法院" not in published.body + str(published.content)
    with platform.database.writing() as session, pytest.raises(rules.OwnCase):
        service.propose(
            session,
            platform.keys,
            committee.community,
            body_kind=BODY,
            person_id=chair,
            reason=Reason.NOT_OWNER,
            explanation="自己说自己",
            since=None,
            paper=None,
            by=chair,
            now=committee.clock.now(),
        )


def test_an_end_for_having_sold_is_not_confirmed_while_the_register_shows_an_owner(committee: Committee):
    member = committee.members[2]
    with committee.platform.database.writing() as session:
        change = service.propose(
            session,
            committee.platform.keys,
            committee.community,
            body_kind=BODY,
            person_id=member,
            reason=Reason.NOT_OWNER,
            explanation="听说已经卖房",
            since=None,
            paper=None,
            by=committee.clerk,
            now=committee.clock.now(),
        )
    with committee.platform.database.writing() as session, pytest.raises(service.OwnsAgain):
        service.confirm(session, committee.community, change.id, by=committee.other_clerk, now=committee.clock.now())
    assert committee.posts(member) == {COMMITTEE_MEMBER}


def test_what_was_done_since_the_sale_is_listed_for_whoever_confirms(committee: Committee):
    member = committee.members[2]
    committee.sell(member, days_ago=1)
    with committee.platform.database.writing() as session:
        bulletin.publish_notice(
            session,
            committee.community,
            title="停水通知",
            body="明天停水。",
            by=member,
            now=committee.clock.now(),
        )
    with committee.platform.database.reading() as session:
        done = acts.of(
            session,
            committee.community,
            person_id=member,
            start=committee.clock.now() - timedelta(days=1),
            end=committee.clock.now() + timedelta(seconds=1),
        )
    assert [act.title for act in done] == ["停水通知"]


# --------------------------------------------------------------------------------------------------------- guards


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM member_change",
        "UPDATE member_change SET person_id = proposed_by, reason = 'recalled'",
        "UPDATE member_change SET decision = 'x'",
        "DELETE FROM seat_offer",
    ],
)
def test_the_database_keeps_how_a_member_left(committee: Committee, change: str):
    committee.resign(committee.members[3])
    with pytest.raises(DBAPIError), committee.platform.database.writing() as session:
        session.execute(text(change))

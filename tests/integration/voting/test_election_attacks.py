"""What somebody who prepares an election tries: a friend on the ballot late, a rival's papers, the end of it all."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hoa.bulletin import service as bulletin
from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import PREPARATORY_MEMBER
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.voting.candidates import Race, a_race
from tests.integration.voting.test_nomination import listed, write
from voting.elections import service
from voting.elections.rules import eligibility, life
from voting.elections.rules.life import CandidateState
from voting.elections.service import questions, screening
from voting.service import drafts, motions
from voting.tables import Motion


@pytest.fixture
def race(platform: Platform, clock: FrozenClock) -> Race:
    found = a_race(platform, clock)
    found.begin()
    return found


def test_nobody_comes_onto_the_published_list_by_a_second_refusal_and_its_appeal(race: Race):
    race.nominate(*race.people[:7])
    race.screen()
    common = {"by": race.leader, "now": race.now}
    write(race, service.refuse, race.code, 7, reasons="欠缴物业费两年", **common)
    race.clock.advance(days=9)
    race.publish()
    with pytest.raises(life.WrongStep):
        write(race, service.refuse, race.code, 7, reasons="请他再申诉一次", by=race.leader, now=race.now)
    write(race, service.refuse, race.code, 6, reasons="房子卖了", by=race.leader, now=race.now)
    assert race.candidate(race.people[5]).step is CandidateState.REFUSED


def test_a_candidate_who_prepares_the_election_neither_prolongs_nor_ends_it(race: Race):
    member = race.people[0]
    race.appoint(member, PREPARATORY_MEMBER)
    race.nominate(*race.people[:6])
    common = {"reason": "人太少", "by": member, "now": race.now}
    with pytest.raises(eligibility.ReviewsOwn):
        write(race, service.extend, race.code, until=today(race.now) + timedelta(days=20), **common)
    with pytest.raises(eligibility.ReviewsOwn):
        write(race, service.cancel, race.code, **common)


def test_a_candidates_papers_are_neither_taken_off_nor_added_to_where_motions_are_written(race: Race):
    listed(race)
    race.draw()
    assembly = race.draft()
    with race.platform.database.reading() as session:
        first: Motion = drafts.motions(session, assembly)[0]
        papers = list(first.documents)
    with pytest.raises(drafts.CandidatesFixed):
        write(race, motions.detach, assembly.id, first.id, papers[0]["sha256"])
    with pytest.raises(drafts.CandidatesFixed), race.platform.database.writing() as session:
        motions.attach(
            session, race.platform.files, race.community, assembly.id, first.id, name="传单.pdf", data=b"%PDF-1.4\n"
        )
    with race.platform.database.reading() as session:
        assert drafts.motions(session, assembly)[0].documents == papers


def test_an_objection_to_the_list_is_answered_where_there_is_no_committee_yet(app: Flask, race: Race):
    listed(race)
    with race.platform.database.writing() as session:
        objection = bulletin.object_to(
            session,
            race.community,
            publication_id=race.row().publication_id or "",
            text="第三位出租了车库",
            by=race.people[9],
            now=race.now,
        )
    page = f"/c/WTY/bulletin/objections/{objection.id}"
    owner, leader = (signed_in(app, race.platform, person) for person in (race.people[0], race.leader))
    assert owner.get(page).status_code == 403
    assert page in leader.get("/c/WTY/").text
    assert post(leader, page, {"text": "已核实，没有"}).status_code == 302
    assert race.draw()


def test_a_candidate_who_prepares_the_election_hides_no_questions(race: Race):
    member = race.people[0]
    race.appoint(member, PREPARATORY_MEMBER)
    listed(race)
    asked = write(race, questions.ask, race.code, 1, text="您为什么欠费？", person_id=race.people[9], now=race.now)
    with pytest.raises(eligibility.ReviewsOwn):
        write(race, questions.hide, race.code, asked.id, reason="个人信息", by=member, now=race.now)


def test_who_sold_the_flat_is_not_put_on_the_ballot_whatever_was_written_down(race: Race):
    listed(race)
    race.draw()
    with race.platform.database.writing() as session:
        owned = select(Owner.id).where(Owner.community_id == race.community, Owner.person_id == race.people[2])
        sold = update(Ownership).where(Ownership.community_id == race.community, Ownership.owner_id.in_(owned))
        session.execute(sold.values(until=today(race.now)))
    with pytest.raises(screening.NotAnOwnerToday):
        race.draft()

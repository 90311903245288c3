"""What a corrupt chair tries at a meeting: learning a secret vote, voting for who is suspended, few signatures."""

import pytest
from sqlalchemy import select

from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.offices import service as offices
from hoa.offices.changes import suspensions
from hoa.offices.tables import Office
from hoa.platform import Platform
from hoa.resolutions.meetings import ballots
from hoa.resolutions.meetings.service import NotAMember
from hoa.resolutions.meetings.tables import CommitteeMinutes
from tests.integration.resolutions.committee import EXTINGUISHERS, Committee, a_committee

FOUR = ("chair", "deputy", "secretary", "treasurer")


@pytest.fixture
def committee(platform: Platform, clock: FrozenClock) -> Committee:
    return a_committee(platform, clock)


def test_a_secret_vote_closed_after_the_first_ballot_tells_nobody_what_it_was(committee: Committee):
    meeting = committee.call(EXTINGUISHERS._replace(secret=True))
    committee.gather(meeting, *FOUR)
    vote = committee.open_vote(meeting)
    committee.cast(vote, "oppose", "deputy")
    closed = committee.close_vote(vote)
    assert (closed.counts, closed.box, closed.winner, closed.line) == ({}, None, None, "1 ≤ 7/2")
    with committee.platform.database.reading() as session:
        assert ballots.shown(session, closed, {}).tally == []
    committee.finish(meeting)
    with committee.platform.database.reading() as session:
        content = canonical.decode(session.scalars(select(CommitteeMinutes.content)).one())
    assert content["items"][0]["votes"][0]["counts"] == []


def test_nobody_raises_the_hand_of_a_member_suspended_since_they_came(committee: Committee):
    meeting = committee.call()
    committee.gather(meeting, *FOUR)
    vote = committee.open_vote(meeting)
    with committee.platform.database.writing() as session:
        suspensions.order(
            session,
            committee.community,
            body_kind="owners_committee",
            person_id=committee.people["treasurer"],
            basis="表决以前暂停",
            by=committee.people["street"],
            now=committee.now,
        )
    with pytest.raises(NotAMember):
        committee.cast(vote, "agree", "chair", for_="treasurer")


def test_what_was_decided_needs_the_signatures_of_more_than_half_also_when_members_left_since(committee: Committee):
    meeting = committee.call()
    committee.gather(meeting, *FOUR)
    committee.vote(meeting, chair="agree", deputy="agree", secretary="agree", treasurer="agree")
    with committee.platform.database.writing() as session:
        gone = {committee.people["secretary"], committee.people["treasurer"]}
        for office in session.scalars(select(Office).where(Office.person_id.in_(gone))).all():
            offices.end(
                session,
                committee.community,
                office_id=office.id,
                basis="辞职",
                by=committee.people["street"],
                now=committee.now,
            )
    committee.sign(meeting, committee.finish(meeting), "chair", "deputy")
    assert committee.held(meeting).settled_at is None

"""The demo's election in nomination: a lawful group, and nine who stand, each as far as they got."""

from collections.abc import Sequence

from sqlalchemy import select

from hoa.community.service import find_community
from hoa.demo.elections import EVERY, NOMINEES
from hoa.kernel.clock import today
from hoa.offices.preparing import progress
from hoa.offices.preparing.tables import Preparation
from hoa.platform import Platform
from voting.elections.rules.life import CandidateState, State
from voting.elections.service import nominating, reading
from voting.elections.tables import Candidate, Election


def stand_in(platform: Platform) -> tuple[Election, Sequence[Candidate]]:
    with platform.database.reading() as session:
        (election,) = reading.elections(session, find_community(session, "WTY").id)
        return election, reading.candidates(session, election)


def test_nine_stand_for_seven_seats_and_nobody_is_decided_on_yet(demo_platform: Platform):
    election, standing = stand_in(demo_platform)
    assert election.step is State.NOMINATION
    assert (election.seats, election.minimum, election.approve_at_most) == (7, 5, 7)
    assert len(standing) == len(NOMINEES) == 9
    assert {one.step for one in standing} == {CandidateState.NOMINATED}
    assert len({one.name for one in standing}) == 9
    assert today(demo_platform.now()) <= election.nominations_until, "whoever tries the demo may still stand"


def test_they_got_differently_far_with_their_checks(demo_platform: Platform):
    _, standing = stand_in(demo_platform)
    with demo_platform.database.reading() as session:
        results = [reading.results(session, one) for one in standing]
        behind = [reading.heads_behind(session, one) for one in standing]
        signed = [reading.undertaking(session, one) is not None for one in standing]
        ways = {channel for one in standing for channel in nominating.channels(session, one)}
    assert [set(found.values()) == {"pass"} and len(found) == len(EVERY) for found in results].count(True) == 2
    assert sum("unknown" in found.values() for found in results) == 1
    assert sum("fail" in found.values() for found in results) == 1
    assert sum(not found for found in results) == 3
    assert sorted(heads for heads in behind if heads) == [3, 10], "one joint nomination is not joined by enough yet"
    assert signed.count(False) == 1
    assert len(ways) == 4, "every channel that the law knows"


def test_nobody_prepares_an_election_in_which_they_stand(demo_platform: Platform):
    _, standing = stand_in(demo_platform)
    with demo_platform.database.reading() as session:
        (made,) = session.scalars(select(Preparation))
        members = progress.of(session, made).members
    assert len(members) == 7
    assert not {member.person_id for member in members} & {one.person_id for one in standing}

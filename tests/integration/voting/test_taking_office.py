"""From the signed tally into office: members, alternates in rank, what is refused, and what begins with it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import COMMITTEE, COMMITTEE_ALTERNATE, COMMITTEE_MEMBER, SUPERVISOR
from hoa.offices import handover, ranks, registration
from hoa.offices import service as offices
from hoa.offices.rules import ExclusivePosts, NotByYourself
from hoa.platform import Platform
from tests.integration.voting.filing_scene import an_elected_committee
from voting.filing.rules.seats import NoCommittee, Role
from voting.filing.tables import TakenSeat


def test_the_elected_take_office_for_the_noticed_term_and_the_basis_names_resolution_and_assembly(
    platform: Platform, clock: FrozenClock
) -> None:
    here = an_elected_committee(platform, clock)
    found = here.result()
    assert [seat.role for seat in found.seats].count(Role.ELECTED) == 5
    done = here.enter()
    assert not done.refused
    with platform.database.reading() as session:
        sitting = offices.holders(session, here.community, posts=COMMITTEE, now=clock.now())
        waiting = ranks.alternates(session, here.community, clock.now())
        body = offices.body_of(session, here.community, "owners_committee")
    assert {row.person.id for row in sitting} == {seat.person_id for seat in found.seats if seat.role is Role.ELECTED}
    assert [row.person.id for row in waiting] == [seat.person_id for seat in found.seats if seat.role is Role.ALTERNATE]
    assert body.seats == 5
    election = here.race.row()
    for row in sitting:
        assert row.office.post == COMMITTEE_MEMBER
        assert row.office.starts_at == clock.now()
        assert today(row.office.ends_at) == election.term_ends_on
        assert row.office.basis.startswith(f"业{clock.now().year}-001 · 业主大会会议 {here.world.row().code}")
        assert (here.world.row().manifest_hash or "")[:16] in row.office.basis


def test_entered_twice_it_is_entered_once(platform: Platform, clock: FrozenClock) -> None:
    here = an_elected_committee(platform, clock)
    first = here.enter()
    clock.advance(days=1)
    again = here.enter()
    assert again.seats == []
    assert again.round is not None
    assert first.round is not None
    assert again.round.id == first.round.id
    with platform.database.reading() as session:
        assert len(session.scalars(select(TakenSeat)).all()) == len(first.seats) == 7


def test_a_shortfall_gives_nobody_an_office(platform: Platform, clock: FrozenClock) -> None:
    here = an_elected_committee(platform, clock, agree=[[1, 2], [1, 2], [1, 2, 3]])
    with pytest.raises(NoCommittee):
        here.enter()
    with platform.database.reading() as session:
        assert not offices.holders(session, here.community, posts=COMMITTEE, now=clock.now())
        assert not registration.rounds(session, here.community)


def test_a_supervisor_is_refused_with_the_rule_and_can_be_entered_once_that_is_over(
    platform: Platform, clock: FrozenClock
) -> None:
    here = an_elected_committee(platform, clock)
    winner = here.result().seats[0]
    assert winner.person_id is not None
    office = here.appoint(winner.person_id, SUPERVISOR)
    done = here.enter()
    assert [(seat.motion, type(refusal)) for seat, refusal in done.refused] == [(winner.motion, ExclusivePosts)]
    assert len(here.members()) == 4
    with platform.database.writing() as session:
        offices.end(session, here.community, office_id=office, basis="辞职", by=here.staff, now=clock.now())
    clock.advance(minutes=1)
    assert [row.motion for row in here.enter().seats] == [winner.motion]
    assert len(here.members()) == 5


def test_nobody_enters_themselves(platform: Platform, clock: FrozenClock) -> None:
    here = an_elected_committee(platform, clock)
    winner = here.result().seats[0]
    done = here.enter(by=winner.person_id)
    assert [type(refusal) for _, refusal in done.refused] == [NotByYourself]
    assert winner.person_id not in here.members()


def test_a_re_election_ends_the_sitting_terms_at_the_same_moment_and_begins_their_handover(
    platform: Platform, clock: FrozenClock
) -> None:
    here = an_elected_committee(platform, clock, sitting=3, term_starts_on=today(clock.now()) + timedelta(days=1))
    here.enter()
    with platform.database.reading() as session:
        (state,) = handover.states(session, here.community, clock.now())
        past = offices.roster(session, here.community, now=clock.now(), past=True)
    assert len([row for row in past if row.office.post == COMMITTEE_MEMBER]) == 3
    assert state.handover is not None
    assert state.departure.person_id is None
    assert state.departure.left_on == today(clock.now())
    assert len(here.members()) == 5


def test_a_filing_round_begins_with_the_announcement_and_its_clocks_with_it(
    platform: Platform, clock: FrozenClock
) -> None:
    here = an_elected_committee(platform, clock)
    announced = today(clock.now())
    clock.advance(days=3)
    found = here.round()
    assert (found.kind, found.event_on) == (registration.ELECTION, announced)
    assert found.basis == here.world.row().manifest_hash
    assert found.meeting_due is not None
    assert announced < found.meeting_due < found.filing_due
    with platform.database.reading() as session:
        rows = offices.holders(session, here.community, posts=frozenset({COMMITTEE_ALTERNATE}), now=clock.now())
    assert len(rows) == 2

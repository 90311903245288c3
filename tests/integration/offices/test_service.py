"""Offices: powers come and go with the term, to the second."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hoa.accounts.tables import Person
from hoa.app import load_powers
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import NotFound
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_TREASURER, RESIDENTS_STAFF, SUPERVISOR, Post
from hoa.offices import service
from hoa.offices.rules import AlreadyHolds, ExclusivePosts, NotByYourself
from hoa.platform import Platform
from tests.integration.people import a_community, a_person


def appoint(platform: Platform, community: str, person: str, post: Post, *, days: float = 365) -> str:
    now = platform.now()
    with platform.database.writing() as session:
        return service.appoint(
            session,
            community,
            post=post,
            person_id=person,
            starts_at=now,
            ends_at=now + timedelta(days=days),
            basis="业主大会 2026 年第 1 次会议选举",
            by=None,
            now=now,
        ).id


def posts(platform: Platform, community: str, person: str) -> set[Post]:
    with platform.database.reading() as session:
        return set(service.posts_held(session, community, person, platform.now()))


def test_a_post_is_held_from_its_first_second_to_its_last(platform: Platform, clock: FrozenClock):
    community, person = a_community(platform), a_person(platform)
    appoint(platform, community, person, COMMITTEE_CHAIR, days=1)
    assert posts(platform, community, person) == {COMMITTEE_CHAIR}
    clock.advance(days=1, seconds=-1)
    assert posts(platform, community, person) == {COMMITTEE_CHAIR}
    clock.advance(seconds=1)
    assert posts(platform, community, person) == set()


def test_an_office_in_one_community_is_nothing_in_another(platform: Platform):
    here, there = a_community(platform), a_community(platform, "BYL", "白云里")
    person = a_person(platform)
    appoint(platform, here, person, COMMITTEE_CHAIR)
    assert posts(platform, there, person) == set()
    with platform.database.reading() as session:
        assert service.communities_served(session, person, platform.now()) == {here}


def test_one_person_may_hold_different_posts_in_different_communities(platform: Platform):
    here, there = a_community(platform), a_community(platform, "BYL", "白云里")
    person = a_person(platform)
    appoint(platform, here, person, COMMITTEE_CHAIR)
    appoint(platform, there, person, SUPERVISOR)
    assert (posts(platform, here, person), posts(platform, there, person)) == ({COMMITTEE_CHAIR}, {SUPERVISOR})


def test_a_supervisor_cannot_join_the_committee_they_watch(platform: Platform):
    community, person = a_community(platform), a_person(platform)
    appoint(platform, community, person, SUPERVISOR)
    with pytest.raises(ExclusivePosts):
        appoint(platform, community, person, COMMITTEE_TREASURER)
    assert posts(platform, community, person) == {SUPERVISOR}


def test_when_one_term_is_over_the_excluded_post_may_follow(platform: Platform, clock: FrozenClock):
    community, person = a_community(platform), a_person(platform)
    appoint(platform, community, person, SUPERVISOR, days=1)
    clock.advance(days=1)
    appoint(platform, community, person, COMMITTEE_TREASURER)
    assert posts(platform, community, person) == {COMMITTEE_TREASURER}


def test_the_same_post_twice_at_once_is_refused(platform: Platform):
    community, person = a_community(platform), a_person(platform)
    appoint(platform, community, person, COMMITTEE_CHAIR)
    with pytest.raises(AlreadyHolds):
        appoint(platform, community, person, COMMITTEE_CHAIR)


def end(platform: Platform, community: str, office: str, by: str) -> None:
    with platform.database.writing() as session:
        service.end(session, community, office_id=office, basis="书面辞职", by=by, now=platform.now())


def test_nobody_puts_themselves_into_a_post_whatever_they_came_through(platform: Platform):
    community, clerk = a_community(platform), a_person(platform)
    now = platform.now()
    with pytest.raises(NotByYourself), platform.database.writing() as session:
        service.appoint(
            session,
            community,
            post=COMMITTEE_CHAIR,
            person_id=clerk,
            starts_at=now,
            ends_at=now + timedelta(days=1),
            basis="……",
            by=clerk,
            now=now,
        )
    assert posts(platform, community, clerk) == set()


def test_ending_an_office_takes_the_powers_at_once_and_keeps_the_row_with_its_reason(platform: Platform):
    community, person, clerk = a_community(platform), a_person(platform), a_person(platform, "王雨秀")
    office = appoint(platform, community, person, RESIDENTS_STAFF)
    end(platform, community, office, clerk)
    assert posts(platform, community, person) == set()
    with platform.database.reading() as session:
        (ended,) = service.roster(session, community, now=platform.now(), past=True)
    assert (ended.office.end_basis, ended.office.ended_by) == ("书面辞职", clerk)
    with pytest.raises(service.AlreadyEnded):
        end(platform, community, office, clerk)


def test_an_office_of_another_community_cannot_be_ended_from_here(platform: Platform):
    here, there = a_community(platform), a_community(platform, "BYL", "白云里")
    person = a_person(platform)
    office = appoint(platform, there, person, RESIDENTS_STAFF)
    with pytest.raises(NotFound):
        end(platform, here, office, person)
    assert posts(platform, there, person) == {RESIDENTS_STAFF}


def test_the_database_itself_refuses_to_forget_an_office(platform: Platform):
    community, person = a_community(platform), a_person(platform)
    appoint(platform, community, person, RESIDENTS_STAFF)
    with (
        pytest.raises(DBAPIError, match="never deleted"),
        platform.database.writing() as session,
    ):
        session.execute(text("DELETE FROM office"))


@pytest.mark.parametrize(
    "rewritten", ["post_kind = 'chair'", "person_id = granted_by", "ends_at = '2099-01-01 00:00:00'", "basis = 'x'"]
)
def test_the_database_itself_refuses_to_turn_an_office_into_another(platform: Platform, rewritten: str):
    community, person, clerk = a_community(platform), a_person(platform), a_person(platform, "王雨秀")
    now = platform.now()
    with platform.database.writing() as session:
        service.appoint(
            session,
            community,
            post=COMMITTEE_TREASURER,
            person_id=person,
            starts_at=now,
            ends_at=now + timedelta(days=365),
            basis="选举",
            by=clerk,
            now=now,
        )
    with pytest.raises(DBAPIError, match="can only be ended"), platform.database.writing() as session:
        session.execute(text(f"UPDATE office SET {rewritten}"))


def test_the_platforms_administrator_has_no_power_inside_a_community(platform: Platform):
    community, person = a_community(platform), a_person(platform)
    with platform.database.writing() as session:
        session.execute(text("UPDATE person SET is_platform_administrator = true WHERE id = :id"), {"id": person})
    with platform.database.reading() as session:
        administrator = session.get(Person, person)
        assert administrator is not None
        assert load_powers(session, administrator, community, platform.now()) == frozenset()
        assert load_powers(session, administrator, None, platform.now()) == {"platform.administer"}

"""Powers follow from posts and the clock: for every post and every power, there to the last minute and gone with it.

Made from the application's own map of routes and powers, so that a new power is covered the day it appears.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hoa.accounts.tables import Person
from hoa.app import declared_powers, load_powers
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import AUDITOR, COMMITTEE_CHAIR, OWNER, POSTS, Post
from hoa.offices import places, service
from hoa.offices.rules import PLACED, Place
from hoa.platform import Platform
from hoa.web.access import access_of
from tests.integration.community.scene import a_register, signed_in
from tests.integration.people import a_person


@pytest.fixture
def community(platform: Platform) -> str:
    return a_register(platform)


def appoint(platform: Platform, community: str, person: str, post: Post, *, wait: timedelta, term: timedelta) -> None:
    now = platform.now()
    with platform.database.writing() as session:
        (building, entrances), *_ = places.buildings(session, community).items()
        entrance, floors = next(iter(entrances.items()))
        service.appoint(
            session,
            community,
            post=post,
            person_id=person,
            starts_at=now + wait,
            ends_at=now + wait + term,
            basis="选举",
            by=None,
            now=now,
            place=Place(*(building, entrance, str(floors[0]))[: PLACED.get(post, 0)]),
        )


def doors(app: Flask) -> Mapping[str, str]:
    """For each power one page that demands it and needs no id."""
    found: dict[str, str] = {}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            access = access_of(app, rule.endpoint) or ""
            if access.startswith("power:") and rule.arguments == {"community_code"} and "GET" in (rule.methods or ()):
                found.setdefault(access.removeprefix("power:"), app.url_for(rule.endpoint, community_code="WTY"))
    return found


def opened(client: FlaskClient, app: Flask) -> Iterator[str]:
    """The powers whose page lets this person in."""
    for power, address in doors(app).items():
        if client.get(address).status_code != 403:
            yield power


def powers(platform: Platform, community: str, person: str) -> frozenset[str]:
    with platform.database.reading() as session:
        row = session.get(Person, person)
        assert row is not None
        return load_powers(session, row, community, platform.now())


def test_most_powers_have_a_page_to_try_them_on(app: Flask):
    assert len(doors(app)) >= 20
    assert doors(app).keys() <= declared_powers().keys()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("post", POSTS, ids=str)
def test_every_power_of_a_post_begins_and_ends_with_the_term_to_the_minute(
    app: Flask, platform: Platform, clock: FrozenClock, community: str, post: Post
):
    person = a_person(platform, "和豪")
    appoint(platform, community, person, post, wait=timedelta(hours=1), term=timedelta(hours=2))
    client = signed_in(app, platform, person)
    carried = {power for power, holders in declared_powers().items() if post in holders}
    tried = carried & doors(app).keys()
    if post == AUDITOR:  # opens by itself what owners read too; the rest takes an engagement (finance/test_engagements)
        tried &= {power for power, holders in declared_powers().items() if OWNER in holders}

    clock.advance(minutes=59)
    assert powers(platform, community, person) == set()
    assert set(opened(client, app)) == set()
    clock.advance(minutes=1)
    assert powers(platform, community, person) == carried
    assert set(opened(client, app)) == tried
    clock.advance(minutes=119)
    assert powers(platform, community, person) == carried
    assert set(opened(client, app)) == tried
    clock.advance(minutes=1)
    assert powers(platform, community, person) == set()
    assert set(opened(client, app)) == set()


def test_ending_an_office_early_closes_every_door_the_same_minute(
    app: Flask, platform: Platform, clock: FrozenClock, community: str
):
    person, clerk = a_person(platform, "和豪"), a_person(platform, "秦雅宁")
    appoint(platform, community, person, COMMITTEE_CHAIR, wait=timedelta(), term=timedelta(days=300))
    client = signed_in(app, platform, person)
    clock.advance(minutes=5)
    assert set(opened(client, app))
    with platform.database.writing() as session:
        (office,) = service.offices_of(session, community, person)
        service.end(session, community, office_id=office.id, basis="书面辞职", by=clerk, now=platform.now())
    assert set(opened(client, app)) == set()
    assert powers(platform, community, person) == set()


def test_an_office_that_was_ended_before_it_began_never_gives_a_power(
    app: Flask, platform: Platform, clock: FrozenClock, community: str
):
    person, clerk = a_person(platform, "和豪"), a_person(platform, "秦雅宁")
    appoint(platform, community, person, COMMITTEE_CHAIR, wait=timedelta(hours=1), term=timedelta(days=300))
    with platform.database.writing() as session:
        (office,) = service.offices_of(session, community, person)
        service.end(session, community, office_id=office.id, basis="当选无效", by=clerk, now=platform.now())
    clock.advance(hours=2)
    assert powers(platform, community, person) == set()

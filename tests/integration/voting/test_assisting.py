"""Voting with help: the owner agrees with something of their own, the helper is on record, the owner is told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.accounts import service as accounts
from hoa.accounts.tables import Person
from hoa.community.tables import IdentityCheck, Owner
from hoa.kernel.clock import FrozenClock
from hoa.kernel.ids import new_id
from hoa.kernel.posts import SUPERVISOR
from hoa.platform import Platform
from tests.integration.accounts.browsing import code_sent, messages
from tests.integration.community.scene import officer, post, signed_in, work
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.service import assisting, casting
from voting.tables import AssistedSession

BASE = "/c/WTY/assemblies/2026-01"
PHONE = "19900000777"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9, staffed=True)
    made.to(State.OPEN)
    with platform.database.writing() as session:
        person = session.get_one(Person, made.people[0])
        person.phone_mac = accounts.phone_mac(platform.keys, PHONE)
        person.phone_sealed = platform.keys.seal(accounts.PHONE, PHONE.encode(), person.id.encode())
    return made


def owner_id(world: World, place: int = 0) -> str:
    with world.platform.database.reading() as session:
        return session.scalars(select(Owner.id).where(Owner.person_id == world.people[place])).one()


def clerk(app: Flask, world: World, name: str = "clerk1") -> FlaskClient:
    return signed_in(app, world.platform, world.officials[name])


def begin(client: FlaskClient, world: World, **more: str) -> Any:
    page = f"{BASE}/assist/{world.electors[0]}"
    data = {"owner": owner_id(world), "helper": "小李", "relation": "family", "place": "业主家中", **more}
    return post(client, page, data)


def checked_at(world: World, moment: Any) -> None:
    """Two officers confirmed the owner's identity at this moment."""
    with world.platform.database.writing() as session:
        session.add(
            IdentityCheck(
                community_id=world.community,
                id=new_id(),
                owner_id=owner_id(world),
                phone_key="",
                phone_sealed=b"",
                documents="",
                state="confirmed",
                first_by=world.officials["clerk1"],
                first_at=moment,
                second_by=world.officials["clerk2"],
                second_at=moment,
            )
        )


def mark_all(client: FlaskClient, page: str) -> Any:
    """Mark both motions and confirm; the answer."""
    assert "协助人" in client.get(f"{page}/1").text
    post(client, f"{page}/1", {"mark": "agree"})
    review = post(client, f"{page}/2", {"mark": "oppose"}).headers["Location"]
    nonce = re.search(r'name="nonce" value="([^"]+)"', client.get(review).text)
    assert nonce
    data = {"nonce": nonce[1], "choice-m1": "agree", "choice-m2": "oppose"}
    return post(client, f"{page}/cast", data, page=review)


def test_the_owner_agrees_by_a_code_marks_and_is_told_who_helped(app: Flask, world: World) -> None:
    client = clerk(app, world)
    begun = begin(client, world)
    assert begun.status_code == 302
    page = begun.headers["Location"]
    assert client.get(f"{page}/1").status_code == 409, "nothing is marked before the owner agreed"
    code = code_sent(world.platform, after=0)
    assert "小李" in messages(world.platform)[-1]["text"]
    assert "没有确认" in post(client, page, {"code": "000000" if code != "000000" else "111111"}).text
    assert post(client, page, {"code": code}).status_code == 302
    done = mark_all(client, page)
    assert done.status_code == 303
    told = client.get(done.headers["Location"]).text
    assert re.search(r'receipt-code">[0-9A-F ]{12}<', told)
    assert not re.search("反对|弃权", told)
    with world.platform.database.reading() as session:
        (ballot,) = casting.my_ballots(session, world.row(), world.electors[0])
        entry = casting.opened(world.platform.keys, world.community, world.assembly, ballot.leaf, ballot.entry)
    assert entry["evidence"] == {"helper": "小李"}
    assert entry["channel"] == "online"
    work(world.platform)
    last = messages(world.platform)[-1]
    assert last["phone"] == PHONE
    assert "协助人小李" in last["text"]
    assert "023-0000 0405" in last["text"]
    assert not re.search("同意|反对|弃权", last["text"])
    with world.platform.database.reading() as session:
        assert session.scalars(select(AssistedSession)).one().told_at is not None
    world.to(State.TALLIED)
    assert world.problems() == []


def test_a_check_by_two_officers_of_the_last_half_hour_needs_no_code(app: Flask, world: World) -> None:
    checked_at(world, world.clock.now() - timedelta(minutes=29))
    page = begin(clerk(app, world), world).headers["Location"]
    assert mark_all(clerk(app, world), page).status_code == 303
    assert len(messages(world.platform)) == 0


def test_a_check_serves_for_one_ballot_and_never_over_what_the_owner_cast_since(app: Flask, world: World) -> None:
    checked_at(world, world.clock.now() - timedelta(minutes=5))
    client = clerk(app, world)
    opened_before = begin(client, world).headers["Location"]
    world.clock.advance(minutes=1)
    world.cast(0, m1="agree", m2="agree")
    assert mark_all(client, opened_before).status_code == 409
    again = begin(clerk(app, world, "clerk2"), world).headers["Location"]
    assert clerk(app, world, "clerk2").get(f"{again}/1").status_code == 409, "the owner agrees anew, by the code"
    with world.platform.database.reading() as session:
        (ballot,) = casting.my_ballots(session, world.row(), world.electors[0])
        entry = casting.opened(world.platform.keys, world.community, world.assembly, ballot.leaf, ballot.entry)
    assert entry["choices"] == {"m1": "agree", "m2": "agree"}


def test_an_older_check_still_asks_for_the_code(app: Flask, world: World) -> None:
    checked_at(world, world.clock.now() - timedelta(minutes=31))
    page = begin(clerk(app, world), world).headers["Location"]
    assert clerk(app, world).get(f"{page}/1").status_code == 409


def test_after_half_an_hour_the_session_is_over_and_nothing_was_cast(app: Flask, world: World) -> None:
    checked_at(world, world.clock.now())
    client = clerk(app, world)
    page = begin(client, world).headers["Location"]
    post(client, f"{page}/1", {"mark": "agree"})
    world.clock.advance(minutes=31)
    assert client.get(f"{page}/review").status_code == 409
    with world.platform.database.reading() as session:
        assert casting.my_ballots(session, world.row(), world.electors[0]) == []


def test_only_the_official_who_opened_it_sees_the_session_and_only_officials_open_one(app: Flask, world: World) -> None:
    checked_at(world, world.clock.now())
    page = begin(clerk(app, world), world).headers["Location"]
    assert clerk(app, world, "clerk2").get(page).status_code == 404
    neighbour = signed_in(app, world.platform, world.people[4])
    assert neighbour.get(page).status_code == 403
    assert neighbour.get(f"{BASE}/assist/{world.electors[0]}").status_code == 403


def test_a_helper_without_a_name_or_an_owner_below_the_level_is_refused(app: Flask, world: World) -> None:
    client = clerk(app, world)
    assert "请写明协助人" in begin(client, world, helper=" ").text
    with world.platform.database.writing() as session:
        session.get_one(Owner, (world.community, owner_id(world))).person_id = None
        other = session.scalars(select(Owner.id).where(Owner.name == "业主0")).one()
    assert "当面核验" in begin_for(client, world, other).text


def begin_for(client: FlaskClient, world: World, owner: str) -> Any:
    data = {"owner": owner, "helper": "小李", "relation": "family", "place": "业主家中"}
    return post(client, f"{BASE}/assist/{world.electors[0]}", data)


def test_supervisors_see_how_many_each_helper_helped_and_no_choice(app: Flask, world: World) -> None:
    checked_at(world, world.clock.now())
    client = clerk(app, world)
    mark_all(client, begin(client, world).headers["Location"])
    chief = officer(world.platform, world.community, SUPERVISOR, name="监督员", phone="19900000881")
    page = signed_in(app, world.platform, chief).get(f"{BASE}/helped").text
    assert "小李" in page
    assert not re.search("反对|弃权", page)
    assert client.get(f"{BASE}/helped").status_code == 403
    with world.platform.database.reading() as session:
        assert assisting.per_helper(session, world.row()) == [("小李", 1)]


def test_the_page_shows_neither_the_phone_nor_the_code(app: Flask, world: World) -> None:
    page = begin(clerk(app, world), world).headers["Location"]
    shown = clerk(app, world).get(page).text
    assert "199****0777" in shown
    assert PHONE not in shown
    assert code_sent(world.platform, after=0) not in shown

"""What the audit is told of ballots: counts by agent, helper, device and minute, nothing of anybody's choice (F29)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.resolutions import evidence
from tests.integration.community.scene import post, signed_in
from tests.integration.voting.test_pages import BASE, mark_both, nonce_of
from tests.integration.voting.world import World, a_world
from voting.rules.life import State
from voting.service import signs
from voting.tables import BallotTrace


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=4)
    made.to(State.OPEN)
    return made


def vote(app: Flask, world: World, place: int, device: str | None) -> str:
    """Vote in a browser that carries this device's word (None: a new one), twice as after a lost answer; the word
    that the browser keeps afterwards."""
    client = signed_in(app, world.platform, world.people[place])
    if device is not None:
        client.set_cookie(signs.COOKIE, device)
    path = f"{BASE}/vote/{world.electors[place]}"
    review = mark_both(client, world, place)
    data = {"nonce": nonce_of(review), "choice-m1": "agree", "choice-m2": "oppose"}
    assert post(client, f"{path}/cast", data, page=f"{path}/review").status_code == 303
    kept = client.get_cookie(signs.COOKIE)
    assert kept is not None
    return str(kept.value)


def test_units_are_counted_by_device_and_its_digest_means_nothing_elsewhere(app: Flask, world: World) -> None:
    word = vote(app, world, 0, None)
    assert vote(app, world, 1, word) == word
    assert vote(app, world, 2, None) != word
    with world.platform.database.reading() as session:
        rows = session.scalars(select(BallotTrace)).all()
        assert len(rows) == 3
        assert len({row.device for row in rows}) == 2
        assert not any(word in row.device for row in rows)
        day = world.row().ends_at.date()
        assert signs.signs(session, world.community, start=day, end=day) == []  # voting goes on
    with world.platform.database.writing() as session:
        again = rows[0]
        signs.note(session, world.platform.keys, world.row(), leaf=again.leaf, device="another")
    with pytest.raises(DBAPIError), world.platform.database.writing() as session:
        session.execute(text("UPDATE ballot_trace SET device = 'x'"))
    world.to(State.CLOSED)
    with world.platform.database.reading() as session:
        (found,) = evidence.ballot_signs(session, world.community, start=day, end=day)
        assert [count for _, count in found.devices] == [2], "one elector alone on a device is no sign"
        assert (found.count, found.proxies, found.helped, found.before_close) == (3, (), (), ())
        assert evidence.ballot_signs(session, world.community, start=day + timedelta(1), end=day + timedelta(2)) == []

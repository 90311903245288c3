"""Somebody with the database's password lowers what voting asks of people: `hoa verify` names the column."""

import pytest
from sqlalchemy import text

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.voting.world import a_world
from voting.rules.life import State


@pytest.mark.sqlite_only
def test_a_lowered_identity_level_is_named(platform: Platform, clock: FrozenClock):
    world = a_world(platform, clock, owners=3)
    world.to(State.OPEN)
    assert world.problems() == []
    with platform.database.writing() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE assembly SET identity_level = 'V0'"))
    (problem,) = world.problems()
    assert "column identity_level: says V0, the notice said V2" in problem

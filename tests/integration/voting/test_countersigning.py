"""Counters and scrutineers sign the tally before it is announced (rules.md R1.38)."""

import pytest

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world
from tests.signers import Signer
from voting.rules.life import State
from voting.service import announcing, countersigning, packages, proposals
from voting.tables import TallySignature


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    world = a_world(platform, clock, staffed=True)
    world.to(State.OPEN)
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.TALLIED)
    return world


def standing(world: World) -> countersigning.Standing:
    with world.platform.database.reading() as session:
        return countersigning.standing(session, world.row())


def test_a_result_waits_for_two_counters_and_a_scrutineer_and_the_sentence_names_who_is_missing(world: World) -> None:
    for signer, missing in (("counter1", "counter2、scrutineer1"), ("counter2", "scrutineer1")):
        world.countersign(signer)
        with (
            world.platform.database.reading() as session,
            pytest.raises(countersigning.NotCountersigned) as refused,
        ):
            announcing.confirm(session, world.platform.keys, world.row())
        assert refused.value.params["names"] == missing
    assert standing(world)[:2] == (0, 1)
    world.countersign("scrutineer1")
    assert standing(world).complete
    with world.platform.database.reading() as session:
        announcing.confirm(session, world.platform.keys, world.row())


def test_signing_the_tally_twice_keeps_one_signature(world: World) -> None:
    world.countersign("counter1")
    world.countersign("counter1")
    assert [row.name for row in standing(world).signed] == ["counter1"]


def test_a_clerk_signs_no_tally(world: World) -> None:
    with pytest.raises(proposals.NotAnOfficial):
        world.countersign("clerk1")


def test_a_signature_over_something_else_is_refused_and_kept_nowhere(world: World) -> None:
    wrong = Signer("counter1").sign(b"something else")
    with world.platform.database.writing() as session, pytest.raises(proposals.WrongSignature):
        countersigning.sign(
            session,
            world.community,
            world.assembly,
            person_id=world.officials["counter1"],
            public_signature=wrong,
            full_signature=wrong,
            now=world.clock.now(),
        )
    assert standing(world).signed == []


def test_the_packages_carry_every_signature_and_verify(world: World) -> None:
    world.to(State.ANNOUNCED)
    with world.platform.database.reading() as session:
        assert session.query(TallySignature).count() == 3
        confirmed = announcing.confirm(session, world.platform.keys, world.row())
    for package in (confirmed.public, confirmed.full):
        assert packages.verify(package)[0]
        assert package.count(b'"role":"counter"') == 2
        assert package.count(b'"role":"scrutineer"') == 1


def test_after_the_announcement_nobody_signs_any_more(world: World) -> None:
    world.to(State.ANNOUNCED)
    with pytest.raises(countersigning.NothingToCountersign):
        world.countersign("counter1")

"""A key is replaced in the middle of an assembly: what the old one signed stays good (trust.md 14)."""

from pathlib import Path

import pytest
from sqlalchemy import select

from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.ports.keys import KeyMissing
from tests.integration.people import a_person
from tests.integration.voting.world import World, a_world, give_key
from voting import service
from voting.rules.life import State
from voting.rules.officials import Role
from voting.rules.package import Form
from voting.rules.record import key_id
from voting.service import key_changes, packages, proposals, receipts
from voting.service.keys import PURPOSES, in_force, publics
from voting.service.officials import HasARole, SameName
from voting.tables import Official, TreeHead


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    world = a_world(platform, clock, owners=4, counting="last", staffed=True)
    world.to(State.OPEN)
    return world


def rotate(world: World, purpose: str) -> None:
    """The port gets a new key, and two officials put it in force."""
    world.platform.keys.rotate(purpose)
    entry = key_changes.platform_key(
        world.platform.keys, world.row(), purpose=purpose, reason="旧钥匙遗失", now=world.clock.now()
    )
    assert world.enter(entry) == "appended"


def persons(world: World, name: str, *, replaces: str | None, called: str | None = None) -> dict[str, object]:
    """The entry that gives `name`'s present key a clerk's role."""
    with world.platform.database.reading() as session:
        row = world.row()
        old = proposals.official(session, row, world.officials[replaces]) if replaces else None
        return key_changes.persons_key(
            session,
            row,
            person_id=world.officials[name],
            role=Role.CLERK,
            name=called or name,
            replaces=old,
            reason="换人",
            now=world.clock.now(),
        )


def newcomer(world: World, name: str) -> None:
    world.officials[name] = a_person(world.platform, name)
    with world.platform.database.writing() as session:
        give_key(session, world.officials[name], name, now=world.clock.now())


def test_the_platforms_keys_change_and_everything_still_verifies(world: World, tmp_path: Path) -> None:
    before = world.cast(0, m1="agree")
    old = {purpose: in_force(world.platform.keys, world.row(), purpose).id for purpose in PURPOSES}
    for purpose in PURPOSES:
        rotate(world, purpose)
    world.clock.advance(hours=1)
    after = world.cast(1, m1="agree")
    assert canonical.decode(before)["key"] == old["receipt"] != canonical.decode(after)["key"]
    service.run_schedule(world.platform)
    with world.platform.database.reading() as session:
        for receipt in (before, after):
            found = receipts.check(session, world.row(), canonical.encode({"receipt": canonical.decode(receipt)}))
            assert found.status is receipts.Status.INCLUDED
    world.to(State.TALLIED)
    world.countersign()
    with world.platform.database.reading() as session:
        for form in Form:
            data = packages.build(session, world.platform.keys, world.row(), form)
            for receipt in (before, after):
                file = tmp_path / "receipt.json"
                file.write_bytes(canonical.encode({"receipt": canonical.decode(receipt)}))
                satisfied, said = packages.verify(
                    data, "--assembly", str(world.row().manifest_hash), "--receipt", str(file)
                )
                assert satisfied, said
    assert world.problems() == []


def test_a_rotation_alone_changes_nobody_who_signs(world: World) -> None:
    old = in_force(world.platform.keys, world.row(), "log").id
    world.platform.keys.rotate("log")
    assert in_force(world.platform.keys, world.row(), "log").id == old
    world.to(State.CLOSED)
    assert world.problems() == []


def test_a_lost_key_blocks_the_close_and_never_what_was_signed(world: World) -> None:
    receipt = world.cast(0, m1="agree")
    folder = world.platform.settings.data / "keys"
    keys = world.platform.keys
    world.platform.keys.rotate("log")
    for path in folder.glob("sign.log.000001.json"):
        path.unlink()
    fresh = type(keys)(folder)
    world.clock.moment = world.row().closes_at
    with pytest.raises(KeyMissing), world.platform.database.writing() as session:
        service.cut_off(session, fresh, world.community, world.assembly, by=None, now=world.clock.now())
    assert world.state() is State.OPEN
    with world.platform.database.reading() as session:
        found = receipts.check(session, world.row(), canonical.encode({"receipt": canonical.decode(receipt)}))
        heads = session.scalars(select(TreeHead)).all()
    assert found.status is receipts.Status.WAITING
    assert heads


def test_a_clerk_with_a_new_key_signs_with_it_and_not_with_the_old_one(world: World) -> None:
    newcomer(world, "clerk3")
    assert world.enter(persons(world, "clerk3", replaces="clerk2")) == "appended"
    entry = persons(world, "clerk3", replaces="clerk3")
    with pytest.raises(key_changes.NotANewKey):
        world.enter(entry)
    newcomer(world, "clerk4")
    joining = persons(world, "clerk4", replaces=None)
    proposal = world.propose(joining)
    with pytest.raises(proposals.NotAnOfficial):
        world.sign(proposal, "clerk2")
    assert world.sign(proposal, "clerk1", "clerk3") == "appended"
    with world.platform.database.reading() as session:
        serving = proposals.officials(session, world.row(), "clerk")
        ended = session.scalars(select(Official).where(Official.ended_at.is_not(None))).all()
    assert [one.name for one in serving] == ["clerk1", "clerk3", "clerk4"]
    assert [one.name for one in ended] == ["clerk2"]
    world.to(State.CLOSED)
    assert world.problems() == []


def test_one_person_one_role_one_name_and_only_what_is_in_force_is_replaced(world: World) -> None:
    with pytest.raises(key_changes.NotANewKey):
        world.enter(persons(world, "clerk1", replaces=None))
    newcomer(world, "clerk3")
    with pytest.raises(SameName):
        world.enter(persons(world, "clerk3", replaces=None, called="clerk1"))
    joining = persons(world, "clerk3", replaces="clerk2")
    with pytest.raises(key_changes.NotInForce):
        world.enter({**joining, "old": "p256:0123456789abcdef"})
    with world.platform.database.writing() as session:
        give_key(session, world.officials["counter1"], "counter1 again", now=world.clock.now())
    with pytest.raises(HasARole):
        world.enter(persons(world, "counter1", replaces=None))


def test_only_the_key_in_force_is_replaced_and_only_by_one_the_port_holds(world: World) -> None:
    keys, row = world.platform.keys, world.row()
    same = key_changes.platform_key(keys, row, purpose="log", reason="没有新钥匙", now=world.clock.now())
    with pytest.raises(key_changes.NotANewKey):
        world.enter(same)
    foreign = {"id": key_id(b"\x01" * 32), "public": "01" * 32}
    with pytest.raises(key_changes.NotANewKey):
        world.enter({**same, "key": foreign})
    rotate(world, "log")
    keys.rotate("log")
    second = key_changes.platform_key(keys, row, purpose="log", reason="第二次", now=world.clock.now())
    with pytest.raises(key_changes.NotInForce):
        world.enter(second)
    assert len(publics(world.row(), "log")) == 2

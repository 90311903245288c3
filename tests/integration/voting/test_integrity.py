"""Somebody with the database's password lowers what voting asks of people: `hoa verify` names the column."""

import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.people import a_person
from tests.integration.voting.test_record import changed
from tests.integration.voting.world import World, a_world, give_key
from voting.rules import record
from voting.rules.life import State
from voting.rules.officials import Role
from voting.service import key_changes, proposals, roll_changes
from voting.tables import Ballot


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


# Tables that hold what signed entries did, and the columns of each that follow from nothing: when a row of work in
# progress was made. An official's row has an id that nothing refers to.
SIGNED = {
    "ballot_mark": set[str](),
    "roll_removal": set[str](),
    "entry_signature": set[str](),
    "tally_signature": set[str](),
    "official": {"id", "added_at"},
    "roll_entry": set[str](),
    "proposal": {"id", "subject", "made_by", "made_at", "reason", "ended_at"},
}
CHANGED_ASSEMBLY = (
    "extended_to",
    "added_channels",
    "new_keys",
    "channels",
    "proxy_cap",
    "silent_rule",
    "clauses",
    "extension_clause",
    "extension_latest",
)


def eventful(platform: Platform, clock: FrozenClock) -> World:
    """An assembly in which every sort of signed entry happened, counted and countersigned."""
    latest = clock.now() + timedelta(days=40)
    world = a_world(platform, clock, owners=6, counting="last", staffed=True, extension_latest=latest)
    world.to(State.OPEN)
    for place in range(4):
        world.cast(place, m1="agree")
    identity, now = str(world.row().manifest_hash), clock.now()
    with platform.database.reading() as session:
        first, second = session.scalars(select(Ballot.leaf).order_by(Ballot.id).limit(2)).all()
        merge = roll_changes.merged(session, world.row(), electors=world.electors[4:])
        change = roll_changes.compose(
            session,
            platform.keys,
            world.row(),
            before=merge.before,
            after=merge.after,
            reason="同一业主",
            paper="ab" * 32,
            now=now,
        )
    platform.keys.rotate("receipt")
    ruling = {"leaf": second, "motion": "m1", "ruling": "invalid", "reason": "unsigned"}
    world.officials["clerk3"] = a_person(platform, "clerk3")
    with platform.database.writing() as session:
        give_key(session, world.officials["clerk3"], "clerk3", now=now)
        leaving = proposals.official(session, world.row(), world.officials["clerk2"])
        person = key_changes.persons_key(
            session,
            world.row(),
            person_id=world.officials["clerk3"],
            role=Role.CLERK,
            name="clerk3",
            replaces=leaving,
            reason="换人",
            now=now,
        )
    for entry in (
        record.void_entry(identity, leaf=first, reason="keying-error", time=now),
        record.ruling_entry(identity, time=now, **ruling),
        record.extend_entry(identity, until=world.row().closes_at + timedelta(days=1), reason="人数不足", time=now),
        record.channel_added_entry(identity, channel="meeting", reason="业主要求", time=now),
        key_changes.platform_key(platform.keys, world.row(), purpose="receipt", reason="轮换", now=now),
        change,
        person,
    ):
        assert world.enter(entry, "clerk1", "counter1") == "appended"
    world.to(State.TALLIED)
    world.countersign()
    return world


@pytest.mark.sqlite_only
def test_every_column_of_what_signed_entries_did_follows_from_the_log(platform: Platform, clock: FrozenClock):
    world = eventful(platform, clock)
    assert world.problems() == []
    attacker = sqlite3.connect(str(platform.database.url.database), isolation_level=None)
    for (trigger,) in attacker.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        attacker.execute(f"DROP TRIGGER {trigger}")
    attacker.execute("PRAGMA foreign_keys=OFF")

    def noticed(table: str, column: str, rowid: int, value: object) -> None:
        attacker.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed(value), rowid))
        found = world.problems()
        attacker.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
        assert any(table in problem for problem in found), (table, column, found)

    for table, free in SIGNED.items():
        columns = {row[1] for row in attacker.execute(f"PRAGMA table_info({table})")}
        for column in sorted(columns - {"community_id", "assembly_id"} - free):
            newest = f"SELECT rowid, {column} FROM {table} ORDER BY rowid DESC LIMIT 1"
            noticed(table, column, *attacker.execute(newest).fetchone())
    for column in CHANGED_ASSEMBLY:
        noticed("assembly", column, *attacker.execute(f"SELECT rowid, {column} FROM assembly").fetchone())
    assert world.problems() == []
    for table in ("ballot_mark", "roll_removal", "official"):
        rows = attacker.execute(f"SELECT * FROM {table}").fetchall()
        attacker.execute(f"DELETE FROM {table} WHERE rowid = (SELECT MAX(rowid) FROM {table})")
        assert any(table in problem for problem in world.problems()), table
        attacker.execute(f"DELETE FROM {table}")
        attacker.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    assert world.problems() == []
    attacker.close()

"""The record after the count: packages, the public verifier, receipts, proofs, and what `hoa verify` finds."""

import io
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.bulletin.tables import Publication
from hoa.kernel import canonical, merkle
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import NotFound, Refusal
from hoa.platform import Platform
from hoa.resolutions.evidence import assemblies, provide
from hoa.resolutions.tables import Resolution
from tests.integration.voting.world import World, a_world
from voting import service
from voting.commands import assembly as commands
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import log, packages, reading, receipts, tallying


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9)
    made.to(State.OPEN)
    return made


def cast_all(world: World) -> list[bytes]:
    """Seven agree with the first motion and four with the second; two stay away."""
    return [
        world.cast(place, m1="agree", m2="agree" if place < 4 else "oppose") for place in range(len(world.people) - 2)
    ]


def package(world: World, form: Form) -> bytes:
    with world.platform.database.reading() as session:
        return packages.build(session, world.platform.keys, world.row(), form)


def test_both_packages_verify_offline_and_are_the_same_bytes_each_time(world: World) -> None:
    cast_all(world)
    world.to(State.ANNOUNCED)
    identity = str(world.row().manifest_hash)
    for form in Form:
        data = package(world, form)
        assert data == package(world, form)
        satisfied, said = packages.verify(data, "--assembly", identity)
        assert satisfied, said
        assert "SELF-CONSISTENT ONLY" not in said
        satisfied, said = packages.verify(data)
        assert satisfied
        assert "SELF-CONSISTENT ONLY" in said
    assert not packages.verify(data, "--assembly", "0" * 64)[0]


def test_the_public_package_names_no_elector_and_no_choice(world: World) -> None:
    cast_all(world)
    world.to(State.TALLIED)
    with zipfile.ZipFile(io.BytesIO(package(world, Form.PUBLIC))) as archive:
        told = b"".join(archive.read(name) for name in archive.namelist() if name != "verify.py")
    for elector in world.electors:
        assert elector.encode() not in told
    assert b'"choices":{' not in told
    assert "1幢".encode() not in told


def test_the_verifier_names_what_was_changed_in_a_package(world: World) -> None:
    cast_all(world)
    world.to(State.TALLIED)
    data = package(world, Form.FULL)
    spoiled = data.replace(b'"m1":"agree"', b'"m1":"blank"', 1)
    assert spoiled != data
    satisfied, said = packages.verify(spoiled)
    assert not satisfied
    assert "log.jsonl" in said or "package" in said


def test_a_record_that_the_verifier_refuses_is_not_announced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cast_all(world)
    world.to(State.TALLIED)
    monkeypatch.setattr(packages, "verify", lambda *_: (False, "counted.jsonl line 3: no"))
    with (
        pytest.raises(packages.VerifierObjects, match=r"counted\.jsonl"),
        world.platform.database.reading() as session,
    ):
        service.confirm(session, world.platform.keys, world.row())
    assert world.state() is State.TALLIED


def test_announcing_publishes_and_enters_only_what_passed(world: World) -> None:
    cast_all(world)
    world.to(State.ANNOUNCED)
    with world.platform.database.reading() as session:
        published = session.scalars(select(Publication).order_by(Publication.kind)).all()
        entered = session.scalars(select(Resolution)).all()
        tally = tallying.tally_of(session, world.row())
    assert [row.kind for row in published] == ["assembly-notice", "assembly-result"]
    assert published[1].content["tally"] == tally.digest
    assert [(row.source, row.matter, row.evidence) for row in entered] == [
        ("assembly", "M5", world.row().manifest_hash)
    ]


def test_the_audit_is_told_of_the_announced_assembly_counted_again(world: World) -> None:
    cast_all(world)
    world.to(State.ANNOUNCED)
    provide(service.evidence(world.platform))
    day = world.clock.now().date()
    with world.platform.database.reading() as session:
        found = assemblies(session, world.community, start=day, end=day)
        none = assemblies(session, world.community, start=day.replace(year=2030), end=day.replace(year=2030))
    assert [(record.code, record.outcome, record.recounted, record.problem) for record in found] == [
        ("2026-01", "mixed", True, None)
    ]
    assert found[0].url == "/c/WTY/assemblies/2026-01"
    assert none == []


def test_a_receipt_is_answered_from_promise_to_count(world: World, tmp_path: Path) -> None:
    first = cast_all(world)[0]
    content = canonical.encode({"receipt": canonical.decode(first)})

    def status() -> receipts.Status:
        with world.platform.database.reading() as session:
            return receipts.check(session, world.row(), content).status

    assert status() is receipts.Status.WAITING
    world.clock.advance(hours=1)
    service.run_schedule(world.platform)
    assert status() is receipts.Status.INCLUDED
    world.to(State.ANNOUNCED)
    assert status() is receipts.Status.COUNTED
    file = tmp_path / "receipt.json"
    file.write_bytes(content)
    satisfied, said = packages.verify(package(world, Form.FULL), "--receipt", str(file))
    assert satisfied, said
    assert "counted" in said.lower()


def test_receipts_that_prove_nothing_are_refused_with_a_reason(world: World) -> None:
    promise = canonical.decode(cast_all(world)[0])
    other = {**promise, "leaf": "0" * 64}
    foreign = {**promise, "assembly": "0" * 64}
    with world.platform.database.reading() as session:
        row = world.row()
        for data, refusal in (
            (b"not json", receipts.NotAReceipt),
            (b"{}", receipts.NotAReceipt),
            (b"[" * 100_000, receipts.NotAReceipt),
            (canonical.encode({"receipt": {**promise, "more": "x"}}), receipts.NotAReceipt),
            (canonical.encode({"receipt": other}), receipts.BadSignature),
            (canonical.encode({"receipt": foreign}), receipts.ForeignReceipt),
        ):
            with pytest.raises(refusal):
                receipts.check(session, row, data)


def test_proofs_lead_from_a_leaf_to_a_signed_head(world: World) -> None:
    leaf = canonical.decode(cast_all(world)[2])["leaf"]
    world.to(State.CLOSED)
    with world.platform.database.reading() as session:
        row = world.row()
        heads = log.heads(session, row)
        proof = reading.inclusion(session, row, leaf, None)
        grown = reading.consistency(session, row, heads[1].size, heads[-1].size)
        with pytest.raises(NotFound):
            reading.inclusion(session, row, "0" * 64, None)
        with pytest.raises(NotFound):
            reading.consistency(session, row, 2, 999)
    assert merkle.verify_inclusion(
        leaf=bytes.fromhex(leaf),
        index=proof["index"],
        size=proof["size"],
        proof=[bytes.fromhex(node) for node in proof["proof"]],
        root=bytes.fromhex(proof["root"]),
    )
    assert merkle.verify_consistency(
        old=grown["old"],
        new=grown["new"],
        old_root=bytes.fromhex(grown["old-root"]),
        new_root=bytes.fromhex(grown["new-root"]),
        proof=[bytes.fromhex(node) for node in grown["proof"]],
    )


FINAL = (
    "roll_entry",
    "roll_unit",
    "ballot",
    "log_entry",
    "tree_head",
    "assembly_event",
    "counted_row",
    "assembly_tally",
)


def test_the_database_refuses_to_change_or_delete_any_final_row(world: World) -> None:
    cast_all(world)
    world.to(State.ANNOUNCED)
    for table in FINAL:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id || 'x'"):
            with pytest.raises((DBAPIError, Refusal)), world.platform.database.writing() as session:
                session.execute(text(statement))
    for change in ("title = 'x'", "roll_heads = 1", "state = 'open'"):
        with pytest.raises((DBAPIError, Refusal)), world.platform.database.writing() as session:
            session.execute(text(f"UPDATE assembly SET {change}"))
    with pytest.raises((DBAPIError, Refusal)), world.platform.database.writing() as session:
        session.execute(text("DELETE FROM assembly"))
    assert world.problems() == []


@pytest.mark.sqlite_only
def test_replacing_a_final_row_is_refused(world: World) -> None:
    cast_all(world)
    with pytest.raises((DBAPIError, Refusal)), world.platform.database.writing() as session:
        session.execute(text("INSERT OR REPLACE INTO ballot SELECT * FROM ballot"))


def changed(value: object) -> object:
    """Another value of the same sort."""
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, int):
        return value + 1000
    if isinstance(value, str) and value[:4].isdigit() and ":" in value:
        return value.replace("2026", "2025")
    if isinstance(value, str) and value.startswith("["):
        return value.replace("1", "2", 1) if "1" in value else '["x"]'
    return "x" if value is None else str(value)[:-1] + ("0" if not str(value).endswith("0") else "1")


@pytest.mark.sqlite_only
def test_whoever_edits_a_column_behind_the_guards_is_found_and_the_table_is_named(world: World) -> None:
    """The attacker owns the database file: triggers are dropped, then each column of a row is changed in turn."""
    cast_all(world)
    world.to(State.ANNOUNCED)
    assert world.problems() == []
    path = str(world.platform.database.url.database)
    attacker = sqlite3.connect(path, isolation_level=None)
    for (trigger,) in attacker.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        attacker.execute(f"DROP TRIGGER {trigger}")
    attacker.execute("PRAGMA foreign_keys=OFF")
    for table in FINAL:
        columns = [row[1] for row in attacker.execute(f"PRAGMA table_info({table})")]
        for column in sorted(set(columns) - {"community_id", "assembly_id"}):
            rowid, value = attacker.execute(f"SELECT rowid, {column} FROM {table} LIMIT 1 OFFSET 1").fetchone() or (
                attacker.execute(f"SELECT rowid, {column} FROM {table} LIMIT 1").fetchone()
            )
            attacker.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed(value), rowid))
            found = world.problems()
            attacker.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
            assert found, f"{table}.{column} was changed and nobody noticed"
            assert any(table in problem for problem in found), (table, column, found)
    assert world.problems() == []
    attacker.close()


def test_the_commands_list_and_write_packages(world: World, tmp_path: Path) -> None:
    cast_all(world)
    runner = CliRunner()

    def run(*arguments: str) -> str:
        result = runner.invoke(commands, arguments, obj=world.platform, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert json.loads(run("list", "--community", "WTY", "--json")) == [
        {"code": "2026-01", "title": "2026 年第一次业主大会会议", "state": "open"}
    ]
    with pytest.raises(packages.NotTallied):
        run("package", "2026-01", "--community", "WTY", "--public", "-o", str(tmp_path / "a.zip"))
    world.clock.moment = world.row().closes_at
    assert "cut-off" in run("cutoff", "2026-01", "--community", "WTY")
    assert "closed" in run("close", "2026-01", "--community", "WTY")
    world.to(State.TALLIED)
    run("package", "2026-01", "--community", "WTY", "--full", "-o", str(tmp_path / "full.zip"))
    assert packages.verify((tmp_path / "full.zip").read_bytes())[0]
    assert "2026-01" in run("list", "--community", "WTY")
    with pytest.raises(Refusal, match="2026-77"):
        run("package", "2026-77", "--community", "WTY", "--full", "-o", str(tmp_path / "b.zip"))
    without = runner.invoke(commands, ["package", "2026-01", "--community", "WTY", "-o", "x.zip"], obj=world.platform)
    assert without.exit_code == 2
    assert "--public or --full" in without.output


@pytest.mark.parametrize("counting", ["first", "last"])
@pytest.mark.parametrize("voters", [0, 1, 6])
@pytest.mark.sqlite_only
def test_the_verifier_agrees_whoever_votes_and_however_often(
    platform: Platform, clock: FrozenClock, counting: str, voters: int
) -> None:
    world = a_world(platform, clock, owners=8, counting=counting)
    world.to(State.OPEN)
    for round_of in range(3 if counting == "last" else 1):
        for place in range(voters):
            marks = ("agree", "oppose", "abstain")
            world.cast(place, m1=marks[(place + round_of) % 3], **({"m2": "agree"} if place % 2 else {}))
            world.clock.advance(minutes=7)
        service.run_schedule(platform)
    world.to(State.TALLIED)
    for form in Form:
        satisfied, said = packages.verify(package(world, form), "--assembly", str(world.row().manifest_hash))
        assert satisfied, said
    assert world.problems() == []

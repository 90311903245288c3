"""Tampering by somebody with the platform's keys and its database. Each attack is caught, and the record is named, by
whom docs/audit-package.md 12 says: an owner with a receipt or row, whoever kept a head, a reader of the package.

What is changed inside a package is in tests/unit/voting/test_verify_tampering.py; docs/threat-model.md lists both.
"""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hoa.app import create_app
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from tests.integration.voting.insider import Entry, Insider
from tests.integration.voting.test_witnesses import Line, watcher
from tests.integration.voting.world import World, a_world
from voting import service, verify
from voting import witness as client
from voting.rules import record
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import closing, log, packages, steps, tallying, witnessing
from voting.service.keys import row_id
from voting.tables import RollEntry, RollUnit

STREET = "street.example"
VOTERS, OWNERS = 6, 8


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=OWNERS)
    made.to(State.OPEN)
    return made


def vote(world: World) -> list[bytes]:
    """Six of eight vote; the receipts."""
    world.clock.moment += timedelta(minutes=1)
    return [world.cast(place, m1="agree", m2="oppose") for place in range(VOTERS)]


def hourly(world: World) -> str:
    """The next hourly head, as an owner finds it on a receipt page and keeps it."""
    world.clock.moment += timedelta(hours=1)
    with world.platform.database.writing() as session:
        row = steps.locked(session, world.community, world.assembly)
        closing.hourly(session, world.platform.keys, row, now=world.clock.now())
        return log.heads(session, row)[-1].note.decode()


class Reader:
    """Whoever has the packages and runs verify.py."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        for form in Form:
            with world.platform.database.reading() as session:
                data = packages.build(session, world.platform.keys, world.row(), form)
            (folder / f"{form.value}.zip").write_bytes(data)

    def verdicts(self, **more: str) -> list[verify.Verdict]:
        """Of the public and of the full package, with a receipt or a kept head."""
        given: dict[str, Any] = {}
        for name, content in more.items():
            path = self.folder / name
            path.write_text(content, encoding="utf-8")
            given[name] = path
        identity = self.world.row().manifest_hash
        return [verify.verify_package(self.folder / f"{form.value}.zip", identity, **given) for form in Form]

    def failures(self, **more: str) -> list[tuple[str, str, str]]:
        """The first failure of each package that fails."""
        found = [failure for verdict in self.verdicts(**more) for failure in verdict.failures[:1]]
        return [(failure.member, failure.rule, failure.english) for failure in found]


def receipt_file(receipt: bytes) -> str:
    return json.dumps({"receipt": canonical.decode(receipt)})


def test_a_ballot_added_for_somebody_who_did_not_vote_is_in_their_row_and_in_the_sample(
    world: World, tmp_path: Path
) -> None:
    vote(world)
    victim = world.electors[7]
    world.cast(7, m1="agree", m2="agree")  # nobody but the platform asked for it
    world.to(State.ANNOUNCED)
    reader = Reader(world, tmp_path)
    assert all(verdict.ok for verdict in reader.verdicts()), "the package alone cannot tell: the record is consistent"
    with world.platform.database.reading() as session:
        row = tallying.counted_row(session, world.platform.keys, world.row(), victim)
        other = tallying.counted_row(session, world.platform.keys, world.row(), world.electors[6])
    assert row is not None
    assert other is not None
    assert row.counted is not None, "their own row says that a ballot counted in their name"
    assert other.counted is None
    full = verify.verify_package(tmp_path / "full.zip")
    sample = {"seed": full.log["root"], "size": VOTERS + 1}
    rows = [json.loads(line) for line in _member(tmp_path / "full.zip", "counted.jsonl").splitlines()]
    counted = verify.Counted("", 0, frozenset(), {one["elector"]: one["counted"] for one in rows})
    assert victim in verify.drawn(sample, counted), "who is recorded as a voter can be drawn and asked"
    assert world.electors[6] not in verify.drawn(sample, counted)


def _member(package: Path, name: str) -> bytes:
    return verify.read_container(package.read_bytes())[name]


def test_a_ballot_dropped_after_its_receipt_breaks_the_promise(world: World, tmp_path: Path) -> None:
    receipts = vote(world)

    def drop(entries: list[Entry]) -> list[Entry | None]:
        return [None if entry.get("elector") == world.electors[2] else entry for entry in entries]

    Insider(world).rewrite(drop)
    world.to(State.ANNOUNCED)
    reader = Reader(world, tmp_path)
    assert all(verdict.ok for verdict in reader.verdicts())
    for verdict in reader.verdicts(receipt=receipt_file(receipts[2])):
        assert not verdict.ok
        assert verdict.verdict == "PROMISE BROKEN"
        assert "tree-heads.jsonl line" in verdict.failures[0].english
    assert all(verdict.ok for verdict in reader.verdicts(receipt=receipt_file(receipts[3])))
    run = [sys.executable, str(verify.__file__), str(tmp_path / "public.zip"), "--receipt", str(tmp_path / "receipt")]
    (tmp_path / "receipt").write_text(receipt_file(receipts[2]))
    assert subprocess.run(run, capture_output=True, check=False).returncode == 1


def swapped(world: World, entries: list[Entry]) -> list[Entry | None]:
    """Two electors' ballots exchanged: every total stays."""
    first, second = world.electors[:2]
    other = {first: second, second: first}
    return [
        {**entry, "elector": other[entry["elector"]]} if entry.get("elector") in other else entry for entry in entries
    ]


def changed(world: World, entries: list[Entry]) -> list[Entry | None]:
    """One elector's choice turned round."""
    return [
        {**entry, "choices": {"m1": "oppose", "m2": "agree"}} if entry.get("elector") == world.electors[0] else entry
        for entry in entries
    ]


@pytest.mark.parametrize("attack", [swapped, changed])
def test_a_ballot_swapped_or_changed_is_not_the_one_of_the_receipt_nor_under_the_kept_head(
    world: World, tmp_path: Path, attack: Any
) -> None:
    receipts = vote(world)
    kept = hourly(world)
    Insider(world).rewrite(lambda entries: attack(world, entries))
    world.to(State.ANNOUNCED)
    reader = Reader(world, tmp_path)
    assert all(verdict.ok for verdict in reader.verdicts()), "every head was signed again: inside all is consistent"
    for verdict in reader.verdicts(receipt=receipt_file(receipts[0])):
        assert verdict.verdict == "PROMISE BROKEN"
    found = reader.failures(head=kept)
    assert [(member, rule) for member, rule, _ in found] == [("kept tree head", "11")] * 2
    assert all("forked" in words for _, _, words in found)


def test_a_log_cut_and_signed_again_is_found_by_whoever_kept_a_head(world: World, tmp_path: Path) -> None:
    vote(world)
    kept = hourly(world)

    def cut(entries: list[Entry]) -> list[Entry | None]:
        return [*entries[:2], *[None] * (len(entries) - 2)]

    Insider(world).rewrite(cut)
    world.to(State.ANNOUNCED)
    found = Reader(world, tmp_path).failures(head=kept)
    assert [(member, rule) for member, rule, _ in found] == [("kept tree head", "11")] * 2
    assert all("cut" in words for _, _, words in found)


@pytest.mark.parametrize("attack", [swapped, changed])
def test_a_forked_log_gets_no_witness_and_without_one_no_result(
    platform: Platform, clock: FrozenClock, tmp_path: Path, attack: Any
) -> None:
    world = a_world(platform, clock, owners=OWNERS, witnesses=(STREET,))
    world.cosign(STREET)
    world.to(State.OPEN)
    vote(world)
    kept = hourly(world)
    world.cosign(STREET)
    Insider(world).rewrite(lambda entries: attack(world, entries))
    world.to(State.CLOSED)
    with pytest.raises(client.Fork):
        _watcher(world, tmp_path, kept).look(int(world.clock.now().timestamp()))
    with pytest.raises(witnessing.ResultWaitsForAWitness):
        world.to(State.TALLIED)


def _watcher(world: World, folder: Path, kept: str) -> client.Watcher:
    """The witness's client with its memory, in front of the platform's pages."""
    watching = watcher(Line(create_app(world.platform)), folder)
    watching.state.keep("head.txt", kept.encode())
    return watching


@pytest.fixture
def staffed(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=OWNERS, staffed=True, channels=["online", "paper"])
    made.to(State.OPEN)
    return made


def result_or_refusal(world: World, folder: Path) -> list[tuple[str, str, str]]:
    """What the supervisors find in the full package; the platform itself must refuse to count or to announce."""
    world.to(State.CLOSED)
    with pytest.raises(Refusal) as refused:
        world.to(State.ANNOUNCED)
    if world.state() is State.CLOSED:
        return [("count", "", str(refused.value))]
    return Reader(world, folder).failures()


@pytest.mark.parametrize("signers", [(), ("clerk1",), ("clerk1", "counter1x")])
def test_a_ballot_voided_by_one_person_is_named(staffed: World, tmp_path: Path, signers: tuple[str, ...]) -> None:
    leaf = canonical.decode(vote(staffed)[0])["leaf"]
    void = record.void_entry(
        str(staffed.row().manifest_hash), leaf=leaf, reason="keying-error", time=staffed.clock.now()
    )
    Insider(staffed).append(void, *signers)
    (found, *_) = result_or_refusal(staffed, tmp_path)
    assert found[0] in ("count", "log.jsonl")
    if found[0] == "log.jsonl":
        assert found[1] == "5"


@pytest.mark.parametrize("issued_to", [None, 6])
def test_a_spare_serial_keyed_for_somebody_who_sent_no_paper_is_named(
    staffed: World, tmp_path: Path, issued_to: int | None
) -> None:
    """Two clerks together key a sheet that nobody was given, or that was another owner's."""
    insider, identity = Insider(staffed), str(staffed.row().manifest_hash)
    vote(staffed)
    if issued_to is not None:
        elector = staffed.electors[issued_to]
        insider.append(record.issue_entry(identity, serial="S-1", elector=elector, time=staffed.clock.now()), "clerk1")
    ballot = record.ballot_entry(
        identity,
        elector=staffed.electors[7],
        previous=None,
        choices={"m1": "agree", "m2": "agree"},
        time=staffed.clock.now(),
        channel="paper",
        evidence={"serial": "S-1", "scan": "ab" * 32},
    )
    insider.append(ballot, "clerk1", "clerk2")
    (found, *_) = result_or_refusal(staffed, tmp_path)
    assert found[0] in ("count", "log.jsonl")
    if found[0] == "log.jsonl":
        assert found[1] == "5.2"


def test_an_area_changed_after_the_notice_is_not_the_noticed_roll(world: World, tmp_path: Path) -> None:
    vote(world)
    insider = Insider(world)
    with world.platform.database.writing() as session:
        insider.without_guards(session)
        row = session.query(RollEntry).filter_by(elector=world.electors[0]).one()
        units = [unit.unit_id for unit in session.query(RollUnit).filter_by(elector=row.elector)]
        opened = tallying.opened_entry(world.platform.keys, world.row(), row, units)
        (name, area), *rest = opened.units
        grown = record.RollRow(opened.elector, ((name, area + 100_00), *rest), opened.salt)
        row.area, row.units, row.leaf = grown.share.area, grown.value["units"], grown.leaf.hex()
        session.flush()
        row.id = row_id(world.platform.keys, world.assembly, "roll", row.leaf)
    assert any("the roll is not the one that the notice froze" in line for line in world.problems())
    world.to(State.CLOSED)
    with pytest.raises(Refusal) as refused:
        world.to(State.ANNOUNCED)
    if world.state() is State.TALLIED:
        assert "roll.jsonl" in str(refused.value)
        assert {failure[:2] for failure in Reader(world, tmp_path).failures()} == {("roll.jsonl", "4")}


def test_an_insider_without_the_keys_is_named_by_hoa_verify(world: World) -> None:
    vote(world)
    assert world.problems() == []
    service.run_sequencer(world.platform)
    with world.platform.database.writing() as session:
        Insider(world).without_guards(session)
        head = log.heads(session, world.row())[0]
        head.size = 2
    assert any("table tree_head" in line for line in world.problems())

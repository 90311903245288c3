"""Witnesses: nothing is opened or counted unseen, only listed keys sign, and a fork is refused and kept."""

import io
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select, update

from hoa.kernel import checkpoint
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import Refusal
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world, witness_key
from voting import service
from voting import witness as client
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import log, packages, witnessing
from voting.service.keys import in_force
from voting.tables import Cosignature
from voting.witness_commands import witness as command

STREET, SCHOOL = "street.example", "school.example"
PAGE = "http://localhost/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    return a_world(platform, clock, owners=6, witnesses=(SCHOOL, STREET))


def to_the_opening(world: World) -> None:
    world.clock.moment = world.row().opens_at
    service.run_schedule(world.platform)


def test_voting_waits_for_a_witness_and_then_begins_by_itself(world: World) -> None:
    to_the_opening(world)
    assert world.state() is State.NOTICED
    world.clock.moment += timedelta(minutes=5)
    world.cosign(STREET)
    service.run_schedule(world.platform)
    assert world.state() is State.OPEN


def test_the_count_waits_for_a_witness_and_the_packages_carry_what_they_signed(world: World) -> None:
    world.cosign(SCHOOL)
    world.to(State.OPEN)
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.CLOSED)
    with pytest.raises(witnessing.ResultWaitsForAWitness, match=r"见证人 school\.example、见证人 street\.example"):
        world.to(State.TALLIED)
    assert world.state() is State.CLOSED
    world.cosign(STREET)
    world.to(State.ANNOUNCED)
    for form in Form:
        with world.platform.database.reading() as session:
            data = packages.build(session, world.platform.keys, world.row(), form)
            assert data == packages.build(session, world.platform.keys, world.row(), form)
        satisfied, said = packages.verify(data, "--assembly", str(world.row().manifest_hash))
        assert satisfied, said
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            heads = [json.loads(line)["note"] for line in archive.read("tree-heads.jsonl").splitlines()]
        assert [f"— {SCHOOL} " in note for note in heads] == [True, True, False, False]
        assert [f"— {STREET} " in note for note in heads] == [False, False, False, True]
    assert world.problems() == []


def test_what_comes_after_the_count_no_longer_changes_the_package(world: World) -> None:
    world.cosign(SCHOOL)
    world.to(State.CLOSED)
    world.cosign(SCHOOL)
    world.to(State.TALLIED)
    with pytest.raises(witnessing.RecordSettled):
        world.cosign(STREET)


def post(app: Flask, sent: object) -> tuple[int, dict[str, object]]:
    answer = app.test_client().post("/c/WTY/assemblies/2026-01/cosignatures", json=sent)
    assert answer.is_json
    return answer.status_code, answer.get_json()


def line_of(world: World, name: str, *, seconds: int = 0, root: bytes | None = None, key: str | None = None) -> str:
    with world.platform.database.reading() as session:
        head = checkpoint.parse(log.heads(session, world.row())[-1].note).checkpoint
    head = checkpoint.Checkpoint(head.origin, head.size, root or head.root)
    signer = witness_key(key or name)
    verifier = checkpoint.VerifierKey(name, checkpoint.KeyType.WITNESS, signer.verifier.public)
    time = int(world.clock.now().timestamp()) + seconds
    return checkpoint.cosign_head(head, verifier, signer.private.sign, time=time).text


def test_only_a_listed_witness_brings_a_signature_once_and_that_holds(world: World, app: Flask) -> None:
    good = line_of(world, STREET)
    refused: list[tuple[object, int, str]] = [
        ({"size": 1, "line": line_of(world, "stranger.example")}, 403, "UnknownWitness"),
        ({"size": 1, "line": line_of(world, STREET, key="stranger.example")}, 403, "UnknownWitness"),
        ({"size": 1, "line": line_of(world, STREET, root=b"\1" * 32)}, 422, "WrongCosignature"),
        ({"size": 1, "line": line_of(world, STREET, seconds=61)}, 422, "WrongTime"),
        ({"size": 1, "line": line_of(world, STREET, seconds=-61)}, 422, "WrongTime"),
        ({"size": 2, "line": good}, 404, "NoSuchHead"),
        ({"size": 1, "line": good + line_of(world, SCHOOL)}, 400, "NotACosignature"),
        ({"size": 1, "line": "— a b\n"}, 400, "NotACosignature"),
        ({"size": 1, "line": "\ud800"}, 400, "NotACosignature"),
        ({"size": "1", "line": good}, 400, "NotACosignature"),
        ({"size": True, "line": good}, 400, "NotACosignature"),
        ({"size": 2**53, "line": good}, 400, "NotACosignature"),
        ([], 400, "NotACosignature"),
        ({"size": 1, "line": "x" * 5000}, 400, "NotACosignature"),
    ]
    for sent, status, name in refused:
        answered, said = post(app, sent)
        assert (answered, said["refused"]) == (status, name), sent
        assert said["why"]
    with world.platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Cosignature)) == 0
    assert post(app, {"size": 1, "line": good}) == (201, {"kept": True, "size": 1})
    assert post(app, {"size": 1, "line": good})[1]["refused"] == "CosignedBefore"
    browser = app.test_client()
    assert good in browser.get("/c/WTY/assemblies/2026-01/head.txt").get_data(as_text=True)
    assert good in browser.get("/c/WTY/assemblies/2026-01/heads.json").get_json()[0]["note"]
    assert world.problems() == []


# -- the client


class Line:
    """The witness's network: the platform's pages, or what `lies` puts in their place."""

    def __init__(self, app: Flask) -> None:
        self.client, self.lies, self.down = app.test_client(), dict[str, bytes](), False

    def __call__(self, url: str, data: bytes | None = None) -> client.Reply:
        parts = urlsplit(url)
        path = parts.path.removeprefix("/c/WTY/assemblies/2026-01") + (f"?{parts.query}" if parts.query else "")
        if self.down and data is not None:
            raise client.NoAnswer(url=url, why="down")
        for name, lie in self.lies.items():
            if path.startswith(name):
                return client.Reply(200, lie)
        here = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = self.client.post(here, data=data) if data is not None else self.client.get(here)
        return client.Reply(answer.status_code, answer.get_data())


def watcher(line: Line, folder: Path, **options: str) -> client.Watcher:
    return client.Watcher(PAGE, witness_key(STREET), folder, get=line, **options)


def look(world: World, watching: client.Watcher) -> client.Seen:
    return watching.look(int(world.clock.now().timestamp()))


def test_the_client_cosigns_each_head_once_and_begins_with_the_notices(
    world: World, app: Flask, tmp_path: Path
) -> None:
    watching = watcher(Line(app), tmp_path, assembly=str(world.row().manifest_hash))
    assert look(world, watching) == client.Seen(1, True, "")
    assert look(world, watching) == client.Seen(1, False, "")
    world.to(State.OPEN)
    world.cast(0, m1="agree", m2="oppose")
    world.to(State.CLOSED)
    assert look(world, watching) == client.Seen(4, True, "")
    world.to(State.ANNOUNCED)
    assert look(world, watching) == client.Seen(4, False, "")


def test_a_client_that_comes_late_signs_the_notice_first(world: World, app: Flask, tmp_path: Path) -> None:
    world.cosign(SCHOOL)
    world.to(State.CUT_OFF)
    assert look(world, watcher(Line(app), tmp_path)).size == 2
    with world.platform.database.reading() as session:
        noted = witnessing.noted(session, world.row())
    assert [STREET in one.names for one in noted] == [True, True, True]


def test_a_line_that_did_not_arrive_is_brought_again(world: World, app: Flask, tmp_path: Path) -> None:
    line = Line(app)
    watching = watcher(line, tmp_path)
    line.down = True
    with pytest.raises(client.NoAnswer):
        look(world, watching)
    line.down = False
    assert look(world, watching) == client.Seen(1, True, "")


def resigned(world: World, size: int, root: bytes) -> bytes:
    """A head over another tree, with the platform's own key."""
    with world.platform.database.reading() as session:
        head = checkpoint.parse(log.heads(session, world.row())[-1].note).checkpoint
    key = in_force(world.platform.keys, world.row(), "log")
    verifier = checkpoint.VerifierKey(head.origin, checkpoint.KeyType.LOG, key.public)
    forged = checkpoint.Checkpoint(head.origin, size, root)
    return checkpoint.Note(forged, (checkpoint.sign_head(forged, verifier, key.sign),)).text


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_log_cut_or_forked_and_signed_again_by_the_platform_is_refused_and_kept(
    world: World, app: Flask, tmp_path: Path, size: int
) -> None:
    line = Line(app)
    watching = watcher(line, tmp_path)
    world.cosign(SCHOOL)
    world.to(State.CUT_OFF)
    assert look(world, watching).size == 2
    line.lies["/head.txt"] = resigned(world, size, b"\7" * 32)
    with pytest.raises(client.Fork, match="FORK"):
        look(world, watching)
    kept = (tmp_path / f"fork-2-{size}.txt").read_text()
    assert kept.count(f"— localhost/WTY/{world.row().manifest_hash} ") == 2
    assert (tmp_path / "head.txt").read_text().split("\n")[1] == "2", "what was cosigned last is remembered"


@pytest.mark.parametrize("proof", [b"", b"{}", b'{"proof": 7}', b'{"proof": ["zz"]}', b'{"proof": []}', b"[" * 9999])
def test_a_head_without_a_proof_that_it_continues_is_not_cosigned(
    world: World, app: Flask, tmp_path: Path, proof: bytes
) -> None:
    line = Line(app)
    look(world, watcher(line, tmp_path))
    world.to(State.CUT_OFF)
    line.lies["/proof/consistency.json?old=1&new=2"] = proof
    with pytest.raises(client.Fork):
        look(world, watcher(line, tmp_path))


def test_what_is_not_the_noticed_log_is_not_cosigned(world: World, app: Flask, tmp_path: Path) -> None:
    line = Line(app)
    with pytest.raises(client.NotThisAssembly):
        look(world, watcher(line, tmp_path / "a", assembly="0" * 64))
    line.lies["/manifest.json"] = b"{}"
    with pytest.raises(client.NotThisAssembly):
        look(world, watcher(line, tmp_path / "b"))
    line.lies.clear()
    for number, lie in enumerate((b"", b"a\n1\n", resigned(world, 1, b"\1" * 32).replace(b"/WTY/", b"/WTX/"))):
        line.lies["/head.txt"] = lie
        with pytest.raises(client.NotSignedByTheLog):
            look(world, watcher(line, tmp_path / f"c{number}"))
    with world.platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Cosignature)) == 0


def test_two_clients_do_not_share_a_memory(world: World, app: Flask, tmp_path: Path) -> None:
    watching = watcher(Line(app), tmp_path)
    with watching.state.held(), pytest.raises(client.Watched):
        look(world, watching)


def test_a_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key"
    made = CliRunner().invoke(command, ["new-key", STREET, str(file)])
    assert made.exit_code == 0
    key = client.read_key(file)
    assert made.stdout.strip() == key.verifier.text
    assert checkpoint.VerifierKey.parse(made.stdout.strip()) == key.verifier
    with pytest.raises(client.KeyFileThere):
        client.new_key(STREET, file)
    assert client.read_key(file) == key or client.read_key(file).line == key.line
    file.chmod(0o640)
    with pytest.raises(client.KeyReadable):
        client.read_key(file)
    file.chmod(0o600)
    for text in ("", "x", "PRIVATE+KEY+a+b+c", key.line[:-5], key.line * 2, key.line.replace(STREET, SCHOOL)):
        file.write_text(text)
        with pytest.raises(client.NotAWitnessKey):
            client.read_key(file)


def test_nobody_home_is_said_in_one_sentence(tmp_path: Path) -> None:
    client.new_key(STREET, tmp_path / "key")
    for url in ("http://127.0.0.1:9/c/WTY/assemblies/x", "file:///etc/passwd", "nonsense"):
        done = subprocess.run(
            [".venv/bin/hoa", "witness", "watch", url, "--key", str(tmp_path / "key"), "--state", str(tmp_path / "s"),
             "--once"], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin"})  # fmt: skip
        assert done.returncode == 1
        assert url in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_cosignature_changed_in_the_database_is_named(world: World) -> None:
    world.cosign(STREET)
    with world.platform.database.writing() as session:
        with pytest.raises(Exception, match="voting record"):
            session.execute(update(Cosignature).values(line="— x y\n"))
        session.rollback()
    row = Cosignature(id="forged", community_id=world.community, assembly_id=world.assembly, name=SCHOOL,
                      head_id=_head_id(world), line=line_of(world, SCHOOL, root=b"\2" * 32),
                      made_at=world.clock.now())  # fmt: skip
    with world.platform.database.writing() as session:
        session.add(row)
    found = world.problems()
    assert any("table cosignature, row forged" in line and "the row was changed" in line for line in found)
    assert any("不符" in line for line in found)


def _head_id(world: World) -> str:
    with world.platform.database.reading() as session:
        return log.heads(session, world.row())[-1].id


def test_a_draft_has_no_head_and_takes_no_cosignature(platform: Platform, clock: FrozenClock) -> None:
    world = a_world(platform, clock, owners=2)
    with platform.database.writing() as session, pytest.raises(Refusal):
        witnessing.accept(session, platform.keys, world.community, "nobody", size=1, line="— a b\n", now=clock.now())


def test_the_page_says_who_has_seen_what_and_what_waits_for_them(world: World, app: Flask) -> None:
    browser = app.test_client()

    def page() -> str:
        return browser.get("/c/WTY/assemblies/2026-01/witnesses").get_data(as_text=True)

    to_the_opening(world)
    assert "等见证人签署后开始表决" in page()
    assert "见证人 street.example" in page()
    assert page().count("还没有") >= 2
    world.cosign(STREET)
    service.run_schedule(world.platform)
    assert "等见证人" not in page()
    assert "1 条时" in page()
    assert f"— {STREET} " in page()
    world.to(State.CLOSED)
    assert "等见证人签署后计票" in page()

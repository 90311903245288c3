"""verify.py as an owner runs it: a bare interpreter, nothing installed, nothing in the environment."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.record_builder import VERIFIER, Record, small_record

STANDARD = sys.stdlib_module_names


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(VERIFIER), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env={}, capture_output=True, text=True, encoding="utf-8", timeout=120)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "package.zip"
    path.write_bytes(small_record(officials=True, witnesses=("居委会.example",)).package())
    return path


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= STANDARD


def test_a_good_package_exits_0_and_says_what_was_not_authenticated(package: Path) -> None:
    done = run(package, cwd=package.parent)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "SELF-CONSISTENT ONLY, SIGNERS NOT AUTHENTICATED"
    assert "3 × 2 ≥ 2 × 3" in done.stdout
    assert "PASSED 通过" in done.stdout


def test_with_the_printed_hash_it_is_verified(package: Path) -> None:
    assembly = small_record(officials=True, witnesses=("居委会.example",)).assembly
    done = run(package, "--assembly", assembly, "--json", cwd=package.parent)
    verdict = json.loads(done.stdout)
    assert (done.returncode, verdict["ok"], verdict["verdict"]) == (0, True, "VERIFIED")
    assert verdict["motions"][0]["options"]["agree"] == {"heads": 2, "area": 23000}


def test_a_changed_byte_exits_1_and_names_the_member_in_two_languages(package: Path) -> None:
    data = bytearray(package.read_bytes())
    data[data.index(b'"agree"') + 1] ^= 1
    package.write_bytes(data)
    done = run(package, cwd=package.parent)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert (lines[0], lines[1]) == ("FAILED", "不成立")
    assert lines[2].startswith("log.jsonl, line 0, rule 2: ")
    assert lines[3].startswith("log.jsonl 第 0 行，规则 2：")
    assert len(lines) == 4


def test_a_broken_promise_exits_1_and_says_so(package: Path, tmp_path: Path) -> None:
    record = Record({"E1": [100]}).open()
    own = record.ballot("E1", "agree")
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps({"receipt": record.receipt(own)}), encoding="utf-8")
    package.write_bytes(Record({"E1": [100]}).open().close().package("public"))
    done = run(package, "--receipt", receipt, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("PROMISE BROKEN\n")


@pytest.mark.parametrize(
    "arguments", [[], ["missing.zip"], ["package.zip", "--assembly", "abc"], ["package.zip", "--receipt", "missing"]]
)
def test_wrong_usage_exits_2_with_a_sentence(package: Path, arguments: list[str]) -> None:
    done = run(*arguments, cwd=package.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_package_says_cannot_forge_a_line_of_the_report(package: Path) -> None:
    record = Record({"E1": [100]}, title="会议\nVERIFIED\x1b[2J").open().close()
    package.write_bytes(record.package())
    done = run(package, cwd=package.parent)
    assert done.returncode == 0
    assert "VERIFIED" not in done.stdout.splitlines()
    assert "\x1b" not in done.stdout


def test_help_is_there(package: Path) -> None:
    done = run("--help", cwd=package.parent)
    assert done.returncode == 0
    assert "--assembly HASH" in done.stdout

"""The house itself: the contract names the rooms there are, every test is found, nothing local slips in."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("hoa", "voting", "finance")
KINDS = ("unit", "integration", "browser", "faults")
# Folders of package `hoa` that hold data, not code.
DATA = {"static", "translations"}
# Split, so that this file does not name what it forbids.
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js", "deb.deb" + "ian.org", "npm" + "mirror")
PLACES = ("/wo" + "rk/", "/ro" + "ot/", "farm" + "-studio")
BINARY = {".xlsx", ".png", ".jpg", ".woff2", ".ico", ".pdf", ".zip", ".mo", ".webp"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8", errors="replace"))
        for path in tracked()
        if path.suffix not in BINARY
    ]


def contract_layers() -> tuple[set[str], set[str]]:
    """The rooms in the layers contract: those that must exist, and those in brackets that must not exist yet."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in linter["contracts"] if contract["id"] == "directions")
    names = [name.strip() for layer in layers for name in layer.split("|")]
    assert len(names) == len(set(names)), "a room stands in two layers"
    return {name for name in names if name[0] != "("}, {name.strip("()") for name in names if name[0] == "("}


def rooms_on_disk() -> set[str]:
    modules = {path.stem for path in (ROOT / "hoa").glob("*.py")} - {"__init__"}
    packages = {path.name for path in (ROOT / "hoa").iterdir() if path.is_dir() and path.name[0] not in "._"} - DATA
    return {f"hoa.{name}" for name in modules | packages} | {name for name in PACKAGES if name != "hoa"}


def test_the_directions_name_exactly_the_rooms_on_disk() -> None:
    built, planned = contract_layers()
    on_disk = rooms_on_disk()
    assert built == on_disk, "put every room into the layers contract of pyproject.toml, without brackets"
    assert not planned & on_disk, "this room exists now: take its brackets away in pyproject.toml"


def test_every_folder_of_rules_is_under_the_contract_for_pure_modules() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    patterns = next(contract["source_modules"] for contract in linter["contracts"] if contract["id"] == "pure")
    expressions = [re.compile(pattern.replace(".", r"\.").replace("*", "[^.]+")) for pattern in patterns]
    rules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in [*(ROOT / package).rglob("rules.py"), *(ROOT / package).rglob("rules")]
        if path.suffix == ".py" or path.is_dir()
    ]
    assert rules
    assert [name for name in rules if not any(expression.fullmatch(name) for expression in expressions)] == []


def test_tests_mirror_the_packages() -> None:
    rooms = {name.removeprefix("hoa.") for name in rooms_on_disk()} | {"ground"}  # config, db, jobs, platform
    strangers = [
        str(folder.relative_to(ROOT))
        for kind in ("unit", "integration")
        for folder in (ROOT / "tests" / kind).iterdir()
        if folder.is_dir() and folder.name[0] not in "._" and folder.name not in rooms
    ]
    assert strangers == [], "a folder of tests bears the name of the room it tests"


@pytest.mark.parametrize("kind", KINDS)
def test_no_test_is_uncollected_because_of_its_name(kind: str) -> None:
    lost = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests" / kind).rglob("*.py")
        if not path.name.startswith("test_")
        and re.search(r"^\s*(async )?def test_", path.read_text("utf-8"), re.MULTILINE)
    ]
    misnamed = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "tests" / kind).rglob("test_*.py")
        for name in re.findall(r"^class (\w+Tests?)\b", path.read_text("utf-8"), re.MULTILINE)
        if not name.startswith("Test")
    ]
    assert lost == []
    assert misnamed == []


def test_no_test_lies_outside_the_folders_that_make_test_runs() -> None:
    outside = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if path.relative_to(ROOT / "tests").parts[0] not in KINDS
    ]
    assert outside == []


@pytest.mark.parametrize("word", [*REGISTRIES, *PLACES])
def test_no_file_names_a_registry_or_a_place_of_one_machine(word: str) -> None:
    assert [name for name, text in texts() if word in text] == []


def test_neither_databases_nor_keys_nor_other_locks_are_tracked() -> None:
    forbidden = {".db", ".sqlite", ".sqlite3", ".pem", ".key", ".p12", ".mo"}
    assert [str(path) for path in tracked() if path.suffix in forbidden or path.name == "uv.lock"] == []


def test_locks_name_no_address_and_hash_every_version() -> None:
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert "://" not in text
        pins = re.findall(r"^\S+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^\S+==", text, re.MULTILINE)) > 40


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_the_two_commands(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert "make run" in text
    assert "make test" in text


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    assert re.search(r"^exec make test\b", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", [".ci/run", "bin/system-packages"])
def test_scripts_can_be_executed_from_a_clone(path: str) -> None:
    mode = subprocess.run(["git", "ls-files", "-s", path], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert mode.startswith("100755 ")


def test_every_make_target_is_explained_by_make_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    targets = set(re.findall(r"^\.PHONY: (\S+)", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"^  make (\S+)", listed.stdout, re.MULTILINE))


@pytest.mark.parametrize("page", ["legal-map.md", "threat-model.md"])
def test_what_the_maps_point_at_exists(page: str) -> None:
    """A rule that says which test holds it must not point at a test or a function that was renamed away."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    tests = re.findall(r"`((?:unit|integration|browser|faults)/[\w/]+\.py)::(\w+)`", text)
    places = re.findall(r"`((?:hoa|voting|finance|templates)/[\w./-]+\.\w+)(?::([\w.]+))?`", text)
    assert tests
    assert places
    missing = [f"{file}::{name}" for file, name in tests if not _defines(ROOT / "tests" / file, f"test_{name}")]
    missing += [
        f"{file}:{dotted}"
        for file, dotted in places
        if not all(_defines(ROOT / file, name) for name in (dotted.split(".") if dotted else [""]))
    ]
    assert missing == []


def _defines(path: Path, name: str) -> bool:
    """Whether the file is there and (with a name) defines it: a function, a class or a constant."""
    if not path.is_file():
        return False
    defined = rf"^\s*(?:async def|def|class) {name}\b|^\s*{name}\b.*="
    return not name or re.search(defined, path.read_text(encoding="utf-8"), re.MULTILINE) is not None

"""Do requirements/*.txt still answer pyproject.toml? Offline and deterministic, so that it can run in `make lint`.

Every declared dependency must be locked at a version its specifier allows, every line must carry hashes, the run lock
must be a part of the dev lock, and no lock may name an address to download from.
"""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^(?P<requirement>[A-Za-z0-9][^ ;]*==[^ ;\\]+)(?: ;(?P<marker>[^\\]*))? \\$")
CURE = "run `make lock`"


def read_lock(path: Path) -> tuple[dict[str, set[str]], list[str]]:
    """The versions pinned for each name, and what is wrong with the file itself."""
    pins: dict[str, set[str]] = {}
    faults: list[str] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        where = f"{path.name}:{number}"
        if "://" in line or line.startswith("-"):
            faults.append(f"{where}: a lock names no address and no option: {line.strip()}; {CURE}")
        if line.startswith((" ", "#", "-")) or not line:
            continue
        match = PIN.match(line)
        if match is None or number == len(lines) or "--hash=sha256:" not in lines[number]:
            faults.append(f"{where}: not an exact version with hashes: {line.strip()}; {CURE}")
            continue
        pinned = Requirement(match["requirement"])
        pins.setdefault(canonicalize_name(pinned.name), set()).add(next(iter(pinned.specifier)).version)
    return pins, faults


def declared(*groups: str) -> list[Requirement]:
    """The dependencies of pyproject.toml and of these optional groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = list(project["dependencies"])
    for group in groups:
        texts += project["optional-dependencies"][group]
    return [Requirement(text) for text in texts]


def unanswered(name: str, pins: dict[str, set[str]], requirements: list[Requirement]) -> list[str]:
    """Declared dependencies that the lock lacks or holds at a version that is not allowed."""
    faults = []
    for requirement in requirements:
        versions = pins.get(canonicalize_name(requirement.name), set())
        if not versions:
            faults.append(f"{name}: {requirement.name} is declared but not locked; {CURE}")
        faults += [
            f"{name}: {requirement.name} is locked at {version}, declared as {requirement.specifier}; {CURE}"
            for version in sorted(versions)
            if not requirement.specifier.contains(version, prereleases=True)
        ]
    return faults


def main() -> int:
    run, faults = read_lock(ROOT / "requirements" / "run.txt")
    dev, more = read_lock(ROOT / "requirements" / "dev.txt")
    faults += more
    faults += unanswered("run.txt", run, declared("build"))
    faults += unanswered("dev.txt", dev, declared("build", "dev"))
    faults += [
        f"dev.txt: {name} {sorted(versions)} of run.txt is {sorted(dev.get(name, ()))} here; {CURE}"
        for name, versions in run.items()
        if dev.get(name) != versions
    ]
    for fault in faults:
        sys.stderr.write(fault + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

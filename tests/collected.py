"""`make count` and its check: the number of tests may grow, never silently fall.

A file that stops being collected (a wrong name, a swallowed import error) would otherwise look like success.
"""

import re
import subprocess
import sys
from pathlib import Path

RECORD = Path(__file__).with_name("collected.txt")


def collect() -> int:
    """How many tests pytest finds now."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.search(r"^(\d+) tests? collected", done.stdout, re.MULTILINE)
    if done.returncode or match is None:
        said = [line for line in done.stdout.splitlines() if "::" not in line]
        sys.exit("\n".join([*said[-60:], done.stderr[-2000:], "pytest could not collect every test, see above"]))
    return int(match[1])


def main(arguments: list[str]) -> int:
    if arguments not in (["check"], ["write"]):
        sys.exit("usage: python -m tests.collected check|write")
    now = collect()
    if arguments == ["write"]:
        RECORD.write_text(f"{now}\n", encoding="ascii")
        sys.stdout.write(f"tests/collected.txt: {now}\n")
        return 0
    before = int(RECORD.read_text(encoding="ascii"))
    if now < before:
        sys.exit(
            f"only {now} tests are collected, tests/collected.txt says {before}: tests were lost (or run `make count`)"
        )
    sys.stdout.write(f"{now} tests collected (at least {before} expected)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

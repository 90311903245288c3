"""Rows, the functions that measure them, and the table they are printed in."""

import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Raw:
    """What this machine can do with nothing of ours on top."""

    write_us: float  # a 4 KiB write and fdatasync, median
    insert_per_second: float  # one-row transactions on SQLite, WAL and synchronous=FULL
    sign_us: float  # Ed25519
    verify_us: float
    hello_ms: float  # CPU of a Flask page that says hello


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `met` is None where there is no target."""

    what: str
    ours: str
    raw: str = ""
    target: str = ""
    met: bool | None = None


Measure = Callable[[Raw, Path], Iterable[Row]]
MEASURES: list[Measure] = []


def measure(function: Measure) -> Measure:
    """Register a function of (raw limits, an empty folder) that gives rows."""
    MEASURES.append(function)
    return function


@dataclass
class Watch:
    """Seconds on the clock and of CPU in this process."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Watch]:
    watch = Watch()
    wall, cpu = time.perf_counter(), time.process_time()
    yield watch
    watch.wall, watch.cpu = time.perf_counter() - wall, time.process_time() - cpu


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of all values (0 to 1) do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(rows: Sequence[Row]) -> str:
    """The rows as a table of plain text."""
    cells = [("what", "ours", "raw limit", "target", "")]
    cells += [
        (row.what, row.ours, row.raw, row.target, {True: "met", False: "MISSED", None: ""}[row.met]) for row in rows
    ]
    widths = [max(_width(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(_padded(text, width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))

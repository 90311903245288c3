"""Paper at full length: the report with a long ledger, beside one plain WeasyPrint call of the same table in the
same run, and five signatures checked; and the ballot sheets of the demo's 487 electors with the notice, by the jobs
that make them.
"""

import copy
import io
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pikepdf

from finance.audit import content as contents
from finance.audit import printing
from hoa.app import create_app, create_worker
from hoa.community.service import create
from hoa.config import Settings
from hoa.demo import assemblies, books, register, signing_keys
from hoa.demo import paper as ballots
from hoa.demo import people as cast
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.migrations.runner import upgrade
from hoa.platform import Platform, open_platform
from hoa.web.pdf_countersign import embed, prepare
from hoa.web.pdf_sign import verify_pdf
from tests.bench.table import Raw, Row, measure, timed
from voting.service import printing as sheet_printing
from voting.service import sheets
from voting.tables import Assembly

SHEETS_TARGET = 120.0
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)
# Rows of the ledger, and the seconds that their report may take on two cores.
TARGETS = {500: 6.0, 5_000: 20.0, 20_000: 90.0}
MOST_MEGABYTES = 600
SIGNATURES = 5
CHECK_TARGET = 3.0
PLAIN = """
import resource, sys, time
from weasyprint import HTML
html = sys.stdin.read()
start = time.perf_counter()
HTML(string=html).write_pdf()
taken = time.perf_counter() - start
print(f"{taken:.1f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
"""


@measure
def report(_raw: Raw, folder: Path) -> Iterable[Row]:
    settings = Settings(data=folder, database_url=f"sqlite:///{folder / 'hoa.db'}", sms="file", mail="file")
    platform = open_platform(settings, clock=FrozenClock(NOW))
    with closing(platform.database):
        upgrade(platform.database)
        small = _content(platform)
        for rows, target in TARGETS.items():
            yield from _printed(platform, _lengthened(small, rows), rows, target)
        yield _checked(platform, small)


def _printed(platform: Platform, content: dict[str, Any], rows: int, target: float) -> Iterable[Row]:
    """The report beside one plain WeasyPrint call of the same table, which runs in a process of its own: its memory
    must not be taken for ours, nor stay in this process."""
    told: list[int] = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with timed() as ours, watched() as memory:
        pdf = printing.as_pdf(
            platform,
            content,
            address="http://localhost:8000/x",
            now=NOW,
            tell=lambda done, _all: told.append(done),
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = ours.cpu + after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = len(opened.pages)
    plain = _plain(content["ledger"])
    yield Row(
        what=f"signed report, {rows:,} vouchers: {pages} pages, {len(pdf) / 1e6:.1f} MB, {len(told)} steps told",
        ours=f"{ours.wall:.1f} s ({cpu:.1f} s CPU), {memory.most_megabytes} MB in the largest process",
        raw=f"{plain} (one plain table)",
        target=f"≤ {target:.0f} s, ≤ {MOST_MEGABYTES} MB",
        met=ours.wall <= target and memory.most_megabytes <= MOST_MEGABYTES,
    )


def _plain(ledger: list[dict[str, Any]]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], input=_table(ledger), capture_output=True, check=True, encoding="utf-8"
    )
    return done.stdout.strip()


class Memory(threading.Thread):
    """The most that this process or one of its children holds, looked at ten times a second (Linux)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most_megabytes = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.1):
            self.look()

    def look(self) -> None:
        """Resident memory of every process that descends from this one, and of this one."""
        parents: dict[int, int] = {}
        resident: dict[int, int] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                resident[int(folder.name)] = int(fields[21]) * resource.getpagesize()
                parents[int(folder.name)] = int(fields[1])
            except (OSError, ValueError, IndexError):  # it ended while we looked
                continue
        own = {os.getpid()}
        while grown := {child for child, parent in parents.items() if parent in own} - own:
            own |= grown
        most = max((resident[process] for process in own if process in resident), default=0)
        self.most_megabytes = max(self.most_megabytes, most >> 20)


@contextmanager
def watched() -> Iterator[Memory]:
    memory = Memory()
    memory.start()
    yield memory
    memory.over.set()
    memory.join()
    memory.look()


def _checked(platform: Platform, content: dict[str, Any]) -> Row:
    """A report with five signatures, as a reader has it checked."""
    pdf = printing.as_pdf(platform, content, address="http://localhost:8000/x", now=NOW)
    authority = printing.certificates(platform)
    for number in range(1, SIGNATURES):
        key = signing_keys.DemoKey(f"bench {number}")
        certificate = authority.personal(public=key.public, name=f"监督{number}", organization="测速小区", now=NOW)
        made = prepare(pdf, certificate=certificate, now=NOW, field_name=f"Countersignature{number}", reason="测速")
        pdf = embed(pdf, made, certificate=certificate, signature=key.sign(made.attributes))
    with timed() as watch:
        verdict = verify_pdf(pdf, trust_roots=authority.trust_roots(), now=NOW)
    assert verdict.valid
    assert len(verdict.signatures) == SIGNATURES
    return Row(
        what=f"a report with {SIGNATURES} signatures checked",
        ours=f"{watch.wall:.2f} s",
        target=f"≤ {CHECK_TARGET:.0f} s",
        met=watch.wall <= CHECK_TARGET,
    )


def _content(platform: Platform) -> dict[str, Any]:
    with platform.database.writing() as session:
        community = create(session, code="BENCH", name="测速小区", by=None, now=NOW).id
    people = cast.settle(platform, community, now=cast.TERM[0])
    books.build(platform, community, people)
    with platform.database.reading() as session:
        return contents.build(
            session, community, number="2026-001", start=date(2026, 1, 1), end=date(2026, 9, 30), now=NOW
        )


def _lengthened(content: dict[str, Any], rows: int) -> dict[str, Any]:
    """The same report with its ledger repeated until it has so many rows."""
    longer = copy.deepcopy(content)
    ledger = longer["ledger"]
    longer["ledger"] = (ledger * (rows // len(ledger) + 1))[:rows]
    return longer


def _table(ledger: list[dict[str, Any]]) -> str:
    names = ("number", "day", "summary", "party", "income_fen", "spending_fen")
    body = "".join("<tr>" + "".join(f"<td>{escape(str(row[name]))}</td>" for name in names) + "</tr>" for row in ledger)
    style = "table { width: 100%; table-layout: fixed } td { border: 1px solid; font-size: 8.5pt }"
    return f'<html lang="zh-CN"><style>{style}</style><table>{body}</table></html>'


@measure
def ballot_sheets(_raw: Raw, folder: Path) -> Iterable[Row]:
    """Every sheet is issued and signed before it is printed; the time is that of printing alone."""
    clock = FrozenClock(NOW)
    settings = Settings(data=folder, database_url=f"sqlite:///{folder / 'hoa.db'}", sms="file", mail="file")
    platform = open_platform(settings, clock=clock)
    with closing(platform.database):
        upgrade(platform.database)
        assembly, buildings = _issued(platform, clock)
        browser, worker = create_app(platform).test_client(), create_worker(platform)
        heard: list[int] = []
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with timed() as watch:
            browser.get(f"/c/BENCH/assemblies/{assembly.code}/notice.pdf")
            while worker.run_one():
                pass
            every = sheet_printing.print_all(
                platform, assembly, buildings, language="zh-CN", progress=lambda done, _total: heard.append(done)
            )
            size = sum(made.size for made in every)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = watch.cpu + after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        notice = browser.get(f"/c/BENCH/assemblies/{assembly.code}/notice.pdf")
        assert notice.status_code == HTTPStatus.OK
        assert heard == sorted(heard)
        yield Row(
            what=f"{heard[-1]} ballot sheets in {len(buildings)} PDFs and the notice, {size / 1e6:.1f} MB",
            ours=f"{watch.wall:.1f} s ({cpu:.1f} s CPU), progress told {len(heard)} times",
            target=f"≤ {SHEETS_TARGET:.0f} s",
            met=watch.wall <= SHEETS_TARGET,
        )


def _issued(platform: Platform, clock: FrozenClock) -> tuple[Assembly, list[str]]:
    """The demo's register, its open assembly noticed, and a live sheet for every elector."""
    with platform.database.writing() as session:
        community = create(session, code="BENCH", name="测速小区", by=None, now=NOW).id
    people = cast.settle(platform, community, now=cast.TERM[0])
    register.fill(platform, community, by=people["clerk"])
    with platform.database.writing() as session:
        signing_keys.register(session, people, now=NOW)
    assembly = assemblies._notice(platform, community, people, clock, assemblies.OPEN)
    with platform.database.reading() as session:
        found = [one.building_id for one in sheets.buildings(session, assembly)]
    for building in found:
        ballots.issue(platform, assembly, people, clock, building)
    return assembly, found

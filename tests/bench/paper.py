"""Paper at full length: the audit report with a long ledger, beside one plain WeasyPrint call of the same table in the
same run; and the ballot sheets of the demo's 487 electors with the notice, by the jobs that make them.
"""

import copy
import resource
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

from weasyprint import HTML

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
from tests.bench.table import Raw, Row, measure, timed
from voting.service import printing as sheet_printing
from voting.service import sheets
from voting.tables import Assembly

SHEETS_TARGET = 120.0
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)
TARGETS = {500: 6.0, 5_000: 20.0}


@measure
def report(_raw: Raw, folder: Path) -> Iterable[Row]:
    settings = Settings(data=folder, database_url=f"sqlite:///{folder / 'hoa.db'}", sms="file", mail="file")
    platform = open_platform(settings, clock=FrozenClock(NOW))
    with closing(platform.database):
        upgrade(platform.database)
        small = _content(platform)
        for rows, target in TARGETS.items():
            content = _lengthened(small, rows)
            with timed() as ours:
                printing.as_pdf(platform, content, address="http://localhost:8000/x", now=NOW)
            with timed() as plain:
                HTML(string=_table(content["ledger"])).write_pdf()
            yield Row(
                what=f"signed audit report, {rows:,} vouchers",
                ours=f"{ours.wall:.1f} s",
                raw=f"{plain.wall:.1f} s (one plain table)",
                target=f"≤ {target:.0f} s",
                met=ours.wall <= target,
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

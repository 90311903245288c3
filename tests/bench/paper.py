"""The audit report on paper with a long ledger, beside one plain WeasyPrint call of the same table in the same run."""

import copy
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any

from weasyprint import HTML

from finance.audit import content as contents
from finance.audit import printing
from hoa.community.service import create
from hoa.config import Settings
from hoa.demo import books
from hoa.demo import people as cast
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.migrations.runner import upgrade
from hoa.platform import Platform, open_platform
from tests.bench.table import Raw, Row, measure, timed

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

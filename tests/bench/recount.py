"""Counting 100,000 ballots again: on the server, and by the stand-alone verifier."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from tests.bench.filling import CLOSES, full_of_ballots, open_bench
from tests.bench.table import Raw, Row, measure, timed
from voting import service
from voting.rules.package import Form
from voting.service import packages, tallying
from voting.tables import Assembly

BALLOTS = 100_000


@measure
def recount(_raw: Raw, folder: Path) -> Iterable[Row]:
    platform = open_bench(folder)
    try:
        community, assembly, _ = full_of_ballots(platform, electors=BALLOTS, ballots=BALLOTS)
        with platform.database.writing() as session:
            service.cut_off(session, platform.keys, community, assembly, by=None, now=CLOSES)
            service.close(session, platform.keys, community, assembly, by=None, now=CLOSES)
        with platform.database.reading() as session:
            row = session.get_one(Assembly, (community, assembly))
            with timed() as server:
                tallying.recount(session, platform.keys, row)
        with platform.database.writing() as session:
            service.count(session, platform.keys, community, assembly, by=None, now=CLOSES + timedelta(hours=1))
        with platform.database.reading() as session:
            row = session.get_one(Assembly, (community, assembly))
            data = packages.build(session, platform.keys, row, Form.FULL)
        with timed() as verifier:
            satisfied, said = packages.verify(data, "--assembly", str(row.manifest_hash))
        assert satisfied, said
    finally:
        platform.database.close()
    yield _row("server-side recount", server.wall, 2)
    yield _row("verify.py, standard library only, full package", verifier.wall, 8)


def _row(what: str, seconds: float, target: float) -> Row:
    return Row(
        what=f"{what}, {BALLOTS:,} ballots",
        ours=f"{seconds:.2f} s",
        target=f"≤ {target:.0f} s",
        met=seconds <= target,
    )

"""The end of an assembly of 10,000 electors as one job: closing, tally, both packages, verifying, announcing."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from hoa.platform import Platform
from tests.bench.filling import CLOSES, full_of_ballots, open_bench
from tests.bench.table import Raw, Row, Watch, measure, timed
from voting import service
from voting.tables import Assembly

ELECTORS, BALLOTS, MOTIONS = 10_000, 7_500, 3
TARGET_SECONDS = 60


@measure
def whole_end(_raw: Raw, folder: Path) -> Iterable[Row]:
    platform = open_bench(folder)
    try:
        community, assembly, chair = full_of_ballots(platform, electors=ELECTORS, ballots=BALLOTS, motions=MOTIONS)
        parts = _end(platform, community, assembly, chair)
    finally:
        platform.database.close()
    of = f"{ELECTORS:,} electors, {BALLOTS:,} ballots, {MOTIONS} motions"
    for what, watch in parts.items():
        yield Row(what=f"{what}, {of}", ours=f"{watch.wall:.2f} s")
    whole = sum(watch.wall for watch in parts.values())
    yield Row(
        what=f"closing to announced in one job, {of}",
        ours=f"{whole:.2f} s",
        target=f"≤ {TARGET_SECONDS} s",
        met=whole <= TARGET_SECONDS,
    )


def _end(platform: Platform, community: str, assembly: str, chair: str) -> dict[str, Watch]:
    keys, after = platform.keys, CLOSES + timedelta(hours=1)
    with timed() as closing, platform.database.writing() as session:
        service.cut_off(session, keys, community, assembly, by=None, now=CLOSES)
        service.close(session, keys, community, assembly, by=None, now=CLOSES)
    with timed() as tally, platform.database.writing() as session:
        service.count(session, keys, community, assembly, by=None, now=after)
    with timed() as packages, platform.database.reading() as session:
        confirmed = service.confirm(session, keys, session.get_one(Assembly, (community, assembly)))
    with timed() as announcing, platform.database.writing() as session:
        service.announce(
            session, platform.files, community, assembly, confirmed=confirmed, url="/", by=chair, now=after
        )
    return {
        "cut-off and close": closing,
        "tally": tally,
        "both packages, built and verified": packages,
        "announcing": announcing,
    }

"""Counting 100,000 ballots again: on the server, and by the stand-alone verifier."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import insert

from hoa.community.service import RollElector
from hoa.config import Settings
from hoa.kernel import canonical, merkle
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.migrations.runner import upgrade
from hoa.platform import Platform, open_platform
from tests.bench.table import Raw, Row, measure, timed
from tests.integration.people import a_community, a_person
from voting import service
from voting.rules import record
from voting.rules.counting import NO_PREVIOUS
from voting.rules.package import Form
from voting.service import casting, notice, packages, tallying
from voting.service.keys import BALLOT, place
from voting.tables import Assembly, Ballot

BALLOTS = 100_000
BATCH = 5_000
NOTICED = datetime(2026, 3, 1, 9, 0, tzinfo=CHINA)
OPENS, CLOSES = NOTICED + timedelta(days=16), NOTICED + timedelta(days=30)


@measure
def recount(_raw: Raw, folder: Path) -> Iterable[Row]:
    clock = FrozenClock(NOTICED)
    settings = Settings(data=folder / "data", database_url=f"sqlite:///{folder / 'hoa.db'}", sms="file", mail="file")
    platform = open_platform(settings, clock=clock)
    upgrade(platform.database)
    try:
        community, assembly = _closed_assembly(platform)
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


def _closed_assembly(platform: Platform) -> tuple[str, str]:
    """An assembly whose ballots went straight into the table: casting them is measured elsewhere."""
    community, chair = a_community(platform), a_person(platform)
    electors = [
        RollElector(f"{number:020d}", 1, 8000, ((f"测速{number:06d}", 8000),), (), False, (f"u{number}",))
        for number in range(BALLOTS)
    ]
    with platform.database.writing() as session:
        assembly = service.create(
            session,
            community,
            title="测速",
            body="测速",
            convener="测速",
            opens_at=OPENS,
            closes_at=CLOSES,
            by=chair,
            now=NOTICED,
        ).id
        service.add_motion(session, community, assembly, title="测速", body="测速", matter_code="M5")
        with patch.object(notice, "roll", return_value=electors):
            noticed = service.give(
                session, platform.keys, community, assembly, host="localhost", by=chair, now=NOTICED, url="/"
            )
        service.open_voting(session, platform.keys, community, assembly, by=None, now=OPENS)
    for start in range(0, BALLOTS, BATCH):
        rows = [_ballot(platform, noticed, elector.elector_id) for elector in electors[start : start + BATCH]]
        with platform.database.writing() as session:
            session.execute(insert(Ballot), rows)
    with platform.database.writing() as session:
        service.cut_off(session, platform.keys, community, assembly, by=None, now=CLOSES)
        service.close(session, platform.keys, community, assembly, by=None, now=CLOSES)
    return community, assembly


def _ballot(platform: Platform, assembly: Assembly, elector: str) -> dict[str, Any]:
    now = OPENS + timedelta(hours=1)
    entry = record.ballot_entry(
        str(assembly.manifest_hash), elector=elector, previous=None, choices={"m1": "agree"}, time=now
    )
    body = canonical.encode(entry)
    leaf = merkle.leaf_hash(body).hex()
    return {
        "community_id": assembly.community_id,
        "id": casting.ballot_id(platform.keys, assembly.id, elector, elector, leaf, now, b""),
        "assembly_id": assembly.id,
        "elector": elector,
        "previous": NO_PREVIOUS,
        "channel": "online",
        "client_nonce": elector,
        "leaf": leaf,
        "entry": platform.keys.seal(BALLOT, body, place(assembly.community_id, assembly.id, leaf)),
        "receipt": b"",
        "cast_at": now,
    }

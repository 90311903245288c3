"""Assemblies with many ballots for measurements: they go straight into the table, casting is measured elsewhere."""

from collections.abc import Sequence
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
from tests.integration.people import a_community, a_person
from voting import service
from voting.rules import record
from voting.rules.counting import NO_PREVIOUS
from voting.service import casting, notice
from voting.service.keys import BALLOT, place
from voting.tables import Assembly, Ballot

BATCH = 5_000
NOTICED = datetime(2026, 3, 1, 9, 0, tzinfo=CHINA)
OPENS, CLOSES = NOTICED + timedelta(days=16), NOTICED + timedelta(days=30)
CHOICES = ("agree", "agree", "agree", "oppose", "abstain")


def open_bench(folder: Path) -> Platform:
    """A platform of its own on SQLite, at the time of the notice."""
    settings = Settings(data=folder / "data", database_url=f"sqlite:///{folder / 'hoa.db'}", sms="file", mail="file")
    platform = open_platform(settings, clock=FrozenClock(NOTICED))
    upgrade(platform.database)
    return platform


def full_of_ballots(platform: Platform, *, electors: int, ballots: int, motions: int = 1) -> tuple[str, str, str]:
    """Community, assembly and its convener; open, with so many electors, of whom `ballots` voted."""
    community, chair = a_community(platform), a_person(platform)
    roll = [
        RollElector(f"{number:020d}", 1, 8000, ((f"测速{number:06d}", 8000),), (), False, (f"u{number}",))
        for number in range(electors)
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
        for number in range(motions):
            service.add_motion(session, community, assembly, title=f"测速{number}", body="测速", matter_code="M5")
        with patch.object(notice, "roll", return_value=roll):
            noticed = service.give(
                session, platform.keys, community, assembly, host="localhost", by=chair, now=NOTICED, url="/"
            )
        service.open_voting(session, platform.keys, community, assembly, by=None, now=OPENS)
    codes = [f"m{number}" for number in range(1, motions + 1)]
    for start in range(0, ballots, BATCH):
        some = roll[start : min(start + BATCH, ballots)]
        rows = [_ballot(platform, noticed, elector.elector_id, codes, start + at) for at, elector in enumerate(some)]
        with platform.database.writing() as session:
            session.execute(insert(Ballot), rows)
    return community, assembly, chair


def _ballot(platform: Platform, assembly: Assembly, elector: str, codes: Sequence[str], number: int) -> dict[str, Any]:
    now = OPENS + timedelta(hours=1)
    choices = {code: CHOICES[(number + at) % len(CHOICES)] for at, code in enumerate(codes)}
    entry = record.ballot_entry(str(assembly.manifest_hash), elector=elector, previous=None, choices=choices, time=now)
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

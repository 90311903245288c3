"""The demo community is grown through the services, the same every time, and shows what it promises."""

from pathlib import Path

from sqlalchemy import text

from hoa.app import wire
from hoa.community import service as register
from hoa.demo import build
from hoa.platform import Platform
from tests.conftest import FrozenClock, opened_platform

VOTES_OF_THE_CAST = """
    SELECT count(*) FROM ballot b
    JOIN assembly a ON a.community_id = b.community_id AND a.id = b.assembly_id AND a.code = '2026-03'
    JOIN roll_unit r ON r.community_id = b.community_id AND r.assembly_id = b.assembly_id AND r.elector = b.elector
    JOIN ownership o ON o.community_id = r.community_id AND o.unit_id = r.unit_id
    JOIN owner w ON w.community_id = o.community_id AND w.id = o.owner_id
    WHERE w.name IN ('萧春怡', '严平喆', '平志晓')
"""


def scalar(platform: Platform, sql: str) -> object:
    with platform.database.reading() as session:
        return session.scalar(text(sql))


def test_it_shows_what_the_readme_promises(demo_platform: Platform):
    assert build.is_built(demo_platform)
    with demo_platform.database.reading() as session:
        community = register.find_community(session, "WTY")
        totals = register.totals(session, community.id)
        states = session.execute(text("SELECT code, state FROM assembly ORDER BY code")).all()
    assert (totals.units, totals.area, totals.heads) == (512, 4_611_200, 487)
    assert states == [("2026-01", "announced"), ("2026-02", "announced"), ("2026-03", "open")]
    assert scalar(demo_platform, "SELECT count(*) FROM ballot") == 362 + 351 + 187
    assert scalar(demo_platform, VOTES_OF_THE_CAST) == 0, "whoever one can sign in as has not voted yet"


def test_growing_it_again_gives_the_same_people_ballots_and_vouchers(
    demo_platform: Platform, fresh_database, tmp_path: Path
):
    """Keys, and what is derived from them, are the deployment's own; everything else comes from the seed."""
    queries = (
        "SELECT id FROM person ORDER BY id",
        "SELECT id FROM unit ORDER BY id",
        "SELECT elector, channel FROM ballot WHERE assembly_id IN (SELECT id FROM assembly) ORDER BY cast_at, elector",
        "SELECT id FROM finance_voucher ORDER BY id",
        "SELECT id, state, title FROM suggestion ORDER BY id",
    )

    with opened_platform(tmp_path / "again", fresh_database("sqlite"), FrozenClock(demo_platform.now())) as other:
        wire(other)  # as every entrance does; else it depends on which test ran before
        build.build(other, tell=lambda _part: None)
        for query in queries:
            with demo_platform.database.reading() as first, other.database.reading() as second:
                one, two = first.execute(text(query)).all(), second.execute(text(query)).all()
            assert sorted(one) == sorted(two), query
            assert one

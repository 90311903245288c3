"""Resolutions are numbered without gaps, citable while in force, and final."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hoa.kernel.errors import NotFound
from hoa.platform import Platform
from hoa.resolutions import service
from hoa.resolutions.tables import Resolution
from tests.integration.people import a_community


def enter(
    platform: Platform, community: str, *, source: str = "committee", day: date = date(2026, 10, 1), **more
) -> Resolution:
    with platform.database.writing() as session:
        return service.enter(
            session, community, source=source, title="更换门禁", text="……", decided_on=day, now=platform.now(), **more
        )


def test_numbers_count_within_source_and_year_of_each_community(platform: Platform):
    here, there = a_community(platform), a_community(platform, "BYL", "白云里")
    numbers = [
        enter(platform, here).number,
        enter(platform, here).number,
        enter(platform, here, source="assembly", matter="M5").number,
        enter(platform, here, day=date(2025, 12, 31)).number,
        enter(platform, there).number,
    ]
    assert numbers == [1, 2, 1, 1, 1]


def test_a_resolution_is_citable_from_its_day_to_its_last(platform: Platform):
    community = a_community(platform)
    enter(platform, community, day=date(2026, 9, 1), valid_until=date(2026, 9, 30))
    with platform.database.reading() as session:
        found = [
            len(service.citable(session, community, on=day))
            for day in (date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 1))
        ]
    assert found == [0, 1, 1, 0]


def test_what_another_community_decided_cannot_be_cited_here(platform: Platform):
    here, there = a_community(platform), a_community(platform, "BYL", "白云里")
    resolution = enter(platform, there)
    with platform.database.reading() as session:
        assert service.citable(session, here, on=date(2026, 10, 2)) == []
        with pytest.raises(NotFound):
            service.get(session, here, resolution.id)


@pytest.mark.parametrize("sql", ["UPDATE resolution SET limit_fen = 1", "DELETE FROM resolution"])
def test_the_database_refuses_to_change_a_resolution(platform: Platform, sql: str):
    enter(platform, a_community(platform))
    with pytest.raises(DBAPIError, match="final"), platform.database.writing() as session:
        session.execute(text(sql))

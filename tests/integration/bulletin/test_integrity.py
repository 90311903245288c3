"""Somebody with the database's password rewrites the notice board: `hoa verify` names the row."""

import pytest
from sqlalchemy import text

from hoa.bulletin.integrity import verify
from hoa.bulletin.service import publish_notice
from hoa.platform import Platform
from tests.integration.people import a_community, a_person

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    "rewritten",
    ["title = 'x'", "body = 'x'", 'content = \'{"title": "x", "text": "y"}\'', "content_hash = 'x'"],
)
def test_a_rewritten_notice_is_named(platform: Platform, rewritten: str):
    community, chair = a_community(platform), a_person(platform)
    with platform.database.writing() as session:
        notice = publish_notice(session, community, title="停水", body="周三。", by=chair, now=platform.now()).id
    with platform.database.reading() as session:
        assert verify(platform, session, community) == []
    with platform.database.writing() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text(f"UPDATE publication SET {rewritten}"))
    with platform.database.reading() as session:
        (problem,) = verify(platform, session, community)
    assert notice in problem

"""Upgrading: a book's single limit becomes a limit of authority with the words it rested on."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from hoa.db import Database
from hoa.migrations.runner import upgrade
from hoa.resolutions import authority
from tests.postgres import Cluster


@pytest.fixture
def bare(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    with ExitStack() as stack:
        if engine_name == "sqlite":
            url = f"sqlite:///{tmp_path / 'bare' / 'hoa.db'}"
        else:
            cluster: Cluster = request.getfixturevalue("postgres")
            url = stack.enter_context(cluster.database(template="template0"))
        yield stack.enter_context(closing(Database(url)))


def test_a_books_limit_is_kept_as_a_limit_of_authority(bare: Database):
    upgrade(bare, "0016_nomination")
    with bare.writing() as session:
        session.execute(
            text(
                "INSERT INTO community (id, code, name, parking_counts, register_version, created_at) "
                "VALUES ('c', 'WTY', '梧桐苑', false, 0, '2026-01-01 00:00:00')"
            )
        )
        session.execute(
            text(
                "INSERT INTO finance_book (community_id, id, kind, name, regime, opened_on, payment_limit_fen, "
                "publish_within_days, limits_source, head_seq, head_hash) VALUES "
                "('c', 'b', 'trust', '业主共有资金', '2024', '2026-01-01', 500000, 15, '议事规则第二十一条', 0, '')"
            )
        )
    upgrade(bare, "head")
    with bare.reading() as session:
        found = authority.limits(session, "c", on=date(2026, 5, 1))
        assert found is not None
        assert (found.single_fen, found.yearly_fen, found.basis) == (500_000, None, "议事规则第二十一条")
        assert authority.limits(session, "c", on=date(2025, 12, 31)) is None
        (row,) = authority.all_limits(session, "c")
        assert row.set_at.tzinfo is not None
        assert session.scalar(text("SELECT limits_source FROM finance_book")) == "议事规则第二十一条"

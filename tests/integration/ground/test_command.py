"""The `hoa` command as a person types it: clear sentences, exit statuses, and nothing half done."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from hoa.accounts.service import redeem_administrator_code
from hoa.cli import main
from hoa.platform import Platform
from tests.conftest import opened_platform


def hoa(platform: Platform, *arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), obj=platform)


@pytest.fixture
def bare(tmp_path: Path, clock):
    """A deployment whose database has no table yet."""
    with opened_platform(tmp_path / "bare", f"sqlite:///{tmp_path / 'bare.db'}", clock) as platform:
        yield platform


@pytest.mark.parametrize(
    "arguments",
    [
        ("assembly", "list", "--community", "WTY", "--json"),
        ("verify",),
        ("audit", "report", "--community", "WTY", "--from", "2026-01-01", "--to", "2026-03-31", "-o", "r.html"),
        ("serve",),
    ],
)
def test_a_database_without_tables_is_told_to_be_initialised(bare: Platform, arguments: tuple[str, ...]):
    result = hoa(bare, *arguments)
    assert result.exit_code == 1
    assert "hoa init" in result.output
    assert "Traceback" not in result.output


def test_init_prints_a_code_once_and_none_when_there_is_an_administrator(platform: Platform):
    first = hoa(platform, "init")
    assert first.exit_code == 0
    code = first.output.strip().splitlines()[-1]
    with platform.database.writing() as session:
        redeem_administrator_code(
            session, platform.keys, code=code, name="管理员", phone="19900001000", now=platform.now()
        )
    assert "administrator already" in hoa(platform, "init").output


def test_an_unknown_community_is_one_sentence(platform: Platform):
    result = hoa(platform, "assembly", "list", "--community", "NONE", "--json")
    assert (result.exit_code, len(result.output.strip().splitlines())) == (1, 1)


def test_an_empty_deployment_verifies(platform: Platform):
    result = hoa(platform, "verify")
    assert result.exit_code == 0


def test_a_file_of_another_kind_cannot_be_verified_and_is_told_so(platform: Platform, tmp_path: Path):
    file = tmp_path / "x.txt"
    file.write_text("x")
    result = hoa(platform, "verify", str(file))
    assert result.exit_code == 2
    assert ".pdf" in result.output


def test_the_demo_is_not_made_where_the_demo_flag_is_not_set(platform: Platform):
    result = hoa(platform, "demo")
    assert result.exit_code == 2
    assert "HOA_DEMO" in result.output


def test_the_sum_needs_no_database_and_prints_the_four_promised_keys(bare: Platform):
    result = hoa(
        bare, "assembly", "decide", "--matter", "M5", "--roll", "100/10000.00", "--participated", "67/6666.67",
        "--agreed", "34/3333.34", "--json",
    )  # fmt: skip
    assert set(json.loads(result.output)) == {"quorum", "passed", "article", "inequalities"}
    assert json.loads(result.output)["passed"]


@pytest.mark.sqlite_only
def test_a_value_nobody_can_read_any_more_is_named_instead_of_ending_the_check(demo_platform: Platform):
    with demo_platform.database.writing() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE publication SET content = '{'"))
    result = hoa(demo_platform, "verify")
    assert result.exit_code == 1
    assert "bulletin" in result.output
    assert "Traceback" not in result.output

"""Settings from HOA_* variables."""

from pathlib import Path

import pytest

from hoa.config import BadSetting, from_environment


def test_without_variables_the_platform_listens_on_loopback_only():
    settings = from_environment({})
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert not settings.demo
    assert not settings.production


def test_the_address_owners_type_follows_the_port():
    assert from_environment({"HOA_PORT": "8123"}).base_url == "http://localhost:8123"


def test_sqlite_lies_in_the_data_folder_unless_a_database_is_named(tmp_path: Path):
    assert from_environment({"HOA_DATA": str(tmp_path)}).database_url == f"sqlite:///{tmp_path / 'hoa.db'}"
    assert from_environment({"HOA_DATABASE_URL": "postgresql://x/y"}).database_url == "postgresql://x/y"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOA_PORT", "0"),
        ("HOA_PORT", "65536"),
        ("HOA_PORT", "８０００"),
        ("HOA_BASE_URL", "ftp://example.cn"),
        ("HOA_BASE_URL", "example.cn"),
        ("HOA_DEMO", "perhaps"),
        ("HOA_LANGUAGE", "fr"),
        ("HOA_TRUSTED_PROXIES", "-1"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(name: str, value: str):
    with pytest.raises(BadSetting, match=name):
        from_environment({name: value})


def test_production_refuses_http_and_the_demo():
    with pytest.raises(BadSetting, match="HOA_BASE_URL"):
        from_environment({"HOA_PRODUCTION": "1"})
    with pytest.raises(BadSetting, match="HOA_DEMO"):
        from_environment({"HOA_PRODUCTION": "1", "HOA_BASE_URL": "https://vote.example.cn", "HOA_DEMO": "1"})
    assert from_environment({"HOA_PRODUCTION": "1", "HOA_BASE_URL": "https://vote.example.cn"}).https


def test_secrets_do_not_show_when_settings_are_printed():
    assert "hush" not in repr(from_environment({"HOA_SECRET_METRICS": "hush"}))

"""What every test shares: fresh databases on both engines, a platform whose clock stands still, and the house rules.

Nothing here needs a service: PostgreSQL is started from the distribution's binaries, SQLite files are copied from one
that Alembic migrated. A missing program fails with the line that installs it.
"""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from hoa.config import Settings
from hoa.db import Database
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.migrations.runner import upgrade
from hoa.platform import Platform, open_platform
from tests.demos import Demos
from tests.postgres import TEMPLATE, Cluster

pytest_plugins = ("tests.house",)


class CompiledTemplates(BytecodeCache):
    """What Jinja compiled, for all applications of a test process: each test makes its own."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}

# Werkzeug compiles two functions a route, which is nine tenths of what an application costs to make. They depend on
# nothing but the rule as written, so all applications of a test process share them.
_compile = Rule._compile_builder
_compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


Rule._compile_builder = _compile_once  # type: ignore[method-assign,assignment]

ENGINES = ("sqlite", "postgresql")
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)

# Deterministic, so that a run can be repeated; deadlines would time the machine, not the code.
settings.register_profile(
    "house", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that touches a database runs on both engines, unless it is marked as being about one of them."""
    if "engine_name" not in metafunc.fixturenames:
        return
    only = [name for name in ENGINES if metafunc.definition.get_closest_marker(f"{name}_only")]
    metafunc.parametrize("engine_name", only or ENGINES)


def pytest_collection_finish() -> None:
    """What was imported stays for good: the collector need not walk through it again after each test's application."""
    gc.collect()
    gc.freeze()


# ---------------------------------------------------------------------------------------------------- databases
@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """This worker's PostgreSQL, with a migrated template. Not durable: nobody pulls its plug."""
    with closing(_cluster(durable=False)) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[Cluster]:
    """The same with fsync on, for tests that kill it."""
    with closing(_cluster(durable=True)) as cluster:
        yield cluster


def _cluster(*, durable: bool) -> Cluster:
    cluster = Cluster(durable=durable)
    try:
        cluster.start()
        cluster.create(TEMPLATE)
        with closing(Database(cluster.url(TEMPLATE))) as database:
            upgrade(database)
    except BaseException:
        cluster.close()
        raise
    return cluster


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file; closing its last connection leaves no write-ahead log beside it."""
    path = tmp_path_factory.mktemp("template") / "hoa.db"
    with closing(Database(f"sqlite:///{path}")) as database:
        upgrade(database)
    assert not path.with_name("hoa.db-wal").exists()
    return path


DatabaseMaker = Callable[[str], str]


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseMaker]:
    """Makes migrated, empty databases: `fresh_database("sqlite")` is the URL of one that is this test's own."""
    with ExitStack() as stack:
        made = 0

        def make(engine: str) -> str:
            nonlocal made
            made += 1
            if engine == "postgresql":
                cluster: Cluster = request.getfixturevalue("postgres")
                return stack.enter_context(cluster.database())
            path = tmp_path / f"database-{made}" / "hoa.db"
            path.parent.mkdir()
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"

        yield make


@pytest.fixture
def database_url(engine_name: str, fresh_database: DatabaseMaker) -> str:
    """The URL of an empty, migrated database on the engine that this run of the test is for."""
    return fresh_database(engine_name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


# --------------------------------------------------------------------------------------------- the platform
@pytest.fixture
def clock() -> FrozenClock:
    """It is 10:00 on 20 October 2026 in China until the test says `clock.advance(hours=1)`."""
    return FrozenClock(NOW)


@contextmanager
def opened_platform(data: Path, url: str, clock: FrozenClock, *, demo: bool = False) -> Iterator[Platform]:
    """A platform whose messages go to files under its data folder."""
    chosen = Settings(data=data, database_url=url, sms="file", mail="file", demo=demo)
    platform = open_platform(chosen, clock=clock)
    try:
        yield platform
    finally:
        platform.database.close()


@pytest.fixture
def platform(database_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Platform]:
    """An opened platform over an empty database, with its own keys and files."""
    with opened_platform(tmp_path / "hoa-data", database_url, clock) as platform:
        yield platform


@pytest.fixture(scope="session")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of one run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def demos(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, together: Path) -> Demos:
    """Copies of the demo community."""

    def cluster() -> Cluster:
        found: Cluster = request.getfixturevalue("postgres")
        return found

    return Demos(common=together, own=tmp_path_factory.mktemp("demos"), cluster=cluster)


@pytest.fixture
def demo_platform(demos: Demos, engine_name: str, clock: FrozenClock) -> Iterator[Platform]:
    """A platform over a copy of the demo community, for this test to change."""
    with demos.copy(engine_name) as (data, url), opened_platform(data, url, clock, demo=True) as platform:
        yield platform


@pytest.fixture
def app(platform: Platform) -> Flask:
    """The web application over `platform`, with CSRF on as in life (read the token from the form)."""
    from hoa.app import create_app  # only here: pure tests need no web framework

    application = create_app(platform)
    application.testing = True
    return application


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()

"""The demo community, grown once an engine and copied for every test that wants one of its own."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from hoa.config import from_environment
from hoa.platform import open_platform
from tests.postgres import Cluster

TEMPLATE = "demo_template"
ROOT = Path(__file__).parents[1]


class Demos:
    """Where copies come from. SQLite's original is shared by all workers of a test run; PostgreSQL's is per cluster."""

    def __init__(self, *, common: Path, own: Path, cluster: Callable[[], Cluster]) -> None:
        self._common = common
        self._own = own
        self._cluster = cluster
        self._numbers = count(1)

    @contextmanager
    def copy(self, engine: str) -> Iterator[tuple[Path, str]]:
        """The data folder and database URL of a fresh copy, forgotten at the end."""
        data = self._own / f"{engine}-{next(self._numbers)}"
        with ExitStack() as stack:
            if engine == "sqlite":
                shutil.copytree(self._grown(), data, ignore=shutil.ignore_patterns("*-shm"))
                url = f"sqlite:///{data / 'hoa.db'}"
            else:
                shutil.copytree(self._grown_on_postgres(), data)
                url = stack.enter_context(self._cluster().database(TEMPLATE))
            yield data, url

    def _grown(self) -> Path:
        """The original on SQLite; whichever worker comes first makes it, the others wait."""
        folder = self._common / "demo-sqlite"
        with (self._common / "demo-sqlite.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                unfinished = self._common / "demo-unfinished"
                _grow(unfinished, f"sqlite:///{unfinished / 'hoa.db'}")
                unfinished.rename(folder)
        return folder

    def _grown_on_postgres(self) -> Path:
        folder = self._own / "demo-postgresql"
        if not folder.exists():
            cluster = self._cluster()
            cluster.create(TEMPLATE)
            _grow(folder, cluster.url(TEMPLATE))
        return folder


def _grow(data: Path, database_url: str) -> None:
    """Grown, and its worker's first jobs (papers, announcements) done: else each copy's worker would do them again."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOA_")}
    environment |= {"HOA_DEMO": "1", "HOA_DATA": str(data), "HOA_DATABASE_URL": database_url}
    environment |= {"HOA_SMS": "file", "HOA_MAIL": "file"}
    for what in (["-m", "hoa.cli", "demo"], ["-m", "tests.demos"]):
        done = subprocess.run(
            [sys.executable, *what], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def do_what_waits() -> None:
    """The worker's jobs of the deployment that the environment names, until none waits."""
    from hoa.app import create_worker  # only here: tests of rules import no web framework

    platform = open_platform(from_environment(os.environ))
    worker = create_worker(platform)
    while worker.run_one():
        pass
    platform.database.close()


if __name__ == "__main__":
    do_what_waits()

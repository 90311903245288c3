"""The demo community behind a real server: grown once an engine, then copied for every test that changes it."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from playwright.sync_api import Page

from hoa.demo.people import ADMINISTRATOR, ROLES
from hoa.kernel.clock import CHINA, stamp
from hoa.platform import DEMO_START
from tests.postgres import Cluster
from tests.servers import ServerProcess

HERE = "/c/WTY/"
TEMPLATE = "demo_template"
EVERYBODY = {role.key: role for role in (*ROLES, ADMINISTRATOR)}


class DemoServer(ServerProcess):
    """`hoa serve` on a copy of the demo, whose clock the test can put forward."""

    def __init__(self, *, data: Path, database_url: str) -> None:
        super().__init__(data=data, database_url=database_url, environment={"HOA_DEMO": "1"})
        self.at(DEMO_START)

    def at(self, moment: datetime) -> None:
        """From the next start on it is `moment` in the demo, and the clock runs on from there."""
        since = datetime.now(CHINA) - (moment - DEMO_START)
        (self.data / "demo-clock.json").write_text(json.dumps({"since": stamp(since)}), encoding="utf-8")

    def forward(self, moment: datetime) -> None:
        """Stop, put the clock forward, start again on the same data."""
        self.stop()
        self.at(moment)
        self.start()


class Demos:
    """Where copies come from. SQLite's original is shared by all workers of a test run; PostgreSQL's is per cluster."""

    def __init__(self, *, common: Path, own: Path, cluster: Callable[[], Cluster]) -> None:
        self._common = common
        self._own = own
        self._cluster = cluster
        self._numbers = count(1)
        self._shared: dict[str, DemoServer] = {}
        self._stack = ExitStack()

    def close(self) -> None:
        self._stack.close()

    def shared(self, engine: str) -> DemoServer:
        """A running server that tests only look at."""
        if engine not in self._shared:
            self._shared[engine] = self._stack.enter_context(self.started(engine))
        return self._shared[engine]

    @contextmanager
    def started(self, engine: str) -> Iterator[DemoServer]:
        """A running server on a fresh copy, stopped and forgotten at the end."""
        data = self._own / f"{engine}-{next(self._numbers)}"
        with ExitStack() as stack:
            if engine == "sqlite":
                shutil.copytree(self._grown(), data, ignore=shutil.ignore_patterns("*-shm"))
                url = f"sqlite:///{data / 'hoa.db'}"
            else:
                shutil.copytree(self._grown_on_postgres(), data)
                url = stack.enter_context(self._cluster().database(TEMPLATE))
            server = DemoServer(data=data, database_url=url)
            stack.callback(server.stop)
            server.start()
            yield server

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
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOA_")}
    environment |= {"HOA_DEMO": "1", "HOA_DATA": str(data), "HOA_DATABASE_URL": database_url}
    done = subprocess.run(
        [sys.executable, "-m", "hoa.cli", "demo"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def enter(page: Page, key: str) -> None:
    """Sign in as a demo person, by the button on the list; whoever was signed in there before is not any more."""
    page.goto("/demo/")
    page.get_by_role("button", name=f"以{EVERYBODY[key].name}登录").click()
    page.wait_for_url(lambda url: "/demo/" not in url)


def code_sent_to(server: ServerProcess, phone: str) -> str | None:
    """The latest one-time code for a number, out of the file that stands in for text messages."""
    path = server.data / "sms.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    messages = [json.loads(line) for line in lines]
    return next((str(one["params"]["code"]) for one in reversed(messages) if one["phone"] == phone), None)


def later(**duration: float) -> datetime:
    """That long after the demo's first moment."""
    return DEMO_START + timedelta(**duration)

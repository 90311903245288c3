"""The demo community behind a real server, and what tests do in it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page

from hoa.demo.people import ADMINISTRATOR, ROLES
from hoa.kernel.clock import CHINA, stamp
from hoa.platform import DEMO_START
from tests.demos import Demos
from tests.servers import ServerProcess

HERE = "/c/WTY/"
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


class SharedServers:
    """Running demos: fresh ones for tests that change them, one an engine for tests that only look."""

    def __init__(self, demos: Demos) -> None:
        self._demos = demos
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
        """A running server on a fresh copy, killed at the end, as nothing of it is kept."""
        with self._demos.copy(engine) as (data, url):
            server = DemoServer(data=data, database_url=url)
            try:
                server.start()
                yield server
            finally:
                server.kill()


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
    return next(
        (str(one["params"]["code"]) for one in reversed(messages) if one["phone"] == phone and "code" in one["params"]),
        None,
    )

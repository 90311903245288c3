"""A real Chromium, the distribution's, at the size of a phone and of a desktop.

A page that logs an error (a script fails, our content security policy stopped something) fails its test at the end.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from tests.browser.demos import DemoServer, SharedServers
from tests.demos import Demos

SIZES = {"phone": (360, 800), "desktop": (1280, 900)}
SECONDS = 30
# The pictures of the README; every other one stays among the test's own files.
SHOWN = frozenset(
    {
        "vote-motion-phone",
        "result-phone",
        "month-phone",
        "month-desk",
        "audit-desk",
        "say-phone",
        "suggestions-phone",
        "handling-phone",
        "suggestion-desk",
    }
)

expect.set_options(timeout=SECONDS * 1000)

PageMaker = Callable[..., Page]
Picture = Callable[[Page, str], Path]


class ChromiumMissing(RuntimeError):
    """There is no Chromium to drive. That is a failure: what people see is part of the promise."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        raise ChromiumMissing("Chromium is not installed; run `bin/system-packages test`")
    with sync_playwright() as playwright:
        # Chromium refuses its own sandbox to root, and only to root do we give up the sandbox.
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def nobody_touches_a_page_that_is_still_coming() -> Iterator[None]:
    """A click or a key that leads to another page comes back once that page is there whole, with its scripts.

    Playwright comes back when the new page has only begun. On a slow machine the next touch then falls on a form whose
    script is not running yet, or the next look on a document without a root.
    """
    with pytest.MonkeyPatch.context() as patch:
        for touch in ("click", "press"):
            patch.setattr(Locator, touch, _and_wait(getattr(Locator, touch)))
        yield


def _and_wait(touch: Callable[..., None]) -> Callable[..., None]:
    def touched(self: Locator, *given: Any, **options: Any) -> None:
        page = self.page  # asked for before: afterwards it may be closed
        touch(self, *given, **options)
        if not page.is_closed():
            page.wait_for_load_state()

    return touched


@pytest.fixture(scope="session")
def servers(demos: Demos) -> Iterator[SharedServers]:
    with closing(SharedServers(demos)) as servers:
        yield servers


@pytest.fixture
def demo(servers: SharedServers, engine_name: str) -> Iterator[DemoServer]:
    """A running demo of this test's own, on the engine that this run of the test is for."""
    with servers.started(engine_name) as server:
        yield server


@pytest.fixture
def looked_at(servers: SharedServers) -> DemoServer:
    """A running demo that is shared: tests only look at it."""
    return servers.shared("sqlite")


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    """Asked for by a test that walks once as on a phone and once as on a desktop."""
    return str(request.param)


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[PageMaker]:
    """Opens pages of people who do not know each other: `new_page(base_url, size="phone", locale="en")`."""
    contexts = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # What the server answers with 4xx is a page of ours; the test looks at it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(f"{message.text} ({message.location.get('url')})")

    def make(base_url: str, *, size: str = "desktop", locale: str = "zh-CN", script: bool = True) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            base_url=base_url,
            viewport={"width": width, "height": height},
            has_touch=size == "phone",
            locale=locale,
            timezone_id="Asia/Shanghai",
            java_script_enabled=script,
            accept_downloads=True,
            reduced_motion="reduce",
        )
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """Saves a screenshot: for the README under `make screenshots`, else among this test's own files."""
    chosen = os.environ.get("HOA_SCREENSHOTS")

    def save(page: Page, name: str) -> Path:
        folder = Path(chosen) if chosen and name in SHOWN else tmp_path / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        page.screenshot(path=path, full_page=False)
        return path

    return save

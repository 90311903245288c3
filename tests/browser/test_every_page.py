"""Every page that a person of the demo can reach by links: it answers, it is well-formed, it fits a telephone of 360 px
in ordinary and in the largest letters, and axe-core finds nothing serious on it.

The links are followed without a browser, two addresses of a kind for each person. The browser looks at each page that
is built differently from those it has seen.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks
from tests.browser.conftest import SIZES, PageMaker
from tests.browser.demos import EVERYBODY, HERE, DemoServer, enter

OF_A_KIND = 2
LOOKS_OF_A_KIND = 4
LABELS = "cells => cells.map(cell => cell.dataset.label)"
MOST_PAGES = 200
VISITOR = "visitor"
STARTS = ("/", HERE, "/me", "/privacy", "/decide/", "/verify")
FILES = re.compile(r"\.(pdf|pem|zip|xlsx|csv|json|beancount|html)$")
IDENTITY = re.compile(r"[0-9a-z]{20}|[0-9A-Z]{4}-[0-9A-Z]{4}|[0-9a-f]{64}|\d{4}-\d{2}|\d{4}Q\d|\d+|20\d{4}")


class Anatomy(HTMLParser):
    """What a page is built of: its links, and what every page must have."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.parts: set[tuple[str, str]] = set()
        self.counts: Counter[str] = Counter()
        self.language = ""
        self.title = ""
        self._in_title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.counts[tag] += 1
        self.parts.add((tag, given.get("class") or ""))
        if tag == "html":
            self.language = given.get("lang") or ""
        # What follows a person from page to page (language, letter size) is marked so, and is not another page.
        if tag == "a" and given.get("href") and given.get("rel") != "nofollow":
            self.links.append(str(given["href"]))
        self._in_title = tag == "title" and not self.title

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False


def kind_of(address: str) -> str:
    """An address with everything taken out that tells one thing from another of its kind."""
    parts = urlsplit(address)
    path = "/".join("*" if IDENTITY.fullmatch(step.split(".")[0]) else step for step in parts.path.split("/"))
    return path + "?" + "&".join(sorted(parse_qs(parts.query)))


class Seen:
    """Which builds of pages were looked at, and how many of a kind: by all persons, whichever worker they fell to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def claim(self, name: str, places: int = 1) -> int | None:
        """The first of so many places that was still free and is taken now, from 0; None when none was."""
        for place in range(places):
            with suppress(FileExistsError):
                self._file(name, place).touch(exist_ok=False)
                return place
        return None

    def __contains__(self, name: str) -> bool:
        return self._file(name, 0).exists()

    def _file(self, name: str, place: int) -> Path:
        return self._folder / f"{sha256(name.encode()).hexdigest()}-{place}"


@pytest.fixture(scope="module")
def seen(together: Path) -> Seen:
    return Seen(together / "seen")


def pages_for(page: Page, base_url: str, seen: Seen) -> Iterator[tuple[str, Anatomy]]:
    """Follow the links breadth first; every address that is shown must answer."""
    waiting = deque((start, "the start") for start in STARTS)
    taken: Counter[str] = Counter()
    known: set[str] = set()
    while waiting and len(known) < MOST_PAGES:
        address, shown_on = waiting.popleft()
        kind = kind_of(address)
        if address in known or taken[kind] >= OF_A_KIND or (FILES.search(urlsplit(address).path) and kind in seen):
            continue
        known.add(address)
        taken[kind] += 1
        answer = page.request.get(base_url + address)
        assert answer.status < 400, f"{address} answers {answer.status}; it is shown on {shown_on}"
        if not answer.headers.get("content-type", "").startswith("text/html") or "attachment" in answer.headers.get(
            "content-disposition", ""
        ):
            seen.claim(kind)
            continue
        anatomy = Anatomy(answer.text())
        yield address, anatomy
        for link in anatomy.links:
            whole = urljoin(base_url + address, link)
            parts = urlsplit(whole)
            if whole.startswith(base_url) and parts.path:
                waiting.append((parts.path + ("?" + parts.query if parts.query else ""), address))


@pytest.mark.parametrize("key", [VISITOR, *EVERYBODY])
def test_every_page_that_this_person_reaches_answers_fits_and_has_no_barrier(
    looked_at: DemoServer, new_page: PageMaker, seen: Seen, key: str
) -> None:
    page = new_page(looked_at.base_url)
    if key != VISITOR:
        enter(page, key)
    found = 0
    for address, anatomy in pages_for(page, looked_at.base_url, seen):
        found += 1
        assert anatomy.language == "zh-CN", address
        assert anatomy.title.strip(), address
        assert anatomy.counts["h1"] == 1, address
        assert anatomy.counts["style"] == 0, address
        look(page, address, anatomy, seen)
    assert found >= 15


def look(page: Page, address: str, anatomy: Anatomy, seen: Seen) -> None:
    """The first pages of each build, at both sizes and in the largest letters; axe once a kind in each mode."""
    kind = kind_of(address)
    if seen.claim(f"{kind} {sorted(anatomy.parts)}") is None or (place := seen.claim(kind, LOOKS_OF_A_KIND)) is None:
        return
    first = place == 0
    for size in ("desktop", "phone"):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        if size == "desktop":
            page.goto(address)
        looks.fits(page)
        if first and size == "desktop":
            looks.demand_no_barrier(page)
    looks.senior(page, 2)
    looks.fits(page)
    if first:
        looks.demand_no_barrier(page)


CHINESE = re.compile(r"[\u3400-\u9fff]")
SPOKEN = (
    ".skip, .rooms a, .foot a:not([lang]), main button, main label, main legend, main dt, main caption, main summary,"
    " main th[scope=col], .crumbs li:nth-child(n+2):not(:last-child) a"
)
# Names and titles that people typed are shown as they typed them, also where they stand in a label.
DATA = re.compile(r"以.*登录|2026 年第 \d 次业主大会会议|“.*”|公共收益审计报告")
IN_ENGLISH = (
    (VISITOR, ("", "books/", "books/2026Q2", "assemblies/2026-02", "assemblies/2026-03/notice", "resolutions/")),
    ("elder", ("", "mine", "bulletin/", "assemblies/2026-03")),
    ("treasurer", ("books/month", "books/vouchers", "books/vouchers/new", "books/bank/import", "books/contracts/1")),
    ("secretary", ("assemblies/2026-03/manage", "assemblies/new", "offices/")),
    ("supervisor", ("audit/", "audit/check?start=2026-01-01&end=2026-09-30")),
    ("clerk", ("register/", "register/imports/", "desk/")),
)


@pytest.mark.parametrize(("key", "addresses"), IN_ENGLISH, ids=[key for key, _ in IN_ENGLISH])
def test_in_english_the_platform_speaks_english_and_still_fits(
    looked_at: DemoServer, new_page: PageMaker, key: str, addresses: tuple[str, ...]
) -> None:
    page = new_page(looked_at.base_url, size="phone", locale="en")
    if key != VISITOR:
        enter(page, key)
    page.goto(HERE)
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    for address in addresses:
        answer = page.goto(HERE + address)
        assert answer is not None
        assert answer.status == 200, address
        assert page.locator("html").get_attribute("lang") == "en", address
        spoken = page.locator(SPOKEN).all_inner_texts()
        spoken += [str(label) for label in page.locator("[data-label]").evaluate_all(LABELS)]
        spoken.append(page.locator(".foot").inner_text().replace("中文", ""))
        assert len(spoken) > 5
        assert [words for words in spoken if CHINESE.search(DATA.sub("", words))] == [], address
        looks.fits(page)
        looks.senior(page, 2)
        looks.fits(page)

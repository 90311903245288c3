"""An owner of 70 with a small telephone, the largest letters and a bad line: from the poster to one receipt in at most
six taps after signing in, although the line breaks at the last of them."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import EVERYBODY, HERE, DemoServer, SharedServers
from tests.browser.test_an_owner_votes import (
    MOTIONS,
    Taps,
    address_on_the_poster,
    ballots_of,
    mark_and_confirm,
    sign_in_by_code,
)

MOST_TAPS = 6
MARKS = ("同意", "反对", "弃权")
# As the browser's own "slow 3G": half a second there and back, 50 kB/s down, 20 kB/s up.
SLOW = {"offline": False, "latency": 500, "downloadThroughput": 50_000, "uploadThroughput": 20_000}


@pytest.fixture
def own_demo(servers: SharedServers) -> Iterator[DemoServer]:
    with servers.started("sqlite") as server:
        yield server


def slow(page: Page) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)


class BreakingLine:
    """The first confirmation arrives and its answer is lost, the second does not get out at all, the third passes."""

    def __init__(self) -> None:
        self.nonces: list[str] = []

    def __call__(self, route: Route) -> None:
        found = re.search(r"nonce=([0-9a-z]+)", route.request.post_data or "")
        assert found
        self.nonces.append(found[1])
        if len(self.nonces) == 1:
            route.fetch(max_redirects=0)
            route.abort("connectionreset")
        elif len(self.nonces) == 2:
            route.abort("internetdisconnected")
        else:
            route.continue_()


def test_from_the_poster_to_one_receipt_in_large_letters_on_a_slow_line_that_breaks(
    own_demo: DemoServer, new_page: PageMaker, picture: Picture
) -> None:
    page = new_page(own_demo.base_url, size="phone")
    poster = address_on_the_poster(page)
    slow(page)
    page.goto(poster)
    for words in ("大字", "特大字"):
        page.get_by_role("link", name=words, exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-senior", "2")
    page.goto(poster)
    page.get_by_role("link", name="登录后投票").click()
    sign_in_by_code(page, own_demo, EVERYBODY["elder"].phone)
    expect(page.get_by_text(f"第 1 项，共 {MOTIONS} 项")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-senior", "2")
    looks.fits(page)
    picture(page, "seventy-motion-phone")

    line, tap = BreakingLine(), Taps()
    page.route("**/cast", line)
    code = mark_and_confirm(page, tap, MARKS)
    assert tap.count <= MOST_TAPS
    assert len(line.nonces) == 3
    assert len(set(line.nonces)) == 1
    picture(page, "seventy-receipt-phone")
    looks.fits(page)

    ballots_of(page)
    expect(page.get_by_role("link", name="查看")).to_have_count(1)
    page.goto(HERE + "my")
    expect(page.get_by_text(code)).to_have_count(1)
    expect(page.get_by_role("link", name="我要投票")).to_have_count(0)
    looks.check(page)
    picture(page, "my-page-senior-phone")

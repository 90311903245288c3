"""On a phone in the largest letters: an owner authorises an agent, the agent votes as told; and the pages of desk, help
and official results fit and have no barrier."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, enter

OPEN = f"{HERE}assemblies/2026-03"
PAGES = (
    ("elder", (f"{OPEN}/check-in-code", f"{OPEN}/meeting/wall", f"{OPEN}/proxies", f"{OPEN}/proxies/written")),
    (
        "clerk",
        (
            f"{OPEN}/meeting",
            f"{OPEN}/meeting/find?q=3幢2单元101",
            f"{OPEN}/proxies/desk",
            f"{OPEN}/proxies/written",
        ),
    ),
    ("secretary", (f"{HERE}assemblies/official/", f"{HERE}assemblies/official/new?motions=2")),
    ("supervisor", (f"{OPEN}/helped",)),
)


@pytest.mark.sqlite_only
def test_an_owner_authorises_an_agent_who_votes_as_told_in_the_largest_letters(
    demo: DemoServer, new_page: PageMaker, picture: Picture
) -> None:
    owner = new_page(demo.base_url, size="phone")
    enter(owner, "elder")
    owner.goto(OPEN)
    owner.get_by_role("link", name="委托别人投票").first.click()
    looks.senior(owner, 2)
    looks.fits(owner)
    looks.demand_no_barrier(owner)
    picture(owner, "proxy-appoint")
    owner.get_by_label("代理人姓名").fill("和豪")
    owner.get_by_label("代理人手机号码").fill("19900000652")
    for number, told in enumerate(("反对", "由代理人决定", "这一项不委托")):
        owner.locator("main fieldset").nth(number).get_by_label(told).check()
    owner.get_by_role("button", name="委托").click()
    expect(owner.get_by_text("您委托了 和豪")).to_be_visible()
    agent = new_page(demo.base_url, size="phone")
    enter(agent, "member")
    agent.goto(f"{OPEN}/proxies")
    agent.get_by_role("link", name=re.compile("^代 .* 投票$")).click()
    expect(agent.get_by_role("button", name="同意")).to_have_count(0)
    looks.senior(agent, 2)
    looks.fits(agent)
    looks.demand_no_barrier(agent)
    picture(agent, "proxy-mark")
    agent.get_by_role("button", name="反对").click()
    agent.get_by_role("button", name="同意").click()
    looks.demand_no_barrier(agent)
    looks.fits(agent)
    picture(agent, "proxy-review")
    agent.get_by_role("button", name="确认提交").click()
    expect(agent.locator(".receipt-code")).to_be_visible()
    owner.goto(f"{OPEN}/vote")
    owner.get_by_role("link", name="查看").first.click()
    expect(owner.get_by_text("这张票是代理人投的")).to_be_visible()
    looks.fits(owner)
    picture(owner, "proxy-receipt")


@pytest.mark.parametrize(("key", "addresses"), PAGES, ids=[key for key, _ in PAGES])
def test_desk_help_and_official_pages_fit_and_have_no_barrier(
    looked_at: DemoServer, new_page: PageMaker, picture: Picture, key: str, addresses: tuple[str, ...]
) -> None:
    for size in ("phone", "desktop"):
        page = new_page(looked_at.base_url, size=size)
        enter(page, key)
        for number, address in enumerate(addresses):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            looks.fits(page)
            picture(page, f"{key}-{number}-{size}")
            looks.senior(page, 2)
            looks.fits(page)
            looks.demand_no_barrier(page)

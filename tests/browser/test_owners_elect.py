"""Owners elect a committee: nine candidates on one page, too many mended without losing a mark, review, receipt."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, SharedServers, enter
from tests.browser.elections import CONTEST, DRAWN, MOTION, NAMES, hold

IN_ORDER = [NAMES[number - 1] for number in DRAWN]
BOXES = "labels => labels.map(label => { const box = label.getBoundingClientRect(); return [box.width, box.height]; })"


@pytest.fixture
def election(demo: DemoServer) -> str:
    """The address of an open election, on the engine that this run of the test is for."""
    return HERE + f"assemblies/{hold(demo)}"


def box(page: Page, name: str, mark: str) -> None:
    """Touch a candidate's mark."""
    page.get_by_role("group", name=name).get_by_role("radio", name=mark).click()


def counted(page: Page) -> str:
    """The line at the foot of the screen as a screen reader has it; the stylesheet's own count is in it."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    words = [
        node["name"]["value"]
        for node in tree["nodes"]
        if node.get("role", {}).get("value") == "StaticText" and not node.get("ignored")
    ]
    told = "".join(words)
    found = re.search(r"已同意\s*(\d+)\s*人，最多 7 人", told)
    assert found, told[-200:]
    return found[1]


def test_an_owner_of_seventy_elects_seven_of_nine_in_the_largest_letters(
    demo: DemoServer, election: str, new_page: PageMaker, picture: Picture
) -> None:
    page = new_page(demo.base_url, size="phone")
    enter(page, "elder")
    for words in ("大字", "特大字"):
        page.get_by_role("link", name=words, exact=True).click()
    page.goto(election)
    looks.check(page)
    picture(page, "election-assembly-senior-phone")
    page.get_by_role("link", name="我要投票").click()
    expect(page.get_by_text("第 1 项，共 2 项")).to_be_visible()
    assert page.locator("legend").all_inner_texts() == [f"{place}. {name}" for place, name in enumerate(IN_ORDER, 1)]
    expect(page.locator("input:checked")).to_have_count(0)
    assert counted(page) == "0"
    assert all(wide >= 60 and high >= 60 for wide, high in page.locator(".candidate__marks label").evaluate_all(BOXES))
    looks.check(page)
    picture(page, "election-senior-phone")

    for name in IN_ORDER[:8]:
        box(page, name, "同意")
    box(page, IN_ORDER[8], "弃权")
    assert counted(page) == "8"
    page.get_by_role("button", name="下一项").click()
    expect(page.get_by_role("alert")).to_contain_text("多选了 1 人")
    expect(page.locator("input:checked")).to_have_count(9)
    looks.check(page)
    picture(page, "election-too-many-senior-phone")

    box(page, IN_ORDER[1], "反对")
    assert counted(page) == "7"
    page.get_by_role("button", name="下一项").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MOTION)
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("请核对您的选择")
    told = page.locator("main li").first.inner_text()
    assert CONTEST.title in told
    assert "同意 7 人" in told
    assert f"反对 1 人\n{IN_ORDER[1]}" in told
    looks.check(page)
    picture(page, "election-review-senior-phone")
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已提交")
    assert not any(name in page.locator("main").inner_text() for name in NAMES)
    picture(page, "election-receipt-senior-phone")
    page.get_by_role("link", name="查看我的选择").click()
    expect(page.get_by_text("同意 7 人")).to_be_visible()
    looks.check(page)


@pytest.fixture(scope="module")
def polls(servers: SharedServers) -> Iterator[tuple[DemoServer, str]]:
    """An open election in which each test votes as another owner."""
    with servers.started("sqlite") as server:
        yield server, HERE + f"assemblies/{hold(server)}"


def test_an_owner_elects_without_javascript(
    polls: tuple[DemoServer, str], new_page: PageMaker, picture: Picture
) -> None:
    server, election = polls
    page = new_page(server.base_url, size="phone", script=False)
    enter(page, "two_flats")
    page.goto(election)
    page.get_by_role("link", name="我要投票").click()
    for name in IN_ORDER[:7]:
        box(page, name, "同意")
    assert counted(page) == "7", "counted by the stylesheet"
    page.get_by_role("button", name="下一项").click()
    expect(page.get_by_role("alert")).to_contain_text("还有 2 人没有选")
    expect(page.get_by_role("alert")).to_contain_text("、".join(IN_ORDER[7:]))
    expect(page.locator("input:checked")).to_have_count(7)
    picture(page, "election-left-out-phone")
    page.get_by_role("button", name="不选了，继续").click()
    page.get_by_role("button", name="弃权", exact=True).click()
    expect(page.locator("main li").first).to_contain_text("未选 2 人")
    page.get_by_role("link", name="修改第 1 项").click()
    expect(page.locator("input:checked")).to_have_count(7)
    for name in IN_ORDER[7:]:
        box(page, name, "反对")
    page.get_by_role("button", name="下一项").click()
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已提交")


def test_at_a_desk_the_candidates_stand_in_one_column(
    polls: tuple[DemoServer, str], new_page: PageMaker, picture: Picture
) -> None:
    server, election = polls
    page = new_page(server.base_url)
    page.goto(f"{election}/notice")
    looks.check(page)
    picture(page, "election-notice-desktop")
    enter(page, "co_owner")
    page.goto(election)
    page.get_by_role("link", name="我要投票").click()
    box(page, IN_ORDER[0], "同意")
    looks.check(page)
    picture(page, "election-desktop")
    assert counted(page) == "1"

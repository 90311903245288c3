"""The desk is worked by keyboard alone: what came in is sorted one after the other, and no key acts while somebody
types."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, SharedServers, enter

DESK = HERE + "sorting/"
PLACE = re.compile(r"第 (\d+) 件，共 (\d+) 件")


@pytest.fixture
def desk(servers: SharedServers) -> Iterator[DemoServer]:
    """A demo of this test's own; what sorting does on PostgreSQL is the integration tests' business."""
    with servers.started("sqlite") as server:
        yield server


def place(page: Page) -> tuple[int, int]:
    """Which one of how many is shown."""
    found = PLACE.search(page.locator("main").inner_text())
    assert found is not None, page.url
    return int(found[1]), int(found[2])


def label(page: Page) -> str:
    """Which suggestion is shown, once its keys work too."""
    page.wait_for_load_state()
    return page.get_by_role("heading", level=1).inner_text().split()[0]


def write_down(page: Page, text: str) -> None:
    page.goto(DESK + "take")
    page.get_by_label("电话", exact=True).check()
    page.get_by_label("类别").select_option("cleaning")
    page.get_by_label("说了什么").fill(text)
    page.get_by_role("button", name="保存，再记一件").click()
    expect(page.get_by_text("已登记")).to_be_visible()


def test_what_came_in_is_sorted_by_keyboard_alone(desk: DemoServer, new_page: PageMaker, picture: Picture) -> None:
    page = new_page(desk.base_url)
    enter(page, "clerk")
    for number in range(5):
        write_down(page, f"{number} 号楼前的垃圾桶三天没有清")
    page.goto(DESK)
    _, waiting = place(page)
    assert waiting >= 5
    the_keys_are_told_and_turn_pages(page)
    no_key_acts_while_somebody_types(page)
    looks.check(page)
    picture(page, "sorting-desk")

    # 即办: the answer is written, the title is changed, Enter sends it.
    first = label(page)
    page.keyboard.press("1")
    page.keyboard.type("今天下午已经清运")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.keyboard.type("楼前垃圾桶满溢")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"{first} 已即办答复")
    # 代办: the unit that got the last one of its kind is proposed; where none is, the arrows choose one.
    second = label(page)
    page.keyboard.press("2")
    if not page.get_by_label("承办单位", exact=True).input_value():
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")  # from the list as from the choice itself
    expect(page.get_by_role("status")).to_contain_text(f"{second} 已交办")
    # 不予受理: a long text is sent with Ctrl and Enter.
    third = label(page)
    page.keyboard.press("x")
    page.keyboard.type("这一件说的是市政道路，\n请拨打市政热线")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text(f"{third} 已答复不予受理")
    # 合并: by the number of another one.
    fourth = label(page)
    page.keyboard.press("m")
    while page.evaluate("document.activeElement.id") != "into_label":
        page.keyboard.press("Tab")
    page.keyboard.type(second)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"{fourth} 已合并")
    assert place(page)[1] == waiting - 4


def the_keys_are_told_and_turn_pages(page: Page) -> None:
    first = label(page)
    page.keyboard.press("?")
    expect(page.get_by_text("即办、代办、上报")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text(first)
    assert label(page) != first
    assert place(page)[0] == 2
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_contain_text(first)
    assert label(page) == first
    # Turned off, they do nothing (WCAG 2.1.4); turned on again, they work on.
    page.keyboard.press("?")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="关掉单键操作")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    expect(page.get_by_label("代办")).not_to_be_checked()
    expect(page.get_by_role("button", name="打开单键操作")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    expect(page.get_by_label("代办")).to_be_checked()
    page.keyboard.press("Escape")


def no_key_acts_while_somebody_types(page: Page) -> None:
    before = page.url
    page.keyboard.press("1")
    page.keyboard.type("jk123mxt?")
    expect(page.get_by_label("答复", exact=True)).to_have_value("jk123mxt?")
    expect(page.get_by_label("即办")).to_be_checked()
    page.get_by_label("答复", exact=True).fill("")
    page.keyboard.press("Escape")
    assert page.url == before
    # A shortcut of the browser is the browser's.
    page.keyboard.press("Control+3")
    expect(page.get_by_label("上报")).not_to_be_checked()


def test_the_desk_works_without_scripts(desk: DemoServer, new_page: PageMaker, picture: Picture) -> None:
    page = new_page(desk.base_url, size="phone", script=False)
    enter(page, "clerk")
    write_down(page, "东门的路灯不亮")
    page.goto(DESK)
    first = label(page)
    expect(page.get_by_label("不予受理的理由")).to_be_hidden()
    page.locator("input[value=at_once]").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("不予受理的理由")).to_be_visible()
    expect(page.get_by_label("承办单位", exact=True)).to_be_hidden()
    picture(page, "sorting-phone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("不予受理的理由")
    page.get_by_label("不予受理的理由").fill("东门的路灯归市政管理")
    page.get_by_role("button", name=re.compile("^确定")).press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"{first} 已答复不予受理")

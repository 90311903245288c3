"""What people keep for themselves: where they are signed in, and how the platform speaks to them."""

from playwright.sync_api import expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, enter


def test_a_person_ends_the_sessions_that_are_not_theirs(
    looked_at: DemoServer, new_page: PageMaker, picture: Picture, size: str
) -> None:
    mine, lost = new_page(looked_at.base_url, size=size), new_page(looked_at.base_url)
    enter(mine, "party")
    enter(lost, "party")
    lost.goto("/me")
    expect(lost.get_by_role("heading", level=1)).to_have_text("我的账户")

    mine.goto("/me/sessions")
    expect(mine.get_by_text("本机")).to_have_count(1)
    looks.check(mine)
    picture(mine, f"sessions-{size}")
    mine.get_by_role("button", name="让其他设备全部退出").click()
    expect(mine.get_by_text("台其他设备已退出登录")).to_be_visible()
    expect(mine.locator("tbody tr")).to_have_count(1)
    lost.goto("/me")
    expect(lost.get_by_role("heading", level=1)).to_have_text("登录")

    mine.goto("/me")
    mine.get_by_role("button", name="退出登录").click()
    expect(mine.get_by_text("您已退出登录")).to_be_visible()
    mine.goto("/me/sessions")
    expect(mine.get_by_role("heading", level=1)).to_have_text("登录")


def test_letters_and_language_stay_as_they_were_chosen(looked_at: DemoServer, new_page: PageMaker, size: str) -> None:
    page = new_page(looked_at.base_url, size=size)
    enter(page, "manager")
    page.goto("/me")
    page.get_by_label("大字", exact=True).check()
    page.get_by_label("English").check()
    page.get_by_role("button", name="保存").click()
    page.wait_for_load_state()
    page.goto(HERE)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-senior", "1")
    looks.check(page)

    # On another device the person finds the same, until they choose otherwise.
    other = new_page(looked_at.base_url)
    enter(other, "manager")
    expect(other.locator("html")).to_have_attribute("lang", "en")
    expect(other.locator("html")).to_have_attribute("data-senior", "1")
    other.goto("/me")
    other.locator("input[name=language][value='zh-CN']").check()
    other.locator("input[name=senior][value='0']").check()
    other.locator("main form button[type=submit]").first.click()
    expect(other.locator("html")).to_have_attribute("lang", "zh-CN")

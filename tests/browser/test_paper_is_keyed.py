"""A sheet is keyed beside its scan on a phone and on a desk, by a clerk who does not see what the first one read."""

import re

from playwright.sync_api import Page, expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, enter

DESK = f"{HERE}assemblies/2026-03/paper"


def test_the_second_clerk_keys_a_sheet_beside_its_scan(
    demo: DemoServer, new_page: PageMaker, picture: Picture, size: str
) -> None:
    page = new_page(demo.base_url, size=size)
    enter(page, "second_clerk")
    page.goto(DESK)
    expect(page.get_by_role("heading", name="纸质选票")).to_be_visible()
    looks.check(page)
    picture(page, f"paper-desk-{size}")
    waits = page.get_by_role("listitem").filter(has_text="待第二人录入")
    waits.get_by_role("link").click()
    expect(page.get_by_role("heading", name=re.compile("^录入 "))).to_be_visible()
    scan = page.get_by_role("img", name=re.compile("扫描件第 1 页"))
    expect(scan).to_be_visible()
    # Visible is not yet loaded: the scan comes out of its envelope first.
    assert scan.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(page.locator("input:checked")).to_have_count(0)
    picture(page, f"key-sheet-{size}")
    key_all(page, "反对", but_first="同意")
    looks.check(page)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("两人录入不一致，请第三人对照扫描件裁定。")).to_be_visible()
    looks.check(page)
    picture(page, f"sheet-{size}")
    expect(page.get_by_role("link", name="对照扫描件裁定")).to_have_count(0)

    third = new_page(demo.base_url, size=size)
    enter(third, "supervisor")
    third.goto(page.url)
    third.get_by_role("link", name="对照扫描件裁定").click()
    looks.check(third)
    picture(third, f"settle-{size}")
    key_all(third, "同意", but_first="同意")
    third.get_by_role("button", name="裁定").click()
    expect(third.get_by_text("录入完成，等待两人签名后写入日志。")).to_be_visible()
    third.goto(f"{HERE}assemblies/2026-03/deliveries")
    looks.check(third)
    picture(third, f"deliveries-{size}")


def key_all(page: Page, mark: str, *, but_first: str) -> None:
    """Mark every motion: the first one so, all others so."""
    motions = page.locator("fieldset").filter(has=page.get_by_role("radio"))
    for place in range(motions.count()):
        wanted = mark if place else but_first
        motions.nth(place).get_by_role("radio", name=wanted, exact=True).check()

"""The treasurer draws a box over a receipt with the pointer; owners see the copy and nothing under the box."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import DemoServer, enter


@pytest.mark.sqlite_only
def test_a_box_is_drawn_on_a_receipt_and_the_copy_goes_to_owners(
    demo: DemoServer, new_page: PageMaker, size: str, picture: Picture
) -> None:
    page = new_page(demo.base_url, size=size)
    enter(page, "treasurer")
    page.goto("/c/WTY/books/documents/unseen")
    looks.check(page)
    page.goto("/c/WTY/books/vouchers?q=绿化补种")
    page.locator("main tbody a[href*='/books/vouchers/']").first.click()
    page.get_by_role("link", name=re.compile(r"^发票 .*\.pdf$")).click()
    page.get_by_role("link", name="遮盖个人信息").click()
    expect(page.get_by_role("heading", name="遮盖个人信息")).to_be_visible()
    layer = page.locator(".mask__layer")
    edge = layer.bounding_box()
    assert edge is not None
    page.mouse.move(edge["x"] + edge["width"] * 0.1, edge["y"] + edge["height"] * 0.05)
    page.mouse.down()
    page.mouse.move(edge["x"] + edge["width"] * 0.5, edge["y"] + edge["height"] * 0.1)
    page.mouse.move(edge["x"] + edge["width"] * 0.9, edge["y"] + edge["height"] * 0.2)
    page.mouse.up()
    expect(layer.locator("rect")).to_have_count(1)
    boxes = page.locator("input[name=boxes]").input_value()
    drawn = re.fullmatch(r"1:(\d+),(\d+),(\d+),(\d+)", boxes)
    assert drawn is not None
    left, top, right, bottom = (int(one) for one in drawn.groups())
    assert abs(left - 100) <= 4
    assert abs(right - 900) <= 4
    assert abs(top - 50) <= 4
    assert abs(bottom - 200) <= 4
    looks.check(page)
    picture(page, f"mask-{size}")
    page.get_by_role("button", name="生成遮盖件").click()
    expect(page.get_by_text("业主看到的")).to_be_visible()
    looks.check(page)
    picture(page, f"document-{size}")

"""The whole loop in a browser: sorted and assigned, overdue, a supervision letter, answered by an outside unit that
came in by its link, rated from the message, published, and read by anybody.
"""

import io
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from hoa.kernel.clock import CHINA
from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import EVERYBODY, HERE, DemoServer, SharedServers, enter

# One of those that wait for the desk in the demo, with a reporter who left a number (hoa/demo/data/suggestions.csv).
SAID, REPORTER = "轮椅还没进去就夹", "19900002026"
TITLE = "5栋大堂电梯关门太快"
ANSWER = "门机关门时间调到 6 秒，光幕换新，用轮椅试了十次都没有夹。"
# Assigned on 20 October with ten working days, so due on 3 November.
LATE = datetime(2026, 11, 5, 9, 0, tzinfo=CHINA)


@pytest.fixture
def loop(servers: SharedServers) -> Iterator[DemoServer]:
    """A demo of this test's own; what PostgreSQL makes of the loop is the integration tests' business."""
    with servers.started("sqlite") as server:
        yield server


def test_from_the_desk_over_a_letter_and_the_message_to_the_published_answer(
    loop: DemoServer, new_page: PageMaker, picture: Picture
) -> None:
    anybody = new_page(loop.base_url, size="phone")
    anybody.goto(HERE + "suggestions/")
    looks.fits(anybody)
    picture(anybody, "suggestions-phone")
    desk = new_page(loop.base_url)
    enter(desk, "clerk")
    label = assign(desk, picture)
    loop.forward(LATE)
    write_a_letter(desk, label, picture)
    desk.goto(HERE + "handlers/")
    desk.get_by_role("row", name="安行电梯维保公司").get_by_role("button", name="发登录链接").click()

    told = message(loop, EVERYBODY["lift_unit"].phone, "suggestion-assigned", label)
    assert "11月3日" in told["text"], "the unit was told by when"
    unit = new_page(loop.base_url, size="phone")
    unit.goto(message(loop, EVERYBODY["lift_unit"].phone, "handler-link")["params"]["link"])
    answer(unit, label, picture)

    reporter = new_page(loop.base_url, size="phone", script=False)
    reporter.goto(message(loop, REPORTER, "suggestion-answered", label)["params"]["link"])
    expect(reporter.get_by_text(ANSWER)).to_be_visible()
    looks.fits(reporter)
    reporter.get_by_role("button", name="非常满意").click()
    expect(reporter.get_by_text("非常满意")).to_be_visible()

    publish(desk, label)
    read_in_public(anybody, label)


def assign(page: Page, picture: Picture) -> str:
    """代办 to the lift company; the number of the suggestion."""
    page.goto(HERE + "sorting/")
    while SAID not in page.locator("main").inner_text():
        page.get_by_role("link", name="先跳过，看下一件").click()
    label = page.get_by_role("heading", level=1).inner_text().split()[0]
    page.get_by_label("标题").fill(TITLE)
    page.locator("label", has_text="代办").click()
    page.get_by_label("承办单位", exact=True).select_option(label="安行电梯维保公司")
    page.evaluate("window.scrollTo(0, 0)")
    picture(page, "suggestion-desk")
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_role("status")).to_contain_text(f"{label} 已交办")
    return label


def write_a_letter(page: Page, label: str, picture: Picture) -> None:
    """What nobody answered in time stands on the list, and a letter is two taps away."""
    page.goto(HERE + "letters/")
    page.get_by_role("row", name=label).get_by_role("link", name="写督办函").click()
    expect(page.get_by_label("函的正文")).to_have_value(re.compile(label))
    page.get_by_role("button", name="编号并发出").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("督办函")
    picture(page, "supervision-letter")


def answer(page: Page, label: str, picture: Picture) -> None:
    """The unit's contact sees what is theirs, the overdue first, and answers with a picture."""
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("逾期").first).to_be_visible()
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_text(label).first).to_be_visible()
    looks.fits(page)
    picture(page, "handling-phone")
    page.get_by_label("办理结果").fill(ANSWER)
    page.get_by_label("办好以后的照片").set_input_files(
        FilePayload(name="门.jpg", mimeType="image/jpeg", buffer=photograph())
    )
    page.get_by_role("button", name="反馈结果").click()
    expect(page.get_by_role("status")).to_be_visible()


def publish(page: Page, label: str) -> None:
    page.goto(HERE + f"sorting/list?q={label}")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="公示").click()
    expect(page.get_by_role("status")).to_be_visible()


def read_in_public(page: Page, label: str) -> None:
    page.goto(HERE + "suggestions/")
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    expect(page.get_by_text(label).first).to_be_visible()
    shown = page.locator("main img").first
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("complete", True)
    assert REPORTER not in page.content()
    looks.check(page)


def message(server: DemoServer, phone: str, template: str, label: str = "") -> Mapping[str, Any]:
    """The latest message of a kind to a phone, which leaves a moment after the page."""
    path = server.data / "sms.jsonl"
    for _ in range(3000):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for one in map(json.loads, reversed(lines)):
            if (one["phone"], one["template"]) == (phone, template) and label in one["text"]:
                return dict(one)
        time.sleep(0.02)
    raise AssertionError(f"no message {template} was sent")


def photograph() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "#a5a8a6").save(out, "JPEG")
    return out.getvalue()

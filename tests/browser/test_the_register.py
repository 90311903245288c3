"""The clerk's desk: a spoiled workbook is refused place by place, a changed one is previewed and imported."""

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, SharedServers, enter

DATA = Path(__file__).resolve().parents[1] / "data"
REGISTER = HERE + "register/"
PLANTED = ("F10", "F20", "F30", "F100", "G40", "H60", "B80", "J90")


@pytest.fixture
def desk(servers: SharedServers) -> Iterator[DemoServer]:
    """A demo of this test's own; what importing does on PostgreSQL is the integration tests' business."""
    with servers.started("sqlite") as server:
        yield server


def send(page: Page, file: Path) -> None:
    page.goto(REGISTER + "imports/")
    page.get_by_label("名册文件").set_input_files(file)
    page.get_by_role("button", name="读取并预览").click()
    page.wait_for_url("**/register/imports/*", timeout=120_000)


def test_the_clerk_imports_a_register_after_mending_it(
    desk: DemoServer, new_page: PageMaker, picture: Picture, size: str, tmp_path: Path
) -> None:
    page = new_page(desk.base_url, size=size)
    enter(page, "clerk")
    send(page, DATA / "register-spoiled.xlsx")
    expect(page.get_by_role("heading", level=1)).to_contain_text("处错误，没有导入")
    places = " ".join(page.locator("tbody th").all_inner_texts())
    assert [place for place in PLANTED if place not in places] == []
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    looks.check(page)
    picture(page, f"import-faulty-{size}")

    send(page, changed_register(tmp_path))
    expect(page.get_by_role("heading", level=1)).to_contain_text("改动 1 个")
    looks.check(page)
    picture(page, f"import-preview-{size}")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已导入", timeout=120_000)
    page.get_by_role("link", name="看名册").click()
    page.get_by_role("searchbox").fill("1栋1单元101")
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name="1栋1单元101", exact=True).click()
    expect(page.get_by_text("88.46 m²").first).to_be_visible()
    looks.check(page)
    picture(page, f"unit-{size}")


def changed_register(folder: Path) -> Path:
    """The sample with the area of one flat corrected; the total beneath is corrected with it."""
    book = openpyxl.load_workbook(DATA / "register.xlsx")
    sheet = book.worksheets[0]
    assert (sheet["D4"].value, sheet["F4"].value, sheet["F516"].value) == ("101", 87.46, 46112)
    sheet["F4"], sheet["F516"] = 88.46, 46113
    path = folder / "业主清册-更正.xlsx"
    book.save(path)
    return path

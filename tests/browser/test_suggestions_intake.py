"""码上提 on a phone: from the poster to 已收到 in at most five taps, with a real photo and without an account too."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, code_sent_to, enter

MOST_TAPS = 5
PHONE = "13900000167"
PLACE = "6栋电梯厅"


class Taps:
    """A finger: counts what it touches."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def __call__(self, where: Locator) -> None:
        self.count += 1
        where.click()

    def photo(self, picture: Path) -> None:
        """One tap on the field; what the phone's own camera asks for is not ours."""
        with self.page.expect_file_chooser() as chooser:
            self(self.page.get_by_label("照片"))
        chooser.value.set_files(picture)


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A JPEG of a phone's size, with where it was taken in it."""
    path = tmp_path / "lamp.jpg"
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    Image.effect_noise((3000, 4000), 40).convert("RGB").save(path, "JPEG", quality=70, exif=exif)
    return path


def poster_address(page: Page) -> str:
    """The desk adds a place; the poster prints the address beneath its code."""
    enter(page, "clerk")
    page.goto(f"{HERE}places/")
    page.get_by_label("点位名称").fill(PLACE)
    page.get_by_label("楼栋和单元").select_option(label="6栋 1单元")
    page.get_by_role("button", name="加上").click()
    page.get_by_role("row", name=PLACE).get_by_role("link", name="这一张海报").click()
    expect(page.locator(".place-poster__code svg")).to_be_visible()
    looks.fits(page)
    looks.demand_no_barrier(page)
    return page.locator(".place-poster__address").inner_text()


@pytest.mark.sqlite_only
def test_scan_photo_sent_in_five_taps_and_by_a_stranger_with_a_code(
    demo: DemoServer, new_page: PageMaker, picture: Picture, photograph: Path
) -> None:
    address = poster_address(new_page(demo.base_url, size="phone"))

    owner = new_page(demo.base_url, size="phone")
    enter(owner, "elder")
    taps = Taps(owner)
    owner.goto(address)
    expect(owner.get_by_text(PLACE)).to_be_visible()
    taps(owner.get_by_role("link", name="绿化"))
    taps.photo(photograph)
    looks.fits(owner)
    looks.demand_no_barrier(owner)
    picture(owner, "say-phone")
    taps(owner.get_by_role("button", name="提交", exact=True))
    expect(owner.get_by_role("heading", level=1)).to_contain_text("已收到，编号")
    assert taps.count <= MOST_TAPS
    picture(owner, "said-phone")
    looks.fits(owner)
    owner.get_by_role("link", name="看办理进展").click()
    shown = owner.get_by_role("img", name="办之前的照片 1")
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("image => Math.max(image.naturalWidth, image.naturalHeight)") == 2000
    looks.fits(owner)
    looks.demand_no_barrier(owner)

    # Without an account and without JavaScript: the phone and its code are all that is added, and a slip costs nothing.
    stranger = new_page(demo.base_url, size="phone", script=False)
    taps = Taps(stranger)
    stranger.goto(address)
    taps(stranger.get_by_role("link", name="绿化"))
    taps.photo(photograph)
    stranger.get_by_label("是什么事").fill("花坛的草比人高")
    stranger.get_by_role("textbox", name="手机号").fill(PHONE)
    taps(stranger.get_by_role("button", name="提交", exact=True))
    # Others already reported this.
    expect(stranger.get_by_role("heading", level=1)).to_have_text("已经有人提过了？")
    expect(stranger.get_by_role("button", name="是同一件，我关注它").first).to_be_visible()
    picture(stranger, "same-phone")
    taps(stranger.get_by_role("button", name="不是同一件，提交我的"))
    box = stranger.get_by_label("短信验证码")
    expect(box).to_be_visible()
    code = _code(stranger, demo)
    box.fill("000000" if code != "000000" else "111111")
    stranger.get_by_role("button", name="提交", exact=True).click()
    expect(stranger.locator("main")).to_contain_text("验证码不对")
    stranger.get_by_label("短信验证码").fill(code)
    taps(stranger.get_by_role("button", name="提交", exact=True))
    expect(stranger.get_by_role("heading", level=1)).to_contain_text("已收到，编号")
    assert taps.count <= MOST_TAPS
    stranger.get_by_role("link", name="看办理进展").click()
    expect(stranger.locator("main")).to_contain_text("花坛的草比人高")
    assert PHONE not in stranger.content()


def _code(page: Page, server: DemoServer) -> str:
    for _ in range(600):  # the message leaves a moment after the page
        if code := code_sent_to(server, PHONE):
            return code
        page.wait_for_timeout(50)
    raise AssertionError("no code was sent")


@pytest.mark.sqlite_only
def test_pictures_that_are_too_heavy_are_refused_before_they_are_sent_and_the_words_stay(
    looked_at: DemoServer, new_page: PageMaker, tmp_path: Path
) -> None:
    heavy = tmp_path / "heavy.jpg"
    with heavy.open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(200 * 1024 * 1024)
    page = new_page(looked_at.base_url, size="phone")
    page.goto(f"{HERE}say/where?category=lift")
    page.get_by_role("link", name="5栋", exact=True).click()
    looks.fits(page)
    page.get_by_role("link", name=re.compile("^5栋 .* 12 层$")).first.click()
    expect(page.locator(".where")).to_contain_text("12 层")
    page.get_by_label("是什么事").fill("轿厢里的灯坏了")
    page.get_by_label("照片").set_input_files(heavy)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="太大")).to_be_visible()
    expect(page.get_by_label("是什么事")).to_have_value("轿厢里的灯坏了")
    looks.demand_no_barrier(page)

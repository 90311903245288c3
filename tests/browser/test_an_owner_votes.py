"""The first walk: poster, sign-in, one motion a screen, review, confirm, receipt, result, recount."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from hoa.kernel.clock import CHINA
from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import EVERYBODY, HERE, DemoServer, SharedServers, code_sent_to, enter
from tests.browser.officials import settle_and_close, sign_the_tally
from tests.servers import ServerProcess

TITLE = "2026 年第 3 次业主大会会议"
CODE = "2026-03"
ASSEMBLY = HERE + f"assemblies/{CODE}"
MOTIONS = 3
TIME_OVER = datetime(2026, 11, 5, 18, 0, 5, tzinfo=CHINA)
HEIGHTS = "buttons => buttons.map(button => button.getBoundingClientRect().height)"
VERIFIER = Path(__file__).resolve().parents[2] / "voting" / "verify.py"


class Taps:
    """An owner's finger: counts what it touches."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, where: Locator) -> None:
        self.count += 1
        where.click()


def address_on_the_poster(page: Page) -> str:
    """What the QR code on the wall says; the notice prints it beneath the code."""
    page.goto(f"{ASSEMBLY}/notice")
    expect(page.locator(".qr svg")).to_be_visible()
    return page.locator(".qr + p .code").inner_text()


def sign_in_by_code(page: Page, server: ServerProcess, phone: str) -> None:
    page.get_by_label("手机号").fill(phone)
    page.get_by_role("button", name="获取验证码").click()
    box = page.get_by_label("短信验证码")
    expect(box).to_be_visible()
    for _ in range(600):  # the message leaves a moment after the page
        if code := code_sent_to(server, phone):
            break
        page.wait_for_timeout(50)
    else:
        raise AssertionError("no code was sent")
    box.fill(code)
    page.get_by_role("button", name="登录", exact=True).click()


def mark_and_confirm(page: Page, tap: Taps, marks: tuple[str, ...]) -> str:
    """One motion a screen, then the review, then confirm; the receipt's short code."""
    for number, mark in enumerate(marks, 1):
        expect(page.get_by_text(f"第 {number} 项，共 {len(marks)} 项")).to_be_visible()
        expect(page.locator(".button--chosen")).to_have_count(0)
        tap(page.get_by_role("button", name=mark, exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("请核对您的选择")
    assert page.locator("main li strong.lead").all_inner_texts() == list(marks)
    tap(page.get_by_role("button", name="确认提交"))
    expect(page.get_by_role("heading", level=1)).to_have_text("已提交")
    code = page.locator(".receipt-code").inner_text()
    assert re.fullmatch(r"[0-9A-F]{4} [0-9A-F]{4} [0-9A-F]{2}", code), code
    assert not any(mark in page.locator("main").inner_text() for mark in ("同意", "反对", "弃权"))
    return code


def ballots_of(page: Page) -> None:
    """Whoever has voted is told so and is not asked again."""
    page.goto(ASSEMBLY)
    expect(page.get_by_text("已投票")).to_be_visible()
    expect(page.get_by_role("link", name="查看")).to_be_visible()
    expect(page.get_by_role("link", name="我要投票")).to_have_count(0)


def test_a_ballot_cast_in_the_browser_is_found_in_the_recount(
    demo: DemoServer, new_page: PageMaker, picture: Picture, tmp_path: Path
) -> None:
    phone, desk = new_page(demo.base_url, size="phone"), new_page(demo.base_url, size="desktop")
    short_codes = vote_on_a_phone(demo, phone, picture), vote_at_a_desk(desk, picture)
    receipt = download(desk, "下载回执文件", tmp_path, opened="核验")
    identity = printed_identity(desk)

    demo.forward(TIME_OVER)
    count_and_announce(demo, new_page(demo.base_url), picture)

    enter(phone, "elder")
    phone.goto(ASSEMBLY)
    expect(phone.locator(".verdict").first).to_be_visible()
    picture(phone, "result-after-phone")
    looks.check(phone)
    expect(phone.get_by_text("这一票计入")).to_be_visible()
    phone.locator(f"main a[href*='{ASSEMBLY}/receipt/']").first.click()
    expect(phone.get_by_text("计票时用的就是这张票")).to_be_visible()
    assert phone.locator(".receipt-code").inner_text() == short_codes[0]

    enter(desk, "co_owner")
    check_the_receipt(desk, receipt, short_codes[1])
    desk.goto(ASSEMBLY)
    picture(desk, "result-after-desktop")
    looks.check(desk)
    assert printed_identity(desk) == identity
    public = download(desk, "下载核验包", tmp_path)
    assert download(desk, "下载张贴用的结果（PDF）", tmp_path).read_bytes().startswith(b"%PDF-")
    enter(desk, "supervisor")
    desk.goto(ASSEMBLY)
    full = download(desk, "下载完整核验包（逐票）", tmp_path)
    for package in (public, full):
        recount(package, "--assembly", identity, "--receipt", str(receipt))
    with pytest.raises(AssertionError, match="manifest"):
        recount(full, "--assembly", "0" * 64)


def vote_on_a_phone(demo: DemoServer, page: Page, picture: Picture) -> str:
    """From the poster, signing in by a code to the telephone in the register."""
    page.goto(address_on_the_poster(page))
    picture(page, "assembly-visitor-phone")
    looks.check(page)
    page.get_by_role("link", name="登录后投票").click()
    sign_in_by_code(page, demo, EVERYBODY["elder"].phone)
    expect(page.get_by_text(f"第 1 项，共 {MOTIONS} 项")).to_be_visible()
    picture(page, "vote-motion-phone")
    looks.check(page)
    tap = Taps()
    code = mark_and_confirm(page, tap, ("同意", "反对", "弃权"))
    assert tap.count <= MOTIONS + 3
    picture(page, "receipt-phone")
    looks.check(page)
    ballots_of(page)
    return code


def vote_at_a_desk(page: Page, picture: Picture) -> str:
    """From the community's first page, where what is open comes first: motions + 3 taps in all."""
    enter(page, "co_owner")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"请投票：{TITLE}")
    picture(page, "home-owner-desktop")
    tap = Taps()
    tap(page.get_by_role("link", name="现在去办"))
    tap(page.get_by_role("link", name="我要投票"))
    picture(page, "vote-motion-desktop")
    looks.check(page)
    code = mark_and_confirm(page, tap, ("同意", "同意", "反对"))
    assert tap.count == MOTIONS + 3
    picture(page, "receipt-desktop")
    return code


def printed_identity(page: Page) -> str:
    """The assembly's 64 digits as the notice prints them."""
    page.goto(f"{ASSEMBLY}/notice")
    identity = page.locator("main p:not(.small) > .code").first.inner_text()
    assert re.fullmatch(r"[0-9a-f]{64}", identity), identity
    page.goto(ASSEMBLY)
    return identity


def download(page: Page, link: str, folder: Path, *, opened: str | None = None) -> Path:
    """Take what a link gives; a file that is made first comes by itself when it is ready."""
    if opened is not None:
        page.get_by_text(opened, exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("link", name=link, exact=True).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def count_and_announce(demo: DemoServer, page: Page, picture: Picture) -> None:
    """The time is over: officials settle what is left, the secretary counts, three people sign, and it is announced."""
    settle_and_close(demo, CODE)
    enter(page, "secretary")
    for step, leads_to in (("计票", f"**{ASSEMBLY}/manage"), ("公布结果", f"**{ASSEMBLY}")):
        page.goto(f"{ASSEMBLY}/manage")
        button = page.get_by_role("link", name=step, exact=True)
        expect(button).to_be_visible()
        picture(page, f"manage-{step}-desktop")
        button.click()
        page.get_by_role("button", name=step, exact=True).click()
        page.wait_for_url(leads_to)
        if step == "计票":
            sign_the_tally(demo, CODE)
    expect(page.locator(".verdict").first).to_be_visible()


def check_the_receipt(page: Page, receipt: Path, short_code: str) -> None:
    """The server's own answer to a receipt file."""
    page.goto(f"{ASSEMBLY}/check")
    page.get_by_label("回执文件").set_input_files(receipt)
    page.get_by_role("button", name="由服务器核验").click()
    expect(page.get_by_role("status")).to_contain_text("已计入")
    expect(page.get_by_text(short_code)).to_be_visible()


def recount(package: Path, *options: str) -> str:
    """What the verifier says, run as anybody would run it: nothing of ours can be imported."""
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(package), *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ------------------------------------------------------------------------------------- one owner each, other weather
@pytest.fixture(scope="module")
def polls(servers: SharedServers) -> Iterator[DemoServer]:
    """A demo in which each test votes as another owner."""
    with servers.started("sqlite") as server:
        yield server


def test_a_line_that_breaks_at_the_last_tap_leaves_one_ballot_and_one_receipt(
    polls: DemoServer, new_page: PageMaker, picture: Picture
) -> None:
    page = new_page(polls.base_url, size="phone")
    enter(page, "two_flats")
    page.goto(ASSEMBLY)
    nonces: list[str] = []

    def the_answer_is_lost(route: Route) -> None:
        nonces.append(str(re.search(r"nonce=([0-9a-z]+)", route.request.post_data or "")))
        if len(nonces) == 1:
            route.fetch(max_redirects=0)  # it arrives, and its answer does not
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/cast", the_answer_is_lost)
    page.get_by_role("link", name="我要投票").click()
    for mark in ("同意", "弃权", "反对"):
        page.get_by_role("button", name=mark, exact=True).click()
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_text("正在重试")).to_be_visible()
    picture(page, "vote-retrying-phone")
    expect(page.get_by_role("heading", level=1)).to_have_text("已提交")
    assert len(nonces) == 2
    assert len(set(nonces)) == 1
    page.get_by_role("link", name="查看我的选择").click()
    assert page.locator(".facts dt").all_inner_texts()[-MOTIONS:] == ["同意", "弃权", "反对"]
    ballots_of(page)
    expect(page.get_by_role("link", name="查看")).to_have_count(1)


def test_a_result_says_the_verdict_first_and_shows_what_was_missing(
    looked_at: DemoServer, new_page: PageMaker, picture: Picture, size: str
) -> None:
    page = new_page(looked_at.base_url, size=size)
    page.goto(HERE + "assemblies/2026-02/result")
    expect(page.locator(".verdict")).to_contain_text("未通过")
    expect(page.locator(".bar")).to_have_count(4)
    expect(page.locator(".bar", has_text="还差")).to_have_count(1)
    looks.check(page)
    picture(page, f"result-{size}")


def test_an_owner_votes_without_javascript(polls: DemoServer, new_page: PageMaker) -> None:
    page = new_page(polls.base_url, size="phone", script=False)
    enter(page, "elder")
    page.goto(ASSEMBLY)
    page.get_by_role("link", name="我要投票").click()
    page.get_by_role("button", name="反对", exact=True).click()
    page.get_by_role("link", name="上一项").click()
    page.get_by_role("button", name="弃权", exact=True).click()
    for mark in ("同意", "反对"):
        page.get_by_role("button", name=mark, exact=True).click()
    page.get_by_role("link", name="修改第 3 项").click()
    page.get_by_role("button", name="同意", exact=True).click()
    assert page.locator("main li strong.lead").all_inner_texts() == ["弃权", "同意", "同意"]
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已提交")
    ballots_of(page)


def test_an_owner_votes_in_the_largest_letters(polls: DemoServer, new_page: PageMaker, picture: Picture) -> None:
    page = new_page(polls.base_url, size="phone")
    enter(page, "co_owner")
    for words in ("大字", "特大字"):
        page.get_by_role("link", name=words, exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-senior", "2")
    picture(page, "home-owner-senior-phone")
    page.goto(ASSEMBLY)
    looks.check(page)
    picture(page, "assembly-senior-phone")
    page.get_by_role("link", name="我要投票").click()
    looks.check(page)
    picture(page, "vote-motion-senior-phone")
    assert min(page.locator(".button--mark").evaluate_all(HEIGHTS)) >= 60
    mark_and_confirm(page, Taps(), ("同意", "同意", "同意"))
    looks.check(page)
    picture(page, "receipt-senior-phone")

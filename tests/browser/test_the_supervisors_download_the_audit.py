"""The third walk: a period, its findings with evidence, a report made in a job, its page and its signed PDF, and
anybody checking that PDF.
"""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, enter
from tests.browser.test_officials_sign import import_key

AUDIT = HERE + "audit/"
PLANTED = ("诚达消防器材", "顺发建材经营部", "分享传媒有限公司", "快递柜运营商", "1,200.00")


def test_the_supervisors_check_nine_months_and_take_the_signed_report_home(
    demo: DemoServer, engine_name: str, new_page: PageMaker, picture: Picture, tmp_path: Path
) -> None:
    size = "desktop" if engine_name == "sqlite" else "phone"
    page = new_page(demo.base_url, size=size)
    enter(page, "supervisor")
    page.goto(AUDIT)
    looks.check(page)
    picture(page, "audit-index")
    page.get_by_label("起始日").fill("2026-01-01")
    page.get_by_label("截止日").fill("2026-09-30")
    page.get_by_role("button", name="开始检查").click()

    findings_have_evidence(page)
    looks.check(page)
    picture(page, "audit-desk" if size == "desktop" else "audit-check-phone")
    page.get_by_role("button", name="生成签名的报告").click()
    expect(page.locator("#opinion-error")).to_contain_text("请选择一种意见")
    looks.check(page)
    picture(page, f"audit-choice-{size}")
    page.get_by_role("radio", name="未发表意见").check(force=True)
    page.get_by_role("button", name="生成签名的报告").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("公共收益审计报告", timeout=120_000)
    looks.check(page)
    picture(page, f"audit-report-{size}")
    number = page.locator("h1").inner_text().split()[-1]
    digest = page.locator("main .code").first.inner_text()
    sign_in_this_browser(page, picture, tmp_path, size)

    paper = download(page, "下载签名的 PDF", tmp_path)
    twin = download(page, "下载网页版", tmp_path)
    said = demo.hoa("verify", str(paper))
    assert "（业主监督委员会主任）" in said
    assert digest in said
    for figure in ("¥226,249.94", "¥347,294.26"):
        assert figure in page.locator("main").inner_text()
        assert figure in twin.read_text(encoding="utf-8")
    assert number in twin.read_text(encoding="utf-8")

    anybody_checks_the_file(new_page(demo.base_url, size=size), paper, picture)


def sign_in_this_browser(page: Page, picture: Picture, folder: Path, size: str) -> None:
    """The key is taken into this browser and stays there; what it signs comes back inside the PDF."""
    address = page.url
    import_key(page, "supervisor", folder)
    page.goto(address)
    page.get_by_role("link", name="用我的钥匙在报告上签名").click()
    looks.check(page)
    page.get_by_role("button", name="准备签名").click()
    button = page.get_by_role("button", name="签名（0 条）")
    expect(button).to_be_disabled()
    page.get_by_role("checkbox").check(force=True)
    looks.check(page)
    picture(page, f"audit-sign-{size}")
    page.get_by_role("button", name="签名（1 条）").click()
    expect(page.get_by_text("签名已写进报告的 PDF")).to_be_visible()
    looks.check(page)


def findings_have_evidence(page: Page) -> None:
    """What was planted is found, and each finding leads to the vouchers, contracts or bank lines behind it."""
    expect(page.get_by_role("heading", level=1)).to_have_text("检查结果")
    text = page.locator("main").inner_text()
    assert [words for words in PLANTED if words not in text] == []
    findings = page.locator(".finding")
    assert findings.count() >= len(PLANTED)
    for finding in findings.all():
        assert finding.locator("dt").all_inner_texts()[-1] == "证据"
        assert finding.locator("dd").last.inner_text().strip()
    address = page.url
    findings.first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url != address
    page.goto(address)


def download(page: Page, link: str, folder: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role("link", name=link).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def anybody_checks_the_file(page: Page, paper: Path, picture: Picture) -> None:
    """Without an account: the file is ours and whole, and with one byte changed it is not."""
    page.goto("/verify")
    looks.check(page)
    check_file(page, paper)
    expect(page.get_by_role("status")).to_have_class("verdict notice notice--ok")
    picture(page, "verified")
    changed = paper.with_name("changed.pdf")
    data = bytearray(paper.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(bytes(data))
    check_file(page, changed)
    expect(page.get_by_role("status")).to_have_class("verdict notice notice--error")


def check_file(page: Page, file: Path) -> None:
    page.get_by_label("要核验的文件").set_input_files(file)
    page.get_by_role("button", name="核验", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(file.name)

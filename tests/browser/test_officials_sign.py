"""An official's key is made in the browser and stays there; what it signs is in the log."""

from pathlib import Path

from playwright.sync_api import Page, expect

from hoa.demo.signing_keys import DemoKey
from tests.browser import looks
from tests.browser.conftest import PageMaker, Picture
from tests.browser.demos import HERE, DemoServer, enter

SIGN = HERE + "assemblies/2026-03/sign"
HELD = """() => new Promise(resolve => {
  const opening = indexedDB.open("hoa-keys", 1);
  opening.onsuccess = () => {
    const asked = opening.result.transaction("keys").objectStore("keys").getAll();
    asked.onsuccess = () => resolve(asked.result.map(one => [one.id, one.key.extractable]));
  };
})"""


def import_key(page: Page, who: str, folder: Path) -> None:
    """Sign in as a demo official and take their key file into this browser."""
    file = folder / f"{who}.pem"
    file.write_bytes(DemoKey(who).pem)
    enter(page, who)
    page.goto("/me/keys")
    page.get_by_label("把钥匙文件导入这个浏览器").set_input_files(file)
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_text("在这个浏览器里", exact=True)).to_be_visible()


def checked(page: Page, picture: Picture, name: str) -> None:
    looks.check(page)
    picture(page, name)


def test_a_clerk_signs_a_waiting_entry_with_a_key_that_this_browser_never_gives_out(
    demo: DemoServer, engine_name: str, new_page: PageMaker, picture: Picture, tmp_path: Path
) -> None:
    size = "phone" if engine_name == "sqlite" else "desktop"
    page = new_page(demo.base_url, size=size)
    enter(page, "clerk")
    page.goto(SIGN)
    expect(page.get_by_text("这个浏览器里没有您的签名钥匙")).to_be_visible()
    import_key(page, "clerk", tmp_path)
    checked(page, picture, f"my-keys-{size}")
    assert [extractable for _, extractable in page.evaluate(HELD)] == [False]

    page.goto(HERE)
    expect(page.get_by_text("等您签名")).to_be_visible()
    page.goto(SIGN)
    button = page.get_by_role("button", name="签名（0 条）")
    expect(button).to_be_disabled()
    page.get_by_role("button", name="全选").click()
    boxes = page.locator("[data-items]").count()
    checked(page, picture, f"to-sign-{size}")
    page.get_by_role("button", name=f"签名（{boxes} 条）").click()
    expect(page.get_by_text(f"{boxes} 条已生效")).to_be_visible()
    expect(page.get_by_text("现在没有等您签名的事")).to_be_visible()
    looks.check(page)
    assert "nothing was changed" in demo.hoa("verify")


def test_a_new_key_is_made_registered_and_in_the_place_of_a_lost_one_after_two_signatures(
    demo: DemoServer, new_page: PageMaker, tmp_path: Path
) -> None:
    clerk = new_page(demo.base_url)
    enter(clerk, "clerk")
    clerk.goto("/me/keys")
    clerk.get_by_role("button", name="在这个浏览器里生成钥匙").click()
    expect(clerk.get_by_text("签名钥匙已登记")).to_be_visible()
    expect(clerk.get_by_text("使用中")).to_have_count(1)
    expect(clerk.get_by_text("已停用")).to_have_count(1)
    clerk.goto(SIGN)
    clerk.get_by_role("link", name="钥匙丢了，更换").click()
    clerk.get_by_label("为什么更换").fill("手机丢了")
    looks.check(clerk)
    clerk.get_by_role("button", name="提出更换").click()
    expect(clerk.get_by_text("正在等签名")).to_be_visible()
    for who in ("supervisor", "second_clerk"):
        other = new_page(demo.base_url)
        import_key(other, who, tmp_path)
        other.goto(SIGN)
        other.get_by_role("group", name="更换签名钥匙").get_by_role("checkbox").check(force=True)
        other.get_by_role("button", name="签名（1 条）").click()
        expect(other.get_by_role("status").get_by_text("条已生效")).to_be_visible()
    clerk.goto(SIGN)
    clerk.locator("[data-items]").first.check(force=True)
    clerk.get_by_role("button", name="签名（1 条）").click()
    expect(clerk.get_by_text("1 条已生效")).to_be_visible()
    assert "nothing was changed" in demo.hoa("verify")


def test_without_a_script_the_pages_say_how_to_sign_with_the_command(
    looked_at: DemoServer, size: str, new_page: PageMaker, picture: Picture
) -> None:
    page = new_page(looked_at.base_url, size=size, script=False)
    enter(page, "clerk")
    page.goto("/me/keys")
    expect(page.get_by_text("这里不能在浏览器里生成钥匙")).to_be_visible()
    expect(page.get_by_role("button", name="在这个浏览器里生成钥匙")).to_be_hidden()
    page.goto(SIGN)
    expect(page.get_by_text("在这个页面上签名需要 https 网址和脚本")).to_be_visible()
    page.get_by_text("用命令签名").click()
    expect(page.get_by_role("link", name="下载 to-sign.json")).to_be_visible()
    picture(page, f"to-sign-without-script-{size}")


def test_the_desk_of_officials_is_usable_on_a_phone(
    looked_at: DemoServer, new_page: PageMaker, picture: Picture
) -> None:
    page = new_page(looked_at.base_url, size="phone")
    enter(page, "secretary")
    page.goto(HERE + "assemblies/2026-03/officials")
    checked(page, picture, "officials-phone")

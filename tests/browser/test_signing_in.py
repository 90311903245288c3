"""The door in a real browser: first start, phone and code, preferences, a passkey on a virtual authenticator."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageMaker, Picture
from tests.servers import ServerProcess

PHONE = "19900001234"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A new deployment, before anybody has used it."""
    data = tmp_path / "data"
    process = ServerProcess(data=data, database_url=f"sqlite:///{data / 'hoa.db'}")
    yield process
    process.stop()


def code_sent(server: ServerProcess, number: int) -> str:
    """The code of the n-th message (from 0), which leaves a moment after the page."""
    path = server.data / "sms.jsonl"
    for _ in range(500):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if len(lines) > number:
            return str(json.loads(lines[number])["params"]["code"])
        time.sleep(0.02)
    raise AssertionError("no code was sent")


def fits(page: Page) -> None:
    """No sideways scrolling."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def sign_in_by_code(page: Page, server: ServerProcess, number: int) -> None:
    page.goto("/sign-in?next=/me")
    page.get_by_label("手机号").fill(PHONE)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信验证码").fill(code_sent(server, number))
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账户")


def test_the_first_person_comes_in_and_comes_back(
    server: ServerProcess, new_page: PageMaker, picture: Picture, size: str
) -> None:
    code = server.hoa("init").splitlines()[-1]
    server.start()
    page = new_page(server.base_url, size=size, script=False)
    page.goto("/setup")
    page.get_by_label("启用码").fill(code)
    page.get_by_label("您的姓名").fill("和豪")
    page.get_by_label("手机号").fill(PHONE)
    picture(page, f"setup-{size}")
    fits(page)
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_text("平台已启用，您是平台管理员")).to_be_visible()
    page.goto("/me")
    fits(page)
    picture(page, f"me-{size}")
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_text("您已退出登录")).to_be_visible()

    page.goto("/sign-in?next=/me")
    picture(page, f"sign-in-{size}")
    fits(page)
    page.get_by_label("手机号").fill("123")
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_text("手机号应为 11 位数字")).to_be_visible()
    page.get_by_label("手机号").fill(PHONE)
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_text("199****1234")).to_be_visible()
    picture(page, f"sign-in-code-{size}")
    fits(page)
    page.get_by_label("短信验证码").fill("000000x")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("验证码不对")).to_be_visible()
    page.get_by_label("短信验证码").fill(code_sent(server, 0))
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账户")

    page.get_by_label("特大字").check()
    page.get_by_role("button", name="保存").click()
    expect(page.locator("html")).to_have_attribute("data-senior", "2")
    fits(page)
    page.goto("/me/sessions")
    fits(page)
    picture(page, f"sessions-{size}")
    page.goto("/me/password")
    fits(page)


def test_a_passkey_opens_the_door(server: ServerProcess, new_page: PageMaker, picture: Picture, size: str) -> None:
    code = server.hoa("init").splitlines()[-1]
    server.start()
    page = new_page(server.base_url, size=size)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    page.goto("/setup")
    page.get_by_label("启用码").fill(code)
    page.get_by_label("您的姓名").fill("和豪")
    page.get_by_label("手机号").fill(PHONE)
    page.get_by_role("button", name="启用").click()
    page.goto("/me/passkeys")
    page.get_by_role("button", name="在这台设备上登记").click()
    expect(page.get_by_text("通行密钥已登记")).to_be_visible()
    fits(page)
    picture(page, f"passkeys-{size}")
    page.goto("/me")
    page.get_by_role("button", name="退出登录").click()
    page.goto("/sign-in?next=/me")
    picture(page, f"sign-in-passkey-{size}")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账户")

    # The same device after its passkey was removed here: the door says no and offers the other ways.
    page.goto("/me/passkeys")
    page.get_by_role("button", name="删除").click()
    page.goto("/me")
    page.get_by_role("button", name="退出登录").click()
    page.goto("/sign-in")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_role("alert")).to_contain_text("通行密钥没有通过")
    sign_in_by_code(page, server, 0)

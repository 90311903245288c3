from datetime import datetime, timedelta

import pytest

from hoa.accounts import rules
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import Refusal

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)


@pytest.mark.parametrize(
    "password", ["correct horse", "梧桐叶落知秋深院", "12345679", "horse " * 21, "zhangsan-2026", "wang wu's dog"]
)
def test_a_password_is_long_and_may_hold_anything(password: str) -> None:
    rules.check_password(password, name="张三", phone="19900001234")


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("", rules.PasswordTooShort),
        ("7 chars", rules.PasswordTooShort),
        ("x" * 129, rules.PasswordTooLong),
        ("password", rules.PasswordTooCommon),
        ("PassWord", rules.PasswordTooCommon),
        ("ｐａｓｓｗｏｒｄ", rules.PasswordTooCommon),
        ("woaini1314", rules.PasswordTooCommon),
        ("88888888", rules.PasswordTooCommon),
        ("abababab", rules.PasswordTooCommon),
        ("abcabcabc", rules.PasswordTooCommon),
        ("12345678", rules.PasswordTooCommon),
        ("1234567890", rules.PasswordTooCommon),
        ("87654321", rules.PasswordTooCommon),
        ("abcdefgh", rules.PasswordTooCommon),
        ("19900001234", rules.PasswordTooCommon),
        ("张三张三张三张三", rules.PasswordTooCommon),
        ("Zhang SanZhang San", rules.PasswordTooCommon),
    ],
)
def test_what_everybody_tries_first_is_refused(password: str, refusal: type[Refusal]) -> None:
    name = "Zhang San" if "Zhang" in password else "张三"
    with pytest.raises(refusal):
        rules.check_password(password, name=name, phone="19900001234")


def test_a_person_without_name_or_phone_may_have_a_password() -> None:
    rules.check_password("correct horse", name="", phone=None)


@pytest.mark.parametrize(
    ("idle", "age", "ended", "alive"),
    [
        (timedelta(0), timedelta(0), False, True),
        (timedelta(days=30) - timedelta(seconds=1), timedelta(days=90), False, True),
        (timedelta(days=30), timedelta(days=90), False, False),
        (timedelta(0), timedelta(days=180) - timedelta(seconds=1), False, True),
        (timedelta(0), timedelta(days=180), False, False),
        (timedelta(0), timedelta(0), True, False),
    ],
)
def test_a_session_lives_until_it_is_ended_unused_or_old(
    idle: timedelta, age: timedelta, ended: bool, alive: bool
) -> None:
    assert rules.is_alive(began=NOW - age, seen=NOW - idle, ended=NOW if ended else None, now=NOW) is alive


@pytest.mark.parametrize(
    ("base_url", "possible"),
    [
        ("https://vote.example.cn", True),
        ("http://localhost:8000", True),
        ("https://localhost", True),
        ("http://vote.example.cn", False),
        ("http://192.168.1.5:8000", False),
        ("https://192.168.1.5", False),
        ("https://[::1]:8000", False),
        ("", False),
    ],
)
def test_passkeys_need_https_and_a_name(base_url: str, possible: bool) -> None:
    assert rules.can_use_passkeys(base_url) is possible


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14; PJE110) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 "
            "MicroMessenger/8.0.54",
            "WeChat · Android",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge · Windows"),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb/4.1 HuaweiBrowser/5.0", "Huawei · HarmonyOS"),
        ("curl/8.0", ""),
    ],
)
def test_a_device_is_named_as_its_owner_knows_it(agent: str, label: str) -> None:
    assert rules.device(agent) == label

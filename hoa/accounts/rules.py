"""What makes a sign-in acceptable: terms, counts, passwords, and where passkeys can work. PURE."""

import unicodedata
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

from hoa.kernel.errors import N_, Refusal

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
SETUP_LIFE = timedelta(hours=24)
CHALLENGE_LIFE = timedelta(minutes=5)
# Tries at guessing and requests for a code are counted over this time.
WINDOW = timedelta(minutes=15)
MOST_TRIES = 5
# A stairwell may share one address: asking for codes is counted more generously per address than guessing them.
MOST_REQUESTS_PER_PHONE = 5
MOST_REQUESTS_PER_ADDRESS = 30
SESSION_IDLE = timedelta(days=30)
SESSION_LIFE = timedelta(days=180)
SEEN_EVERY = timedelta(minutes=10)
PASSWORD_LEAST = 8
PASSWORD_MOST = 128
_COMMON = frozenset(
    """
    password passw0rd password1 iloveyou qwertyui qwerty123 qwertyuiop asdfghjkl 1qaz2wsx 1q2w3e4r abc12345 abcd1234
    a1234567 a12345678 aa123456 aa12345678 woaini1314 woaini520 5201314520 13145200 wang1234 zhang123 admin123
    admin888 administrator letmein1 welcome1 football baseball sunshine princess superman
    """.split()  # noqa: SIM905 - forty quoted words are harder to read
)


class WrongCode(Refusal):
    message = N_("验证码不对，或者已经过期。请核对后重填，或重新获取")


class WrongPassword(Refusal):
    message = N_("手机号或密码不对，请重填；也可以改用验证码登录")


class TooManyTries(Refusal):
    message = N_("试错次数太多，请 %(minutes)s 分钟后再试")
    status = 429


class AskedTooOften(Refusal):
    message = N_("获取验证码太频繁，请 %(minutes)s 分钟后再试")
    status = 429


class PasswordTooShort(Refusal):
    message = N_("密码至少要 %(least)s 个字符，可以用一句自己记得住的话")


class PasswordTooLong(Refusal):
    message = N_("密码最多 %(most)s 个字符")


class PasswordTooCommon(Refusal):
    message = N_("这个密码太容易被猜到，请换一个：不要用连号、重复的字、自己的姓名或手机号")


class PasskeyRefused(Refusal):
    message = N_("通行密钥没有通过，请再试一次，或改用验证码登录")


class PasskeyKnownAlready(Refusal):
    message = N_("这个通行密钥已经登记过了")


class PasskeysImpossible(Refusal):
    message = N_("这个网址不能用通行密钥：需要 https 网址（不能是 IP 地址）。请改用验证码登录")


class WrongSetupCode(Refusal):
    message = N_("启用码不对，或者已经用过、过期。请在服务器上运行 hoa init 取得新的启用码")


class PhoneTaken(Refusal):
    message = N_("这个手机号已用于另一个账户，请先核对；确是同一人的，请使用原来的账户")


def check_password(password: str, *, name: str, phone: str | None) -> None:
    """Length over cunning (OWASP ASVS 5.0, 6.2): any characters, but nothing that is tried first by everybody."""
    if len(password) < PASSWORD_LEAST:
        raise PasswordTooShort(least=PASSWORD_LEAST)
    if len(password) > PASSWORD_MOST:
        raise PasswordTooLong(most=PASSWORD_MOST)
    folded = unicodedata.normalize("NFKC", password).casefold()
    own = [part for part in (name.casefold(), phone or "") if len(part) > 1]
    if folded in _COMMON or _is_run(folded) or any(not folded.replace(part, "") for part in own):
        raise PasswordTooCommon


def _is_run(text: str) -> bool:
    """Whether the text repeats a short piece or counts up or down: 11111111, 12121212, 12345678, abcdefgh."""
    if any(text == (text[:width] * len(text))[: len(text)] for width in (1, 2, 3)):
        return True
    steps = {ord(right) - ord(left) for left, right in pairwise(text)}
    # 1234567890: a step of -9 where the count wraps around.
    return steps <= {1, -9} or steps <= {-1, 9}


def is_alive(*, began: datetime, seen: datetime, ended: datetime | None, now: datetime) -> bool:
    """A session ends by its owner, after 30 days without use, and after 180 days in any case."""
    return ended is None and now < seen + SESSION_IDLE and now < began + SESSION_LIFE


def can_use_passkeys(base_url: str) -> bool:
    """Browsers offer passkeys over https to a name, and over http to localhost; never to an IP address."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if ":" in host or host.replace(".", "").isdigit():
        return False
    return parts.scheme == "https" or host == "localhost"


_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("Edg", "Edge"),
    ("HuaweiBrowser", "Huawei"),
    ("MiuiBrowser", "Xiaomi"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """What a person recognises their device by: ``WeChat · Android``; empty when the browser does not say."""
    found = [next((label for mark, label in marks if mark in user_agent), None) for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(label for label in found if label)

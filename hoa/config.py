"""Settings, read once from HOA_* variables and never changed afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hoa.kernel.errors import N_, Refusal

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadSetting(Refusal):
    message = N_("环境变量 %(name)s 的值 %(value)s 不能用：%(cure)s")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a deployment decides. `data` holds keys, files and (on SQLite) the database; `base_url` is what owners
    type.
    """

    data: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = "http://localhost:8000"
    demo: bool = False
    production: bool = False
    language: str = "zh-CN"
    sms: str = "console"
    mail: str = "console"
    trusted_proxies: int = 0
    limits_storage: str = "memory://"
    files: str = ""
    log_level: str = "INFO"
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def origin_host(self) -> str:
        """The host part that tree heads are named after (voting-record.md 6)."""
        return urlsplit(self.base_url).hostname or "localhost"


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Settings from HOA_* variables; a value that cannot be used is a BadSetting that names it."""
    data = Path(environ.get("HOA_DATA", ".data")).resolve()
    port = _port(environ.get("HOA_PORT", "8000"))
    host = environ.get("HOA_HOST", "127.0.0.1")
    base_url = environ.get("HOA_BASE_URL", f"http://localhost:{port}").rstrip("/")
    scheme = urlsplit(base_url).scheme
    if scheme not in ("http", "https") or not urlsplit(base_url).hostname:
        raise BadSetting(name="HOA_BASE_URL", value=base_url, cure="https://vote.example.cn")
    production = _flag(environ, "HOA_PRODUCTION")
    demo = _flag(environ, "HOA_DEMO")
    if production and scheme != "https":
        raise BadSetting(name="HOA_BASE_URL", value=base_url, cure="HOA_PRODUCTION=1 → https://…")
    if production and demo:
        raise BadSetting(name="HOA_DEMO", value="1", cure="HOA_PRODUCTION=1 → HOA_DEMO=0")
    language = environ.get("HOA_LANGUAGE", "zh-CN")
    if language not in ("zh-CN", "en"):
        raise BadSetting(name="HOA_LANGUAGE", value=language, cure="zh-CN, en")
    return Settings(
        data=data,
        database_url=environ.get("HOA_DATABASE_URL", f"sqlite:///{data / 'hoa.db'}"),
        host=host,
        port=port,
        base_url=base_url,
        demo=demo,
        production=production,
        language=language,
        sms=environ.get("HOA_SMS", "console"),
        mail=environ.get("HOA_MAIL", "console"),
        trusted_proxies=_number(environ, "HOA_TRUSTED_PROXIES", 0),
        limits_storage=environ.get("HOA_LIMITS_STORAGE", "memory://"),
        files=environ.get("HOA_FILES", ""),
        log_level=environ.get("HOA_LOG_LEVEL", "INFO"),
        secrets={key: value for key, value in environ.items() if key.startswith("HOA_SECRET_")},
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise BadSetting(name="HOA_PORT", value=text, cure="1–65535")
    return int(text)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise BadSetting(name=name, value=text, cure="0, 1, 2 …")
    return int(text)


def _flag(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "0").lower()
    if text not in ("0", "1", "true", "false", "yes", "no", ""):
        raise BadSetting(name=name, value=text, cure="1, 0")
    return text in ("1", "true", "yes")

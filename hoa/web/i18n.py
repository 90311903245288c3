"""Two languages: simplified Chinese is written in the code, English comes from the catalogue. Numbers and dates as
experience.md wants them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta

from flask import Flask, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, gettext
from flask_login import current_user

from hoa.kernel import area as areas
from hoa.kernel import masking
from hoa.kernel import money as moneys
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import Refusal

LANGUAGES = {"zh-CN": "zh_Hans_CN", "en": "en"}
LANGUAGE_COOKIE = "hoa-language"
SENIOR_COOKIE = "hoa-senior"
NO_BREAK = "\N{NO-BREAK SPACE}"
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def install(app: Flask, default_language: str) -> None:
    """Languages, and the filters that format money, area and time."""
    app.config["BABEL_DEFAULT_LOCALE"] = LANGUAGES[default_language]
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(app.root_path + "/translations")
    Babel(app, locale_selector=lambda: LANGUAGES[chosen_language(default_language)])
    app.jinja_env.filters.update(
        money=money,
        yuan=yuan,
        area=area,
        count=count,
        day=day,
        last_day=last_day,
        short_day=short_day,
        moment=moment,
        mask_name=masking.name,
        told=told,
    )


def chosen_language(default: str) -> str:
    """This browser's choice, else the person's own, else the deployment's."""
    if not has_request_context():
        return default
    if "language" not in g:
        own = current_user.locale if current_user and current_user.is_authenticated else None
        asked = request.cookies.get(LANGUAGE_COOKIE) or own or default
        g.language = asked if asked in LANGUAGES else default
    return str(g.language)


_on_paper: ContextVar[str | None] = ContextVar("hoa_language_on_paper", default=None)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Days and amounts in this language, whoever asks: a paper has its own, also where there is no request."""
    before = _on_paper.set(code)
    try:
        yield
    finally:
        _on_paper.reset(before)


def language() -> str:
    """The code of the language now spoken: `zh-CN` or `en`."""
    if (code := _on_paper.get()) is not None:
        return code
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh-CN"


def told(refusal: Refusal | dict[str, object]) -> str:
    """A refusal, or one that a job kept as `{"message", "params"}`, in the reader's language."""
    if isinstance(refusal, Refusal):
        return str(gettext(refusal.message, **refusal.params)) if refusal.params else gettext(refusal.message) % {}
    params = refusal.get("params")
    assert isinstance(params, dict)
    message = str(refusal["message"])
    return str(gettext(message, **params)) if params else gettext(message) % {}


def money(fen: int) -> str:
    """Integer fen as `¥1,234.56`."""
    return moneys.show(fen)


def yuan(fen: int) -> str:
    """Integer fen as `1,234.56`, for columns whose head names the unit."""
    return moneys.show(fen).replace("¥", "")


def area(centi: int) -> str:
    """Integer 0.01 m² as `96.00 m²`."""
    return areas.show(centi)


def count(number: int) -> str:
    return f"{number:,}"


def day(value: date | datetime | str) -> str:
    """`2026年11月21日`, or `21 November 2026` in one piece; published content holds its days as ISO text."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    value = value.astimezone(CHINA).date() if isinstance(value, datetime) else value
    if language() == "en":
        return f"{short_day(value)}{NO_BREAK}{value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


def short_day(value: date) -> str:
    """`11月21日`, or `21 November` in one piece: where the year goes without saying."""
    return f"{value.day}{NO_BREAK}{MONTHS[value.month - 1]}" if language() == "en" else f"{value.month}月{value.day}日"


def last_day(end: datetime) -> date:
    """The last whole day before an exclusive end."""
    return (end.astimezone(CHINA) - timedelta(microseconds=1)).date()


def moment(value: datetime) -> str:
    """The day and the minute, in China Standard Time; on a narrow screen the line may break between the two."""
    return f"{day(value)} {value.astimezone(CHINA):%H:%M}"


__all__ = ["chosen_language", "force_locale", "install", "language", "told"]

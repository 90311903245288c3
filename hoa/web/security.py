"""Headers, cookies, CSRF and rate limits: the same for every page (trust.md; OWASP ASVS 5.0 level 2)."""

import ipaddress
import math
import re
import time
from collections.abc import Iterator
from datetime import timedelta

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from limits import parse
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from hoa.config import Settings
from hoa.kernel.errors import N_, Refusal
from hoa.web import context

MEGABYTE = 1024 * 1024
MOST_BODY = 32 * MEGABYTE
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)

csrf = CSRFProtect()

# Nothing that people write has them; PostgreSQL cannot keep NUL, and no workbook may hold the others.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


class UnseenCharacters(Refusal):
    message = N_("填写的内容或网址里有看不见的控制字符，没有保存；请删去后重新填写")
    status = 400


def _refuse_unseen(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Before anything looks at what was sent."""
    if any(_UNSEEN.search(text) for text in _sent()):
        raise UnseenCharacters


def _sent() -> Iterator[str]:
    yield request.path
    for given in (request.args, request.form):
        for name, value in given.items(multi=True):
            yield name
            yield value
    for upload in request.files.values():
        yield upload.filename or ""


def network() -> str:
    """Where a request comes from, as limits count it. One household's IPv6 line has 2^64 addresses (RFC 6177), so the
    network stands for them, or changing them would pass every limit.
    """
    given = (request.remote_addr or "unknown").partition("%")[0]
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _who() -> str:
    """Limits count per person once signed in: a whole building may share one address."""
    person = context.me()
    return f"person:{person.id}" if person else f"address:{network()}"


limiter = Limiter(key_func=_who, default_limits=["600 per minute"])


def seconds_to_wait(rate: str, purpose: str, *, cost: int = 1) -> int:
    """0 while whoever asks (`_who`) is within `rate` for `purpose`, and counts this time; else the seconds until it
    goes on. For forms that keep what was typed instead of ending on an error page.
    """
    if not limiter.enabled:
        return 0
    item = parse(rate)
    if limiter.limiter.hit(item, purpose, _who(), cost=cost):
        return 0
    stats = limiter.limiter.get_window_stats(item, purpose, _who())
    return max(1, math.ceil(stats.reset_time - time.time()))


def install(app: Flask, settings: Settings, secret: str) -> None:
    """`secret` signs Flask's session cookie, which carries nothing but the session token and the CSRF token."""
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="__Host-hoa" if settings.https else "hoa",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # As long as a session may live (hoa.accounts.rules.SESSION_LIFE); the row in our table decides.
        PERMANENT_SESSION_LIFETIME=timedelta(days=180),
        # Sent only when it changed: a slow answer from the page before would otherwise put an older cookie back.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MOST_BODY,
        MAX_FORM_MEMORY_SIZE=4 * MEGABYTE,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.https,
        RATELIMIT_STORAGE_URI=settings.limits_storage,
    )
    csrf.init_app(app)
    limiter.init_app(app)
    app.config["HOA_HTTPS"] = settings.https
    app.url_value_preprocessor(_refuse_unseen)
    app.after_request(_headers)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if current_app.config["HOA_HTTPS"]:
        # By the address that owners type, not by the last hop: a proxy usually speaks plain http to us.
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint != "static":
        # Pages hold personal data; a shared computer's back button must not show them after sign-out.
        headers.setdefault("Cache-Control", "no-store")
    return response

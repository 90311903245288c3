"""Codes of an authenticator app (RFC 6238: SHA-1, six figures, thirty seconds), and the link that an app reads."""

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
# A phone's clock may be one step ahead or behind.
DRIFT = 1


def step_of(now: datetime) -> int:
    return int(now.timestamp()) // SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The six figures of one step (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, typed: str, *, now: datetime, after: int) -> int | None:
    """The step whose code was typed, near `now` and later than `after`: a code that was used, or an older one, is none
    (RFC 6238, 5.2). Every step near is looked at, so that the time taken tells nothing.
    """
    here = step_of(now)
    found = [
        step
        for step in range(here - DRIFT, here + DRIFT + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), typed.encode())
    ]
    return next((step for step in found if step > after), None)


def in_letters(secret: bytes) -> str:
    """The secret as it is typed into an app: Base32 in groups of four."""
    plain = base64.b32encode(secret).decode()
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def link(secret: bytes, *, account: str, issuer: str) -> str:
    """What the QR code says to an app."""
    label = quote(f"{issuer}:{account}", safe="")
    said = {"secret": base64.b32encode(secret).decode(), "issuer": issuer, "digits": DIGITS, "period": SECONDS}
    return f"otpauth://totp/{label}?{urlencode(said, quote_via=quote)}"

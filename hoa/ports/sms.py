"""Text messages: to the console or a file on a desk, through any provider's HTTPS webhook in the field.

A message has a template name with parameters besides its text: providers in China send only registered templates.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TextIO
from urllib.parse import urlsplit

from hoa.config import LOOPBACK, BadSetting, Settings
from hoa.kernel import masking
from hoa.kernel.errors import N_, Refusal

TIMEOUT_SECONDS = 10
TOKEN = "HOA_SECRET_SMS_TOKEN"  # noqa: S105 - the name of a variable, not a secret


class SmsNotSent(Refusal):
    message = N_("短信没有发出去，请稍后再试；若一直收不到，请打电话求助")
    status = 503


class Sms(Protocol):
    def send(self, phone: str, text: str, *, template: str = "notice", params: Mapping[str, str] | None = None) -> None:
        """Hand one message over to one mobile number (11 digits), or raise SmsNotSent."""
        ...


def _message(phone: str, text: str, template: str, params: Mapping[str, str] | None) -> bytes:
    message = {"phone": phone, "template": template, "text": text, "params": dict(params or {})}
    return json.dumps(message, ensure_ascii=False).encode()


class ConsoleSms:
    """Prints messages where the server was started, the number masked."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(
        self,
        phone: str,
        text: str,
        *,
        template: str = "notice",
        params: Mapping[str, str] | None = None,  # noqa: ARG002 - the text says it all
    ) -> None:
        stream = self._stream or sys.stderr
        stream.write(f"SMS {masking.phone(phone)} [{template}]: {text}\n")
        stream.flush()


class FileSms:
    """Appends messages to a JSONL file (0600), for tests and for demonstrations without a provider."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, phone: str, text: str, *, template: str = "notice", params: Mapping[str, str] | None = None) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(_message(phone, text, template, params) + b"\n")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry a code and a number to an address that nobody configured."""

    def redirect_request(self, *_args: object, **_keywords: object) -> None:
        return None


class WebhookSms:
    """POSTs ``{"phone", "template", "text", "params"}`` as JSON; any 2xx answer means accepted."""

    def __init__(self, url: str, *, token: str | None = None, timeout: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise BadSetting(name="HOA_SMS", value=url, cure="https://…")
        if not parts.hostname:
            raise BadSetting(name="HOA_SMS", value=url, cure="https://…")
        self.url = url
        self._timeout = timeout
        self._headers = {"Content-Type": "application/json; charset=utf-8"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        # No proxies from the environment either: the code goes straight to the configured address.
        self._opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))

    def send(self, phone: str, text: str, *, template: str = "notice", params: Mapping[str, str] | None = None) -> None:
        body = _message(phone, text, template, params)
        request = urllib.request.Request(self.url, data=body, headers=self._headers, method="POST")  # noqa: S310 - scheme checked above
        try:
            with self._opener.open(request, timeout=self._timeout):
                return
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise SmsNotSent from error


def open_sms(settings: Settings) -> Sms:
    """The sender that HOA_SMS names: ``console``, ``file``, ``file:PATH`` or an ``https://`` webhook."""
    chosen = settings.sms
    if chosen.startswith(("http://", "https://")):
        return WebhookSms(chosen, token=settings.secrets.get(TOKEN))
    if settings.production:
        raise BadSetting(name="HOA_SMS", value=chosen, cure="HOA_PRODUCTION=1 → https://…")
    if chosen == "console":
        return ConsoleSms()
    if chosen == "file":
        return FileSms(settings.data / "sms.jsonl")
    if chosen.startswith("file:") and len(chosen) > len("file:"):
        return FileSms(Path(chosen.removeprefix("file:")))
    raise BadSetting(name="HOA_SMS", value=chosen, cure="console, file, file:PATH, https://…")

"""A browser without scripts: pages are read, forms are filled in and sent with their own tokens."""

import json
import re
import time
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from hoa.platform import Platform

_TOKEN = re.compile(r'(?:name="csrf_token" value|data-csrf)="([^"]+)"')


class Browser:
    """One device of one person."""

    def __init__(
        self, app: Flask, *, agent: str = "Mozilla/5.0 (iPhone) Safari/604.1", address: str = "10.0.0.1"
    ) -> None:
        self.client = app.test_client()
        self._headers = {"User-Agent": agent}
        self._environ = {"REMOTE_ADDR": address}

    def get(self, url: str, **more: Any) -> TestResponse:
        return self.client.get(url, headers=self._headers, environ_overrides=self._environ, **more)

    def token(self, url: str) -> str:
        found = _TOKEN.search(self.get(url).text)
        assert found is not None, f"{url} has no form"
        return found[1]

    def post(self, url: str, *, page: str | None = None, **fields: str) -> TestResponse:
        """Fill in the form on `page` (the same address by default) and send it to `url`."""
        data = {"csrf_token": self.token(page or url), **fields}
        return self.client.post(url, data=data, headers=self._headers, environ_overrides=self._environ)

    def post_json(self, url: str, value: Any, *, page: str) -> TestResponse:
        """What our script does with fetch()."""
        headers = {**self._headers, "X-CSRFToken": self.token(page), "Accept": "application/json"}
        return self.client.post(url, json=value, headers=headers, environ_overrides=self._environ)

    def copied_cookie(self) -> str:
        cookie = self.client.get_cookie("hoa")
        assert cookie is not None
        return cookie.value

    def sign_in(self, platform: Platform, phone: str) -> TestResponse:
        """In by phone and code."""
        before = len(messages(platform))
        assert self.post("/sign-in", phone=phone).status_code == 302
        return self.post("/sign-in/code", code=code_sent(platform, after=before))


def messages(platform: Platform) -> list[dict[str, Any]]:
    path = platform.settings.data / "sms.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def code_sent(platform: Platform, *, after: int) -> str:
    """The code of the message that a thread sends a moment after the page was answered."""
    for _ in range(500):
        sent = messages(platform)
        if len(sent) > after:
            return str(sent[after]["params"]["code"])
        time.sleep(0.01)
    raise AssertionError("no code was sent")


def said(page: TestResponse) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())

"""The two scripts against a server that misbehaves on purpose: a ballot on a bad line, and a job being watched."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

STATIC = Path(__file__).resolve().parents[2] / "hoa" / "static"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'"
FORM = """<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>确认</title>
<script src="/retry.js" defer></script>
<form method="post" action="/cast" data-retry data-sending="正在提交" data-retrying="正在重试" data-gave-up="没有成功">
<input type="hidden" name="nonce" value="n-1"><input type="hidden" name="m1" value="agree">
<p data-retry-status role="status"></p><button type="submit" name="sure" value="yes">确认提交</button></form></html>"""
JOB = """<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>进度</title>
<script src="/progress.js" defer></script>
<div data-job="/job.json" data-step="已处理 {done} / {total}" data-lost="网络不通">
<progress></progress><p data-words>排队中</p></div></html>"""


class Misbehaving(ThreadingHTTPServer):
    """Answers each POST to /cast, and each GET of /job.json, as the test's list says, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.casts: list[str | int] = []
        self.jobs: list[dict[str, object] | int] = []
        self.seen: list[dict[str, list[str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Misbehaving

    def do_GET(self) -> None:
        pages = {"/": FORM, "/job": JOB, "/receipt": "<h1>已提交</h1>", "/result": "<h1>结果</h1>"}
        if self.path in pages:
            self._send(200, pages[self.path].encode())
        elif self.path == "/job.json":
            answer = self.server.jobs.pop(0)
            if isinstance(answer, int):
                self._send(answer, b"{}", "application/json")
            else:
                self._send(200, json.dumps(answer).encode(), "application/json")
        elif (STATIC / self.path.lstrip("/")).is_file():
            self._send(200, (STATIC / self.path.lstrip("/")).read_bytes(), "text/javascript")
        else:
            self._send(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.seen.append(parse_qs(body))
        answer = self.server.casts.pop(0)
        if answer == "drop":
            self.connection.close()
        elif answer == "receipt":
            self._send(303, b"", location="/receipt")
        else:
            self._send(int(answer), "<h1>这一页说哪里不对</h1>".encode())

    def _send(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8", location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The test reads what was seen, not a log."""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_ballot_on_a_bad_line_is_sent_again_with_the_same_nonce_until_its_receipt_comes(
    server: Misbehaving, new_page: Callable[..., Page]
) -> None:
    server.casts = ["drop", 503, "receipt"]
    page = new_page(server.url, size="phone")
    page.goto("/")
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("status")).to_have_text("正在重试")
    expect(page.get_by_role("button", name="确认提交")).to_be_disabled()
    expect(page.get_by_role("heading", name="已提交")).to_be_visible()
    assert page.url.endswith("/receipt")
    assert server.seen == [{"nonce": ["n-1"], "m1": ["agree"], "sure": ["yes"]}] * 3


def test_a_refusal_of_the_ballot_is_shown_as_the_server_wrote_it(
    server: Misbehaving, new_page: Callable[..., Page]
) -> None:
    server.casts = [409]
    page = new_page(server.url)
    page.goto("/")
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", name="这一页说哪里不对")).to_be_visible()
    assert len(server.seen) == 1


def test_without_scripts_the_ballot_is_an_ordinary_form(server: Misbehaving, new_page: Callable[..., Page]) -> None:
    server.casts = ["receipt"]
    page = new_page(server.url, script=False)
    page.goto("/")
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", name="已提交")).to_be_visible()
    assert server.seen == [{"nonce": ["n-1"], "m1": ["agree"], "sure": ["yes"]}]


def test_a_watched_job_counts_on_survives_a_bad_answer_and_ends_at_its_result(
    server: Misbehaving, new_page: Callable[..., Page]
) -> None:
    running = {"state": "running", "done": 4200, "total": 10000, "url": None, "error": None}
    server.jobs = [running, 502, {**running, "state": "done", "url": "/result"}]
    page = new_page(server.url)
    page.goto("/job")
    expect(page.get_by_text("已处理 4,200 / 10,000")).to_be_visible()
    assert page.locator("progress").get_attribute("value") == "4200"
    expect(page.get_by_text("网络不通")).to_be_visible()
    expect(page.get_by_role("heading", name="结果")).to_be_visible()

import io
import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hoa.config import BadSetting, Settings
from hoa.ports.sms import ConsoleSms, FileSms, SmsNotSent, WebhookSms, open_sms


class Provider(ThreadingHTTPServer):
    """A loopback stand-in for an SMS provider that notes what it was sent and answers as told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.status = 200
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/send"


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def chosen(sms: str, tmp_path: Path, **more: Any) -> Settings:
    return Settings(data=tmp_path, database_url="sqlite:///x", sms=sms, **more)


def test_the_webhook_gets_phone_text_and_template_with_the_token(provider: Provider) -> None:
    WebhookSms(provider.url, token="t0ken").send("19900001234", "验证码 123456", template="code", params={"c": "1"})
    ((path, headers, body),) = provider.got
    assert path == "/send"
    assert headers["Authorization"] == "Bearer t0ken"
    assert body == {"phone": "19900001234", "text": "验证码 123456", "template": "code", "params": {"c": "1"}}


def test_without_a_token_nothing_is_claimed(provider: Provider) -> None:
    WebhookSms(provider.url).send("19900001234", "text")
    ((_, headers, body),) = provider.got
    assert "Authorization" not in headers
    assert (body["template"], body["params"]) == ("notice", {})


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_a_refusing_provider_is_said_to_have_failed(provider: Provider, status: int) -> None:
    provider.status = status
    with pytest.raises(SmsNotSent):
        WebhookSms(provider.url).send("19900001234", "text")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(provider: Provider, status: int) -> None:
    provider.status, provider.location = status, provider.url + "/elsewhere"
    with pytest.raises(SmsNotSent):
        WebhookSms(provider.url).send("19900001234", "text")
    assert [path for path, _, _ in provider.got] == ["/send"]


def test_a_provider_that_does_not_answer_is_given_up(provider: Provider) -> None:
    url = provider.url
    provider.server_close()
    with pytest.raises(SmsNotSent):
        WebhookSms(url, timeout=0.5).send("19900001234", "text")


@pytest.mark.parametrize(
    "url", ["http://sms.example/send", "http://192.168.1.5/send", "https:///send", "ftp://localhost/"]
)
def test_plain_http_leaves_this_machine_never(url: str) -> None:
    with pytest.raises(BadSetting, match="HOA_SMS"):
        WebhookSms(url)


def test_the_console_hides_the_number() -> None:
    stream = io.StringIO()
    ConsoleSms(stream).send("19900001234", "123456", template="code")
    assert "123456" in stream.getvalue()
    assert "199****1234" in stream.getvalue()
    assert "19900001234" not in stream.getvalue()


def test_the_console_is_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleSms().send("19900001234", "123456")
    assert "123456" in capsys.readouterr().err


def test_the_file_keeps_one_message_a_line_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "out" / "sms.jsonl"
    sender = FileSms(path)
    sender.send("19900001234", "第一条\n第二行")
    sender.send("19900005678", "第二条")
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert texts == ["第一条\n第二行", "第二条"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_setting_chooses_the_sender(tmp_path: Path) -> None:
    assert isinstance(open_sms(chosen("console", tmp_path)), ConsoleSms)
    assert isinstance(open_sms(chosen("https://sms.example/send", tmp_path, production=True)), WebhookSms)
    for name, path in (("file", tmp_path / "sms.jsonl"), (f"file:{tmp_path}/a.jsonl", tmp_path / "a.jsonl")):
        sender = open_sms(chosen(name, tmp_path))
        assert isinstance(sender, FileSms)
        assert sender.path == path


@pytest.mark.parametrize("name", ["", "pigeon", "file:"])
def test_an_unknown_sender_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="HOA_SMS"):
        open_sms(chosen(name, tmp_path))


@pytest.mark.parametrize("name", ["console", "file"])
def test_in_production_codes_are_not_printed(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="HOA_PRODUCTION"):
        open_sms(chosen(name, tmp_path, production=True))

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from hoa.config import BadSetting, Settings
from hoa.ports.mail import (
    Attachment,
    ConsoleMail,
    FileMail,
    Letter,
    MailNotSent,
    NotAMailAddress,
    SmtpMail,
    address,
    compose,
    open_mail,
)
from tests.unit.ports.smtp_server import Mailbox, certificate, serving

LETTER = Letter(
    to="supervisor@example.cn",
    subject="公示\r\nBcc: x@example.cn",
    text="正文 䶮",
    html="<p>正文</p>",
    attachments=[Attachment(name="头.txt", media_type="text/plain", content=b"head")],
)


def chosen(mail: str, tmp_path: Path, **more: Any) -> Settings:
    return Settings(data=tmp_path, database_url="sqlite:///x", mail=mail, **more)


def test_a_letter_arrives_with_its_text_html_and_attachment() -> None:
    with serving(Mailbox()) as box:
        SmtpMail(f"smtp://127.0.0.1:{box.port}?from=notice@hoa.example").send(LETTER)
    (message,) = box.letters
    assert message["From"] == "notice@hoa.example"
    assert message["To"] == "supervisor@example.cn"
    assert message["Message-ID"].endswith("@hoa.example>")
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "正文 䶮"
    (attachment,) = message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content().strip()) == ("头.txt", "head")
    assert not box.logins


def test_a_plain_letter_is_just_text() -> None:
    message = compose(Letter(to="a@example.cn", subject="公示", text="正文"), sender="b@example.cn")
    assert message.get_content_type() == "text/plain"


def test_a_line_break_in_a_subject_makes_no_header_and_no_second_recipient() -> None:
    with serving(Mailbox()) as box:
        SmtpMail(f"smtp://localhost:{box.port}?from=notice@hoa.example").send(LETTER)
    assert box.letters[0]["Subject"] == "公示 Bcc: x@example.cn"
    assert box.letters[0]["Bcc"] is None
    assert box.recipients == ["rcpt TO:<supervisor@example.cn>"]


def test_starttls_comes_before_the_password(tmp_path: Path) -> None:
    server, client = certificate(tmp_path)
    with serving(Mailbox(starttls=server)) as box:
        url = f"smtp+starttls://user%40x@localhost:{box.port}?from=notice@hoa.example"
        SmtpMail(url, password="secret", tls=client).send(LETTER)
    assert box.encrypted
    assert len(box.letters) == len(box.logins) == 1


def test_a_letter_goes_inside_tls(tmp_path: Path) -> None:
    server, client = certificate(tmp_path)
    with serving(Mailbox(), tls=server) as box:
        SmtpMail(f"smtps://localhost:{box.port}?from=notice@hoa.example", tls=client).send(LETTER)
    assert len(box.letters) == 1


def test_a_server_that_cannot_prove_its_name_gets_nothing(tmp_path: Path) -> None:
    server, _client = certificate(tmp_path)
    with serving(Mailbox(), tls=server) as box, pytest.raises(MailNotSent):
        SmtpMail(f"smtps://localhost:{box.port}?from=notice@hoa.example").send(LETTER)
    assert not box.letters


def test_without_starttls_on_offer_nothing_is_sent() -> None:
    with serving(Mailbox()) as box, pytest.raises(MailNotSent):
        SmtpMail(f"smtp+starttls://u@localhost:{box.port}?from=a@hoa.example", password="p").send(LETTER)
    assert not box.letters
    assert not box.logins


def test_a_refused_password_is_said_to_have_failed() -> None:
    with serving(Mailbox(refuse=True)) as box, pytest.raises(MailNotSent):
        SmtpMail(f"smtp://u@localhost:{box.port}?from=a@hoa.example", password="p").send(LETTER)
    assert not box.letters


def test_a_server_that_is_away_is_said_to_have_failed() -> None:
    with serving(Mailbox()) as box:
        port = box.port
    with pytest.raises(MailNotSent):
        SmtpMail(f"smtp://localhost:{port}?from=a@hoa.example").send(LETTER)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.cn?from=a@example.cn",
        "smtps://mail.example.cn",
        "smtps://mail.example.cn?from=nobody",
        "smtps://?from=a@example.cn",
        "smtps://mail.example.cn:port?from=a@example.cn",
    ],
)
def test_a_mail_setting_that_cannot_work_is_refused_without_showing_its_user(url: str) -> None:
    with pytest.raises(BadSetting, match="HOA_MAIL") as caught:
        SmtpMail(url.replace("://", "://secret-user@"))
    assert "secret-user" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "@example.cn",
        "a b@example.cn",
        "a@example.cn, b@example.cn",
        "a@example.cn\nBcc: b@c.cn",
        "名@example.cn",
    ],
)
def test_only_one_plain_address_is_one(text: str) -> None:
    with pytest.raises(NotAMailAddress):
        address(text)
    with pytest.raises(NotAMailAddress):
        compose(Letter(to=text, subject="", text=""), sender="a@example.cn")


def test_the_console_and_the_file_keep_what_would_be_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    ConsoleMail(stream).send(LETTER)
    ConsoleMail().send(LETTER)
    assert "正文 䶮" in stream.getvalue()
    assert "正文 䶮" in capsys.readouterr().err
    path = tmp_path / "out" / "mail.jsonl"
    FileMail(path).send(LETTER)
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["to"] == LETTER.to
    assert kept["attachments"] == [{"name": "头.txt", "bytes": 4}]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_setting_chooses_the_sender(tmp_path: Path) -> None:
    assert isinstance(open_mail(chosen("console", tmp_path)), ConsoleMail)
    assert isinstance(open_mail(chosen("smtps://m.example.cn?from=a@example.cn", tmp_path, production=True)), SmtpMail)
    for name, path in (("file", tmp_path / "mail.jsonl"), (f"file:{tmp_path}/m.jsonl", tmp_path / "m.jsonl")):
        sender = open_mail(chosen(name, tmp_path))
        assert isinstance(sender, FileMail)
        assert sender.path == path


@pytest.mark.parametrize(("name", "production"), [("", False), ("pigeon", False), ("file:", False), ("console", True)])
def test_a_sender_that_cannot_be_used_is_refused(tmp_path: Path, name: str, production: bool) -> None:
    with pytest.raises(BadSetting, match="HOA_MAIL"):
        open_mail(chosen(name, tmp_path, production=production))

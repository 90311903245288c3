"""Mail: to the console or a file on a desk, by SMTP over TLS in the field.

``HOA_MAIL`` is ``console``, ``file``, ``file:PATH``, ``smtps://user@host:465?from=notice@example.cn``,
``smtp+starttls://user@host:587?from=…``, or plain ``smtp://localhost:25?from=…`` on this machine only. The password is
``HOA_SECRET_SMTP_PASSWORD``.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Protocol, TextIO
from urllib.parse import parse_qs, unquote, urlsplit

from hoa.config import LOOPBACK, BadSetting, Settings
from hoa.kernel.errors import N_, Refusal

TIMEOUT_SECONDS = 20
PASSWORD = "HOA_SECRET_SMTP_PASSWORD"  # noqa: S105 - the name of a variable, not a secret
CURE = "smtps://user@host:465?from=notice@example.cn"


class MailNotSent(Refusal):
    message = N_("邮件没有发出去，请稍后再试")
    status = 503


class NotAMailAddress(Refusal):
    message = N_("邮箱地址写得不对，请写成 name@example.cn 这样")


@dataclass(frozen=True, kw_only=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail to one person."""

    to: str
    subject: str
    text: str
    html: str | None = None
    attachments: Sequence[Attachment] = ()


class Mail(Protocol):
    def send(self, letter: Letter) -> None:
        """Hand the letter over, or raise MailNotSent."""
        ...


def address(text: str) -> str:
    """A mail address as written in ASCII; anything that could smuggle a header or a second recipient is refused."""
    try:
        found = Address(addr_spec=text)
    except (ValueError, IndexError, HeaderParseError):
        raise NotAMailAddress from None
    if not text.isascii() or not text.isprintable() or not found.username or "." not in found.domain:
        raise NotAMailAddress
    return text


def compose(letter: Letter, *, sender: str) -> EmailMessage:
    """The letter as MIME; line breaks in headers are refused by the library, addresses by ``address``."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = address(letter.to)
    message["Subject"] = " ".join(letter.subject.split())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    for attachment in letter.attachments:
        main, _, sub = attachment.media_type.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
    return message


class ConsoleMail:
    """Prints that a mail would go out, with its text."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, letter: Letter) -> None:
        address(letter.to)
        stream = self._stream or sys.stderr
        stream.write(f"MAIL {letter.subject}\n{letter.text}\n")
        stream.flush()


class FileMail:
    """Appends letters to a JSONL file (0600); attachments by name and size."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, letter: Letter) -> None:
        written = {
            "to": address(letter.to),
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "attachments": [{"name": part.name, "bytes": len(part.content)} for part in letter.attachments],
        }
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write((json.dumps(written, ensure_ascii=False) + "\n").encode())


class SmtpMail:
    """One connection per letter: letters are few and leave from a job."""

    def __init__(self, url: str, *, password: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        sender = parse_qs(parts.query).get("from", [""])[0]
        plain = parts.scheme == "smtp"
        try:
            self._sender = address(sender)
            port = parts.port
        except (NotAMailAddress, ValueError):
            raise BadSetting(name="HOA_MAIL", value=_without_user(url), cure=CURE) from None
        if not parts.hostname or (plain and parts.hostname not in LOOPBACK):
            raise BadSetting(name="HOA_MAIL", value=_without_user(url), cure=CURE)
        self._scheme = parts.scheme
        self._host = parts.hostname
        self._port = port or {"smtps": 465, "smtp+starttls": 587, "smtp": 25}[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = password or ""
        self._tls = tls or ssl.create_default_context()

    def send(self, letter: Letter) -> None:
        message = compose(letter, sender=self._sender)
        try:
            with self._connect() as smtp:
                if self._scheme == "smtp+starttls":
                    smtp.starttls(context=self._tls)
                if self._user:
                    smtp.login(self._user, self._password)
                smtp.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise MailNotSent from error

    def _connect(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=self._tls)
        return smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)


def _without_user(url: str) -> str:
    """The address without what may be a password: settings errors are printed."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def open_mail(settings: Settings) -> Mail:
    """The sender that HOA_MAIL names."""
    chosen = settings.mail
    if chosen.startswith(("smtp://", "smtps://", "smtp+starttls://")):
        return SmtpMail(chosen, password=settings.secrets.get(PASSWORD))
    if settings.production:
        raise BadSetting(name="HOA_MAIL", value=chosen, cure=CURE)
    if chosen == "console":
        return ConsoleMail()
    if chosen == "file":
        return FileMail(settings.data / "mail.jsonl")
    if chosen.startswith("file:") and len(chosen) > len("file:"):
        return FileMail(Path(chosen.removeprefix("file:")))
    raise BadSetting(name="HOA_MAIL", value=chosen, cure=CURE)

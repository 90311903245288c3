"""Codes leave from a thread: the page answers equally fast whether or not anything is sent (trust.md 17).

A code that is lost with the process is asked for again; it would have lived five minutes.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import structlog
from flask import Flask, current_app
from flask_babel import gettext

from hoa.accounts.signing_in import AskedCode
from hoa.kernel.errors import Refusal
from hoa.ports.sms import Sms
from hoa.web import context

EXTENSION = "hoa.code_sender"
TEMPLATE = "sign-in-code"

log = structlog.get_logger("hoa.accounts")


def install(app: Flask) -> None:
    """Threads start with the first message."""
    app.extensions[EXTENSION] = ThreadPoolExecutor(max_workers=4, thread_name_prefix="codes")


def send_soon(asked: AskedCode, *, text: str | None = None, template: str = TEMPLATE) -> None:
    """Send the code, if anybody is to get it. The transaction that made it must have been committed.

    A code that agrees to something else than a sign-in says so in a `text` and a `template` of its own.
    """
    if asked.code is None:
        return
    text = text or gettext("%(code)s 是您的登录验证码，5 分钟内有效。任何人向您索要都不要告诉他。", code=asked.code)
    pool = cast(ThreadPoolExecutor, current_app.extensions[EXTENSION])
    pool.submit(_send, context.platform().sms, asked.phone, text, asked.code, template)


def _send(sms: Sms, phone: str, text: str, code: str, template: str) -> None:
    try:
        sms.send(phone, text, template=template, params={"code": code})
    except (Refusal, OSError) as error:
        log.warning("code.not_sent", error=type(error).__name__)

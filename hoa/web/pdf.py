"""The one way to paper: HTML in, PDF/A-3 bytes out, made by a child process of low priority.

WeasyPrint in a thread lifts the web's 99th percentile from 1 to 60 ms, and left to itself it fetches any address and
embeds local files. So it runs in `hoa.web.pdf_child`, which is handed every byte it may use: the HTML, our print style
sheet and the caller's `resources`. Whatever else a document names (by mark-up that slipped into a payee's name, say) is
refused without a network connection and without opening a file (trust.md, test 19).
"""

from __future__ import annotations

import json
import logging
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import hoa

log = logging.getLogger(__name__)

BASE_URL = "https://pdf.invalid/"
PRINT_CSS = "static/print.css"
PDF_A3 = "pdf/a-3b"
_HERE = Path(hoa.__file__).parent
_NOTHING: Mapping[str, bytes] = MappingProxyType({})
_CHILDREN_AT_ONCE = 2


class PdfFailed(Exception):
    """The child could not make the PDF. Retrying the job is right; the document's text is not part of the message."""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file inside the PDF. `relationship` says how it relates to the pages: Data for a ledger as CSV or JSON."""

    name: str
    content: bytes
    media_type: str
    description: str = ""
    relationship: Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"] = "Data"


def render_pdf(
    html: str,
    *,
    created: datetime,
    title: str | None = None,
    author: str | None = None,
    language: str = "zh-CN",
    base_url: str = BASE_URL,
    resources: Mapping[str, bytes] = _NOTHING,
    attachments: Sequence[Attachment] = (),
    variant: str | None = PDF_A3,
    timeout_seconds: float = 120.0,
) -> bytes:
    """The PDF of one HTML document; the same arguments always give the same bytes.

    `created` is the only date in the file, so take it from what is printed (the notice's date), not from the clock.
    Relative links lead to `base_url`. A picture or style sheet is used only when its path below `base_url` is a key of
    `resources` (`{"qr.svg": …}` for `<img src="qr.svg">`); `static/print.css` is always there. A title in the HTML
    serves when none is given.
    """
    request = {
        "parts": [{"kind": "html"}],
        **_common(created, title, author, language, base_url, variant, page_label=None),
    }
    return _child(request, [html.encode()], _with_style(resources), attachments, timeout_seconds)


def render_parts(
    parts: Sequence[str],
    *,
    page_label: str,
    created: datetime,
    title: str | None = None,
    author: str | None = None,
    language: str = "zh-CN",
    base_url: str = BASE_URL,
    resources: Mapping[str, bytes] = _NOTHING,
    attachments: Sequence[Attachment] = (),
    variant: str | None = PDF_A3,
    timeout_seconds: float = 600.0,
    tell: Callable[[int], None] = lambda _done: None,
) -> bytes:
    """One PDF from several HTML documents, each made by a child of its own, two at a time.

    Cost per row grows with the table's length (20,000 rows in one table: 177 s, 2.8 GB), so a long ledger comes in
    parts. The pages are counted afterwards and `page_label` (`"第 {page} 页 / 共 {pages} 页"`) is printed on each.
    `tell` hears how many parts are done.
    """
    style = _with_style(resources)
    common = _common(created, title, author, language, base_url, variant, page_label=None)

    def one(html: str) -> bytes:
        return _child({"parts": [{"kind": "html"}], **common}, [html.encode()], style, (), timeout_seconds)

    with ThreadPoolExecutor(max_workers=_CHILDREN_AT_ONCE) as pool:
        made = []
        for done in pool.map(one, parts):
            made.append(done)
            tell(len(made))
    joined = {"parts": [{"kind": "pdf"}] * len(made), **common, "page_label": page_label}
    return _child(joined, made, style, attachments, timeout_seconds)


def _common(
    created: datetime,
    title: str | None,
    author: str | None,
    language: str,
    base_url: str,
    variant: str | None,
    *,
    page_label: str | None,
) -> dict[str, object]:
    if created.tzinfo is None:
        raise ValueError("created must know its time zone")
    return {
        "created": created.isoformat(timespec="seconds"),
        "title": title,
        "author": author,
        "language": language,
        "base_url": base_url if base_url.endswith("/") else base_url + "/",
        "variant": variant,
        "page_label": page_label,
    }


def print_style() -> bytes:
    """The one style sheet of paper; every PDF may link it as `static/print.css`."""
    return (_HERE / PRINT_CSS).read_bytes()


def _with_style(resources: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return {PRINT_CSS: print_style(), **resources}


def _child(
    request: dict[str, object],
    parts: Sequence[bytes],
    resources: Mapping[str, bytes],
    attachments: Sequence[Attachment],
    timeout_seconds: float,
) -> bytes:
    names = sorted(resources)
    header = {
        **request,
        "cpu_seconds": int(timeout_seconds) + 1,
        "resources": names,
        "attachments": [
            {
                "name": item.name,
                "media_type": item.media_type,
                "description": item.description,
                "relationship": item.relationship,
            }
            for item in attachments
        ],
    }
    blobs = [*parts, *(resources[name] for name in names), *(item.content for item in attachments)]
    answer = _run(frame([json.dumps(header).encode(), *blobs]), timeout_seconds)
    report = json.loads(answer[0])
    if not report["ok"]:
        raise PdfFailed(f"the PDF could not be made: {report['error']}")
    if report["refused"]:
        log.warning("pdf.refused", extra={"schemes": sorted(set(report["refused"])), "count": len(report["refused"])})
    return answer[1]


def _run(message: bytes, timeout_seconds: float) -> list[bytes]:
    # The child learns neither our settings nor our secrets; it finds the code and the fonts, no more.
    environment = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "FONTCONFIG_FILE") if key in os.environ}
    environment |= {"PYTHONPATH": str(_HERE.parent), "PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hoa.web.pdf_child"],
            input=message,
            capture_output=True,
            timeout=timeout_seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PdfFailed(f"the PDF was not ready after {timeout_seconds:.0f} s") from None
    try:
        return unframe(done.stdout)
    except ValueError:
        raise PdfFailed(f"the PDF process ended with status {done.returncode} before it answered") from None


def frame(blobs: Sequence[bytes]) -> bytes:
    """Length before content, so that neither side ever has to search for an end."""
    return b"".join([struct.pack(">Q", len(blobs)), *(struct.pack(">Q", len(blob)) + blob for blob in blobs)])


def unframe(message: bytes) -> list[bytes]:
    """The blobs of `frame`; ValueError when the message was cut off."""
    view = memoryview(message)

    def number(at: int) -> int:
        if at + 8 > len(view):
            raise ValueError("the message was cut off")
        value: int = struct.unpack(">Q", view[at : at + 8])[0]
        return value

    blobs, at = [], 8
    for _ in range(number(0)):
        length = number(at)
        if at + 8 + length > len(view):
            raise ValueError("the message was cut off")
        blobs.append(bytes(view[at + 8 : at + 8 + length]))
        at += 8 + length
    return blobs

"""The child process of `hoa.web.pages`: the only place where PDFium runs. Not for import by anyone else.

A PDF is somebody else's program for drawing; whatever it makes the library do happens here, with little memory and
time, without a network, and ends with the process.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from typing import Any

from hoa.web.pdf import frame, unframe

MEMORY_BYTES = 2 * 2**30
CPU_SECONDS = 60
MOST_PIXELS = 8_000_000
REFUSED_EVENTS = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind", "subprocess.Popen", "os.exec", "os.system"}
)


def main() -> None:
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not end up inside the answer
    os.nice(5)
    header, pdf = unframe(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        report, pages = _drawn(json.loads(header), pdf)
    except Exception as error:  # whatever it is, the parent must learn that there are no pages
        report, pages = {"ok": False, "error": type(error).__name__}, []
    with os.fdopen(answer_to, "wb") as stream:
        stream.write(frame([json.dumps(report).encode(), *pages]))


def _no_way_out(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in REFUSED_EVENTS:
        raise PermissionError(event)


def _drawn(wanted: dict[str, Any], pdf: bytes) -> tuple[dict[str, Any], list[bytes]]:
    import pypdfium2

    sys.addaudithook(_no_way_out)
    document = pypdfium2.PdfDocument(pdf)
    count = len(document)
    last = min(count, wanted["first"] + wanted["most"] - 1)
    pages = [_page(document[number - 1], wanted["dots"]) for number in range(wanted["first"], last + 1)]
    return {"ok": True, "count": count}, pages


def _page(page: Any, dots: int) -> bytes:
    scale = dots / 72
    width, height = page.get_size()
    pixels = width * height * scale * scale
    if pixels > MOST_PIXELS:
        scale *= (MOST_PIXELS / pixels) ** 0.5
    out = io.BytesIO()
    page.render(scale=scale).to_pil().convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


if __name__ == "__main__":
    main()

"""Pages of a PDF as pictures, drawn by a child process, so that a browser needs no viewer and nothing of the file acts
in it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from hoa.kernel.errors import N_, Refusal
from hoa.web.pdf import frame, unframe

SCREEN_DOTS, PRINT_DOTS = 90, 150
_ROOT = Path(__file__).resolve().parent.parent.parent
_SECONDS = 60


class PagesFailed(Refusal):
    message = N_("这份 PDF 的页面画不出来，可能已损坏；请下载后查看，或打印成新的 PDF 再传")
    status = 422


class Pages(NamedTuple):
    """JPEG bytes of the pages asked for, and how many the file has."""

    pictures: list[bytes]
    total: int


def draw(pdf: bytes, *, first: int = 1, most: int = 1, dots: int = SCREEN_DOTS) -> Pages:
    """Up to `most` pages from `first` (counted from 1), at `dots` per inch; very large pages come out coarser."""
    wanted = json.dumps({"first": first, "most": most, "dots": dots}).encode()
    # The child learns neither our settings nor our secrets.
    environment = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
    environment |= {"PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hoa.web.page_child"],
            input=frame([wanted, pdf]),
            capture_output=True,
            timeout=_SECONDS,
            env=environment,
            check=False,
        )
        report, *pictures = unframe(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise PagesFailed from None
    said = json.loads(report)
    if not said["ok"] or not pictures:
        raise PagesFailed
    return Pages(pictures, said["count"])

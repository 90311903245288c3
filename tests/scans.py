"""Pictures and PDFs of scanned sheets for tests: a page as a scanner makes it, with some words on it."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw


def a_page(words: str) -> Image.Image:
    page = Image.new("RGB", (620, 877), "white")
    ImageDraw.Draw(page).text((60, 60), words, fill="black")
    return page


def a_scan(words: str, kind: str = "PNG") -> bytes:
    """One page as PNG or JPEG."""
    out = io.BytesIO()
    a_page(words).save(out, kind)
    return out.getvalue()


def a_batch(words: Sequence[str]) -> bytes:
    """A PDF with a picture on each page, as a feeder makes it."""
    first, *others = [a_page(one) for one in words]
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=others)
    return out.getvalue()

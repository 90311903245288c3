"""Candidates' photos: every one in the same frame, drawn anew without what was hidden in the file."""

import io
from typing import ClassVar

from PIL import Image, ImageOps

from hoa.kernel.errors import N_, Refusal
from hoa.ports import uploads

WIDTH, HEIGHT = 480, 600


class NotAPhoto(Refusal):
    message: ClassVar[str] = N_("照片要用 PNG 或 JPEG 图片，不能用 PDF，请重新选择")


def portrait(data: bytes, name: str) -> bytes:
    """The picture cut to the common frame (4:5) from its middle, as a JPEG; the size is checked before unpacking."""
    upload = uploads.checked(data, name)
    if upload.media_type == "application/pdf":
        raise NotAPhoto
    with Image.open(io.BytesIO(upload.data)) as picture:
        framed = ImageOps.fit(picture.convert("RGB"), (WIDTH, HEIGHT), Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    out = io.BytesIO()
    framed.save(out, "JPEG", quality=85)
    return out.getvalue()

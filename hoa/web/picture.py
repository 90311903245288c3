"""A picture of a few lines and a QR code: what WeChat on Android can save where it cannot open a PDF."""

import io
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

import segno
from PIL import Image, ImageDraw, ImageFont

from hoa.kernel.errors import N_, Refusal

WIDTH, MARGIN, QR_SIZE = 1080, 72, 420
PAPER, INK, SOFT, ACCENT = "#fbf8f1", "#22251f", "#5d6158", "#2f5d46"
_SECONDS = 10


class NoFont(Refusal):
    message: ClassVar[str] = N_("服务器上没有中文字体，做不了图片；请改用截屏，或联系管理员安装 Noto Sans CJK 字体")
    status: ClassVar[int] = 503


class Line(NamedTuple):
    """One line of text; `size` in pixels of a picture 1080 wide. Too long a line goes on in the next row."""

    text: str
    size: int = 40
    colour: str = INK


@lru_cache(maxsize=1)
def _font_file() -> tuple[str, int]:
    """The system's font for Chinese, as fontconfig knows it."""
    program = shutil.which("fc-match")
    if program is None:
        raise NoFont
    query = [program, "--format", "%{file}|%{index}|%{lang}", "sans-serif:lang=zh-cn"]
    said = subprocess.run(query, capture_output=True, text=True, timeout=_SECONDS, check=False).stdout
    path, index, languages = [*said.split("|", 2), "", ""][:3]
    if "zh-cn" not in languages.split("|"):
        raise NoFont
    return path, int(index) & 0xFFFF


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    path, index = _font_file()
    return ImageFont.truetype(path, size, index=index)


def _rows(line: Line, width: int) -> list[str]:
    """The line cut into rows that fit; Chinese may break anywhere."""
    font, rows, row = _font(line.size), [], ""
    for letter in line.text:
        if row and font.getlength(row + letter) > width:
            rows.append(row)
            row = ""
        row += letter
    return [*rows, row]


def card(lines: Sequence[Line], *, qr: str) -> bytes:
    """The lines one under the other, then the code; PNG bytes."""
    rows = [(row, line) for line in lines for row in _rows(line, WIDTH - 2 * MARGIN)]
    height = 2 * MARGIN + sum(_step(line) for _, line in rows) + QR_SIZE + MARGIN
    image = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, 20), fill=ACCENT)
    top = MARGIN
    for row, line in rows:
        draw.text((MARGIN, top), row, font=_font(line.size), fill=line.colour)
        top += _step(line)
    image.paste(_qr(qr), (MARGIN, top + MARGIN // 2))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _step(line: Line) -> int:
    return round(line.size * 1.6)


def _qr(text: str) -> Image.Image:
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=10, border=2, dark="#000", light="#fff")
    return Image.open(out).convert("RGB").resize((QR_SIZE, QR_SIZE), Image.Resampling.NEAREST)

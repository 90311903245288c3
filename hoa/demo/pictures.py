"""The demo's photographs: small drawings, one of what is broken and one of it mended. Nobody is on them,
and the same number gives the same bytes.
"""

import io
import random
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw

SIZE = (480, 360)
FLOOR = 270
WALL, GROUND, INK, LINE = "#ece6d8", "#cfc6b2", "#3b3a36", "#8a8474"
GREEN, AMBER, WATER, STEEL = "#4f7a5b", "#c58a2b", "#7fa3b5", "#a5a8a6"

Draw = ImageDraw.ImageDraw


def drawn(scene: str, *, after: bool, number: int) -> bytes:
    """A picture of what is broken, or of the same place mended; `number` makes it differ from others of its scene."""
    picture = Image.new("RGB", SIZE, WALL)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, FLOOR, *SIZE), fill=GROUND)
    draw.line((0, FLOOR, SIZE[0], FLOOR), fill=LINE, width=3)
    chance = random.Random(number)  # noqa: S311 - the demo is meant to be predictable
    SCENES[scene](draw, chance, after)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()


def _corridor(draw: Draw, chance: random.Random, after: bool) -> None:
    """An escape route under its sign: boxes in it, then none."""
    draw.rectangle((330, 80, 430, FLOOR), fill=STEEL, outline=INK, width=3)
    draw.ellipse((410, 175, 420, 185), fill=INK)
    draw.rectangle((345, 50, 415, 70), fill=GREEN)
    if after:
        draw.line((20, 330, 460, 330), fill=AMBER, width=6)
        return
    for left, width, height in ((40, 110, 90), (140, 90, 130), (215, 100, 70)):
        top = FLOOR + 30 - height - chance.randrange(20)
        draw.rectangle((left, top, left + width, FLOOR + 30), fill="#b99b6b", outline=INK, width=3)
        draw.line((left, top + height // 3, left + width, top + height // 3), fill=INK, width=2)


def _pipe(draw: Draw, chance: random.Random, after: bool) -> None:
    """A pipe with a joint: dripping into a puddle, then with a new sleeve and dry."""
    draw.rectangle((60, 70, 420, 100), fill=STEEL, outline=INK, width=3)
    draw.rectangle((225, 60, 275, 110), fill=GREEN if after else "#a9603c", outline=INK, width=3)
    if after:
        return
    draw.ellipse((150, 290, 350, 335), fill=WATER)
    for top in range(120, 290, 34):
        left = 240 + chance.randrange(20)
        draw.ellipse((left, top, left + 10, top + 16), fill=WATER)


def _garden(draw: Draw, chance: random.Random, after: bool) -> None:
    """Trees and a path: crowns too wide and leaves everywhere, then in shape and swept."""
    for middle in (110, 240, 370):
        wide, high = (48, 55) if after else (85, 95 + chance.randrange(15))
        draw.rectangle((middle - 7, 170, middle + 7, FLOOR), fill="#7a6248")
        draw.ellipse((middle - wide, 130 - high, middle + wide, 130 + high), fill=GREEN, outline=INK, width=2)
    if after:
        return
    for _ in range(40):
        left, top = chance.randrange(470), FLOOR + 10 + chance.randrange(70)
        draw.polygon(((left, top), (left + 10, top - 4), (left + 6, top + 8)), fill=AMBER)


def _railing(draw: Draw, chance: random.Random, after: bool) -> None:
    """A railing or a slide's bars: one is off, then all stand."""
    gone = 2 + chance.randrange(4)
    draw.line((30, 130, 450, 130), fill=INK, width=8)
    draw.line((30, 240, 450, 240), fill=INK, width=8)
    for place in range(8):
        left = 50 + place * 55
        if place == gone and not after:
            draw.line((left, 130, left + 60, 300), fill=AMBER, width=10)
        else:
            draw.line((left, 110, left, FLOOR), fill=GREEN if place == gone else STEEL, width=10)


def _door(draw: Draw, chance: random.Random, after: bool) -> None:
    """A door of a lift or a house: ajar, then shut."""
    gap = 0 if after else 40 + chance.randrange(20)
    draw.rectangle((140, 60, 340, FLOOR), fill="#5c5a54", outline=INK, width=4)
    draw.rectangle((144, 64, 240 - gap, FLOOR), fill=STEEL, outline=INK, width=2)
    draw.rectangle((240 + gap, 64, 336, FLOOR), fill=STEEL, outline=INK, width=2)
    draw.ellipse((360, 150, 380, 170), fill=GREEN if after else AMBER, outline=INK, width=2)


SCENES: Mapping[str, Callable[[Draw, random.Random, bool], None]] = {
    "corridor": _corridor,
    "pipe": _pipe,
    "garden": _garden,
    "railing": _railing,
    "door": _door,
}

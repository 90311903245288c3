"""Black boxes over what is nobody's business: places on a page in thousandths, as people draw or type them."""

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal

WHOLE = 1000
MOST_BOXES = 200
_BOX = re.compile(r"(\d{1,4}):(\d{1,4}),(\d{1,4}),(\d{1,4}),(\d{1,4})\Z")


class BoxesUnreadable(Refusal):
    message: ClassVar[str] = N_("遮盖的位置读不出来，请重新画")


class BoxOutside(Refusal):
    message: ClassVar[str] = N_("遮盖框要在页面里面：左、上从 0 到 100，宽、高大于 0，左加宽、上加高不超过 100")


class TooManyBoxes(Refusal):
    message: ClassVar[str] = N_("一份单据最多画 %(most)s 个遮盖框")


class NothingMasked(Refusal):
    message: ClassVar[str] = N_("还没有画遮盖框。确实没有个人信息要遮的，请选“没有要遮的内容”")


class PageUnknown(Refusal):
    message: ClassVar[str] = N_("这份单据没有第 %(page)s 页")


class OwnMasking(Refusal):
    message: ClassVar[str] = N_("自己做的遮盖件要由另一个人核对")


class Box(NamedTuple):
    """A rectangle on a page (from 1), its edges in thousandths of the page's width and height."""

    page: int
    left: int
    top: int
    right: int
    bottom: int


def box(page: int, x1: int, y1: int, x2: int, y2: int) -> Box:
    """The rectangle between two corners, whichever they are."""
    found = Box(page, min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    inside = 0 <= found.left < found.right <= WHOLE and 0 <= found.top < found.bottom <= WHOLE
    if not inside or page < 1:
        raise BoxOutside
    return found


def parse(text: str) -> tuple[Box, ...]:
    """`1:100,200,300,400;2:…`: what the page carries from one step to the next."""
    found = []
    for part in filter(None, text.split(";")):
        match = _BOX.match(part)
        if match is None:
            raise BoxesUnreadable
        found.append(box(*(int(number) for number in match.groups())))
    if len(found) > MOST_BOXES:
        raise TooManyBoxes(most=MOST_BOXES)
    return tuple(found)


def written(boxes: Iterable[Box]) -> str:
    """What `parse` reads."""
    return ";".join(f"{one.page}:{one.left},{one.top},{one.right},{one.bottom}" for one in boxes)


def check(boxes: Sequence[Box], *, pages: int, nothing: bool) -> None:
    """A copy is made of boxes on pages that are there, or of none when somebody said that there is nothing to hide."""
    if not boxes and not nothing:
        raise NothingMasked
    for one in boxes:
        if one.page > pages:
            raise PageUnknown(page=one.page)


def pixels(one: Box, *, width: int, height: int) -> tuple[int, int, int, int]:
    """The rectangle on a picture, rounded outwards and inclusive: no sliver of what is under it stays."""
    return (
        one.left * width // WHOLE,
        one.top * height // WHOLE,
        min(width, -(-one.right * width // WHOLE)),
        min(height, -(-one.bottom * height // WHOLE)),
    )


def corner(x: int, y: int, *, width: int, height: int) -> tuple[int, int]:
    """A point of a picture shown `width` × `height`, in thousandths."""
    if width < 1 or height < 1:
        raise BoxesUnreadable
    return max(0, min(WHOLE, round(x * WHOLE / width))), max(0, min(WHOLE, round(y * WHOLE / height)))

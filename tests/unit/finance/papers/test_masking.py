"""Boxes: where people draw them, and what is under them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.rules import masking as rules
from finance.rules.masking import Box

thousandths = st.integers(0, rules.WHOLE)


@given(thousandths, thousandths, thousandths, thousandths, st.integers(1, 4000), st.integers(1, 4000))
def test_a_box_covers_every_pixel_it_touches(x1: int, y1: int, x2: int, y2: int, width: int, height: int) -> None:
    if x1 == x2 or y1 == y2:
        with pytest.raises(rules.BoxOutside):
            rules.box(1, x1, y1, x2, y2)
        return
    box = rules.box(1, x1, y1, x2, y2)
    left, top, right, bottom = rules.pixels(box, width=width, height=height)
    assert left * rules.WHOLE <= box.left * width
    assert right * rules.WHOLE >= min(box.right * width, width * rules.WHOLE)
    assert top * rules.WHOLE <= box.top * height
    assert bottom * rules.WHOLE >= box.bottom * height
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@given(st.lists(st.tuples(st.integers(1, 20), *[st.integers(0, 499)] * 2, *[st.integers(500, 1000)] * 2), max_size=20))
def test_what_travels_in_the_form_comes_back(parts: list[tuple[int, int, int, int, int]]) -> None:
    boxes = tuple(Box(page, left, top, right, bottom) for page, left, top, right, bottom in parts)
    assert rules.parse(rules.written(boxes)) == boxes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1:0,0,10", rules.BoxesUnreadable),
        ("1:0,0,10,-1", rules.BoxesUnreadable),
        ("<script>", rules.BoxesUnreadable),
        ("0:0,0,10,10", rules.BoxOutside),
        ("1:0,0,1001,10", rules.BoxOutside),
        ("1:5,5,5,10", rules.BoxOutside),
        (";".join(["1:0,0,10,10"] * 201), rules.TooManyBoxes),
    ],
)
def test_boxes_that_nobody_can_draw_are_refused(text: str, why: type[Exception]) -> None:
    with pytest.raises(why):
        rules.parse(text)


def test_a_copy_needs_boxes_or_the_word_that_there_is_nothing_to_hide() -> None:
    with pytest.raises(rules.NothingMasked):
        rules.check((), pages=1, nothing=False)
    rules.check((), pages=1, nothing=True)
    rules.check((Box(2, 0, 0, 1, 1),), pages=2, nothing=False)
    with pytest.raises(rules.PageUnknown):
        rules.check((Box(3, 0, 0, 1, 1),), pages=2, nothing=False)


def test_a_tap_is_a_point_of_the_page_whatever_the_size_of_the_picture() -> None:
    assert rules.corner(160, 90, width=320, height=180) == (500, 500)
    assert rules.corner(-5, 999, width=320, height=180) == (0, 1000)
    with pytest.raises(rules.BoxesUnreadable):
        rules.corner(1, 1, width=0, height=10)

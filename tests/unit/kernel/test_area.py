import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import area
from hoa.kernel.errors import Refusal


@pytest.mark.parametrize(
    ("text", "centi"),
    [
        ("89.50", 8950),
        ("89.50㎡", 8950),
        ("８９．５ 平方米", 8950),
        ("1,204.3 m²", 120430),
        ("96M2", 9600),
        ("62 平米", 6200),
        (96, 9600),
        (89.5, 8950),
        (89.50000000000001, 8950),
        ("0.01", 1),
    ],
)
def test_areas_are_read_as_registers_write_them(text: str | float, centi: int) -> None:
    assert area.parse(text) == centi


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", area.NotAnArea),
        ("约90", area.NotAnArea),
        ("90 亩", area.NotAnArea),
        (False, area.NotAnArea),
        ("89.505", area.AreaTooPrecise),
        (89.505, area.AreaTooPrecise),
        ("0", area.AreaOutOfRange),
        ("-96.00", area.AreaOutOfRange),
        (0.0, area.AreaOutOfRange),
        ("10000000", area.AreaOutOfRange),
        ("999999999999999", area.AreaOutOfRange),
    ],
)
def test_anything_else_is_refused_and_shown(text: str | float, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as caught:
        area.parse(text)
    assert str(text) in str(caught.value)


@given(st.integers(1, 999_999_999))
def test_what_is_shown_reads_back(centi: int) -> None:
    assert area.parse(area.show(centi)) == centi
    assert area.parse(area.plain(centi)) == centi


def test_areas_are_shown_with_two_places() -> None:
    assert area.show(9600) == "96.00 m²"
    assert area.show(4_611_200) == "46,112.00 m²"
    assert area.plain(4_611_200) == "46112.00"

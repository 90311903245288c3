"""All numbers here are invented: their region prefix 990000 is not assigned to any place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import identifiers

ID_WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]


def with_check(first: str) -> str:
    """The check character from the definition: the whole number is 1 mod 11, X standing for ten."""
    total = sum(int(digit) * weight for digit, weight in zip(first, ID_WEIGHTS, strict=True))
    return first + "0123456789X"[(1 - total) % 11]


@given(st.from_regex(r"990000\d{11}", fullmatch=True))
def test_an_id_number_with_its_check_character_is_accepted_and_any_wrong_digit_is_not(first: str) -> None:
    number = with_check(first.translate({ord(c): str(int(c)) for c in first}))
    assert identifiers.id_number(number) == number
    for place in range(17):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        with pytest.raises(identifiers.IdNumberCheck):
            identifiers.id_number(wrong)


def test_an_id_number_is_normalised() -> None:
    number = next(n for day in range(40) if (n := with_check(f"9900001955010100{day % 10}")).endswith("X"))
    assert identifiers.id_number(f" {number[:6]} {number[6:14]}-{number[14:].lower()} ") == number


@pytest.mark.parametrize("text", ["", "99000019550101001", "9900001955010100111", "99000019550101O01X", "X" * 18])
def test_an_id_number_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(identifiers.IdNumberShape):
        identifiers.id_number(text)


def test_a_credit_code_is_checked_and_normalised() -> None:
    body = "92990000MA0TEST0X".replace("S", "R")
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    good = [body + c for c in alphabet if _accepts(body + c)]
    assert len(good) == 1
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(good[0][:17])) + alphabet.index(good[0][17])
    assert total % 31 == 0
    assert identifiers.credit_code(f" {good[0].lower()}\u200b") == good[0]
    wrong = ("8" if good[0][0] == "9" else "9") + good[0][1:]
    with pytest.raises(identifiers.CreditCodeCheck):
        identifiers.credit_code(wrong)


def _accepts(code: str) -> bool:
    try:
        return identifiers.credit_code(code) == code
    except identifiers.CreditCodeCheck:
        return False


@pytest.mark.parametrize("text", ["", "9299000", "92990000MA0TESI0XX", "92990000MA0TEST0XYZ"])
def test_a_credit_code_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(identifiers.CreditCodeShape):
        identifiers.credit_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "19900001234",
        "199-0000-1234",
        "+86 199 0000 1234",
        "0086-19900001234",
        "８６１９９００００１２３４",
        "199—0000−1234",
    ],
)
def test_a_mobile_number_is_normalised(text: str) -> None:
    assert identifiers.mobile(text) == "19900001234"


@pytest.mark.parametrize("text", ["", "12000001234", "1990000123", "199000012345", "02365001234", "无"])
def test_no_mobile_number_is_refused(text: str) -> None:
    with pytest.raises(identifiers.NotAMobileNumber):
        identifiers.mobile(text)

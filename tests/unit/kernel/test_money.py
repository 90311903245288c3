import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import money
from hoa.kernel.errors import Refusal
from hoa.kernel.money import FractionOfAFen, MoneyTooLarge, NotMoney


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1234.5", 123450),
        ("¥1,234.56", 123456),
        ("￥1，234．56", 123456),
        ("１２３４．５", 123450),
        (" 1 234.50 元", 123450),
        ("3860元整", 386000),
        ("-¥5.00", -500),
        ("¥-5.00", -500),
        ("−0.01", -1),
        ("+1", 100),
        ("RMB 2", 200),
        ("人民币1,000,000.00", 100_000_000),
        ("0", 0),
        ("12.", 1200),
        (12, 1200),
        (0.1, 10),
        (1234.56, 123456),
        (0.1 + 0.2, 30),
        (1e15 / 1e3, 10**14),
    ],
)
def test_amounts_are_read_as_people_and_spreadsheets_write_them(text: str | float, fen: int) -> None:
    assert money.parse(text) == fen


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", NotMoney),
        ("元", NotMoney),
        ("abc", NotMoney),
        ("-", NotMoney),
        ("--5", NotMoney),
        ("-¥-5", NotMoney),
        ("1,23.00", NotMoney),
        ("1.2.3", NotMoney),
        (".5", NotMoney),
        ("5 美元", NotMoney),
        (True, NotMoney),
        (float("nan"), NotMoney),
        (float("-inf"), NotMoney),
        ("1.005", FractionOfAFen),
        (1.005, FractionOfAFen),
        ("1.000", FractionOfAFen),
        ("999999999999999", MoneyTooLarge),
        (-(2**53), MoneyTooLarge),
    ],
)
def test_anything_else_is_refused_and_shown(text: str | float, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as caught:
        money.parse(text)
    assert str(text) in str(caught.value)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_what_is_shown_reads_back(fen: int) -> None:
    assert money.parse(money.show(fen)) == fen
    assert money.parse(money.plain(fen)) == fen


def test_amounts_are_shown_with_yuan_sign_and_thousands() -> None:
    assert money.show(123456) == "¥1,234.56"
    assert money.show(-5) == "-¥0.05"
    assert money.plain(-123456) == "-1234.56"


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (50, "伍角整"),
        (53, "伍角叁分"),
        (100, "壹元整"),
        (1000, "壹拾元整"),
        (140950, "壹仟肆佰零玖元伍角整"),
        (600714, "陆仟零柒元壹角肆分"),
        (168032, "壹仟陆佰捌拾元零叁角贰分"),
        (10700053, "壹拾万柒仟元零伍角叁分"),
        (1640902, "壹万陆仟肆佰零玖元零贰分"),
        (32504, "叁佰贰拾伍元零肆分"),
        (100100, "壹仟零壹元整"),
        (100_000_500_00, "壹亿零伍佰元整"),
        (1_0700_0000_00, "壹亿零柒佰万元整"),
        (1000_0000_00, "壹仟万元整"),
        (12_3456_7890_1234_56, "壹拾贰万叁仟肆佰伍拾陆亿柒仟捌佰玖拾万壹仟贰佰叁拾肆元伍角陆分"),
        (-100, "负壹元整"),
    ],
)
def test_capital_amounts_follow_the_rules_for_vouchers(fen: int, words: str) -> None:
    assert money.capital(fen) == words


def test_the_examples_of_the_law_chapter_divide_to_the_fen() -> None:
    assert money.apportion(10_000_001, [8950, 10020, 12030]) == [2_887_097, 3_232_258, 3_880_646]
    assert money.apportion(10_000, [1, 1, 1]) == [3334, 3333, 3333]


@given(st.integers(-(10**13), 10**13), st.lists(st.integers(0, 10**7), min_size=1, max_size=60).filter(any))
def test_shares_sum_exactly_and_their_reversal_mirrors(total: int, weights: list[int]) -> None:
    shares = money.apportion(total, weights)
    whole = sum(weights)
    assert sum(shares) == total
    assert money.apportion(-total, weights) == [-share for share in shares]
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * whole - total * weight) < whole
        assert weight or not share


def test_without_weights_there_is_nothing_to_divide_by() -> None:
    with pytest.raises(money.NothingToShareBy):
        money.apportion(100, [0, 0])
    with pytest.raises(money.NothingToShareBy):
        money.apportion(100, [])
    with pytest.raises(ValueError, match="negative"):
        money.apportion(100, [2, -1])

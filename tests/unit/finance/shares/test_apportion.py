"""Dividing by area to the fen: the specification's example, sums, mirrors, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.shares.rules import accounts, apportion
from finance.shares.rules.apportion import UnitArea
from hoa.kernel.errors import Refusal
from hoa.kernel.money import FractionOfAFen, NotMoney


def amounts(amount: str, areas: str) -> list[int]:
    return [share.amount_fen for share in apportion.calculate(amount, areas)[1]]


def test_the_examples_of_the_specification_come_out_to_the_fen():
    assert amounts("100000.01", "89.50,100.20,120.30") == [2_887_097, 3_232_258, 3_880_646]
    assert amounts("100", "50,50,50") == [3334, 3333, 3333]
    assert amounts("-100", "50 50\n50") == [-3334, -3333, -3333]


@settings(max_examples=1000, deadline=None)
@given(
    total=st.integers(min_value=1, max_value=10**12),
    areas=st.lists(st.integers(min_value=1, max_value=10**8), min_size=1, max_size=40),
)
def test_every_apportionment_sums_exactly_and_its_reversal_mirrors_it(total: int, areas: list[int]):
    units = [UnitArea(code=f"{number:03d}", area=area) for number, area in enumerate(areas)]
    shares = apportion.apportion(total, units)
    assert sum(share.amount_fen for share in shares) == total
    assert [-share.amount_fen for share in apportion.apportion(-total, units)] == [row.amount_fen for row in shares]
    whole = sum(areas)
    for share in shares:
        assert abs(share.amount_fen * whole - total * share.area) < whole
        assert share.amount_fen - share.floor_fen == int(share.extra)


def test_ties_go_to_the_lower_code_whatever_the_order():
    units = [UnitArea(code=code, area=5000) for code in ("C", "A", "B")]
    assert [(row.code, row.amount_fen) for row in apportion.apportion(100, units)] == [("C", 33), ("A", 34), ("B", 33)]


def test_the_exact_share_is_shown_to_six_places_and_cut_off():
    assert apportion.exact(10_000_001, 8950, 31_000) == "28870.970629"
    assert apportion.exact(-100, 1, 3) == "-0.333333"


@pytest.mark.parametrize(
    ("amount", "areas", "refusal"),
    [
        ("0", "1,2", apportion.NothingToShare),
        ("元", "1,2", NotMoney),
        ("1.001", "1,2", FractionOfAFen),
        ("1", " , ", apportion.NoAreas),
        ("1", "89.50,0", apportion.BadArea),
        ("1", "89.505", apportion.BadArea),
        ("1", "-3", apportion.BadArea),
        ("1", "1 " * 5001, apportion.TooManyAreas),
    ],
)
def test_bad_figures_are_refused_by_name(amount: str, areas: str, refusal: type[Refusal]):
    with pytest.raises(refusal):
        apportion.calculate(amount, areas)


def test_the_wrong_area_is_named_by_its_place():
    with pytest.raises(apportion.BadArea) as caught:
        apportion.read_areas("89.50, 九十, 120")
    assert caught.value.params == {"number": 2, "text": "九十"}


@pytest.mark.parametrize(
    ("shares", "weights"),
    [
        (("1/2", "50%"), (2, 2)),
        (("1/3", "2/3"), (3, 6)),
        (("0.25", "75％"), None),
        (("1/2", None), None),
        (("共同共有", "共同共有"), None),
        (("1/2", "1/3"), None),
        (("2/1", "1/2"), None),
        (("１/2", "1/2"), None),
    ],
)
def test_co_owners_are_weighed_only_by_shares_that_make_one_whole(shares: tuple[str | None, ...], weights: object):
    found = apportion.co_owners(shares)
    if shares == ("0.25", "75％"):
        assert found is not None
        assert found[1] == 3 * found[0]
    else:
        assert (found is None) is (weights is None)
        if found is not None:
            assert [number * sum(weights) for number in found] == [number * sum(found) for number in weights]


def test_an_account_number_is_digits_and_a_card_has_a_check_digit():
    assert accounts.number("6228 4804 0256 4890 018") == "6228480402564890018"
    assert accounts.number("9900-0000 0001") == "990000000001"
    assert accounts.masked("6228480402564890018") == "**** 0018"
    with pytest.raises(accounts.CheckDigitWrong):
        accounts.number("6228480402564890019")
    for wrong in ("1234567", "12345678x", "１２３４５６７８", "", "1" * 33):
        with pytest.raises(accounts.BadAccountNumber):
            accounts.number(wrong)
    for wrong in ("", "  ", "行" * 61):
        with pytest.raises(accounts.BankNeeded):
            accounts.bank(wrong)

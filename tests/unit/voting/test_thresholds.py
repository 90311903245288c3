"""The sums of 民法典 278, held against rules.md 1.2 and against fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voting.rules.matters import MATTERS, Majority, UnknownMatter, matter
from voting.rules.thresholds import (
    ImpossibleShare,
    Measure,
    NegativeShare,
    Outcome,
    Share,
    decide,
    outcome,
)

ROLL = Share(100, 1_000_000)
ORDINARY, SPECIAL = MATTERS["M5"], MATTERS["M8"]


@pytest.mark.parametrize(
    ("participated", "agreed", "what", "quorum", "passed"),
    [
        pytest.param(Share(67, 666667), Share(34, 333334), ORDINARY, True, True, id="A1 least possible"),
        pytest.param(Share(66, 700000), Share(66, 700000), ORDINARY, False, False, id="A2 one head short"),
        pytest.param(Share(70, 700000), Share(35, 400000), ORDINARY, True, False, id="A4 exactly half the heads"),
        pytest.param(Share(70, 700000), Share(36, 350001), ORDINARY, True, True, id="A6"),
        pytest.param(Share(70, 700000), Share(36, 350000), ORDINARY, True, False, id="exactly half the area"),
        pytest.param(Share(68, 680000), Share(51, 510000), SPECIAL, True, True, id="B1 exactly three quarters"),
        pytest.param(Share(67, 670000), Share(50, 600000), SPECIAL, True, False, id="B3 needs 51"),
        pytest.param(Share(100, 1000000), Share(50, 500000), ORDINARY, True, False, id="C2"),
        pytest.param(Share(100, 1000000), Share(75, 750000), SPECIAL, True, True, id="C4"),
        pytest.param(Share(51, 510000), Share(51, 510000), ORDINARY, False, False, id="R1.9 old majority"),
    ],
)
def test_the_boundary_cases_of_the_law(participated, agreed, what, quorum, passed):
    decision = decide(what, roll=ROLL, participated=participated, agreed=agreed)
    assert (decision.quorum, decision.passed) == (quorum, passed)


def test_exactly_two_thirds_of_ninety_nine_is_a_quorum_and_one_hundredth_less_is_not():
    roll = Share(99, 990000)
    assert decide(ORDINARY, roll=roll, participated=Share(66, 660000), agreed=Share(66, 660000)).quorum
    assert not decide(ORDINARY, roll=roll, participated=Share(66, 659999), agreed=Share(66, 659999)).quorum


@pytest.mark.parametrize(
    ("participants", "ordinary", "special"),
    [(67, 34, 51), (68, 35, 51), (69, 35, 52), (70, 36, 53), (80, 41, 60), (100, 51, 75)],
)
def test_the_fewest_heads_that_must_agree(participants, ordinary, special):
    for what, least in ((ORDINARY, ordinary), (SPECIAL, special)):
        taking_part = Share(participants, 1_000_000)
        enough = decide(what, roll=ROLL, participated=taking_part, agreed=Share(least, 1_000_000))
        short = decide(what, roll=ROLL, participated=taking_part, agreed=Share(least - 1, 1_000_000))
        assert enough.passed
        assert not short.passed
        assert short.test(Measure.AGREE_HEADS).missing == 1


def test_nobody_on_the_roll_decides_nothing():
    decision = decide(ORDINARY, roll=Share(0, 0), participated=Share(0, 0), agreed=Share(0, 0))
    assert not decision.quorum
    assert not decision.passed


def test_the_formula_is_printed_with_its_numbers():
    decision = decide(ORDINARY, roll=ROLL, participated=Share(67, 666667), agreed=Share(34, 333334))
    assert [test.formula for test in decision.inequalities] == [
        "3 × 67 ≥ 2 × 100",
        "3 × 6666.67 ≥ 2 × 10000.00",
        "2 × 34 > 1 × 67",
        "2 × 3333.34 > 1 × 6666.67",
    ]


def test_numbers_no_roll_can_give_are_refused():
    with pytest.raises(ImpossibleShare):
        decide(ORDINARY, roll=ROLL, participated=Share(101, 1), agreed=Share(0, 0))
    with pytest.raises(ImpossibleShare):
        decide(ORDINARY, roll=ROLL, participated=Share(50, 10), agreed=Share(50, 11))
    with pytest.raises(NegativeShare):
        decide(ORDINARY, roll=ROLL, participated=Share(-1, 0), agreed=Share(0, 0))


def test_exactly_three_matters_need_three_quarters():
    assert [code for code, found in MATTERS.items() if found.majority is Majority.SPECIAL] == ["M6", "M7", "M8"]
    assert matter(" m8 ") is SPECIAL
    assert "第八项" in SPECIAL.article
    with pytest.raises(UnknownMatter):
        matter("M10")


@st.composite
def sums(draw):
    roll = Share(draw(st.integers(1, 400)), draw(st.integers(1, 5_000_000)))
    part = Share(draw(st.integers(0, roll.heads)), draw(st.integers(0, roll.area)))
    agree = Share(draw(st.integers(0, part.heads)), draw(st.integers(0, part.area)))
    return roll, part, agree


@given(sums(), st.sampled_from(sorted(MATTERS)))
def test_integers_decide_as_fractions_do(numbers, code):
    roll, part, agree = numbers
    decision = decide(MATTERS[code], roll=roll, participated=part, agreed=agree)
    quorum = all(Fraction(p, r) >= Fraction(2, 3) for p, r in zip(part, roll, strict=True))
    special = MATTERS[code].majority is Majority.SPECIAL
    least = Fraction(3, 4) if special else Fraction(1, 2)
    agreed = all(
        p > 0 and (Fraction(a, p) >= least if special else Fraction(a, p) > least)
        for a, p in zip(agree, part, strict=True)
    )
    assert decision.quorum == quorum
    assert decision.passed == (quorum and agreed)


@given(sums(), st.sampled_from(sorted(MATTERS)))
def test_what_is_missing_is_exactly_enough(numbers, code):
    roll, part, agree = numbers
    for test in decide(MATTERS[code], roll=roll, participated=part, agreed=agree).inequalities:
        assert test.holds == (test.missing == 0)
        assert test.threshold.holds(test.part + test.missing, test.base)
        if test.missing:
            assert not test.threshold.holds(test.part + test.missing - 1, test.base)


def test_a_motion_passes_only_when_it_passes_with_and_without_invalid_ballots():
    yes = decide(ORDINARY, roll=ROLL, participated=Share(70, 700000), agreed=Share(36, 360000))
    no = decide(ORDINARY, roll=ROLL, participated=Share(74, 740000), agreed=Share(36, 360000))
    assert outcome(yes, yes) is Outcome.PASSED
    assert outcome(no, yes) is Outcome.REVIEW
    assert outcome(no, no) is Outcome.FAILED


def test_a_mixed_motion_may_ask_for_more_than_the_law_but_never_for_less():
    half = {"roll": ROLL, "participated": Share(100, 1_000_000), "agreed": Share(60, 600_000)}
    assert decide(ORDINARY, **half).passed
    assert not decide(ORDINARY, **half, majority=Majority.SPECIAL).passed
    assert not decide(SPECIAL, **half, majority=Majority.ORDINARY).passed

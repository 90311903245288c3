"""Who is elected: seats, rank, lot, alternates, shortfall (rules.md R2.5, R2.6), with worked numbers."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel.errors import Refusal
from voting.rules import contests
from voting.rules.counting import CastBallot, Option
from voting.rules.election import (
    Candidate,
    Contest,
    Rank,
    Standing,
    agreed_to,
    contest,
    elect,
    lot,
    over_voted,
    ranked,
    standing,
    stands,
    tied,
)
from voting.rules.matters import MATTERS
from voting.rules.tally import MotionTally, Question, tally
from voting.rules.thresholds import Measure, Outcome, Share

SEED = hashlib.sha256(b"the close head and a witness's line").hexdigest()
M3 = MATTERS["M3"]


def a_contest(candidates: int = 9, seats: int = 7, **more: Any) -> Contest:
    given = {"minimum": 5, "alternates": 7, "approve_at_most": seats, "rank": Rank.HEADS, "title": "业主委员会选举"}
    motions = tuple(f"m{number}" for number in range(1, candidates + 1))
    return Contest(**{"code": "e1", "body": "owners_committee", "seats": seats, "motions": motions, **given, **more})


def stood(motion: str, heads: int, area: int, outcome: Outcome = Outcome.PASSED) -> Candidate:
    return Candidate(motion, Share(heads, area), outcome)


def passing(count: int, *, of: int) -> list[Candidate]:
    """`count` of them pass, the first with most heads; the others do not."""
    return [
        stood(f"m{number}", 60 - number, 600_000, Outcome.PASSED if number <= count else Outcome.FAILED)
        for number in range(1, of + 1)
    ]


# ----------------------------------------------------------------------------------------------- each candidate


def voted(agree: int, against: int) -> MotionTally:
    """A roll of 100 heads with 1.00 m² each."""
    roll = {f"E{number}": Share(1, 100) for number in range(100)}
    marks = [Option.AGREE] * agree + [Option.OPPOSE] * against
    counted = {
        f"E{number}": CastBallot(f"{number:064x}", f"E{number}", "0" * 64, {"m1": mark.value})
        for number, mark in enumerate(marks)
    }
    return tally(Question("m1", M3, M3.majority), roll=roll, counted=counted, invalid={})


def test_a_candidate_with_exactly_half_of_the_heads_fails_and_one_head_more_passes() -> None:
    half = voted(35, 35)
    assert half.outcome is Outcome.FAILED
    assert half.without_invalid.test(Measure.AGREE_HEADS).missing == 1
    assert half.without_invalid.test(Measure.AGREE_HEADS).formula == "2 × 35 > 1 × 70"
    assert voted(36, 34).outcome is Outcome.PASSED


def test_a_candidate_with_exactly_half_of_the_area_fails_and_one_hundredth_more_passes() -> None:
    # 36 of 70 heads agree, more than half; only the area decides.
    roll = {f"A{number}": Share(1, 100) for number in range(36)} | {f"B{number}": Share(1, 100) for number in range(34)}
    exact = {**roll, "B33": Share(1, 300)}  # 36.00 m² agree of 72.00 m²
    more = {**exact, "A35": Share(1, 101)}  # 36.01 m² of 72.01 m²
    counted = {
        name: CastBallot(name, name, "0" * 64, {"m1": "agree" if name.startswith("A") else "oppose"}) for name in roll
    }
    question = Question("m1", M3, M3.majority)
    failed = tally(question, roll=exact, counted=counted, invalid={})
    assert failed.outcome is Outcome.FAILED
    assert failed.without_invalid.test(Measure.AGREE_AREA).missing == 1, "0.01 m²"
    assert failed.without_invalid.test(Measure.AGREE_HEADS).holds
    assert tally(question, roll=more, counted=counted, invalid={}).outcome is Outcome.PASSED


# ------------------------------------------------------------------------------------- seats, alternates, shortfall


def test_nine_candidates_pass_for_seven_seats_and_two_are_alternates_in_rank() -> None:
    result = elect(a_contest(), SEED, passing(9, of=9))
    assert result.elected == ("m1", "m2", "m3", "m4", "m5", "m6", "m7")
    assert result.alternates == ("m8", "m9")
    assert (result.vacant, result.outcome) == (0, Standing.COMPLETE)


def test_alternates_are_at_most_as_many_as_noticed() -> None:
    assert elect(a_contest(alternates=1), SEED, passing(9, of=9)).alternates == ("m8",)
    assert elect(a_contest(alternates=0), SEED, passing(9, of=9)).alternates == ()


def test_whoever_does_not_pass_has_no_seat_even_when_seats_are_empty() -> None:
    result = elect(a_contest(), SEED, passing(5, of=9))
    assert result.elected == ("m1", "m2", "m3", "m4", "m5")
    assert result.alternates == ()
    assert (result.vacant, result.outcome) == (2, Standing.VALID)


@pytest.mark.parametrize(
    ("seats", "minimum", "elected", "outcome"),
    [
        (7, 5, 7, Standing.COMPLETE),
        (7, 5, 5, Standing.VALID),
        (7, 5, 4, Standing.SHORTFALL),  # more than half, and fewer than the law's minimum
        (7, 5, 3, Standing.SHORTFALL),
        (5, 5, 4, Standing.SHORTFALL),
        (11, 5, 5, Standing.SHORTFALL),  # the minimum, and not more than half: 2 × 5 is not > 11
        (11, 5, 6, Standing.VALID),
        (5, 3, 3, Standing.VALID),  # a small compound's exception
        (7, 3, 3, Standing.SHORTFALL),
        (7, 3, 4, Standing.VALID),
        (7, 5, 0, Standing.SHORTFALL),
    ],
)
def test_a_committee_needs_the_legal_minimum_and_more_than_half_of_its_seats(
    seats: int, minimum: int, elected: int, outcome: Standing
) -> None:
    assert standing(a_contest(seats=seats, minimum=minimum), elected) is outcome
    result = elect(a_contest(11, seats=seats, minimum=minimum), SEED, passing(elected, of=11))
    assert (result.outcome, result.vacant) == (outcome, seats - elected)
    assert stands(result.outcome) == (outcome in (Standing.COMPLETE, Standing.VALID))


# ------------------------------------------------------------------------------------------------ ties and the lot


def test_of_equal_heads_the_larger_area_comes_first() -> None:
    result = elect(a_contest(2, 1, minimum=1), SEED, [stood("m1", 40, 300_000), stood("m2", 40, 300_001)])
    assert (result.elected, result.alternates) == (("m2",), ("m1",))


def test_ranked_by_area_the_larger_area_comes_first_whatever_the_heads() -> None:
    both = [stood("m1", 41, 300_000), stood("m2", 40, 300_001)]
    assert elect(a_contest(2, 1, minimum=1), SEED, both).elected == ("m1",)
    assert elect(a_contest(2, 1, minimum=1, rank=Rank.AREA), SEED, both).elected == ("m2",)


def test_equal_heads_and_area_are_drawn_by_a_lot_that_anybody_can_draw_again() -> None:
    both = [stood("m1", 40, 300_000), stood("m2", 40, 300_000)]
    lots = {motion: hashlib.sha256(bytes.fromhex(SEED) + motion.encode()).hexdigest() for motion in ("m1", "m2")}
    first, second = sorted(lots, key=lambda motion: lots[motion])
    result = elect(a_contest(2, 1, minimum=1), SEED, both)
    assert (result.elected, result.alternates) == ((first,), (second,))
    assert elect(a_contest(2, 1, minimum=1), SEED, both[::-1]) == result, "the order on the ballot decides nothing"
    assert lot(SEED, "m1").hex() == lots["m1"]


def test_another_seed_may_elect_another_of_two_who_are_equal() -> None:
    both = [stood("m1", 40, 300_000), stood("m2", 40, 300_000)]
    seeds = [hashlib.sha256(bytes([number])).hexdigest() for number in range(20)]
    assert {elect(a_contest(2, 1, minimum=1), seed, both).elected for seed in seeds} == {("m1",), ("m2",)}


def test_a_tie_shows_in_a_published_ranking_unless_the_area_is_not_told() -> None:
    told = {"motion": "m1", "heads": 40, "area": 300_000}
    assert tied(told, {**told, "motion": "m2"})
    assert not tied(told, {**told, "area": 300_001})
    assert not tied({**told, "area": None}, {**told, "area": None})


# ---------------------------------------------------------------------------------------------------------- review


def test_a_review_that_could_give_a_seat_holds_up_the_election() -> None:
    counted = [*passing(7, of=7), stood("m8", 59, 590_000, Outcome.REVIEW)]
    result = elect(a_contest(8), SEED, counted)
    assert result.outcome is Standing.REVIEW
    assert "m8" not in {one.motion for one in result.ranking}


def test_a_review_that_could_only_make_an_alternate_holds_up_nothing() -> None:
    counted = [*passing(7, of=7), stood("m8", 52, 590_000, Outcome.REVIEW), stood("m9", 51, 500_000)]
    result = elect(a_contest(9), SEED, counted)
    assert result.outcome is Standing.COMPLETE
    assert result.alternates == ("m9",), "whoever is under review is no alternate either"


def test_any_review_matters_while_a_seat_is_empty() -> None:
    counted = [*passing(6, of=6), stood("m7", 40, 400_000, Outcome.REVIEW)]
    assert elect(a_contest(7), SEED, counted).outcome is Standing.REVIEW


# ------------------------------------------------------------------------------------------------------- over-votes


def test_a_ballot_for_too_many_is_invalid_for_every_candidate_and_for_nothing_else() -> None:
    one = a_contest(3, 2)
    other = a_contest(2, 1, minimum=1)._replace(code="e2", motions=("s1", "s2"))
    marks = {"m1": "agree", "m2": "agree", "m3": "agree", "s1": "agree", "s2": "oppose", "m9": "agree"}
    assert agreed_to(one, marks) == 3
    assert over_voted((one, other), marks) == {"m1", "m2", "m3"}
    assert over_voted((one, other), {**marks, "m3": "blank"}) == frozenset()
    assert over_voted((one, other), {**marks, "s2": "agree"}) == {"m1", "m2", "m3", "s1", "s2"}


# ------------------------------------------------------------------------------------------------------- properties

OUTCOMES = st.sampled_from(tuple(Outcome))
CANDIDATES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), OUTCOMES), min_size=1, max_size=9)


@given(CANDIDATES, st.integers(1, 9), st.integers(0, 9), st.sampled_from(tuple(Rank)), st.randoms())
def test_nobody_is_elected_twice_and_the_order_of_counting_decides_nothing(
    figures: Any, seats: int, alternates: int, rank: Rank, random: Any
) -> None:
    counted = [stood(f"m{place}", *figure) for place, figure in enumerate(figures, 1)]
    one = a_contest(len(counted), seats, minimum=1, alternates=alternates, rank=rank)
    result = elect(one, SEED, counted)
    shuffled = list(counted)
    random.shuffle(shuffled)
    assert elect(one, SEED, shuffled) == result
    taken = [*result.elected, *result.alternates]
    assert len(taken) == len(set(taken))
    assert len(result.elected) + result.vacant == seats
    assert len(result.alternates) <= alternates
    passed = {item.motion for item in counted if item.outcome is Outcome.PASSED}
    assert set(taken) <= passed
    assert not (result.vacant and result.alternates), "nobody waits while a seat is empty"
    assert taken == [item.motion for item in result.ranking][: len(taken)]


@given(CANDIDATES, st.integers(1, 9), st.sampled_from(tuple(Rank)))
def test_a_review_is_said_exactly_when_some_way_of_settling_it_elects_others(
    figures: Any, seats: int, rank: Rank
) -> None:
    counted = [stood(f"m{place}", *figure) for place, figure in enumerate(figures, 1)]
    one = a_contest(len(counted), seats, minimum=1, rank=rank)
    open_ = [item for item in counted if item.outcome is Outcome.REVIEW]
    sure = [item for item in counted if item.outcome is Outcome.PASSED]
    ways = {
        frozenset(item.motion for item in ranked(rank, SEED, [*sure, *settled])[:seats])
        for number in range(2 ** len(open_))
        for settled in [[item for place, item in enumerate(open_) if number >> place & 1]]
    }
    assert (elect(one, SEED, counted).outcome is Standing.REVIEW) == (len(ways) > 1)


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_one_more_head_never_loses_a_place(heads: int, other: int, area: int) -> None:
    both = [stood("m1", heads, area), stood("m2", other, area)]
    better = [stood("m1", heads + 1, area), stood("m2", other, area)]
    before = [one.motion for one in ranked(Rank.HEADS, SEED, both)].index("m1")
    assert [one.motion for one in ranked(Rank.HEADS, SEED, better)].index("m1") <= before


# -------------------------------------------------------------------------------------------- what may be noticed

MOTIONS = {f"m{number}": "M3" for number in range(1, 10)}


def test_a_contest_is_written_and_read_without_loss() -> None:
    assert contest(a_contest().value) == a_contest()
    assert contests.check([a_contest().value], MOTIONS) == (a_contest(),)
    assert contests.check([], MOTIONS) == ()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"title": " "}, contests.ElectionIncomplete),
        ({"code": "E 1"}, contests.ElectionIncomplete),
        ({"seats": "7"}, contests.ElectionIncomplete),
        ({"seats": True}, contests.ElectionIncomplete),
        ({"motions": "m1"}, contests.ElectionIncomplete),
        ({"motions": [1]}, contests.ElectionIncomplete),
        ({"body": "party_branch"}, contests.UnknownBody),
        ({"rank": "age"}, contests.UnknownRank),
        ({"motions": []}, contests.NoCandidates),
        ({"motions": ["m1", "m10"]}, contests.NoSuchCandidate),
        ({"motions": ["m1", "m1"]}, contests.CandidateTwice),
        ({"body": "supervisory_committee"}, contests.WrongMatter),
        ({"seats": 0}, contests.WrongSeats),
        ({"minimum": 8}, contests.WrongSeats),
        ({"minimum": 0}, contests.WrongSeats),
        ({"alternates": -1}, contests.WrongSeats),
        ({"approve_at_most": 0}, contests.WrongApprovals),
        ({"approve_at_most": 10}, contests.WrongApprovals),
    ],
)
def test_what_cannot_be_counted_is_refused_by_name(change: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        contests.check([{**a_contest().value, **change}], MOTIONS)


def test_two_elections_share_neither_a_code_nor_a_candidate() -> None:
    first, second = a_contest(3, 2, minimum=1), a_contest(3, 2, minimum=1)._replace(motions=("m4", "m5", "m6"))
    with pytest.raises(contests.SameElection):
        contests.check([first.value, second.value], MOTIONS)
    with pytest.raises(contests.CandidateTwice):
        contests.check([first.value, first._replace(code="e2").value], MOTIONS)
    assert len(contests.check([first.value, second._replace(code="e2").value], MOTIONS)) == 2


def test_a_missing_field_is_named() -> None:
    value = {name: one for name, one in a_contest().value.items() if name != "approve_at_most"}
    with pytest.raises(contests.ElectionIncomplete, match="approve_at_most"):
        contests.check([value], MOTIONS)

"""When a result gives offices, and what a filing needs (rules.md R2.6, R2.8)."""

import pytest

from voting.filing.rules.pack import NEEDED, Incomplete, Missing, Paper, check_complete, file_name
from voting.filing.rules.seats import NoCommittee, UnderReview, check_stands
from voting.rules.election import Contest, Rank, Standing

SEVEN = Contest("e1", "选举", "owners_committee", 7, 5, 7, 7, Rank.HEADS, ("m1",))


def test_a_result_under_review_gives_nobody_an_office_however_many_were_elected() -> None:
    with pytest.raises(UnderReview):
        check_stands([Standing.REVIEW], SEVEN, 7)
    with pytest.raises(UnderReview):
        check_stands([Standing.SHORTFALL, Standing.REVIEW], SEVEN, 7)


@pytest.mark.parametrize("members", [5, 6, 7])
def test_two_elections_make_a_body_together_once_they_reach_the_minimum_and_more_than_half(members: int) -> None:
    check_stands([Standing.SHORTFALL, Standing.VALID], SEVEN, members)


@pytest.mark.parametrize("members", [0, 3, 4])
def test_below_the_minimum_there_is_no_body(members: int) -> None:
    with pytest.raises(NoCommittee):
        check_stands([Standing.SHORTFALL], SEVEN, members)


def test_exactly_half_of_the_seats_is_not_enough() -> None:
    six = SEVEN._replace(seats=6, minimum=3)
    with pytest.raises(NoCommittee):
        check_stands([Standing.VALID], six, 3)
    check_stands([Standing.VALID], six, 4)


def test_an_election_is_filed_with_every_paper_and_a_change_with_those_that_changed() -> None:
    assert set(NEEDED["election"]) == set(Paper)
    assert NEEDED["change"] == (Paper.APPLICATION, Paper.MEMBERS, Paper.UNDERTAKINGS)


def test_one_missing_paper_keeps_a_pack_from_being_more_than_a_draft() -> None:
    check_complete([None, None])
    with pytest.raises(Incomplete) as refused:
        check_complete([None, Missing("为什么", {}, "谁")])
    assert refused.value.params == {"number": 1}


def test_file_names_sort_in_the_order_of_binding() -> None:
    names = [file_name(place, paper) for place, paper in enumerate(Paper, 1)]
    assert names == sorted(names)
    assert names[0] == "01-application.pdf"

"""What people are asked on one screen: a motion, or an election with all its candidates."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from voting.rules.counting import Option
from voting.rules.screens import screens


class Asked(NamedTuple):
    code: str
    title: str


def asked(*codes: str) -> list[Asked]:
    return [Asked(code, f"事项 {code}") for code in codes]


def an_election(*motions: str, code: str = "e1", approve: int = 2) -> dict[str, object]:
    return {
        "code": code,
        "title": "选举业主委员会",
        "body": "owners_committee",
        "seats": 3,
        "minimum": 3,
        "alternates": 3,
        "approve_at_most": approve,
        "rank": "heads-area-lot",
        "motions": list(motions),
    }


def test_an_election_is_one_screen_where_its_first_candidate_stands_and_keeps_the_drawn_order():
    found = screens(asked("m1", "m2", "m3", "m4", "m5"), [an_election("m4", "m2", "m3")])
    assert [screen.code for screen in found] == ["m1", "e1", "m5"]
    assert [motion.code for motion in found[1].motions] == ["m4", "m2", "m3"]
    assert found[1].title == "选举业主委员会"
    assert found[0].title == "事项 m1"
    assert found[2].motion.code == "m5"


def test_two_elections_are_two_screens():
    found = screens(asked("m1", "m2", "m3"), [an_election("m1"), an_election("m3", "m2", code="e2")])
    assert [(screen.code, len(screen.motions)) for screen in found] == [("e1", 1), ("e2", 2)]


def test_candidates_whom_an_authority_does_not_cover_are_left_out():
    (screen,) = screens(asked("m3"), [an_election("m1", "m2", "m3")])
    assert [motion.code for motion in screen.motions] == ["m3"]
    assert screens([], [an_election("m1", "m2")]) == []


def test_marks_are_told_by_mark_and_what_has_none_is_blank():
    (screen,) = screens(asked("m1", "m2", "m3", "m4"), [an_election("m1", "m2", "m3", "m4")])
    choices = {"m1": "agree", "m3": "abstain", "m4": "agree", "m2": "blank"}
    told = [(option, [motion.code for motion in motions]) for option, motions in screen.marked(choices)]
    assert told == [(Option.AGREE, ["m1", "m4"]), (Option.ABSTAIN, ["m3"]), (Option.BLANK, ["m2"])]
    assert screen.unmarked({"m1": "agree", "m2": "blank"}) == asked("m3", "m4")


@given(st.integers(1, 15), st.data())
def test_too_many_is_what_goes_over_the_noticed_number_and_nothing_else(candidates: int, data: st.DataObject):
    codes = [f"m{number}" for number in range(1, candidates + 1)]
    most = data.draw(st.integers(1, candidates))
    choices = data.draw(st.dictionaries(st.sampled_from(codes), st.sampled_from(["agree", "oppose", "abstain"])))
    agreed = sum(mark == "agree" for mark in choices.values())
    (screen,) = screens(asked(*codes), [an_election(*codes, approve=most)])
    assert screen.agreed(choices) == agreed
    assert screen.over(choices) == max(0, agreed - most)
    assert len(screen.unmarked(choices)) == candidates - len(choices)


def test_an_ordinary_motion_is_never_agreed_to_too_often():
    (screen,) = screens(asked("m1"), [])
    assert screen.over({"m1": "agree"}) == 0

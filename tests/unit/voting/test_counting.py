"""What counts, and what is published of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import canonical
from voting.rules.counting import NO_PREVIOUS, BrokenChain, CastBallot, Counting, chain, counted
from voting.rules.matters import MATTERS, Majority
from voting.rules.published import hidden_areas, public_tally, turnout_permille
from voting.rules.tally import Question, tally
from voting.rules.thresholds import Outcome, Share

M5 = Question("m1", MATTERS["M5"], Majority.ORDINARY)


def ballot(leaf: str, elector: str = "e1", previous: str = NO_PREVIOUS, mark: str = "agree") -> CastBallot:
    return CastBallot(leaf, elector, previous, {"m1": mark})


def test_first_or_last_of_the_chain_counts_whatever_the_order_in_the_log():
    log = [ballot("c", previous="b"), ballot("a"), ballot("b", previous="a"), ballot("x", elector="e2")]
    chains = {elector: chain(elector, [one for one in log if one.elector == elector]) for elector in ("e1", "e2")}
    assert [found.leaf for found in chains["e1"]] == ["a", "b", "c"]
    assert counted(chains, Counting.FIRST)["e1"].leaf == "a"
    assert counted(chains, Counting.LAST)["e1"].leaf == "c"
    assert counted(chains, Counting.LAST)["e2"].leaf == "x"


@pytest.mark.parametrize(
    "log",
    [
        pytest.param([ballot("a"), ballot("c", previous="b")], id="a gap"),
        pytest.param([ballot("a"), ballot("b")], id="a fork at the start"),
        pytest.param([ballot("a"), ballot("b", previous="a"), ballot("c", previous="a")], id="a fork"),
        pytest.param([ballot("a", previous="a")], id="a loop"),
    ],
)
def test_a_chain_that_is_not_one_chain_stops_the_count(log):
    with pytest.raises(BrokenChain):
        chain("e1", log)


def test_blank_and_abstaining_owners_take_part_and_silent_ones_do_not():
    roll = {f"e{n}": Share(1, 10000) for n in range(6)}
    marks = ["agree", "agree", "oppose", "abstain", "blank"]
    cast = {f"e{n}": ballot(f"l{n}", f"e{n}", mark=mark) for n, mark in enumerate(marks)}
    result = tally(M5, roll=roll, counted=cast, invalid={})
    assert result.participated == Share(5, 50000)
    assert result.agreed == Share(2, 20000)
    assert result.not_agreed == Share(3, 30000)
    assert result.without_invalid.quorum
    assert result.outcome is Outcome.FAILED


def test_invalid_ballots_are_reckoned_in_and_out_of_the_base_and_forged_ones_in_neither():
    roll = {f"e{n}": Share(1, 10000) for n in range(7)}
    marks = ["agree", "agree", "agree", "oppose", "oppose", "oppose", "agree"]
    cast = {f"e{n}": ballot(f"l{n}", f"e{n}", mark=mark) for n, mark in enumerate(marks)}
    result = tally(M5, roll=roll, counted=cast, invalid={"e5": "unsigned", "e6": "forged"})
    assert result.without_invalid.passed
    assert not result.with_invalid.passed
    assert result.outcome is Outcome.REVIEW
    assert result.excluded == Share(1, 10000)
    assert result.with_invalid.inequalities[2].base == 6


@given(st.dictionaries(st.sampled_from(["agree", "oppose", "abstain", "blank"]), st.integers(0, 12), min_size=4))
def test_no_area_that_is_told_gives_away_the_votes_of_fewer_than_five(heads):
    options = {name: {"heads": count, "area": count * 100} for name, count in heads.items()}
    rest = sum(count for name, count in heads.items() if name != "agree")
    options["not_agreed"] = {"heads": rest, "area": rest * 100}
    hidden = hidden_areas(options)
    for name, count in heads.items():
        if 0 < count < 5:
            assert name in hidden
    if "not_agreed" not in hidden:
        # 未同意 is told, so what is merged in it must be five heads or more, unless everything else in it is hidden.
        merged = sum(heads[name] for name in hidden)
        shown = [name for name in ("oppose", "abstain", "blank") if heads[name] and name not in hidden]
        assert merged == 0 or merged >= 5 or not shown


def test_the_public_form_masks_a_few_agreeing_owners_and_stays_canonical():
    inequality = {"test": "agree-area", "left_factor": 2, "left": 300, "met": False, "line": "2 × 3.00 > 1 × 20.00"}
    evaluation = {"inequalities": [inequality]}
    motion = {
        "options": {
            "agree": {"heads": 3, "area": 300},
            "oppose": {"heads": 17, "area": 1700},
            "abstain": {"heads": 0, "area": 0},
            "blank": {"heads": 0, "area": 0},
            "not_agreed": {"heads": 17, "area": 1700},
        },
        "invalid": {"heads": 0, "area": 0},
        "without_invalid": evaluation,
        "with_invalid": evaluation,
    }
    public = public_tally({"form": "full", "public": "x", "motions": [motion]})
    assert "public" not in public
    told = public["motions"][0]
    assert told["options"]["agree"] == {"heads": 3, "area": None}
    assert told["options"]["oppose"] == {"heads": 17, "area": None}
    assert told["options"]["blank"] == {"heads": 0, "area": 0}
    assert told["invalid"] == {"heads": 0}
    assert told["with_invalid"]["inequalities"][0]["line"] == "2 × * > 1 × 20.00"
    assert told["with_invalid"]["inequalities"][0]["left"] is None
    assert canonical.decode(canonical.encode(public)) == public


def test_turnout_is_cut_off_to_a_tenth_of_a_percent():
    assert turnout_permille(2, 3) == 666
    assert turnout_permille(0, 0) == 0
    assert turnout_permille(487, 487) == 1000

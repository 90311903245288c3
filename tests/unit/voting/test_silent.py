"""The contested rule for owners who were reached and said nothing (rules.md R1.34)."""

import pytest

from voting.rules.counting import CastBallot, Option
from voting.rules.matters import MATTERS
from voting.rules.silent import leader
from voting.rules.tally import MotionTally, Question, tally
from voting.rules.thresholds import NOTHING, Outcome, Share


def counted(matter: str, *, agree: int, oppose: int, silent: int, missing: int, rule: bool = True) -> MotionTally:
    """Owners of 100.00 m² each; `missing` were never reached."""
    found = MATTERS[matter]
    marks = [Option.AGREE] * agree + [Option.OPPOSE] * oppose
    ballots = {f"V{n}": CastBallot("", f"V{n}", "", {"1": mark.value}) for n, mark in enumerate(marks)}
    roll = {f"V{n}": Share(1, 10000) for n in range(len(marks))}
    roll |= {f"N{n}": Share(1, 10000) for n in range(silent + missing)}
    figure = Share(silent, silent * 10000) if rule else None
    return tally(Question("1", found, found.majority), roll=roll, counted=ballots, invalid={}, silent=figure)


def test_what_passes_only_with_the_silent_is_for_lawyers_and_both_sums_stand() -> None:
    told = counted("M5", agree=40, oppose=10, silent=20, missing=30)
    assert not told.without_invalid.quorum
    assert told.with_silent is not None
    assert (told.with_silent.follows, told.with_silent.participated) == (Option.AGREE, Share(70, 700000))
    assert told.with_silent.decision.passed
    assert told.outcome is Outcome.REVIEW


def test_silence_does_not_change_what_passes_without_it() -> None:
    told = counted("M5", agree=60, oppose=10, silent=30, missing=0)
    assert told.outcome is Outcome.PASSED


def test_the_silent_go_with_a_majority_that_opposes() -> None:
    told = counted("M5", agree=30, oppose=37, silent=33, missing=0)
    assert told.with_silent is not None
    assert told.with_silent.follows is Option.OPPOSE
    assert told.with_silent.decision.quorum
    assert not told.with_silent.decision.passed
    assert told.outcome is Outcome.FAILED


def test_without_a_leading_option_nobody_is_added() -> None:
    told = counted("M5", agree=20, oppose=20, silent=60, missing=0)
    assert told.with_silent is not None
    assert (told.with_silent.follows, told.with_silent.participated) == (None, Share(40, 400000))


def test_leading_takes_more_heads_and_more_area() -> None:
    split = {Option.AGREE: Share(3, 100), Option.OPPOSE: Share(2, 500), Option.ABSTAIN: NOTHING, Option.BLANK: NOTHING}
    assert leader(split) is None
    assert leader({**split, Option.AGREE: Share(3, 501)}) is Option.AGREE
    assert leader({**split, Option.AGREE: Share(3, 501), Option.BLANK: Share(9, 900)}) is Option.AGREE


@pytest.mark.parametrize("matter", ["M3", "M6", "M7", "M8"])
def test_silence_never_counts_in_elections_and_special_matters(matter: str) -> None:
    told = counted(matter, agree=40, oppose=0, silent=60, missing=0)
    assert told.with_silent is None
    assert told.silent_rule
    assert told.outcome is Outcome.FAILED


def test_without_the_rule_there_is_no_third_sum() -> None:
    told = counted("M5", agree=40, oppose=10, silent=20, missing=30, rule=False)
    assert (told.silent_rule, told.with_silent, told.outcome) == (False, None, Outcome.FAILED)

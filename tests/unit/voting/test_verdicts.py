"""The sentence and the bars of a result, and the record's own values."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from flask_babel import Babel

from hoa.kernel import canonical, merkle
from hoa.kernel.clock import CHINA
from voting.rules import record
from voting.rules.counting import Option
from voting.rules.matters import MATTERS, Majority
from voting.rules.published import motion_figures, public_tally
from voting.rules.tally import MotionTally, Question
from voting.rules.thresholds import NOTHING, Share, decide, outcome
from voting.views.verdicts import bars, short_of, verdict

ROLL = Share(487, 4611200)


@pytest.fixture(autouse=True)
def speaking() -> Iterator[None]:
    app = Flask("words")
    app.config["BABEL_DEFAULT_LOCALE"] = "zh_Hans_CN"
    Babel(app)
    with app.test_request_context():
        yield


def motion(participated: Share, agreed: Share, matter: str = "M8") -> dict[str, object]:
    """A public motion with these figures; the rest opposed."""
    found = MATTERS[matter]
    decision = decide(found, roll=ROLL, participated=participated, agreed=agreed)
    rest = Share(participated.heads - agreed.heads, participated.area - agreed.area)
    options = {Option.AGREE: agreed, Option.OPPOSE: rest, Option.ABSTAIN: NOTHING, Option.BLANK: NOTHING}
    question = Question("m1", found, found.majority)
    tally = MotionTally(question, ROLL, options, {}, decision, decision, outcome(decision, decision))
    public = public_tally({"form": "full", "public": "", "motions": [motion_figures(tally)]})
    return dict(public["motions"][0])


def test_a_result_just_short_says_by_how_much() -> None:
    told = motion(Share(351, 3341807), Share(268, 2475110))
    assert verdict(told).word == "未通过。"
    assert verdict(told).sentence == "参加的人数和面积都够了，但同意的面积差 312.46 m² 才到四分之三。"
    area, heads, agreed_area, agreed_heads = bars(told["without_invalid"]["inequalities"])
    assert (area.shown, area.met) == ("33,418.07 / 46,112.00 m²", True)
    assert heads.shown == "351 / 487 人"
    assert (agreed_area.met, agreed_area.missing) == (False, "还差 312.46 m²")
    assert agreed_heads.missing is None


def test_too_few_participants_are_named_before_anything_else() -> None:
    told = motion(Share(320, 3000000), Share(320, 3000000))
    assert verdict(told).sentence == "参加表决的不够：面积差 741.34 m²，人数差 5 人 才到三分之二。"


def test_a_majority_that_must_be_more_than_half() -> None:
    told = motion(Share(400, 4000000), Share(200, 3000000), "M5")
    assert verdict(told).sentence == "参加的人数和面积都够了，但同意的人数差 1 人 才过半数。"
    assert verdict(motion(Share(400, 4000000), Share(201, 3000000), "M5")).kind == "ok"


def test_an_area_that_is_not_told_is_not_given_away_by_the_sentence() -> None:
    told = motion(Share(400, 4000000), Share(3, 30000), "M5")
    _, _, agreed_area, agreed_heads = bars(told["without_invalid"]["inequalities"])
    assert agreed_area.shown == "不足 5 人，面积不公布"
    assert agreed_area.missing is None
    assert agreed_heads.missing == "还差 198 人"
    assert "面积不够" in verdict(told).sentence


def test_what_is_reported_as_missing_would_have_been_exactly_enough() -> None:
    told = motion(Share(351, 3341807), Share(268, 2475110))
    test = told["without_invalid"]["inequalities"][3]
    enough = motion(Share(351, 3341807), Share(268, 2475110 + short_of(test)))
    almost = motion(Share(351, 3341807), Share(268, 2475110 + short_of(test) - 1))
    assert enough["outcome"] == "passed"
    assert almost["outcome"] == "failed"


def test_review_is_said_when_the_two_sums_differ() -> None:
    told = {**motion(Share(351, 3341807), Share(268, 2475110)), "outcome": "review"}
    assert verdict(told).kind == "warn"


def test_a_leaf_is_the_hash_of_the_canonical_entry_and_the_short_code_its_beginning() -> None:
    entry = record.ballot_entry(
        "ab" * 32, elector="e1", previous=None, choices={"m1": "agree"}, time=datetime(2026, 1, 1, tzinfo=CHINA)
    )
    assert entry["previous"] == "0" * 64
    leaf = record.leaf(entry)
    assert leaf == merkle.leaf_hash(canonical.encode(entry))
    assert record.short_code(leaf.hex()).replace(" ", "").lower() == leaf.hex()[:10]


def test_the_roll_root_does_not_depend_on_the_order_of_the_rows() -> None:
    rows = [record.roll_row(f"e{n}", [(f"b{n}", 100), (f"a{n}", 50)]) for n in range(5)]
    assert record.roll_root(rows) == record.roll_root(rows[::-1])
    assert rows[0].units[0][0] == "a0"
    assert rows[0].share == Share(1, 150)
    assert Majority(MATTERS["M8"].majority) is Majority.SPECIAL

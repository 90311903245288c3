"""The life of an assembly, rule packs, warnings and the command."""

import json
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import packs
from hoa.kernel.clock import CHINA
from voting.commands import assembly
from voting.rules import shares
from voting.rules.life import ORDER, NotTheNextStep, State, TooEarly, due_step, not_before, step
from voting.rules.matters import MATTERS
from voting.rules.shares import NotAShare
from voting.rules.thresholds import Share
from voting.rules.warnings import keyword_warnings

OPENS = datetime(2026, 11, 1, 9, tzinfo=CHINA)
CLOSES = OPENS + timedelta(days=14)


@given(st.sampled_from(ORDER), st.sampled_from(ORDER))
def test_only_the_next_step_can_be_taken(state, target):
    follows = ORDER.index(target) == ORDER.index(state) + 1
    if follows:
        assert step(state, target) is target
    else:
        with pytest.raises(NotTheNextStep):
            step(state, target)


def test_the_schedule_opens_cuts_off_and_closes_and_leaves_the_rest_to_people():
    def due(state: State, now: datetime) -> State | None:
        return due_step(state, opens=OPENS, closes=CLOSES, now=now)

    assert due(State.NOTICED, OPENS - timedelta(seconds=1)) is None
    assert due(State.NOTICED, OPENS) is State.OPEN
    assert due(State.OPEN, CLOSES - timedelta(seconds=1)) is None
    assert due(State.OPEN, CLOSES) is State.CUT_OFF
    assert due(State.CUT_OFF, CLOSES) is State.CLOSED
    assert {due(state, CLOSES) for state in (State.DRAFT, State.CLOSED, State.TALLIED, State.ANNOUNCED)} == {None}


def test_after_a_jump_of_the_clock_the_cut_off_waits_and_with_work_left_the_close_does():
    assert due_step(State.OPEN, opens=OPENS, closes=CLOSES, now=CLOSES, held=True) is None
    assert due_step(State.NOTICED, opens=OPENS, closes=CLOSES, now=OPENS, held=True) is State.OPEN
    assert due_step(State.CUT_OFF, opens=OPENS, closes=CLOSES, now=CLOSES, settled=False) is None


def test_what_was_announced_for_later_is_not_done_earlier():
    not_before(OPENS, OPENS)
    with pytest.raises(TooEarly):
        not_before(OPENS, OPENS - timedelta(minutes=1))


def test_the_national_pack_names_a_source_for_every_value():
    pack = packs.pack("cn-national", day=date(2026, 1, 1))
    assert pack.number("notice_days") == 15
    assert pack.text("counting") == "first"
    assert all(parameter.source for parameter in pack.parameters.values())
    with pytest.raises(packs.UnknownRulePack):
        packs.pack("cn-national", day=date(2020, 12, 31))
    with pytest.raises(packs.UnknownRulePack):
        packs.pack("mars", day=date(2026, 1, 1))
    with pytest.raises(TypeError):
        pack.number("counting")
    with pytest.raises(TypeError):
        pack.text("notice_days")


def test_words_of_another_matter_are_pointed_out_once_each():
    found = keyword_warnings(MATTERS["M9"], "出租车位并投放广告，同时加装电梯")
    assert [(warning.word, warning.suggested.code) for warning in found] == [("出租", "M8"), ("加装", "M7")]
    assert keyword_warnings(MATTERS["M8"], "出租车位") == ()


@pytest.mark.parametrize(
    "text", ["67", "67/", "/1", "a/1", "-1/2", "1/1.234", "1.5/2", "67/6666.67/1", "1" * 12 + "/1"]
)
def test_what_is_no_pair_of_heads_and_area_is_refused(text):
    with pytest.raises(NotAShare):
        shares.parse(text)


def test_full_width_figures_are_read():
    assert shares.parse("６７/６,６６６.６７") == Share(67, 666667)


def test_the_command_prints_the_four_keys_that_scripts_rely_on():
    arguments = [
        "decide",
        "--matter",
        "M5",
        "--roll",
        "100/10000.00",
        "--participated",
        "67/6666.67",
        "--agreed",
        "34/3333.34",
    ]
    printed = CliRunner().invoke(assembly, [*arguments, "--json"])
    assert printed.exit_code == 0
    value = json.loads(printed.output)
    assert set(value) == {"quorum", "passed", "article", "inequalities"}
    assert value["quorum"] is value["passed"] is True
    assert "第二百七十八条" in value["article"]
    spoken = CliRunner().invoke(assembly, arguments)
    assert "3 × 6666.67 ≥ 2 × 10000.00" in spoken.output

"""A recall's stages, and what its motion says."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voting.recall import rules
from voting.recall.rules import Case, Facts, Stage

LAST = date(2026, 10, 27)
COLLECT = LAST + timedelta(days=30)
REACHED = Facts(
    reached=True, collect_by=COLLECT, defence_by=LAST, defended=False, drafted=False, decided=False, left=False
)
CASE = Case(
    body="业主委员会",
    post="业主委员会委员",
    name="和豪",
    behind="（由 98 名业主提议，共 487 名业主）",
    reason="三次擅自用印。",
    absences="",
    defence="用印都有委员会决定，编号在用印登记里。",
    defence_by=LAST,
)


@pytest.mark.parametrize(
    ("facts", "day", "stage"),
    [
        (REACHED._replace(reached=False, defence_by=None), LAST, Stage.COLLECTING),
        (REACHED._replace(reached=False, defence_by=None), COLLECT, Stage.COLLECTING),
        (REACHED._replace(reached=False, defence_by=None), COLLECT + timedelta(days=1), Stage.LAPSED),
        (REACHED, LAST - timedelta(days=1), Stage.DEFENDING),
        (REACHED, LAST, Stage.DEFENDING),
        (REACHED, LAST + timedelta(days=1), Stage.READY),
        (REACHED._replace(defended=True), LAST - timedelta(days=3), Stage.READY),
        (REACHED._replace(drafted=True), LAST, Stage.DRAFTED),
        (REACHED._replace(left=True), LAST, Stage.LEFT),
        (REACHED._replace(drafted=True, left=True), LAST, Stage.DRAFTED),
        (REACHED._replace(drafted=True, decided=True), LAST, Stage.DECIDED),
    ],
)
def test_nobody_is_put_to_the_vote_before_the_days_of_defence_are_over_or_used(facts: Facts, day: date, stage: Stage):
    assert rules.stage(facts, day) is stage


@given(st.booleans(), st.booleans(), st.integers(-20, 20))
def test_a_demand_that_too_few_signed_never_becomes_a_motion(defended: bool, left: bool, days: int):
    facts = REACHED._replace(reached=False, defended=defended, left=left)
    assert rules.stage(facts, LAST + timedelta(days=days)) is not Stage.READY


def test_the_motion_prints_reason_and_defence_word_for_word_under_headings_of_one_kind():
    said = rules.words(CASE).split("\n")
    assert rules.title(CASE.post, CASE.name) == "罢免业主委员会委员和豪"
    assert said[said.index("一、提议人的理由") + 1] == CASE.reason
    assert said[said.index("二、本人的申辩") + 1] == CASE.defence


def test_silence_is_printed_as_silence_and_absences_as_figures():
    said = rules.words(CASE._replace(defence="", absences="会议出席记录：2026 年应出席 6 次，缺席 3 次。"))
    assert "本人在 2026-10-27 以前没有提交书面申辩。" in said
    assert "缺席 3 次" in said


@pytest.mark.parametrize("length", [1, rules.TEXT_LENGTH])
def test_both_sides_have_the_same_room(length: int):
    rules.check_text("理" * length)


@pytest.mark.parametrize("text", ["", "  ", "理" * (rules.TEXT_LENGTH + 1)])
def test_neither_side_is_empty_or_longer(text: str):
    with pytest.raises(rules.TextTooLong):
        rules.check_text(text)


def test_neither_side_keeps_the_notice_back_with_a_blank():
    with pytest.raises(rules.BlankLeft):
        rules.check_text("他贪了＿＿元")

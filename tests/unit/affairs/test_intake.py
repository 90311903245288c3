"""What a suggestion says when it comes in: limits, what says the same, and how much one person may send."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.affairs.rules import intake
from hoa.affairs.rules.intake import CATEGORIES, CHANNEL_NAMES, Channel, Said, similarity
from hoa.kernel.clock import CHINA

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)


def said(**changes: str) -> Said:
    return Said(**({"category": "lift", "text": "电梯停了", "channel": Channel.PAGE} | changes))  # type: ignore[arg-type]


def test_every_channel_and_kind_has_a_name():
    assert set(CHANNEL_NAMES) == set(Channel)
    assert len(CATEGORIES) == len(set(CATEGORIES.values())) >= 10


def test_a_word_or_a_picture_is_enough_and_nothing_is_not():
    intake.check(said())
    intake.check(said(text=" "), photos=1)
    with pytest.raises(intake.NothingSaid):
        intake.check(said(text=" \n"))


@pytest.mark.parametrize(
    ("field", "most", "refusal"),
    [
        ("text", intake.MOST_TEXT, intake.TextTooLong),
        ("spot", intake.MOST_SPOT, intake.SpotTooLong),
        ("name", intake.MOST_NAME, intake.NameTooLong),
    ],
)
def test_what_is_too_long_is_refused_and_not_cut(field: str, most: int, refusal: type[Exception]):
    intake.check(said(**{field: "长" * most}))
    with pytest.raises(refusal):
        intake.check(said(**{field: "长" * (most + 1)}))


@pytest.mark.parametrize(
    ("building", "entrance", "floor", "place", "spot", "words"),
    [
        ("", "", "", "北门岗亭", "", "北门岗亭"),
        ("2栋", "", "", "2栋电梯厅", "", "2栋 电梯厅"),
        ("2栋", "2单元", "6 层", "2栋2单元大堂", "门后", "2栋 2单元 6 层 大堂 门后"),
        ("5栋", "1单元", "", "5栋大堂", "大堂门", "5栋 1单元 大堂门"),
        ("5栋", "", "", "", "天台", "5栋 天台"),
        ("", "", "", "", "", ""),
    ],
)
def test_whoever_handles_it_reads_the_place_of_the_poster_once(
    building: str, entrance: str, floor: str, place: str, spot: str, words: str
):
    assert intake.where(building=building, entrance=entrance, floor=floor, place=place, spot=spot) == words


def test_an_unknown_kind_is_refused():
    with pytest.raises(intake.UnknownCategory):
        intake.check(said(category="gossip"))


def test_texts_about_the_same_thing_are_told_from_others():
    same = [("3栋电梯坏了没人修", "3栋的电梯又坏了"), ("路灯不亮", "北门路灯不亮了"), ("ＡＢ栋漏水！", "ab栋 漏水")]
    other = [("电梯坏了", "路灯坏了"), ("垃圾桶满了没人收", "门口路灯不亮"), ("", "路灯"), ("灯", "门")]
    assert all(similarity(*pair) >= intake.SAME_WORDS for pair in same)
    assert all(similarity(*pair) < intake.SAME_WORDS for pair in other)


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_between_none_and_whole_and_the_same_both_ways(one: str, other: str):
    assert 0.0 <= similarity(one, other) == similarity(other, one) <= 1.0


def test_one_person_sends_six_an_hour_and_twenty_a_day_and_is_told_when_to_go_on():
    intake.demand_not_too_many([NOW - timedelta(minutes=at) for at in range(5)], now=NOW)
    with pytest.raises(intake.SentTooMany) as told:
        intake.demand_not_too_many([NOW - timedelta(minutes=10 * at) for at in range(6)], now=NOW)
    assert told.value.params == {"count": 6, "minutes": 10}
    day = [NOW - timedelta(hours=1, minutes=at) for at in range(20)]
    with pytest.raises(intake.SentTooMany) as told:
        intake.demand_not_too_many(day, now=NOW)
    assert told.value.params["minutes"] == 24 * 60 - 60 - 19


@given(st.lists(st.integers(0, 3 * 24 * 60), max_size=40))
def test_whoever_waits_as_long_as_told_may_go_on(minutes: list[int]):
    sent = [NOW - timedelta(minutes=at) for at in minutes]
    try:
        intake.demand_not_too_many(sent, now=NOW)
    except intake.SentTooMany as refusal:
        minutes_told = int(str(refusal.params["minutes"]))
        assert minutes_told >= 1
        intake.demand_not_too_many(sent, now=NOW + timedelta(minutes=minutes_told))

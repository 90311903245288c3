"""What title a text proposes for itself."""

from hypothesis import given
from hypothesis import strategies as st

from hoa.affairs.rules.titles import proposed
from hoa.affairs.rules.wording import TITLE_LENGTH


def test_a_title_is_the_first_sentence_without_its_greeting() -> None:
    assert proposed("您好，3栋的电梯又坏了。已经第三次了，没人管！") == "3栋的电梯又坏了"
    assert proposed("请问，领导好：路灯不亮\n在东门") == "路灯不亮"
    assert proposed("  地下车库漏水  ") == "地下车库漏水"


def test_a_long_sentence_is_cut_at_a_pause_where_it_has_one() -> None:
    text = "二单元门口的垃圾桶总是满的，夏天味道很大而且招来很多苍蝇大家都受不了"
    assert proposed(text) == "二单元门口的垃圾桶总是满的"
    assert proposed("垃" * 60) == "垃" * 24
    assert proposed("电梯，" + "坏" * 60) == "电梯，" + "坏" * 21


def test_a_picture_without_words_proposes_nothing() -> None:
    assert proposed("") == ""
    assert proposed("。。！\n") == ""
    assert proposed("您好！") == ""


@given(st.text(max_size=200))
def test_a_proposal_is_one_line_that_may_be_kept_as_it_is(text: str) -> None:
    title = proposed(text)
    assert len(title) <= TITLE_LENGTH
    assert "\n" not in title
    assert title == title.strip()

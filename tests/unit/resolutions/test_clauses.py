"""Texts of rulebooks become clauses that can be cited, or are refused with the line."""

import pytest

from hoa.resolutions import clauses

TEXT = """业主大会议事规则

第一章 总则
第一条 本规则由全体业主制定。
第二条 业主大会会议分为：
（一）定期会议；
（二）临时会议。
定期会议每年一次。
第三条 依法律。
第三条之一 另有约定的从约定。
第四条 附则。
"""


def test_articles_paragraphs_and_items_have_ids_that_can_be_cited():
    found = {clause.id: clause.text for clause in clauses.parse(clauses.normal(TEXT)).clauses()}
    assert list(found) == [
        "第一条",
        "第二条",
        "第二条第一款",
        "第二条第一款第（一）项",
        "第二条第一款第（二）项",
        "第二条第二款",
        "第三条",
        "第三条之一",
        "第四条",
    ]
    assert found["第二条第二款"] == "定期会议每年一次。"
    assert found["第二条第一款第（二）项"] == "临时会议。"
    assert found["第二条"].startswith("业主大会会议分为：\n（一）定期会议；")


def test_headings_stand_before_their_articles_and_the_title_before_all():
    book = clauses.parse(TEXT)
    assert book.preamble == ["业主大会议事规则"]
    assert book.articles[0].headings == ["第一章 总则"]
    assert book.articles[1].headings == []


@pytest.mark.parametrize(
    ("text", "line", "found", "expected"),
    [
        ("第一条 甲\n第三条 乙", 2, "第三条", "第二条"),
        ("第二条 甲", 1, "第二条", "第一条"),
        ("第一条 甲\n\n第一条 乙", 3, "第一条", "第二条"),
        ("第一条 甲\n（一）乙\n（三）丙", 3, "（三）", "（二）"),
        ("第一条 甲\n第一条之二 乙", 2, "第一条之二", "第二条"),
    ],
)
def test_a_number_out_of_order_is_named_with_its_line(text: str, line: int, found: str, expected: str):
    with pytest.raises(clauses.WrongNumber) as refused:
        clauses.parse(text)
    assert refused.value.params == {"line": line, "found": found, "expected": expected}


def test_an_article_without_words_and_a_text_without_articles_are_refused():
    with pytest.raises(clauses.EmptyArticle) as refused:
        clauses.parse("第一条 甲\n第二条\n第三条 丙")
    assert refused.value.params["line"] == 2
    with pytest.raises(clauses.NoArticles):
        clauses.parse("我们都要爱护小区。")


@pytest.mark.parametrize("number", [1, 9, 10, 11, 19, 20, 21, 99, 100, 101, 110, 111, 120, 999])
def test_numbers_in_words_and_figures_agree(number: int):
    assert clauses.in_figures(clauses.in_words(number)) == number
    assert clauses.in_figures(str(number)) == number


def test_numbers_read_as_people_write_them():
    assert [clauses.in_words(number) for number in (10, 12, 20, 100, 103, 112)] == [
        "十",
        "十二",
        "二十",
        "一百",
        "一百零三",
        "一百一十二",
    ]
    assert clauses.in_figures("一千") is None


def test_a_word_processor_file_is_refused_and_an_old_encoding_is_read():
    assert clauses.decoded("第一条 甲".encode("gb18030")) == "第一条 甲"
    assert clauses.decoded("第一条 甲".encode("utf-8-sig")) == "第一条 甲"
    with pytest.raises(clauses.NotPlainText):
        clauses.decoded(b"PK\x03\x04\x14\0\0\0")


def test_the_difference_shows_words_that_changed_and_not_articles_that_only_moved_on():
    old = clauses.parse("第一条 每年开会一次。\n第二条 代理人最多三名。\n第三条 附则。")
    new = clauses.parse("第一条 每年开会两次。\n第二条 新的一条。\n第三条 代理人最多三名。")
    found = clauses.difference(old, new)
    assert [(change.id, change.kind) for change in found] == [
        ("第一条", "changed"),
        ("第二条", "added"),
        ("第三条", "moved"),
        ("第三条", "removed"),
    ]
    assert list(found[0].parts) == [("same", "每年开会"), ("gone", "一"), ("new", "两"), ("same", "次。")]


def test_line_ends_and_trailing_space_do_not_change_the_hash():
    assert clauses.digest(clauses.normal("第一条 甲  \r\n第二条 乙\r\n\r\n")) == clauses.digest(
        "第一条 甲\n第二条 乙\n"
    )

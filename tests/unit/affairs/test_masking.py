import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.affairs.rules.masking import mask


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("电话13812341234", "电话138****1234"),
        ("138 1234 1234", "138****1234"),
        ("+86-138-12-34-12-34！", "138****1234！"),
        ("１３８１２３４１２３４", "138****1234"),
        ("幺三八一二三四一二三四", "138****1234"),
        ("023-12345678", "*********78"),
        ("打65123456", "打******56"),
        ("身份证510222199001011234", "身份证******************"),
        ("51022219900101123X，", "******************，"),
        ("510222 1990-01-01 1234", "******************"),
        ("卡6222 0212 3456 7890 123", "卡******************"),
        ("3-1-1203 13812341234", "3-1-12** 138****1234"),
        ("a.b@c.example", "*" * 10),
        ("渝A·12345乱停", "渝A*****乱停"),
    ],
)
def test_numbers_that_lead_to_somebody_are_hidden_however_they_are_written(written: str, shown: str) -> None:
    assert mask(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("3幢1单元1203漏水", "3幢1单元12**漏水"),
        ("3栋1203室", "3栋12**室"),
        ("3号楼301", "3号楼3**"),
        ("三幢一单元一二零三", "三幢一单元一二**"),
        ("1203房", "12**房"),
        ("3#1203", "3#12**"),
        ("A座1203", "A座12**"),
        ("3-1203", "3-12**"),
        ("12单元3室", "12单元*室"),
        ("3幢1单元1203、1204，1205", "3幢1单元12**、12**，12**"),
    ],
)
def test_a_door_loses_its_last_two_digits(written: str, shown: str) -> None:
    assert mask(written) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-16 10:00 收到，2026-0012 号诉求",
        "2026年10月16日，10-16 10-17 10-18",
        "10个工作日 2026-10-16至2026-10-26",
        "3幢2台电梯，3幢1单元12楼，13号楼，3幢100多户",
        "1234567元，¥1,234,567.89，96.00 m²",
        "从8-12点，8:30-18:00，12345",
        "",
    ],
)
def test_days_amounts_labels_floors_and_counts_stay_readable(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("name", "written", "shown"),
    [
        ("张三丰", "我是张三丰", "我是张**"),
        ("张三丰", "张 三 丰说", "张**说"),
        ("张三丰", "三丰家", "**家"),
        ("欧阳小明", "小明和阳小明", "**和***"),
        ("Li Wei", "li  WEI in the light", "L***** in the light"),
        ("李女士", "另一位女士，李女士", "另一位女士，李**"),
        ("李", "李子树", "李子树"),
        ("", "文字", "文字"),
        ("  ", "文字", "文字"),
    ],
)
def test_the_reporters_name_is_hidden_and_words_that_look_like_it_are_not(name: str, written: str, shown: str) -> None:
    assert mask(written, names=[name]) == shown


DIGITS = "0123456789"
WORDS = st.text(alphabet="电梯坏了，请打联系我 。ab", max_size=8)


@given(
    before=WORDS,
    after=WORDS,
    digits=st.text(alphabet=DIGITS, min_size=9, max_size=9),
    second=st.sampled_from("3456789"),
    gaps=st.lists(st.sampled_from(["", " ", "-", "·", "  ", "."]), min_size=10, max_size=10),
)
def test_no_mobile_number_survives_whatever_stands_between_its_digits(
    before: str, after: str, digits: str, second: str, gaps: list[str]
) -> None:
    number = "1" + second + digits
    written = "".join(digit + gap for digit, gap in zip(number, [*gaps, ""], strict=True))
    left = "".join(character for character in mask(before + written + after) if character in DIGITS)
    assert left == number[:3] + number[-4:]


@given(
    before=WORDS,
    digits=st.text(alphabet=DIGITS, min_size=16, max_size=16),
    first=st.sampled_from("123456789"),
    last=st.sampled_from("0123456789Xx"),
    gaps=st.lists(st.sampled_from(["", " ", "-"]), min_size=17, max_size=17),
)
def test_nothing_of_an_id_number_survives(before: str, digits: str, first: str, last: str, gaps: list[str]) -> None:
    number = first + digits + last
    # Eleven digits that stand alone in it are taken for a mobile number and keep seven.
    written = "".join(digit + gap for digit, gap in zip(number, [*gaps, ""], strict=True))
    assert sum(character in DIGITS for character in mask(before + written + "。")) <= 7


@given(name=st.text(alphabet="张王欧阳三丰小明建国", min_size=2, max_size=4), before=WORDS, after=WORDS)
def test_no_name_survives_and_masking_twice_changes_nothing_more(name: str, before: str, after: str) -> None:
    once = mask(before + name + after, names=[name])
    assert name not in once
    assert mask(once, names=[name]) == once


@given(st.text(max_size=60), st.text(max_size=6))
def test_whatever_somebody_writes_is_masked_once_and_for_all(text: str, name: str) -> None:
    once = mask(text, names=[name])
    assert mask(once, names=[name]) == once

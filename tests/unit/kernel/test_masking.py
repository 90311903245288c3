import pytest

from hoa.kernel import masking


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        (" 张三 ", "张*"),
        ("张", "*"),
        ("", ""),
        ("䶮翀", "䶮*"),
        ("葛\U000e0100三", "葛\U000e0100*"),
        ("Ann", "A**"),
    ],
)
def test_a_name_shows_its_first_character_only(full: str, shown: str) -> None:
    assert masking.name(full) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812341234", "138****1234"),
        ("02365001234", "*********34"),
        ("6500123", "*****23"),
        ("110", "***"),
        ("", ""),
    ],
)
def test_a_phone_hides_its_middle(number: str, shown: str) -> None:
    assert masking.phone(number) == shown


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("3幢1单元1201", "3幢1单元12**"),
        ("3-1-102", "3-1-1**"),
        ("商铺5", "商铺*"),
        ("5幢1201室", "5幢12**室"),
        ("门卫室", "门卫室"),
    ],
)
def test_a_room_hides_its_door(label: str, shown: str) -> None:
    assert masking.room(label) == shown

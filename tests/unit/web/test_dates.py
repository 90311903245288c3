"""Days in words: in English a day is one piece, so that large letters on a narrow screen do not tear it apart."""

from datetime import date, datetime

import pytest

from hoa.kernel.clock import CHINA
from hoa.web import i18n

DAY = date(2026, 9, 30)
NOON = datetime(2026, 9, 30, 12, 5, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("language", "pieces"),
    [
        ("en", ["30\u00a0September", "30\u00a0September\u00a02026", "12:05"]),
        ("zh-CN", ["9月30日", "2026年9月30日", "12:05"]),
    ],
)
def test_a_line_may_break_between_day_and_time_only(language: str, pieces: list[str]) -> None:
    short, day, time = pieces
    with i18n.speaking(language):
        assert i18n.short_day(DAY) == short
        assert i18n.day(DAY) == i18n.day("2026-09-30") == day
        assert i18n.moment(NOON) == f"{day} {time}"

from datetime import date, timedelta

import chinese_calendar
import pytest

from hoa.kernel import workdays
from hoa.kernel.workdays import Calendar, Due, Year


def test_ten_working_days_over_a_moved_weekend_and_the_long_holiday() -> None:
    assert workdays.china().due(date(2025, 9, 26), 10) == Due(date(2025, 10, 16), provisional=False)


@pytest.mark.parametrize("year", sorted(workdays.china().years))
def test_every_day_of_an_announced_year_agrees_with_an_independent_calendar(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        assert workdays.china().is_workday(day) is chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_the_notices_move_only_days_that_were_the_other_kind() -> None:
    for year in workdays.china().years.values():
        assert all(day.weekday() >= workdays.SATURDAY for day in year.worked)
        assert all(day.year == year.year for day in year.off | year.worked)
        assert not year.off & year.worked
        assert f"关于{year.year}年部分节假日安排的通知" in year.source


def test_the_last_years_are_known() -> None:
    assert [year for year in (2024, 2025, 2026) if workdays.china().is_announced(year)] == [2024, 2025, 2026]


def test_an_unannounced_year_knows_weekends_and_is_provisional() -> None:
    calendar = Calendar([])
    assert calendar.is_workday(date(2031, 1, 1))
    assert not calendar.is_workday(date(2031, 1, 4))
    assert calendar.due(date(2031, 1, 3), 1) == Due(date(2031, 1, 6), provisional=True)


def test_a_term_that_reaches_into_an_unannounced_year_is_provisional() -> None:
    known = Calendar([Year(2030, "test", frozenset(), frozenset())])
    assert known.due(date(2030, 12, 30), 1) == Due(date(2030, 12, 31), provisional=False)
    assert known.due(date(2030, 12, 30), 2) == Due(date(2031, 1, 1), provisional=True)
    assert known.due(date(2029, 12, 31), 1) == Due(date(2030, 1, 1), provisional=True)


def test_a_term_has_at_least_one_day() -> None:
    with pytest.raises(ValueError, match="at least one"):
        workdays.china().due(date(2025, 9, 26), 0)

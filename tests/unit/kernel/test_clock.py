from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import clock
from hoa.kernel.clock import CHINA

START = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)


@given(st.floats(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_a_stamp_reads_back_to_the_second(moment: datetime) -> None:
    text = clock.stamp(moment)
    assert text.endswith("+08:00")
    assert clock.parse_stamp(text) == moment.replace(microsecond=0)
    assert clock.stamp(clock.parse_stamp(text)) == text


def test_a_stamp_is_in_china_wherever_it_was_made() -> None:
    assert clock.stamp(datetime(2026, 10, 20, 2, 0, tzinfo=UTC)) == "2026-10-20T10:00:00+08:00"
    with pytest.raises(ValueError, match="time zone"):
        clock.stamp(datetime(2026, 10, 20))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-10-20",
        "2026-10-20T10:00:00",
        "2026-10-20T02:00:00+00:00",
        "2026-10-20 10:00:00+08:00",
        "2026-10-20T10:00+08:00",
    ],
)
def test_any_other_form_is_no_stamp(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clock.parse_stamp(text)


def test_the_day_is_the_day_in_china() -> None:
    assert clock.today(datetime(2026, 10, 19, 17, 0, tzinfo=UTC)) == date(2026, 10, 20)
    assert clock.today(datetime(2026, 10, 20, 0, 0, tzinfo=timezone(timedelta(hours=14)))) == date(2026, 10, 19)


def test_the_machines_clock_speaks_china_time() -> None:
    before = datetime.now(CHINA)
    now = clock.SystemClock().now()
    assert before <= now <= datetime.now(CHINA)
    assert now.utcoffset() == timedelta(hours=8)


def test_a_frozen_clock_moves_by_hand() -> None:
    frozen = clock.FrozenClock(START.astimezone(UTC))
    assert frozen.now() == frozen.now() == START
    frozen.advance(minutes=5)
    assert frozen.now() == START + timedelta(minutes=5)
    assert frozen.now().utcoffset() == timedelta(hours=8)


def test_the_demos_clock_runs_on_from_its_start() -> None:
    since = datetime.now(CHINA) - timedelta(hours=3)
    shifted = clock.ShiftedClock(start=START, since=since)
    assert timedelta(hours=3) <= shifted.now() - START < timedelta(hours=3, minutes=1)


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 8, 20), 2, date(2026, 10, 20)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 10, 31), -3, date(2026, 7, 31)),
        (date(2026, 5, 31), -3, date(2026, 2, 28)),
        (date(2027, 5, 31), -3, date(2027, 2, 28)),
        (date(2028, 5, 31), -3, date(2028, 2, 29)),
        (date(2026, 3, 15), -6, date(2025, 9, 15)),
        (date(2026, 1, 1), -12, date(2025, 1, 1)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
    ],
)
def test_a_month_without_that_day_ends_with_its_last_one(day: date, months: int, found: date) -> None:
    assert clock.months_on(day, months) == found


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(-120, 120))
def test_months_on_keep_the_day_or_take_the_months_last(day: date, months: int) -> None:
    found = clock.months_on(day, months)
    assert (found.year - day.year) * 12 + found.month - day.month == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


def test_a_year_from_the_29th_of_february_ends_with_the_28th() -> None:
    assert clock.years_on(date(2028, 2, 29), 3) == date(2031, 2, 28)
    assert clock.years_on(date(2028, 2, 29), 4) == date(2032, 2, 29)

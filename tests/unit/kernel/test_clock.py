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

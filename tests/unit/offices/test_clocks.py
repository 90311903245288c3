"""The last days after an election (rules.md R2.7, R2.8, R2.14, R2.15; 民法典 200–203)."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel.workdays import china
from hoa.offices.clocks import Deadline, after_days, after_working_days

DAYS = st.dates(date(2024, 1, 1), date(2026, 11, 30))


def test_the_day_of_the_event_does_not_count() -> None:
    # Tuesday, 10 November 2026: seven days after it is Tuesday the 17th.
    assert after_days(date(2026, 11, 10), 7, china()) == Deadline(date(2026, 11, 17), False)


def test_a_term_that_ends_on_a_day_off_ends_on_the_next_working_day() -> None:
    # Seven days after Saturday, 7 November is a Saturday again; Monday the 16th works.
    assert after_days(date(2026, 11, 7), 7, china()).last_day == date(2026, 11, 16)
    # 30 days after 1 September lead into the National Day holiday of 2026, which ends on 7 October.
    assert after_days(date(2026, 9, 1), 30, china()).last_day == date(2026, 10, 8)


def test_a_weekend_day_that_is_worked_can_be_the_last_one() -> None:
    worked = next(day for day in sorted(china().years[2026].worked))
    assert after_days(worked - timedelta(days=7), 7, china()).last_day == worked


def test_a_term_into_a_year_that_is_not_announced_is_provisional() -> None:
    year = max(china().years) + 1
    assert after_days(date(year, 3, 1), 30, china()).provisional
    assert not after_days(date(2026, 3, 2), 30, china()).provisional


def test_the_authoritys_days_are_working_days_and_none_where_no_rule_sets_them() -> None:
    # Friday, 6 November 2026 and five working days: Friday the 13th.
    assert after_working_days(date(2026, 11, 6), 5, china()) == Deadline(date(2026, 11, 13), False)
    assert after_working_days(date(2026, 11, 6), 0, china()) is None


@given(DAYS, st.integers(1, 60))
def test_a_last_day_is_worked_never_early_and_late_begins_the_day_after(start: date, days: int) -> None:
    due = after_days(start, days, china())
    assert china().is_workday(due.last_day)
    assert due.last_day >= start + timedelta(days=days)
    assert due.late(due.last_day) == 0
    assert due.late(due.last_day + timedelta(days=1)) == 1
    assert due.left(due.last_day) == 0
    assert due.left(due.last_day - timedelta(days=1)) == 1
    skipped = (due.last_day - (start + timedelta(days=days))).days
    assert not any(china().is_workday(start + timedelta(days=days + n)) for n in range(skipped))

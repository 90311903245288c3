"""The clocks of suggestions on the Chinese working calendar, and what they ask for by themselves."""

from datetime import date, datetime, timedelta

from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from hoa.affairs.commands import workdays
from hoa.affairs.rules import basis, clocks, reminding
from hoa.affairs.rules.clocks import Pause, Profile, Terms
from hoa.affairs.rules.reminding import Bounds, Clock, Reminder, Todo, todo
from hoa.affairs.rules.states import State
from hoa.kernel.clock import CHINA
from hoa.kernel.workdays import Calendar, Due, china

CALENDAR = china()
ANNOUNCED = sorted(CALENDAR.years)
TERMS = Terms(triage=1, ten=10, plan=1, report=3, resolve=7, major_months=1)
BOUNDS = Bounds(levels=(1, 3, 5), remind=2, rating_days=10)
DAYS = st.dates(date(ANNOUNCED[0], 1, 1), date(ANNOUNCED[-1] + 1, 12, 31))


def test_ten_working_days_after_26_september_2025_end_on_16_october():
    assert clocks.last_day(Profile.TEN, date(2025, 9, 26), TERMS, CALENDAR) == Due(date(2025, 10, 16), False)


def test_13710_has_a_day_for_the_plan_for_the_report_and_for_the_result():
    found = clocks.milestones(Profile.P13710, date(2025, 9, 26), TERMS, CALENDAR)
    # 28 September is a Sunday that is worked.
    assert [one.due.day for one in found] == [date(2025, 9, 28), date(2025, 9, 30), date(2025, 10, 13)]
    major = clocks.milestones(Profile.MAJOR, date(2025, 9, 26), TERMS, CALENDAR)
    assert [one.due.day for one in major] == [date(2025, 9, 28), date(2025, 9, 30), date(2025, 10, 27)]
    assert len(clocks.milestones(Profile.TEN, date(2025, 9, 26), TERMS, CALENDAR)) == 1


def test_a_month_ends_on_the_same_day_and_never_on_a_free_one():
    assert clocks.last_day(Profile.MAJOR, date(2026, 3, 16), TERMS, CALENDAR) == Due(date(2026, 4, 16), False)
    assert clocks.last_day(Profile.MAJOR, date(2025, 9, 1), TERMS, CALENDAR).day == date(2025, 10, 9)
    assert clocks.last_day(Profile.MAJOR, date(2026, 12, 15), TERMS, CALENDAR).provisional


@given(st.sampled_from([day for year in CALENDAR.years.values() for day in sorted(year.worked)]))
def test_a_weekend_day_that_is_worked_counts(day: date):
    assert day.weekday() >= 5
    assert clocks.working_days_after(day - timedelta(days=1), day, CALENDAR) == 1
    assert CALENDAR.due(day - timedelta(days=1), 1).day == day


@given(DAYS, st.integers(1, 40), st.integers(0, 60))
def test_a_pause_of_n_working_days_moves_the_last_day_by_n(paused_on: date, left: int, length: int):
    due = CALENDAR.due(paused_on, left)
    resumed_on = paused_on + timedelta(days=length)
    stood = clocks.working_days_after(paused_on, resumed_on, CALENDAR)
    moved = clocks.later(due, stood, CALENDAR)
    assert clocks.working_days_after(due.day, moved.day, CALENDAR) == stood
    # What was left when the clock stopped is left when it goes on.
    assert clocks.working_days_after(resumed_on, moved.day, CALENDAR) == left
    assert CALENDAR.is_workday(moved.day)


@given(DAYS, st.integers(1, 60))
def test_working_days_between_start_and_last_day_are_the_term(start: date, days: int):
    due = CALENDAR.due(start, days)
    assert clocks.working_days_after(start, due.day, CALENDAR) == days
    assert due.provisional == (due.day.year not in CALENDAR.years or start.year not in CALENDAR.years)


@given(DAYS, st.integers(1, 10))
def test_so_many_days_before_the_last_one_so_many_are_left(start: date, left: int):
    due = CALENDAR.due(start, 15).day
    assert clocks.working_days_after(clocks.before(due, left, CALENDAR), due, CALENDAR) == left


def test_each_level_begins_on_its_own_overdue_working_day():
    assert [clocks.level_for(days, steps=(1, 3, 5)) for days in range(7)] == [0, 1, 1, 2, 2, 3, 3]


# ------------------------------------------------------------------------------------------- what it does by itself
def clock(**changes: object) -> Clock:
    values: dict[str, object] = {
        "state": State.ASSIGNED,
        "start": date(2025, 9, 26),
        "due": date(2025, 10, 16),
        "provisional": False,
        "level": 0,
        "answered_on": None,
    }
    return Clock(**(values | changes))  # type: ignore[arg-type]


def asked(day: date, **changes: object) -> Todo:
    return todo(clock(**changes), day, BOUNDS, CALENDAR)


def test_the_handler_is_reminded_two_working_days_before_the_last_one_and_once_it_passed():
    assert not asked(date(2025, 10, 13))
    assert asked(date(2025, 10, 14)).remind is Reminder.SOON
    assert asked(date(2025, 10, 16)).remind is Reminder.SOON
    assert not asked(date(2025, 10, 16), reminded={Reminder.SOON})
    late = asked(date(2025, 10, 17), reminded={Reminder.SOON})
    assert (late.remind, list(late.levels)) == (Reminder.OVERDUE, [1])
    assert not asked(date(2025, 10, 18), reminded={Reminder.SOON, Reminder.OVERDUE}, level=1)


def test_nobody_is_reminded_on_the_day_on_which_they_were_given_it():
    given_on = date(2025, 10, 15)
    assert not asked(given_on, start=given_on, due=date(2025, 10, 16))
    assert asked(date(2025, 10, 16), start=given_on, due=date(2025, 10, 16)).remind is Reminder.SOON


def staged(day: date, *told: date, paused_on: date | None = None, **changes: object) -> Todo:
    """13710 given on 26 September 2025: plan by Sunday 28 (worked), report by the 30th, result by 13 October."""
    found = clocks.met(clocks.milestones(Profile.P13710, date(2025, 9, 26), TERMS, CALENDAR), told, None)
    milestones = clocks.told_on(found, day, paused_on, CALENDAR)
    return asked(day, due=date(2025, 10, 13), milestones=milestones, **changes)


def test_the_handler_is_reminded_of_the_plan_and_of_the_report_on_their_day_and_once_it_passed():
    assert not staged(date(2025, 9, 26))
    assert not staged(date(2025, 9, 27))
    assert staged(date(2025, 9, 28)).remind is Reminder.PLAN
    assert not staged(date(2025, 9, 28), reminded={Reminder.PLAN})
    assert not staged(date(2025, 9, 28), date(2025, 9, 27))
    late = staged(date(2025, 9, 29), reminded={Reminder.PLAN})
    assert (late.remind, list(late.levels)) == (Reminder.PLAN_OVERDUE, [])
    assert not staged(date(2025, 9, 29), reminded={Reminder.PLAN_OVERDUE})
    # On the report's day of nothing else, even where the plan is missing.
    assert staged(date(2025, 9, 30)).remind is Reminder.REPORT
    assert staged(date(2025, 9, 30), date(2025, 9, 28)).remind is Reminder.REPORT
    assert not staged(date(2025, 9, 30), date(2025, 9, 28), date(2025, 9, 30))
    # 1 to 8 October are free: the report grows overdue on the 9th; on the 10th the result is near as well.
    assert not staged(date(2025, 10, 8), reminded={Reminder.REPORT})
    both = {Reminder.REPORT_OVERDUE, Reminder.SOON}
    assert staged(date(2025, 10, 9), date(2025, 9, 28)).remind is Reminder.REPORT_OVERDUE
    assert staged(date(2025, 10, 10), date(2025, 9, 28)).remind is Reminder.REPORT_OVERDUE
    assert staged(date(2025, 10, 10), date(2025, 9, 28), reminded={Reminder.REPORT_OVERDUE}).remind is Reminder.SOON
    assert not staged(date(2025, 10, 10), date(2025, 9, 28), reminded=both)
    # Once the result itself is overdue there is one thing to say.
    assert staged(date(2025, 10, 14)).remind is Reminder.OVERDUE
    assert not staged(date(2025, 10, 14), reminded={Reminder.OVERDUE}, level=1)


def test_a_pause_stops_the_plan_and_the_report_as_it_stops_the_clock():
    assert not staged(date(2025, 9, 29), paused_on=date(2025, 9, 26), state=State.PAUSED)
    found = clocks.milestones(Profile.P13710, date(2025, 9, 26), TERMS, CALENDAR)
    on_its_day = clocks.told_on(found, date(2025, 11, 3), date(2025, 9, 28), CALENDAR)
    assert [(one.late, one.stopped) for one in on_its_day] == [(False, True)] * 3
    # What was overdue before the pause is so during and after it.
    after = clocks.told_on(found, date(2025, 11, 3), date(2025, 9, 29), CALENDAR)
    assert [one.late for one in after] == [True, False, False]
    stood = [Pause(date(2025, 9, 29), date(2025, 10, 10))]
    moved = [clocks.after_pauses(one.due, stood, CALENDAR).day for one in found]
    assert moved == [date(2025, 9, 28), date(2025, 10, 11), date(2025, 10, 16)]


def test_a_clock_that_nobody_looked_at_for_a_week_still_tells_every_level():
    assert list(asked(date(2025, 10, 30)).levels) == [1, 2, 3]
    assert list(asked(date(2025, 10, 30), level=2).levels) == [3]
    assert not asked(date(2025, 10, 30), state=State.PAUSED)
    assert not asked(date(2025, 10, 30), state=State.RATED)


def test_the_time_for_a_rating_ends_after_its_last_day():
    answered = {"state": State.ANSWERED, "answered_on": date(2025, 10, 1)}
    assert not asked(date(2025, 10, 11), **answered)
    assert asked(date(2025, 10, 12), **answered).lapse


def test_a_provisional_day_is_counted_again_only_once_its_year_is_announced():
    waiting = {"provisional": True, "start": date(2026, 12, 25), "due": date(2027, 1, 8)}
    assert not asked(date(2026, 12, 28), **waiting)
    known = Calendar([*CALENDAR.years.values(), _year_2027()])
    assert todo(clock(**waiting), date(2026, 12, 28), BOUNDS, known).reckon
    assert todo(clock(**waiting, state=State.PAUSED), date(2026, 12, 28), BOUNDS, known).reckon


def _year_2027():
    from hoa.kernel.workdays import Year

    return Year(2027, "test", frozenset({date(2027, 1, 1)}), frozenset())


@given(DAYS, st.integers(1, 20), st.integers(0, 40), st.integers(0, 3))
def test_what_was_done_is_not_asked_for_again(start: date, days: int, later: int, level: int):
    due, day = CALENDAR.due(start, days), start + timedelta(days=later)
    first = asked(day, start=start, due=due.day, level=level)
    assume(first)
    done = {"level": max([level, *first.levels]), "reminded": {first.remind} if first.remind else set()}
    assert not asked(day, start=start, due=due.day, **done)


def test_nobody_is_woken():
    assert not reminding.is_daytime(datetime(2026, 10, 20, 0, 1, tzinfo=CHINA))
    assert reminding.is_daytime(datetime(2026, 10, 20, 9, tzinfo=CHINA))
    assert not reminding.is_daytime(datetime(2026, 10, 20, 20, tzinfo=CHINA))


# --------------------------------------------------------------------------------------------------- on the shell
def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(workdays, ["due", *arguments])
    return result.exit_code, result.output


def test_the_command_says_the_day_and_its_basis():
    code, output = said("2025-09-26", "10")
    assert code == 0
    lines = output.splitlines()
    assert lines[0] == "2025-10-16"
    assert "国办发明电〔2024〕12号" in output
    assert "2025-10-08" in lines[-2]
    assert lines[-1].endswith("2025-09-28, 2025-10-11")


def test_the_command_says_when_a_day_may_still_move():
    code, output = said("2026-12-25", "10")
    assert code == 0
    assert output.splitlines()[0] == "2027-01-08 (provisional)"
    assert "2027: not announced yet" in output
    assert '"provisional": true' in said("2026-12-25", "10", "--json")[1]


def test_the_command_says_what_is_wrong_with_a_day_or_a_number():
    for arguments, words in (
        (("2025-09-31", "10"), "write it as year-month-day"),
        (("26.9.2025", "10"), "write it as year-month-day"),
        (("20250926", "10"), "written like 2025-09-26"),
        (("1500-01-01", "10"), "between 1949 and 2199"),
        (("2025-09-26", "0"), "1<=x<=1000"),
        (("2025-09-26", "ten"), "'ten' is not a valid integer"),
    ):
        code, output = said(*arguments)
        assert code == 2, arguments
        assert words in output, output


def test_a_basis_names_only_the_days_in_between():
    found = basis.of(date(2025, 9, 28), 3, CALENDAR)
    assert found.due.day == date(2025, 10, 9)
    assert date(2025, 9, 28) not in found.worked
    assert found.off == [date(2025, 10, day) for day in (1, 2, 3, 6, 7, 8)]

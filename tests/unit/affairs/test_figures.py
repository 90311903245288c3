import json
from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.affairs.rules.clocks import working_days_after
from hoa.affairs.rules.figures import (
    STARS,
    Fact,
    NoSuchPeriod,
    Outcome,
    Period,
    as_content,
    as_row,
    change_permille,
    count,
    from_content,
    from_row,
    grouped,
    mean,
    period,
    permille,
    to_report,
)
from hoa.kernel import canonical
from hoa.kernel.workdays import china

TODAY = date(2026, 10, 20)


def fact(
    *,
    category: str = "lift",
    received_on: date = date(2026, 10, 9),
    due_on: date | None = date(2026, 10, 19),
    answered_on: date | None = None,
    paused_on: date | None = None,
    stars: int = 0,
    outside: bool = False,
) -> Fact:
    return Fact(
        label="2026-0001",
        category=category,
        sorting="undertaken",
        handler="物业",
        received_on=received_on,
        due_on=due_on,
        answered_on=answered_on,
        paused_on=paused_on,
        stars=stars,
        reopened=False,
        outside=outside,
    )


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (fact(answered_on=date(2026, 10, 19)), Outcome.IN_TIME),
        (fact(answered_on=date(2026, 10, 20)), Outcome.LATE),
        (fact(), Outcome.LATE),
        (fact(due_on=TODAY), Outcome.PENDING),
        (fact(paused_on=date(2026, 10, 19)), Outcome.PENDING),
        (fact(paused_on=date(2026, 10, 20)), Outcome.LATE),
        (fact(outside=True), Outcome.OUTSIDE),
        (fact(due_on=None), Outcome.PENDING),
    ],
)
def test_the_last_day_is_in_time_and_what_is_still_open_after_it_is_late(one: Fact, outcome: Outcome) -> None:
    assert one.outcome(TODAY) is outcome


def test_days_are_working_days_from_receipt_to_answer() -> None:
    # 9 October 2026 is a Friday, the 10th a Saturday that is worked.
    facts = [
        fact(answered_on=date(2026, 10, 9)),
        fact(answered_on=date(2026, 10, 12)),
        fact(answered_on=date(2026, 10, 16)),
        fact(answered_on=date(2026, 10, 16), outside=True),
    ]
    found = count(facts, day=TODAY, calendar=china())
    assert (found.mean_tenths, found.median_tenths, found.done) == (27, 20, 3)


def test_shares_are_cut_off_and_nothing_has_no_share() -> None:
    assert permille(999, 1000) == 999
    assert permille(1999, 2000) == 999
    assert permille(2, 2) == 1000
    assert permille(0, 0) is None
    assert (mean(5, 2), mean(1, 3), mean(2, 3), mean(0, 0)) == (25, 3, 7, None)
    assert (change_permille(132, 269), change_permille(3, 0), change_permille(902, 1000)) == (-509, None, -98)


def test_an_average_rating_counts_only_those_who_rated() -> None:
    found = count([fact(stars=5), fact(stars=4), fact(stars=4), fact()], day=TODAY, calendar=china())
    assert (found.rated, found.stars_tenths, found.stars) == (3, 43, (1, 2, 0, 0, 0))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_a_year_or_a_month(text: str, start: date, end: date) -> None:
    found = period(text)
    assert (found.start, found.end, str(found)) == (start, end, text)


@pytest.mark.parametrize(
    "text", ["", "26", "2026-", "2026-13", "2026-00", "2026-9", "1999", "２０２６", "2026-09-01", "x"]
)
def test_anything_else_is_no_period(text: str) -> None:
    with pytest.raises(NoSuchPeriod):
        period(text)


def test_a_period_is_compared_no_further_than_it_has_come() -> None:
    assert Period(2026).a_year_before(TODAY) == (date(2025, 1, 1), date(2025, 10, 20))
    assert Period(2026, 9).a_year_before(TODAY) == (date(2025, 9, 1), date(2025, 9, 30))
    assert Period(2026, 10).a_year_before(TODAY) == (date(2025, 10, 1), date(2025, 10, 20))
    assert Period(2028, 2).a_year_before(date(2028, 2, 29)) == (date(2027, 2, 1), date(2027, 2, 28))
    assert Period(2025, 2).a_year_before(TODAY) == (date(2024, 2, 1), date(2024, 2, 29))


@given(st.integers(2001, 2098), st.integers(1, 12), st.integers(-11, 11))
def test_months_follow_each_other_without_a_gap(year: int, month: int, number: int) -> None:
    here = Period(year, month)
    assert here.shifted(number).shifted(-number) == here
    assert here.shifted(1).start == here.end + timedelta(days=1)
    assert period(str(here)) == here


DAYS = st.dates(date(2026, 8, 1), date(2026, 12, 20))


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        received = draw(DAYS)
        later = st.none() | st.dates(received, received + timedelta(days=40))
        found.append(
            Fact(
                label=f"2026-{number:04d}",
                category=draw(st.sampled_from(["lift", "parking"])),
                sorting=draw(st.sampled_from(["", "at_once", "undertaken"])),
                handler=draw(st.sampled_from(["", "物业"])),
                received_on=received,
                due_on=draw(later),
                answered_on=draw(later),
                paused_on=draw(later),
                stars=draw(st.integers(0, 5)),
                reopened=draw(st.booleans()),
                outside=draw(st.booleans()),
            )
        )
    return found


@given(facts(), DAYS)
def test_the_parts_add_up_to_the_whole_and_the_published_rows_give_the_same_figures(
    some: list[Fact], day: date
) -> None:
    whole = count(some, day=day, calendar=china())
    assert whole.received == whole.in_time + whole.late + whole.pending + whole.outside == len(some)
    assert whole.overdue <= whole.late
    groups = [figures for _, figures in grouped(some, lambda one: one.category, day=day, calendar=china())]
    assert sum(group.received for group in groups) == whole.received
    assert sum(group.late for group in groups) == whole.late
    assert [sum(stars) for stars in zip(*(group.stars for group in groups), strict=True)] in (list(whole.stars), [])
    waited = [
        working_days_after(f.received_on, f.answered_on, china()) for f in some if f.answered_on and not f.outside
    ]
    assert whole.median_tenths == (int(median(waited) * 10) if waited else None)
    published = json.loads(canonical.encode({"figures": as_content(whole), "rows": [as_row(one) for one in some]}))
    again = [from_row(row) for row in published["rows"]]
    assert again == some
    assert count(again, day=day, calendar=china()) == from_content(published["figures"]) == whole


def test_a_months_report_is_asked_for_from_the_third_working_day_of_the_next_one_until_it_is_there() -> None:
    def asked(day: date, *reported: str) -> list[str]:
        return [str(month) for month in to_report(day, reported, china())]

    # 1 to 8 October 2025 are free and Saturday 11 is worked.
    assert asked(date(2025, 10, 10)) == []
    assert asked(date(2025, 10, 11)) == ["2025-09"]
    assert asked(date(2025, 10, 31)) == ["2025-09"]
    assert asked(date(2025, 10, 31), "2025-09") == []
    assert asked(date(2025, 11, 4), "2025-09") == []
    assert asked(date(2025, 11, 5), "2025-09") == ["2025-10"]
    # None is forgotten once there was one; before that nobody is asked for the past.
    assert asked(date(2026, 1, 7), "2025-09", "2025-11") == ["2025-10", "2025-12"]
    assert asked(date(2026, 1, 7)) == ["2025-12"]


def test_stars_are_told_from_five_to_one() -> None:
    assert STARS == (5, 4, 3, 2, 1)

"""Which requests a question is about."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.affairs.rules.intake import CATEGORIES
from hoa.api.rules.query import MOST, SPAN, number_of, read
from hoa.api.rules.refusals import BadSpan, Refused, http_status
from hoa.api.rules.told import Status
from hoa.kernel.clock import CHINA, stamp

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)
MOMENTS = st.integers(0, 200 * 365 * 86400).map(
    lambda seconds: datetime(1950, 1, 1, tzinfo=CHINA) + timedelta(seconds=seconds)
)


def test_nothing_asked_is_everything_of_the_last_ninety_days():
    asked = read({"status": [""], "service_code": [" , "]}, now=NOW)
    assert asked.numbers is None
    assert (asked.start, asked.end) == (NOW - timedelta(days=90), NOW)
    assert asked.services == frozenset(CATEGORIES)
    assert asked.statuses == frozenset(Status)


def test_a_number_overrides_every_other_argument_even_a_wrong_one():
    asked = read({"service_request_id": ["2026-0012,x", "2026-10001"], "status": ["done"]}, now=NOW)
    assert asked.numbers == [(2026, 12), (2026, 10001)]


@pytest.mark.parametrize(
    "label", ["", "2026", "2026-12", "26-0012", "2026-0012 ", "９９９９-0001", "1900-0001", "2026-1" + "0" * 9]
)
def test_what_is_no_number_of_ours_is_none(label: str):
    assert number_of(label) is None


def test_a_thousand_numbers_may_be_asked_at_once_and_no_more():
    labels = [f"2026-{number:04d}" for number in range(MOST)]
    assert len(read({"service_request_id": [",".join(labels)]}, now=NOW).numbers or ()) == MOST
    with pytest.raises(Refused):
        read({"service_request_id": [",".join([*labels, "2026-9999"])]}, now=NOW)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1994-11-05T08:15:30-05:00", "1994-11-05T21:15:30+08:00"),
        ("1994-11-05T13:15:30Z", "1994-11-05T21:15:30+08:00"),
        ("1994-11-05T13:15Z", "1994-11-05T21:15:00+08:00"),
        ("1994-11-05T13:15:30.250Z", "1994-11-05T21:15:30+08:00"),
        ("1994-11-05T21:15:30 08:00", "1994-11-05T21:15:30+08:00"),
    ],
)
def test_moments_of_the_specification_are_read_with_their_zone(text: str, same: str):
    assert stamp(read({"end_date": [text]}, now=NOW).end) == same


@pytest.mark.parametrize(
    "text",
    [
        "1994-11-05",
        "1994-11-05T13:15:30",
        "2026-13-01T00:00:00Z",
        "1994-W44-6T00:00:00Z",
        "٢٠٢٦-10-01T00:00:00Z",
        "2026-10-01T00:00:00+99:00",
    ],
)
def test_a_moment_without_a_zone_or_that_never_is_is_refused(text: str):
    with pytest.raises(Refused):
        read({"start_date": [text]}, now=NOW)


@given(MOMENTS, st.integers(-100 * 86400, 100 * 86400))
def test_exactly_spans_of_no_to_ninety_days_are_answered(start: datetime, seconds: int):
    end = start + timedelta(seconds=seconds)
    arguments = {"start_date": [stamp(start)], "end_date": [stamp(end)]}
    if 0 <= seconds <= SPAN.total_seconds():
        asked = read(arguments, now=NOW)
        assert (asked.start, asked.end) == (start, end)
    else:
        with pytest.raises(Refused) as refused:
            read(arguments, now=NOW)
        assert [type(one) for one in refused.value.refusals] == [BadSpan]


@given(
    st.dictionaries(
        st.sampled_from(["service_request_id", "service_code", "start_date", "end_date", "status"]),
        st.lists(st.text(max_size=40), max_size=3),
    )
)
def test_any_words_are_a_question_or_a_refusal_that_says_why(arguments: dict[str, list[str]]):
    try:
        asked = read(arguments, now=NOW)
    except Refused as refused:
        outcome = (refused.status in (400, 404), all(str(one) for one in refused.refusals))
    else:
        outcome = (asked.numbers is not None or SPAN >= asked.end - asked.start >= timedelta(0), True)
    assert outcome == (True, True)


def test_of_several_refusals_the_key_speaks_first_then_what_does_not_exist():
    assert http_status([422, 404, 403]) == 403
    assert http_status([422, 404]) == 404
    assert http_status([422, 409]) == 400
    assert [http_status([status]) for status in (405, 413, 429, 503)] == [405, 413, 429, 503]

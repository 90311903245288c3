"""What the public is told of a suggestion."""

from datetime import date, datetime, timedelta

from hoa.affairs.rules.states import State
from hoa.api.rules import told
from hoa.api.rules.told import STATUS_OF, Status
from hoa.kernel.clock import CHINA

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)


def days(number: int) -> datetime:
    return NOW + timedelta(days=number)


def test_every_state_is_open_or_closed():
    assert {state for state in State if STATUS_OF[state] is Status.OPEN} == {
        State.RECEIVED,
        State.ASSIGNED,
        State.PAUSED,
    }


def test_an_address_goes_from_the_building_to_the_community():
    assert told.address("1栋", "梧桐苑") == "1栋, 梧桐苑"
    assert told.address("", "梧桐苑") == "梧桐苑"


def test_what_is_closed_was_updated_when_it_was_closed_and_reopening_opens_it():
    steps = [(NOW, State.RECEIVED), (days(1), State.ASSIGNED)]
    assert told.updated_at([], NOW) == NOW
    assert told.updated_at(steps, NOW) == days(1)
    steps += [(days(2), State.ANSWERED), (days(3), State.RATED)]
    assert told.updated_at(steps, NOW) == days(2)
    steps += [(days(4), State.ASSIGNED)]
    assert told.updated_at(steps, NOW) == days(4)
    steps += [(days(5), State.ANSWERED), (days(6), State.PUBLISHED)]
    assert told.updated_at(steps, NOW) == days(5)


def test_an_answer_can_be_expected_by_the_end_of_the_last_day():
    assert told.expected(date(2026, 10, 16)) == "2026-10-16T23:59:59+08:00"
    assert told.expected(None) is None

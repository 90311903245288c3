"""When reminders are due."""

from datetime import datetime, timedelta

from hoa.kernel.clock import CHINA
from voting.rules import reminding

OPENS = datetime(2026, 10, 1, 9, tzinfo=CHINA)
CLOSES = OPENS + timedelta(days=20)


def due(now: datetime, ends: datetime = CLOSES) -> str | None:
    found = reminding.due(opens=OPENS, closes=CLOSES, ends=ends, now=now)
    return found.name if found else None


def test_each_time_begins_at_its_moment_and_lasts_until_the_next():
    second = timedelta(seconds=1)
    assert due(OPENS - second) is None
    assert due(OPENS) == "opening"
    assert due(OPENS + timedelta(days=10) - second) == "opening"
    assert due(OPENS + timedelta(days=10)) == "midpoint"
    assert due(CLOSES - timedelta(hours=48)) == "48h:2026-10-21T09:00:00+08:00"
    assert due(CLOSES - timedelta(hours=6)) == "6h:2026-10-21T09:00:00+08:00"
    assert due(CLOSES) is None


def test_an_extension_brings_new_reminders_before_its_own_end():
    ends = CLOSES + timedelta(days=5)
    assert due(CLOSES, ends) == "midpoint"
    assert due(ends - timedelta(hours=48), ends) == "48h:2026-10-26T09:00:00+08:00"


def test_a_vote_shorter_than_two_days_has_no_reminder_before_it_opens():
    ends = OPENS + timedelta(hours=10)
    found = reminding.slots(opens=OPENS, closes=ends, ends=ends)
    assert [slot.kind for slot in found] == ["opening", "6h", "midpoint"]


def test_nobody_is_woken_by_a_reminder():
    closes = datetime(2026, 10, 21, 12, tzinfo=CHINA)
    for hour in range(24):
        opens = datetime(2026, 10, 1, hour, 30, tzinfo=CHINA)
        ends = closes + timedelta(hours=hour)
        for slot in reminding.slots(opens=opens, closes=closes, ends=ends):
            assert reminding.MORNING <= slot.at.time() <= reminding.EVENING, slot
            assert opens <= slot.at < ends

"""Checks of seals, minutes, earlier findings and ballots at their exact boundaries (F22, F23, F27, F29)."""

from datetime import date
from typing import Any

import pytest

from finance.audit.rules import conduct
from finance.audit.rules.data import BallotFacts, CaseFacts, MeetingFacts, SealUseFacts
from tests.audit_facts import DEFAULTS, END, START, period

DAY = date(2026, 5, 11)


def seal_use(**changes: Any) -> SealUseFacts:
    facts = {"id": "use", "label": "2026-001 公章", "document": "广告合同", "applied_on": DAY, "decided": False}
    return SealUseFacts(**(facts | changes))


def meeting(**changes: Any) -> MeetingFacts:
    facts: dict[str, Any] = {
        "id": "meeting",
        "label": "2026 年第 3 次",
        "held_on": DAY,
        "post_by": date(2026, 5, 14),
        "planned": 7,
        "has_minutes": True,
        "settled_on": date(2026, 5, 13),
        "decided": (("换锁", 4),),
    }
    return MeetingFacts(**(facts | changes))


def case(**changes: Any) -> CaseFacts:
    facts: dict[str, Any] = {
        "id": "case",
        "label": "问题 1",
        "title": "支出没有发票",
        "raised_on": DAY,
        "due_on": date(2026, 6, 8),
        "closed_on": None,
        "amount_fen": 12_300,
    }
    return CaseFacts(**(facts | changes))


def assembly(**changes: Any) -> BallotFacts:
    facts: dict[str, Any] = {
        "code": "2026-01",
        "title": "2026 年第一次",
        "closed_on": DAY,
        "count": 100,
        "proxy_cap": 3,
        "proxies": (),
        "helped": (),
        "devices": (),
        "before_close": (),
    }
    return BallotFacts(**(facts | changes))


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"decided": True}, 0),
        ({"applied_on": START}, 1),
        ({"applied_on": END}, 1),
        ({"applied_on": date(2025, 12, 31)}, 0),
        ({"applied_on": date(2026, 10, 1)}, 0),
    ],
)
def test_a_seal_set_in_the_period_without_a_decision_is_named(changes: dict[str, Any], count: int) -> None:
    assert len(conduct.seals_without_decision(period(seal_uses=[seal_use(**changes)]), DEFAULTS)) == count


@pytest.mark.parametrize(
    ("changes", "as_of", "count"),
    [
        ({}, date(2026, 12, 31), 0),
        ({"settled_on": None}, date(2026, 5, 14), 0),
        ({"settled_on": None}, date(2026, 5, 15), 1),
        ({"settled_on": None, "has_minutes": False}, date(2026, 5, 15), 1),
        ({"settled_on": None, "post_by": None}, date(2026, 12, 31), 0),
        ({"held_on": date(2025, 12, 31), "settled_on": None}, date(2026, 12, 31), 0),
    ],
)
def test_minutes_are_missed_the_day_after_they_had_to_be_posted(
    changes: dict[str, Any], as_of: date, count: int
) -> None:
    assert len(conduct.minutes(period(meetings=[meeting(**changes)], as_of=as_of, end=DAY), DEFAULTS)) == count


@pytest.mark.parametrize(("planned", "present", "count"), [(7, 4, 0), (7, 3, 1), (6, 4, 0), (6, 3, 1)])
def test_a_decision_needs_more_than_half_of_the_members(planned: int, present: int, count: int) -> None:
    found = conduct.minutes(period(meetings=[meeting(planned=planned, decided=(("换锁", present),))]), DEFAULTS)
    assert len(found) == count


def test_two_decisions_without_a_quorum_are_two_findings_with_keys_of_their_own() -> None:
    both = meeting(decided=(("换锁", 3), ("刷墙", 3)), settled_on=None)
    found = conduct.minutes(period(meetings=[both]), DEFAULTS)
    assert len({item.key for item in found}) == len(found) == 3


@pytest.mark.parametrize(
    ("changes", "as_of", "count"),
    [
        ({}, date(2026, 10, 20), 1),
        ({"due_on": date(2026, 10, 20)}, date(2026, 10, 20), 0),
        ({"due_on": date(2026, 10, 19)}, date(2026, 10, 20), 1),
        ({"closed_on": date(2026, 10, 1)}, date(2026, 10, 20), 0),
        ({"raised_on": date(2026, 10, 1)}, date(2026, 10, 20), 0),
    ],
)
def test_an_earlier_finding_is_overdue_the_day_after_its_last_day(
    changes: dict[str, Any], as_of: date, count: int
) -> None:
    assert len(conduct.overdue_cases(period(cases=[case(**changes)], as_of=as_of), DEFAULTS)) == count


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"proxies": (("张*", 3),)}, 0),
        ({"proxies": (("张*", 4),)}, 1),
        ({"helped": (("李*", 4),)}, 0),
        ({"helped": (("李*", 5),)}, 1),
        ({"devices": (("ab12", 4), ("cd34", 4))}, 0),
        ({"devices": (("ab12", 5), ("cd34", 6))}, 2),
        ({"before_close": ((0, 30), (59, 19))}, 0),
        ({"before_close": ((0, 30), (59, 20))}, 1),
        ({"before_close": ((60, 100),)}, 0),
        ({"before_close": ((0, 19),), "count": 19}, 0),
        ({"before_close": ((0, 20),), "count": 20}, 1),
        ({"devices": (("ab12", 5),), "closed_on": date(2026, 10, 1)}, 0),
    ],
)
def test_signs_in_the_ballots_are_told_from_their_line_on(changes: dict[str, Any], count: int) -> None:
    found = conduct.ballots(period(ballots=[assembly(**changes)]), DEFAULTS)
    assert len({item.key for item in found}) == len(found) == count
    assert all(item.severity == "medium" for item in found)

"""What a handler may do with what it was given, and until when; what a letter says."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies

from hoa.affairs.rules import handing, letters
from hoa.affairs.rules.handing import Given
from hoa.affairs.rules.states import Action
from hoa.affairs.rules.wording import NoReason, TooLong
from hoa.kernel.posts import COMMITTEE_CHAIR, RESIDENTS_STAFF, STREET_OFFICER, SUPERVISOR
from hoa.kernel.workdays import china

FRIDAY, MONDAY = date(2026, 10, 23), date(2026, 10, 26)
DAYS = strategies.dates(date(2025, 1, 1), date(2026, 12, 1))


def test_what_was_given_on_friday_goes_back_until_monday_evening_and_not_on_tuesday() -> None:
    assigned = Given(Action.ASSIGN, FRIDAY)
    for day in (FRIDAY, date(2026, 10, 25), MONDAY):
        handing.check_hand_back(assigned, day, china())
    with pytest.raises(handing.TooLateToHandBack) as refused:
        handing.check_hand_back(assigned, date(2026, 10, 27), china())
    assert refused.value.params == {"last": "2026-10-26"}


def test_the_next_unit_has_a_first_day_of_its_own_and_a_reopened_one_does_not_go_back() -> None:
    steps = [Given(Action.RECEIVE, FRIDAY), Given(Action.ASSIGN, FRIDAY), Given(Action.REASSIGN, MONDAY)]
    assert handing.given(steps) == steps[-1]
    assert handing.may_hand_back(handing.given(steps), date(2026, 10, 27), china())
    reopened = handing.given([*steps, Given(Action.ANSWER, MONDAY), Given(Action.REOPEN, MONDAY)])
    with pytest.raises(handing.HandBackAfterReopening):
        handing.check_hand_back(reopened, MONDAY, china())
    with pytest.raises(handing.HandBackAfterReopening):
        handing.check_hand_back(handing.given([Given(Action.RECEIVE, FRIDAY)]), FRIDAY, china())


@given(DAYS, strategies.integers(0, 30))
def test_exactly_one_working_day_passes_before_it_is_too_late(day: date, later: int) -> None:
    passed = sum(china().is_workday(day + timedelta(days=number)) for number in range(1, later + 1))
    off_since = all(not china().is_workday(day + timedelta(days=number)) for number in range(1, later + 1))
    on_the_day = passed == 1 and china().is_workday(day + timedelta(days=later))
    allowed = handing.may_hand_back(Given(Action.ASSIGN, day), day + timedelta(days=later), china())
    assert allowed == (off_since or on_the_day)


def test_a_hand_back_says_whose_it_is_and_why() -> None:
    assert handing.handed_back(" 供电\n公司 ", "表后线路") == "应由供电 公司办理：表后线路"
    with pytest.raises(handing.WhoseIsIt):
        handing.handed_back("  ", "不归我们")
    with pytest.raises(NoReason):
        handing.handed_back("供电公司", "\n")
    with pytest.raises(TooLong):
        handing.handed_back("供电公司", "长" * 495)


def test_a_pause_has_an_end_in_sight_and_is_no_way_out_of_being_late() -> None:
    handing.check_pause(FRIDAY, MONDAY, FRIDAY, china())
    handing.check_pause(FRIDAY, MONDAY, date(2026, 10, 24), china())  # the weekend after the last day is not late yet
    with pytest.raises(handing.LateCannotPause):
        handing.check_pause(FRIDAY, date(2026, 10, 30), MONDAY, china())
    for until in (FRIDAY, date(2026, 10, 1), FRIDAY + timedelta(days=91)):
        with pytest.raises(handing.PauseUntil) as refused:
            handing.check_pause(None, until, FRIDAY, china())
        assert refused.value.params == {"last": "2027-01-21"}
    handing.check_pause(None, FRIDAY + timedelta(days=90), FRIDAY, china())


def test_a_letter_is_sent_in_the_name_of_whoever_its_writer_acts_for() -> None:
    for posts, level, body in (
        ({SUPERVISOR}, 1, "supervisory_committee"),
        ({RESIDENTS_STAFF, COMMITTEE_CHAIR}, 2, "residents_committee"),
        ({STREET_OFFICER, RESIDENTS_STAFF}, 3, "street_office"),
    ):
        assert (letters.level_of(frozenset(posts)), letters.sender(frozenset(posts))) == (level, body)


def test_the_civil_code_is_cited_to_the_property_manager_only() -> None:
    assert "第二百八十五条" in letters.basis("property_manager", "ten")[0]
    assert not any("民法典" in line for line in letters.basis("", "ten"))
    assert any("13710" in line for line in letters.basis("", "13710-major"))


def test_a_proposed_letter_states_the_facts_and_asks_for_an_answer_by_a_day() -> None:
    day = letters.proposed_day(FRIDAY, china())
    assert day == date(2026, 10, 28)
    facts = letters.Facts(
        handler="物业",
        label="2026-0012",
        title="电梯停运",
        received=date(2026, 10, 9),
        assigned=date(2026, 10, 10),
        due=date(2026, 10, 22),
        overdue=1,
        answer_by=day,
        again=0,
    )
    text = letters.proposed(facts)
    for words in (
        "电梯停运",
        "2026-0012",
        "最迟在 2026年10月22日反馈",
        "逾期 1 个工作日",
        "最迟在 2026年10月28日书面答复",
    ):
        assert words in text
    assert "此前" not in text
    assert "此前已发督办函 2 份" in letters.proposed(facts._replace(again=2))


def test_the_day_of_the_answer_lies_ahead_and_within_ten_working_days() -> None:
    letters.check_day(date(2026, 10, 24), FRIDAY, china())
    letters.check_day(date(2026, 11, 6), FRIDAY, china())
    for day in (FRIDAY, date(2026, 11, 7)):
        with pytest.raises(letters.AnswerBy):
            letters.check_day(day, FRIDAY, china())

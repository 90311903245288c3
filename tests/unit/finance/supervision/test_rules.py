"""Rules of supervision: the life of a case, sampling, the scorecard, audits at the end of a term."""

import hashlib
from contextlib import nullcontext
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.supervision.rules import cases, departures, sampling, scoring
from finance.supervision.rules.cases import CLOSED, MOVES, Act, Kind, State, Terms
from finance.supervision.rules.sampling import Candidate, Method, Plan
from finance.supervision.rules.scoring import Criterion, Mark
from hoa.kernel import workdays
from hoa.kernel.errors import Refusal

TERMS = Terms(question_working_days=10, finding_working_days=20, feedback_days=15)


# ----------------------------------------------------------------------------------------------------- life of a case


@given(st.lists(st.sampled_from(sorted(MOVES))))
def test_whatever_is_tried_a_settled_case_only_opens_again_and_an_answer_is_decided_by_others(acts: list[Act]) -> None:
    state = State.OPEN
    for act in acts:
        before = state
        try:
            state = cases.after(act, state)
        except cases.NotNow:
            assert state not in MOVES[act][0]
            continue
        if before in CLOSED:
            assert (act, state) == (Act.REOPEN, State.OPEN)
        if state is State.ACCEPTED:
            assert before is State.ANSWERED  # nothing is accepted that nobody answered


def test_the_supervisors_are_offered_exactly_what_is_possible() -> None:
    assert cases.possible(State.OPEN) == (Act.CORRECT, Act.ESCALATE, Act.WITHDRAW)
    assert cases.possible(State.ANSWERED) == (Act.ACCEPT, Act.CORRECT, Act.RETURN, Act.ESCALATE, Act.WITHDRAW)
    assert cases.possible(State.ESCALATED) == (Act.CORRECT, Act.WITHDRAW)
    assert all(cases.possible(state) == (Act.REOPEN,) for state in CLOSED)


def test_a_question_is_due_in_ten_working_days_and_the_day_of_asking_does_not_count() -> None:
    # Asked on Friday 25 September 2026; 1-7 October are off, 10 October (a Saturday) is worked.
    due = cases.answer_due(Kind.QUESTION, date(2026, 9, 25), workdays.china(), TERMS)
    counted = range(date(2026, 9, 26).toordinal(), due.day.toordinal() + 1)
    assert sum(workdays.china().is_workday(date.fromordinal(day)) for day in counted) == 10
    assert workdays.china().is_workday(due.day)
    assert cases.answer_due(Kind.FINDING, date(2026, 9, 25), workdays.china(), TERMS).day > due.day


@pytest.mark.parametrize(
    ("state", "day", "late"),
    [
        (State.OPEN, date(2026, 10, 14), False),
        (State.OPEN, date(2026, 10, 15), True),
        (State.ESCALATED, date(2026, 10, 15), True),
        (State.ANSWERED, date(2026, 10, 15), False),
        (State.CORRECTED, date(2026, 12, 31), False),
    ],
)
def test_a_case_is_late_the_day_after_its_last_day_while_it_waits_for_the_committee(
    state: State, day: date, late: bool
) -> None:
    assert cases.is_late(state, date(2026, 10, 14), day) is late


@pytest.mark.parametrize(("text", "fine"), [("x", True), ("x" * 2000, True), ("x" * 2001, False), (" ", False)])
def test_words_are_neither_empty_nor_endless(text: str, fine: bool) -> None:
    if fine:
        assert cases.check_words(text) == text
    else:
        with pytest.raises(cases.NoWords):
            cases.check_words(text)


# ------------------------------------------------------------------------------------------------------------ sampling


def candidate(no: int, fen: int = 100, account: str = "2601.U5") -> Candidate:
    digest = hashlib.sha256(str(no).encode()).hexdigest()
    month = 202601 + no % 3
    return Candidate(id=f"v{no}", hash=digest, month=month, amount_fen=fen, accounts=frozenset({account, "1801.01"}))


def test_all_above_an_amount_takes_the_amount_itself() -> None:
    found = [candidate(1, 499_999), candidate(2, 500_000), candidate(3, 500_001)]
    assert sampling.draw(found, Plan(method=Method.ABOVE, threshold_fen=500_000)) == ("v2", "v3")


def test_an_account_takes_its_sub_accounts_and_no_other_that_begins_alike() -> None:
    found = [candidate(1, account="5301"), candidate(2, account="5301.01"), candidate(3, account="53011")]
    assert sampling.draw(found, Plan(method=Method.ACCOUNT, account="5301")) == ("v1", "v2")


@given(st.integers(1, 40), st.integers(1, 60), st.randoms())
def test_a_random_draw_depends_on_the_hashes_alone_and_asking_for_more_only_adds(count, size, random) -> None:  # type: ignore[no-untyped-def]
    found = [candidate(no) for no in range(count)]
    drawn = sampling.draw(found, Plan(method=Method.RANDOM, size=size))
    random.shuffle(found)
    assert sampling.draw(found, Plan(method=Method.RANDOM, size=size)) == drawn
    assert len(drawn) == len(set(drawn)) == min(size, count)
    assert sampling.draw(found, Plan(method=Method.RANDOM, size=size + 1))[: len(drawn)] == drawn


def test_whoever_draws_moves_no_voucher_by_choosing_other_months() -> None:
    """What is drawn from March alone comes in the same order when it is drawn with January and February."""
    found = [candidate(no) for no in range(60)]
    march = [one for one in found if one.month == 202603]
    alone = sampling.draw(march, Plan(method=Method.RANDOM, size=60))
    whole = sampling.draw(found, Plan(method=Method.RANDOM, size=60))
    assert alone == tuple(one for one in whole if one in set(alone))


def test_another_voucher_in_a_month_is_another_seed_for_all_of_that_month_and_for_no_other() -> None:
    found = [candidate(no) for no in range(9)]
    before, after = (sampling.by_month(rows) for rows in (found, [*found, candidate(9)]))
    moved = [month for month in before if sampling.month_seed(before[month]) != sampling.month_seed(after[month])]
    assert moved == [candidate(9).month]


def test_a_list_drawn_from_a_typed_seed_is_still_drawn_again_from_it() -> None:
    found = [candidate(no) for no in range(20)]
    drawn = sampling.draw(found, Plan(method=Method.RANDOM, size=4), typed_seed=" 上证 3125.26 ")

    def place(one: Candidate) -> str:
        return hashlib.sha256(f"hoa-sample-1\n上证 3125.26\n{one.hash}".encode()).hexdigest()

    assert drawn == tuple(one.id for one in sorted(found, key=place)[:4])


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        (date(2026, 1, 1), date(2026, 9, 30), None),
        (date(2026, 1, 2), date(2026, 9, 30), sampling.NotWholeMonths),
        (date(2026, 1, 1), date(2026, 9, 29), sampling.NotWholeMonths),
        (date(2024, 2, 1), date(2024, 2, 28), sampling.NotWholeMonths),
        (date(2024, 2, 1), date(2024, 2, 29), None),
        (date(2026, 1, 1), date(2026, 10, 31), sampling.MonthsOpen),
        (date(2026, 12, 1), date(2026, 12, 31), sampling.MonthsOpen),
    ],
)
def test_a_random_draw_is_over_whole_closed_months(start: date, end: date, refusal: type[Refusal] | None) -> None:
    with pytest.raises(refusal) if refusal else nullcontext():
        sampling.check_months(start=start, end=end, open_month=202610)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(method=Method.ABOVE, threshold_fen=0),
        Plan(method=Method.RANDOM, size=0),
        Plan(method=Method.RANDOM, size=2001),
        Plan(method=Method.ACCOUNT),
        Plan(method=Method.ABOVE, threshold_fen=10**9),
    ],
)
def test_a_plan_that_says_too_little_or_finds_nothing_is_refused(plan: Plan) -> None:
    with pytest.raises(Refusal):
        sampling.draw([candidate(1)], plan)


# ------------------------------------------------------------------------------------------------------------- scoring

SHEET = (Criterion(title="对账", weight=60), Criterion(title="公示", weight=40))


@pytest.mark.parametrize(
    "lines", [[], [("对账", 99)], [("对账", 101)], [("对账", 0), ("公示", 100)], [("", 100)], [("长" * 121, 100)]]
)
def test_a_sheet_adds_up_to_a_hundred(lines: list[tuple[str, int]]) -> None:
    with pytest.raises(Refusal):
        scoring.sheet(lines)


def test_the_sheet_to_begin_with_is_a_sheet() -> None:
    assert sum(one.weight for one in scoring.sheet(scoring.FIRST_SHEET)) == 100


@pytest.mark.parametrize(
    ("points", "reason", "whole", "fine"),
    [
        (6, "", "可以", True),
        (5, "", "可以", False),
        (5, "晚了", "可以", True),
        (10, "", "", False),
        (11, "", "可以", False),
    ],
)
def test_low_points_and_the_whole_need_a_reason(points: int, reason: str, whole: str, fine: bool) -> None:
    marks = [Mark(points=points, reason=reason), Mark(points=8)]
    if fine:
        scoring.check_marks(SHEET, marks, whole)
    else:
        with pytest.raises(Refusal):
            scoring.check_marks(SHEET, marks, whole)


@given(st.lists(st.lists(st.integers(0, 10), min_size=2, max_size=2), min_size=1, max_size=9))
def test_an_average_lies_between_the_lowest_and_the_highest_and_full_marks_are_a_hundred(sheets) -> None:  # type: ignore[no-untyped-def]
    found = scoring.average(SHEET, sheets)
    assert found is not None
    totals = [scoring.total_centi(SHEET, points) for points in sheets]
    assert min(totals) <= found.total_centi <= max(totals)
    assert found.raters == len(sheets)
    assert scoring.total_centi(SHEET, [10, 10]) == 10_000
    assert scoring.average(SHEET, []) is None


# ---------------------------------------------------------------------------------------------------------- departures


def test_a_final_opinion_waits_for_the_feedback_or_for_its_last_day() -> None:
    until = departures.feedback_until(date(2026, 10, 20), 15)
    assert until == date(2026, 11, 4)
    with pytest.raises(departures.StillTime):
        departures.check_final(until, until, all_answered=False)
    departures.check_final(until, until, all_answered=True)
    departures.check_final(until, date(2026, 11, 5), all_answered=False)


@pytest.mark.parametrize(
    ("point", "word", "note", "fine"),
    [
        ("seals", "sound", "", True),
        ("seals", "wrong", "", False),
        ("seals", "wrong", "少一枚", True),
        ("seals", "wrong", "x" * 501, False),
        ("seals", "good", "", False),
        ("nothing", "sound", "", False),
    ],
)
def test_what_is_wrong_is_said_in_words(point: str, word: str, note: str, fine: bool) -> None:
    if fine:
        assert departures.check_word(point, word, note) == word
    else:
        with pytest.raises(Refusal):
            departures.check_word(point, word, note)

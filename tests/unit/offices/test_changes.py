"""Leaving a committee: shares at their bounds, days, and who moves up."""

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel.clock import CHINA
from hoa.offices.changes import rules
from hoa.offices.changes.rules import Alternate, Reason, Standing

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)
TERM = datetime(2030, 6, 1, tzinfo=CHINA)
THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("planned", "sitting", "too_few"),
    [
        (7, 3, True),
        (7, 4, False),
        (5, 2, True),
        (5, 3, False),
        (11, 5, True),
        (11, 6, False),
        (6, 3, False),
        (7, 0, True),
    ],
)
def test_fewer_than_half_of_the_planned_members_is_strict(planned: int, sitting: int, too_few: bool):
    assert Standing(planned, sitting).reelection is too_few
    assert Standing(planned, sitting).vacant == planned - sitting


def test_a_body_whose_seats_nobody_wrote_down_raises_no_alarm():
    assert not Standing(0, 0).reelection
    assert Standing(0, 3).vacant == 0


@given(st.integers(1, 30), st.integers(0, 30))
def test_reelection_is_exactly_below_one_half(planned: int, sitting: int):
    assert Standing(planned, sitting).reelection == (Fraction(sitting, planned) < Fraction(1, 2))


@pytest.mark.parametrize(
    ("signed", "members", "enough"),
    [
        (2, 7, False),
        (3, 7, True),
        (1, 5, False),
        (2, 5, True),
        (3, 9, True),
        (2, 9, False),
        (1, 3, True),
        (4, 11, True),
    ],
)
def test_a_third_of_the_members_may_demand_a_recall(signed: int, members: int, enough: bool):
    assert (signed >= rules.members_needed(members, rules.share("1/3"))) is enough


@given(st.integers(1, 40), st.integers(0, 40))
def test_the_number_of_members_that_is_named_is_the_smallest_that_suffices(members: int, signed: int):
    enough = signed >= rules.members_needed(members, THIRD)
    assert enough == (Fraction(signed, members) >= THIRD)


@pytest.mark.parametrize(
    ("absent", "held", "enough"),
    [
        (3, 6, True),
        (2, 6, False),
        (2, 5, False),
        (3, 5, True),
        (0, 0, False),
        (1, 1, True),
        (1, 2, True),
        (2, 4, True),
        (1, 3, False),
    ],
)
def test_half_of_a_years_meetings_missed_is_a_reason(absent: int, held: int, enough: bool):
    assert rules.absent_enough(absent=absent, held=held, percent=50) is enough


def test_a_resignation_for_today_counts_at_once_and_a_later_one_from_the_first_minute_of_its_day():
    assert rules.effective_at(date(2026, 10, 20), now=NOW, term_ends=TERM) == NOW
    assert rules.effective_at(date(2026, 11, 1), now=NOW, term_ends=TERM) == datetime(2026, 11, 1, tzinfo=CHINA)


@pytest.mark.parametrize("day", [date(2026, 10, 19), date(2027, 1, 19), date(2031, 1, 1)])
def test_a_resignation_is_neither_in_the_past_nor_far_away(day: date):
    with pytest.raises(rules.WrongEffectiveDay):
        rules.effective_at(day, now=NOW, term_ends=TERM)


def test_nobody_resigns_from_what_will_have_ended():
    ends = datetime(2026, 11, 1, tzinfo=CHINA)
    assert rules.effective_at(date(2026, 10, 31), now=NOW, term_ends=ends) == datetime(2026, 10, 31, tzinfo=CHINA)
    with pytest.raises(rules.WrongEffectiveDay):
        rules.effective_at(date(2026, 11, 1), now=NOW, term_ends=ends)


def test_a_resignation_is_taken_back_until_it_has_arrived_or_counts():
    later = NOW + timedelta(days=3)
    rules.check_withdrawal(received=False, effective=later, now=NOW)
    with pytest.raises(rules.AlreadyReceived):
        rules.check_withdrawal(received=True, effective=later, now=NOW)
    with pytest.raises(rules.AlreadyInEffect):
        rules.check_withdrawal(received=False, effective=later, now=later)


def test_an_end_by_hand_says_what_happened_and_shows_a_paper():
    rules.check_automatic(Reason.NOT_OWNER, "已过户", paper=False)
    rules.check_automatic(Reason.LIBERTY, "判决已生效", paper=True)
    with pytest.raises(rules.NoPaper):
        rules.check_automatic(Reason.INCAPACITY, "法院宣告", paper=False)
    with pytest.raises(rules.NothingSaid):
        rules.check_automatic(Reason.NOT_OWNER, "  ", paper=False)
    with pytest.raises(rules.NotAnAutomaticEnd):
        rules.check_automatic(Reason.RECALLED, "不满意", paper=True)


def test_the_first_alternate_in_rank_who_still_may_sit_moves_up():
    sold = Alternate("o1", "p1", 1, owner=False)
    spouse = Alternate("o2", "p2", 2, owner=True, excluded=True)
    unwilling = Alternate("o3", "p3", 3, owner=True, refused=True)
    fit = Alternate("o4", "p4", 4, owner=True)
    assert rules.next_alternate([fit, unwilling, spouse, sold]) == fit
    assert rules.next_alternate([unwilling, spouse, sold]) is None


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_nobody_moves_up_before_a_fit_alternate_of_better_rank(order: list[int], unfit: set[int]):
    alternates = [Alternate(f"o{n}", f"p{n}", n, owner=n not in unfit) for n in order]
    found = rules.next_alternate(alternates)
    fit = [n for n in range(6) if n not in unfit]
    assert (found.place if found else None) == (fit[0] if fit else None)

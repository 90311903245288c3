"""A preparation's trigger, clock and group: boundaries on the day, on the square metre and on the head."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import packs, workdays
from hoa.offices.preparing.progress import terms_of
from hoa.offices.preparing.rules import clock, composition, papers, trigger
from hoa.offices.preparing.rules.clock import Facts, Mark, State, Terms, Turn
from hoa.offices.preparing.rules.composition import Delegation, Seat
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.rules.trigger import HALF, MORE_THAN_HALF, Delivered, Kind, Request

CALENDAR = workdays.china()
NATIONAL = Terms(form=60, announce=7, publish=15, assembly=90, lead_months=3)
areas = st.integers(min_value=1, max_value=10**9)


# ------------------------------------------------------------------------------------------------------- trigger
@pytest.mark.parametrize(
    ("area", "word", "reached"),
    [
        (500_000, MORE_THAN_HALF, False),
        (500_001, MORE_THAN_HALF, True),
        (500_000, HALF, True),
        (499_999, HALF, False),
    ],
)
def test_exactly_half_is_enough_only_where_the_law_says_half(area: int, word: str, reached: bool):
    assert Delivered(area, 1_000_000).reaches(word) is reached


def test_half_of_an_odd_area_needs_the_larger_half():
    assert not Delivered(500_000, 1_000_001).reaches(HALF)
    assert Delivered(500_001, 1_000_001).reaches(HALF)
    assert Delivered(500_001, 1_000_001).reaches(MORE_THAN_HALF)


def test_a_community_without_area_reaches_nothing():
    assert not Delivered(0, 0).reaches(HALF)
    assert not Delivered(0, 0).reaches(MORE_THAN_HALF)


@given(areas, areas, st.sampled_from([HALF, MORE_THAN_HALF]))
def test_what_is_missing_is_exactly_what_makes_it_reach(area: int, whole: int, word: str):
    part = min(area, whole)
    found = Delivered(part, whole)
    missing = found.missing(word)
    assert found.reaches(word) is (missing == 0)
    assert Delivered(part + missing, whole).reaches(word)
    if missing:
        assert not Delivered(part + missing - 1, whole).reaches(word)


@pytest.mark.parametrize(
    ("heads", "area", "reached"),
    [(4, 49_999, False), (5, 0, True), (1, 50_000, True), (4, 50_000, True), (0, 50_000, False)],
)
def test_five_percent_of_heads_or_of_area_is_enough(heads: int, area: int, reached: bool):
    assert Request(heads, 100, area, 1_000_000).reaches(5) is reached


def test_where_no_share_is_asked_one_owner_is_enough_and_none_is_not():
    assert Request(1, 487, 1, 4_611_200).reaches(0)
    assert not Request(0, 487, 0, 4_611_200).reaches(0)


@given(st.integers(1, 5000), st.integers(1, 100))
def test_the_heads_named_as_needed_are_the_fewest_that_reach(of_heads: int, percent: int):
    asked = Request(0, of_heads, 0, 10**6)
    needed = asked.needed_heads(percent)
    assert Request(needed, of_heads, 0, 10**6).reaches(percent)
    assert needed == 1 or not Request(needed - 1, of_heads, 0, 10**6).reaches(percent)


def test_more_than_all_is_refused():
    with pytest.raises(trigger.ImpossibleShare):
        trigger.check_possible((101, 100))
    with pytest.raises(trigger.ImpossibleShare):
        trigger.check_possible((5, 10), (-1, 10))


# --------------------------------------------------------------------------------------------------------- clock
def test_a_term_that_ends_on_a_rest_day_ends_on_the_next_working_day():
    # Seven days from Friday 25 September 2026 are Friday 2 October: National Day until the 7th.
    found = clock.within(date(2026, 9, 25), 7, CALENDAR)
    assert found.counted == date(2026, 10, 2)
    assert found.day == found.practical == date(2026, 10, 8)


def test_a_term_that_is_counted_back_does_not_move_but_says_the_working_day_before():
    # Fifteen days before 18 October are 3 October; the last working day before the holiday is 30 September.
    found = clock.before(date(2026, 10, 18), 15, CALENDAR)
    assert found.day == date(2026, 10, 3)
    assert found.practical == date(2026, 9, 30)


days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(days, st.integers(1, 120))
def test_within_never_shortens_a_term_and_ends_on_a_working_day(start: date, number: int):
    found = clock.within(start, number, CALENDAR)
    assert found.counted == start + timedelta(days=number)
    assert found.day >= found.counted
    assert CALENDAR.is_workday(found.day)
    assert not any(
        CALENDAR.is_workday(found.counted + timedelta(days=n)) for n in range((found.day - found.counted).days)
    )


@given(days, st.integers(0, 120))
def test_before_never_comes_closer_to_the_event_than_the_law_allows(event: date, number: int):
    found = clock.before(event, number, CALENDAR)
    assert (event - found.day).days == number
    assert found.practical <= found.day
    assert CALENDAR.is_workday(found.practical)


def steps(facts: Facts, *marks: Mark, terms: Terms = NATIONAL, again: bool = False) -> dict[str, clock.Step]:
    draw = clock.re_election if again else clock.first_assembly
    return {step.code: step for step in draw(facts, terms, marks, CALENDAR)}


def deadline(step: clock.Step) -> clock.Deadline:
    assert step.deadline is not None
    return step.deadline


def test_the_street_has_sixty_days_and_is_late_on_the_day_after():
    form = steps(Facts(received=date(2026, 8, 3)))["form"]
    assert deadline(form).counted == date(2026, 10, 2)
    assert deadline(form).day == date(2026, 10, 8)
    assert form.state(date(2026, 10, 8)) is State.NOW
    assert form.state(date(2026, 10, 9)) is State.LATE
    assert (form.turn, form.days_left(date(2026, 10, 9))) == (Turn.STREET, -1)


def test_before_the_group_is_formed_the_rest_is_a_forecast_that_is_never_late():
    found = steps(Facts(received=date(2026, 1, 5)))
    for code in ("members", "publish", "assembly"):
        assert deadline(found[code]).forecast
        assert found[code].state(date(2030, 1, 1)) is State.WAITING


def test_from_the_forming_on_the_group_has_its_own_terms():
    found = steps(Facts(received=date(2026, 3, 2), formed=date(2026, 4, 1)))
    assert deadline(found["members"]).day == date(2026, 4, 8)
    assert deadline(found["assembly"]).day == date(2026, 6, 30)
    assert deadline(found["publish"]).day == date(2026, 6, 15)
    assert found["members"].state(date(2026, 4, 8)) is State.NOW
    assert found["members"].state(date(2026, 4, 9)) is State.LATE
    assert found["assembly"].state(date(2026, 4, 9)) is State.WAITING


def test_the_announcement_is_counted_back_from_the_meeting_once_its_day_is_set():
    found = steps(Facts(received=date(2026, 3, 2), formed=date(2026, 4, 1), meeting=date(2026, 5, 29)))
    assert deadline(found["publish"]).day == date(2026, 5, 14)


def test_a_step_taken_after_its_last_day_stays_marked_as_late():
    facts = Facts(received=date(2026, 3, 2), formed=date(2026, 4, 1))
    in_time = steps(facts, Mark("members", date(2026, 4, 8)))["members"]
    too_late = steps(facts, Mark("members", date(2026, 4, 9)))["members"]
    assert in_time.state(date(2026, 9, 1)) is State.DONE
    assert too_late.state(date(2026, 9, 1)) is State.DONE_LATE


def test_a_place_where_the_street_reviews_first_has_one_more_step():
    assert "review" not in steps(Facts(received=date(2026, 3, 2)))
    review = steps(Facts(received=date(2026, 3, 2)), terms=REVIEWED)["review"]
    assert deadline(review).counted == date(2026, 4, 1)


REVIEWED = Terms(form=60, announce=7, publish=15, assembly=60, review=30)


def test_a_re_election_is_due_its_months_before_the_end_of_the_term():
    facts = Facts(received=date(2026, 12, 31), term_ends=date(2027, 3, 31))
    found = steps(facts, again=True)
    assert deadline(found["report"]).day == date(2026, 12, 31)
    assert found["report"].state(date(2027, 1, 5)) is State.DONE
    late = steps(Facts(received=date(2027, 1, 1), term_ends=date(2027, 3, 31)), again=True)
    assert late["report"].state(date(2027, 1, 5)) is State.DONE_LATE
    assert "papers" not in found


def test_the_election_must_be_over_before_the_term_is_and_that_is_no_forecast():
    found = steps(Facts(received=date(2026, 12, 1), term_ends=date(2027, 3, 31)), again=True)
    assert deadline(found["assembly"]).day == date(2027, 3, 31)
    assert found["assembly"].state(date(2027, 4, 1)) is State.LATE


def test_without_an_end_of_term_the_days_of_a_first_assembly_are_used():
    found = steps(Facts(received=date(2026, 3, 2), formed=date(2026, 4, 1)), again=True)
    assert "report" not in found
    assert deadline(found["assembly"]).counted == date(2026, 6, 30)


def test_what_is_late_comes_first_and_then_what_is_due_soonest():
    facts = Facts(received=date(2026, 3, 2), formed=date(2026, 4, 1))
    drawn = clock.first_assembly(facts, NATIONAL, (), CALENDAR)
    soon, late = clock.first_of(drawn, date(2026, 4, 2)), clock.first_of(drawn, date(2026, 6, 20))
    assert soon is not None
    assert soon.code == "members"
    assert late is not None
    assert late.code == "members"
    everything = [Mark(code, date(2026, 4, 2)) for code in ("papers", "members", "publish", "assembly")]
    assert clock.first_of(clock.first_assembly(facts, NATIONAL, everything, CALENDAR), date(2026, 9, 1)) is None


@pytest.mark.parametrize("pack", packs.all_packs(), ids=lambda pack: pack.code)
def test_every_pack_gives_a_clock_for_both_kinds(pack: packs.RulePack):
    for kind, draw in ((Kind.FIRST, clock.first_assembly), (Kind.RE_ELECTION, clock.re_election)):
        drawn = draw(Facts(received=date(2026, 3, 2), term_ends=date(2026, 12, 31)), terms_of(pack, kind), (), CALENDAR)
        assert [step.code for step in drawn][-3:] == ["members", "publish", "assembly"]
        assert all(step.parameter in pack.parameters for step in drawn if step.parameter)


# --------------------------------------------------------------------------------------------------- composition
STREET = Seat(Delegation.STREET, leader=True)
OFFICIALS = [STREET, Seat(Delegation.RESIDENTS)]
OWNERS = [Seat(Delegation.OWNER)] * 3


def missing(seats: list[Seat], *, most: int = 1) -> set[str]:
    return {check.code for check in composition.checks(seats, developer_most=most) if check.law and not check.holds}


def test_five_with_three_owners_and_the_street_in_the_chair_are_lawful():
    assert missing([*OFFICIALS, *OWNERS]) == set()


def test_an_even_number_is_refused_also_with_enough_owners():
    assert missing([*OFFICIALS, *OWNERS, Seat(Delegation.OWNER)]) == {"odd"}


@pytest.mark.parametrize(("owners", "others", "lawful"), [(3, 4, False), (4, 3, True), (3, 3, True), (0, 1, False)])
def test_owners_are_at_least_half(owners: int, others: int, lawful: bool):
    seats = [Seat(Delegation.OWNER)] * owners + [Seat(Delegation.STREET)] * others
    assert ("owners" not in missing(seats)) is lawful


@given(st.integers(0, 12), st.integers(0, 12))
def test_the_owners_said_to_be_missing_are_just_enough(owners: int, others: int):
    seats = [Seat(Delegation.OWNER)] * owners + [Seat(Delegation.RESIDENTS)] * others
    check = next(one for one in composition.checks(seats, developer_most=1) if one.code == "owners")
    if check.params:
        more = check.params["more"]
        assert isinstance(more, int)
        assert 2 * (owners + more) >= owners + others + more
        assert more == 1 or 2 * (owners + more - 1) < owners + others + more - 1


def test_a_group_without_leader_street_or_residents_says_so():
    assert missing([Seat(Delegation.OWNER)] * 3) == {"leader", "street", "residents"}
    assert missing([Seat(Delegation.STREET), Seat(Delegation.RESIDENTS), *OWNERS]) == {"leader"}


def test_the_developer_has_at_most_what_the_pack_says():
    two = [*OFFICIALS, *OWNERS, Seat(Delegation.OWNER), *[Seat(Delegation.DEVELOPER)] * 2]
    assert "developer" in missing(two)
    assert "developer" not in missing(two, most=2)


def test_the_models_delegates_are_asked_for_only_where_the_pack_invites_them_and_a_reason_replaces_them():
    found = composition.checks([*OFFICIALS, *OWNERS], developer_most=1)
    composition.check_complete(found, party="optional", reason="")
    with pytest.raises(composition.ModelIncomplete):
        composition.check_complete(found, party="invited", reason=" ")
    composition.check_complete(found, party="invited", reason="小区没有党支部")
    everybody = [*OFFICIALS, *OWNERS, *OWNERS, *(Seat(one) for one in composition.PARTY)]
    full = composition.checks(everybody, developer_most=1)
    composition.check_complete(full, party="invited", reason="")


def test_what_the_law_misses_cannot_be_replaced_by_a_reason():
    with pytest.raises(composition.GroupIncomplete):
        composition.check_complete(
            composition.checks(OFFICIALS, developer_most=1), party="optional", reason="没有业主愿意"
        )


def test_party_delegates_come_in_by_consent_and_leaders_from_the_street_once():
    with pytest.raises(composition.NoConsent):
        composition.check_member(Delegation.BRANCH, leader=False, consent=False, has_leader=False)
    composition.check_member(Delegation.BRANCH, leader=False, consent=True, has_leader=False)
    with pytest.raises(composition.LeaderNotFromStreet):
        composition.check_member(Delegation.RESIDENTS, leader=True, consent=False, has_leader=False)
    with pytest.raises(composition.TwoLeaders):
        composition.check_member(Delegation.STREET, leader=True, consent=False, has_leader=True)


# -------------------------------------------------------------------------------------------------------- papers
def test_a_first_assembly_needs_the_developers_six_papers_and_seven_announcements():
    assert len(papers.filed(Kind.FIRST)) == 6
    assert len(papers.published(Kind.FIRST)) == 7
    assert papers.filed(Kind.RE_ELECTION) == ()
    assert Paper.COVENANT not in papers.published(Kind.RE_ELECTION)


def test_missing_papers_are_listed_in_the_laws_order():
    assert papers.missing(papers.DEVELOPERS, {Paper.OWNER_ROLL, Paper.AREA_LIST}) == (
        Paper.AREA_CERTIFICATE,
        Paper.GENERAL_PLAN,
        Paper.SHARED_FACILITIES,
        Paper.SERVICE_ROOMS,
    )

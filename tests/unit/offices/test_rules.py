"""Exclusions, seats, places and terms."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import posts
from hoa.kernel.clock import CHINA
from hoa.kernel.posts import (
    COMMITTEE,
    COMMITTEE_ALTERNATE,
    COMMITTEE_CHAIR,
    COMMITTEE_MEMBER,
    COMMITTEE_TREASURER,
    POSTS,
    PROPERTY_STAFF,
    RESIDENTS_STAFF,
    SUPERVISOR,
    SUPERVISOR_CHAIR,
    SUPERVISORS,
    Post,
)
from hoa.offices import rules
from hoa.offices.rules import BODIES, GOVERNING, KINDS, KINSHIP, Place, Seat, Tie, TieKind


def moment(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=CHINA)


START, END = moment(2026), moment(2029)


def seat(person: str, post: Post, start: datetime = START, end: datetime = END, place: Place = rules.NOWHERE) -> Seat:
    return Seat(person, post, start, end, place, f"{person}:{post}")


def tie(kind: TieKind, person: str, other: str | None = None, *, until: date | None = None) -> Tie:
    return Tie(kind, person, other, date(2020, 1, 1), until)


@pytest.mark.parametrize("supervised", sorted(GOVERNING | {PROPERTY_STAFF}))
@pytest.mark.parametrize("supervisor", sorted(SUPERVISORS))
def test_nobody_supervises_themselves_whichever_post_came_first(supervised, supervisor):
    for held, wanted in ((supervised, supervisor), (supervisor, supervised)):
        (conflict,) = rules.conflicts(seat("a", wanted), [seat("a", held)], [])
        assert "R2.21" in conflict.refusal.message


@pytest.mark.parametrize("governing", sorted(GOVERNING))
def test_the_property_companys_people_sit_in_no_committee(governing):
    for held, wanted in ((governing, PROPERTY_STAFF), (PROPERTY_STAFF, governing)):
        (conflict,) = rules.conflicts(seat("a", wanted), [seat("a", held)], [])
        assert isinstance(conflict.refusal, rules.CompanyPosts)
        assert "R2.3" in conflict.refusal.message


def test_posts_of_one_side_and_posts_of_no_side_go_together():
    assert not rules.exclusive(COMMITTEE_CHAIR, COMMITTEE_TREASURER)
    assert not rules.exclusive(SUPERVISOR, SUPERVISOR_CHAIR)
    assert not any(rules.exclusive(held, RESIDENTS_STAFF) for held in (SUPERVISOR, posts.PARTY_MEMBER))
    assert not rules.exclusive(posts.BUILDING_LEAD, SUPERVISOR)


def test_an_alternate_has_no_vote_and_may_be_a_supervisor_until_moving_up():
    assert not rules.exclusive(SUPERVISOR, COMMITTEE_ALTERNATE)
    (conflict,) = rules.conflicts(
        seat("a", COMMITTEE_MEMBER), [seat("a", SUPERVISOR), seat("a", COMMITTEE_ALTERNATE)], []
    )
    assert isinstance(conflict.refusal, rules.ExclusivePosts)


@pytest.mark.parametrize("kind", sorted(KINSHIP))
@pytest.mark.parametrize("named", [("he", "she"), ("she", "he")])
@pytest.mark.parametrize("wanted", [SUPERVISOR, COMMITTEE_CHAIR])
def test_a_supervisor_is_no_spouse_or_relative_of_the_committee_whoever_came_first(kind, named, wanted):
    other = COMMITTEE_CHAIR if wanted is SUPERVISOR else SUPERVISOR
    (found,) = rules.conflicts(seat("she", wanted), [seat("he", other)], [tie(kind, *named)])
    assert (found.wanted, found.held, found.tie, found.person) == (wanted, other, kind, "he")
    words = str(found.refusal)
    assert "R2.21" in words
    assert rules.title(wanted) in words
    assert rules.title(other) in words


def test_relatives_of_one_side_and_relatives_of_relatives_do_not_count():
    spouses, parent = tie(TieKind.SPOUSE, "he", "she"), tie(TieKind.RELATIVE, "she", "mother")
    assert rules.conflicts(seat("she", COMMITTEE_MEMBER), [seat("he", COMMITTEE_CHAIR)], [spouses]) == ()
    assert rules.conflicts(seat("mother", SUPERVISOR), [seat("he", COMMITTEE_CHAIR)], [spouses, parent]) == ()
    assert rules.conflicts(seat("she", RESIDENTS_STAFF), [seat("he", SUPERVISOR)], [spouses]) == ()


@pytest.mark.parametrize("wanted", sorted(GOVERNING | SUPERVISORS))
def test_family_of_the_companys_people_sit_on_neither_side_named_by_office_or_by_declaration(wanted):
    spouses = tie(TieKind.SPOUSE, "he", "she")
    (by_office,) = rules.conflicts(seat("she", wanted), [seat("he", PROPERTY_STAFF)], [spouses])
    (by_pay,) = rules.conflicts(seat("she", wanted), [], [spouses, tie(TieKind.EMPLOYED, "he")])
    (by_interest,) = rules.conflicts(seat("she", wanted), [], [spouses, tie(TieKind.INTERESTED, "he")])
    for found in (by_office, by_pay, by_interest):
        assert isinstance(found.refusal, rules.CompanySpouse)
    (turned,) = rules.conflicts(seat("he", PROPERTY_STAFF), [seat("she", wanted)], [spouses])
    assert (turned.held, turned.person) == (wanted, "she")


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        (TieKind.EMPLOYED, rules.InCompanyPay),
        (TieKind.INTERESTED, rules.InterestInCompany),
        (TieKind.FAMILY, rules.FamilyInCompany),
    ],
)
def test_whoever_declares_a_tie_to_the_company_sits_on_neither_side(kind, refusal):
    for wanted in (COMMITTEE_MEMBER, SUPERVISOR, posts.SELF_MANAGEMENT_MEMBER):
        (found,) = rules.conflicts(seat("he", wanted), [], [tie(kind, "he")])
        assert isinstance(found.refusal, refusal)
    assert rules.conflicts(seat("he", PROPERTY_STAFF), [], [tie(kind, "he")]) == ()
    assert rules.conflicts(seat("he", posts.BUILDING_LEAD), [], [tie(kind, "he")]) == ()


def test_a_relative_in_the_company_of_a_relative_of_mine_is_not_mine():
    ties = [tie(TieKind.SPOUSE, "he", "she"), tie(TieKind.FAMILY, "he")]
    assert rules.conflicts(seat("she", COMMITTEE_MEMBER), [], ties) == ()


@given(days=st.integers(-3, 3))
def test_a_relationship_counts_to_the_day_before_it_ended(days):
    ended = date(2026, 1, 1) + timedelta(days=days)
    ties = [tie(TieKind.SPOUSE, "he", "she", until=ended)]
    found = rules.conflicts(seat("she", SUPERVISOR), [seat("he", COMMITTEE_CHAIR)], ties)
    assert bool(found) == (ended > START.date())


@given(gap=st.integers(-3, 3))
def test_terms_that_only_touch_do_not_meet(gap):
    held = seat("he", COMMITTEE_CHAIR, moment(2023), START + timedelta(seconds=gap))
    ties = [tie(TieKind.SPOUSE, "he", "she")]
    assert bool(rules.conflicts(seat("she", SUPERVISOR), [held], ties)) == (gap > 0)
    assert bool(rules.conflicts(seat("he", SUPERVISOR), [held], ())) == (gap > 0)


def test_a_marriage_that_ended_before_the_two_terms_met_does_not_count():
    later = seat("he", COMMITTEE_CHAIR, moment(2028), moment(2030))
    ties = [tie(TieKind.SPOUSE, "he", "she", until=date(2027, 6, 1))]
    assert rules.conflicts(seat("she", SUPERVISOR), [later], ties) == ()


def test_ones_own_conflicts_are_told_before_those_of_the_family():
    held = [seat("she", COMMITTEE_CHAIR), seat("he", COMMITTEE_TREASURER)]
    found = rules.conflicts(seat("he", SUPERVISOR), held, [tie(TieKind.SPOUSE, "he", "she")])
    assert [conflict.tie for conflict in found] == [None, TieKind.SPOUSE]


def test_there_is_one_chair_at_a_time_and_any_number_of_members():
    held = [seat("he", COMMITTEE_CHAIR), seat("she", COMMITTEE_MEMBER)]
    with pytest.raises(rules.PostTaken):
        rules.check_sole(seat("they", COMMITTEE_CHAIR), held)
    rules.check_sole(seat("they", COMMITTEE_MEMBER), held)
    rules.check_sole(seat("they", COMMITTEE_CHAIR, END, END + timedelta(days=1)), held)


def test_each_building_has_its_own_lead():
    held = [seat("he", posts.BUILDING_LEAD, place=Place("1幢"))]
    rules.check_sole(seat("she", posts.BUILDING_LEAD, place=Place("2幢")), held)
    with pytest.raises(rules.PostTaken):
        rules.check_sole(seat("she", posts.BUILDING_LEAD, place=Place("1幢")), held)


def test_a_body_takes_as_many_people_as_it_has_seats_and_not_one_more():
    held = [seat(str(number), COMMITTEE_MEMBER) for number in range(6)]
    rules.check_seats(seat("seventh", COMMITTEE_MEMBER), held, planned=7)
    with pytest.raises(rules.BodyFull, match="7"):
        rules.check_seats(seat("eighth", COMMITTEE_MEMBER), [*held, seat("6", COMMITTEE_CHAIR)], planned=7)


def test_two_posts_of_one_member_take_one_seat_and_alternates_none():
    held = [seat("a", COMMITTEE_MEMBER), seat("a", COMMITTEE_CHAIR), seat("b", COMMITTEE_ALTERNATE)]
    rules.check_seats(seat("c", COMMITTEE_MEMBER), held, planned=2)
    full = [*held, seat("c", COMMITTEE_MEMBER)]
    rules.check_seats(seat("d", COMMITTEE_ALTERNATE), full, planned=2)
    rules.check_seats(seat("a", COMMITTEE_TREASURER), full, planned=2)
    rules.check_seats(seat("d", RESIDENTS_STAFF), full, planned=2)
    with pytest.raises(rules.BodyFull):
        rules.check_seats(seat("b", COMMITTEE_MEMBER), full, planned=2)


def test_seats_are_counted_moment_by_moment():
    held = [seat("a", COMMITTEE_MEMBER, START, moment(2027)), seat("b", COMMITTEE_MEMBER, moment(2027), END)]
    rules.check_seats(seat("c", COMMITTEE_MEMBER), held, planned=2)
    with pytest.raises(rules.BodyFull):
        rules.check_seats(
            seat("c", COMMITTEE_MEMBER), [*held, seat("d", COMMITTEE_MEMBER, moment(2028), END)], planned=2
        )


def test_a_body_without_planned_seats_is_never_full():
    rules.check_seats(seat("c", COMMITTEE_MEMBER), [seat("a", COMMITTEE_MEMBER)], planned=0)


@pytest.mark.parametrize(
    ("post", "exact"),
    [
        (posts.BUILDING_LEAD, Place("1幢")),
        (posts.PARTY_GROUP_LEADER, Place("1幢")),
        (posts.ENTRANCE_LEAD, Place("1幢", "2")),
        (posts.FLOOR_LEAD, Place("1幢", "2", "12")),
        (COMMITTEE_CHAIR, Place()),
        (posts.PARTY_SECRETARY, Place()),
    ],
)
def test_a_building_post_says_exactly_where_and_others_say_nothing(post, exact):
    places = [Place(), Place("1幢"), Place("1幢", "2"), Place("1幢", "2", "12"), Place("", "2"), Place("1幢", "", "12")]
    rules.check_place(post, exact)
    for place in places:
        if place != exact:
            with pytest.raises((rules.NoBuilding, rules.NoEntrance, rules.NoFloor, rules.NeedsNoPlace)):
                rules.check_place(post, place)


def test_a_term_of_exactly_five_years_is_allowed_and_one_that_is_longer_is_not():
    rules.check_term(moment(2026), moment(2031), years=5)
    with pytest.raises(rules.TermTooLong, match="5"):
        rules.check_term(moment(2026), moment(2031, 1, 6), years=5)


def test_the_rule_pack_says_how_long_a_term_may_be():
    rules.check_term(moment(2026), moment(2029), years=3)
    with pytest.raises(rules.TermTooLong, match="3"):
        rules.check_term(moment(2026), moment(2031), years=3)


def test_a_term_that_ends_when_it_starts_is_refused():
    with pytest.raises(rules.TermTooShort):
        rules.check_term(moment(2026), moment(2026), years=5)


def test_a_term_may_start_on_the_twenty_ninth_of_february():
    rules.check_term(moment(2024, 2, 29), moment(2029, 2, 28), years=5)


def test_every_post_has_a_name():
    assert {post.body for post in POSTS} <= BODIES.keys()
    assert {post.kind for post in POSTS} <= KINDS.keys()
    assert COMMITTEE <= GOVERNING

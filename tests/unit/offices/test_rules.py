"""Exclusions and terms."""

from datetime import datetime

import pytest

from hoa.kernel.clock import CHINA
from hoa.kernel.posts import (
    COMMITTEE,
    COMMITTEE_CHAIR,
    COMMITTEE_TREASURER,
    POSTS,
    PROPERTY_STAFF,
    SUPERVISOR,
    SUPERVISORS,
)
from hoa.offices.rules import BODIES, KINDS, ExclusivePosts, TermTooLong, TermTooShort, check_exclusion, check_term


def moment(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=CHINA)


@pytest.mark.parametrize("supervised", sorted(COMMITTEE | {PROPERTY_STAFF}))
@pytest.mark.parametrize("supervisor", sorted(SUPERVISORS))
def test_nobody_supervises_themselves_whichever_post_came_first(supervised, supervisor):
    with pytest.raises(ExclusivePosts):
        check_exclusion([supervised], supervisor)
    with pytest.raises(ExclusivePosts):
        check_exclusion([supervisor], supervised)


def test_two_posts_in_the_same_committee_go_together():
    check_exclusion([COMMITTEE_CHAIR], COMMITTEE_TREASURER)
    check_exclusion([], SUPERVISOR)


def test_a_term_of_exactly_five_years_is_allowed_and_one_that_is_longer_is_not():
    check_term(moment(2026), moment(2031))
    with pytest.raises(TermTooLong):
        check_term(moment(2026), moment(2031, 1, 6))


def test_a_term_that_ends_when_it_starts_is_refused():
    with pytest.raises(TermTooShort):
        check_term(moment(2026), moment(2026))


def test_a_term_may_start_on_the_twenty_ninth_of_february():
    check_term(moment(2024, 2, 29), moment(2029, 2, 28))


def test_every_post_has_a_name():
    assert {post.body for post in POSTS} <= BODIES.keys()
    assert {post.kind for post in POSTS} <= KINDS.keys()

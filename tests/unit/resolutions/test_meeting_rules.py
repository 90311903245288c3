"""Quorum, majorities, notice times and reserved matters of the committee (rules.md R2.9–R2.11)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel.clock import CHINA
from hoa.kernel.posts import (
    COMMITTEE_ALTERNATE,
    COMMITTEE_CHAIR,
    COMMITTEE_MEMBER,
    COMMITTEE_SECRETARY,
    OWNER,
    PREPARATORY_LEADER,
    RESIDENTS_STAFF,
    SUPERVISOR,
)
from hoa.resolutions.meetings import rules
from hoa.resolutions.meetings.rules import Item, ItemKind, Kind, Terms

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)
TERMS = Terms(agenda_days=7, tell_days=5, request_days=7, post_days=3, first_days=7, interval_months=2)


@pytest.mark.parametrize(("planned", "needed"), [(3, 2), (5, 3), (7, 4), (9, 5), (11, 6)])
def test_quorum_and_decision_are_the_least_number_above_half_of_the_seats(planned: int, needed: int):
    assert rules.more_than_half(planned) == needed
    assert rules.has_quorum(needed, planned)
    assert not rules.has_quorum(needed - 1, planned)
    assert rules.is_decided(needed, planned)
    assert not rules.is_decided(needed - 1, planned)


def test_seven_seats_with_five_sitting_still_need_four():
    with pytest.raises(rules.NoQuorum) as refused:
        rules.needs_quorum(3, 7)
    assert refused.value.params == {"present": 3, "planned": 7, "needed": 4}
    rules.needs_quorum(4, 7)


def test_the_line_fills_in_its_numbers():
    assert (rules.line(4, 7), rules.line(3, 7)) == ("4 > 7/2", "3 ≤ 7/2")


@given(st.integers(0, 30), st.integers(1, 30))
def test_a_majority_and_its_opposite_never_hold_together(agreed: int, planned: int):
    against = max(planned - agreed, 0)
    assert not (rules.is_decided(agreed, planned) and rules.is_decided(against, planned))
    assert rules.is_decided(agreed, planned) == (agreed >= rules.more_than_half(planned))
    assert (">" in rules.line(agreed, planned)) == rules.is_decided(agreed, planned)


@pytest.mark.parametrize(("sitting", "needed"), [(3, 1), (5, 2), (6, 2), (7, 3), (9, 3), (11, 4)])
def test_a_third_of_the_sitting_members_may_demand_a_meeting(sitting: int, needed: int):
    assert rules.may_demand(needed, sitting)
    assert not rules.may_demand(needed - 1, sitting)


@given(st.integers(0, 15), st.integers(1, 15))
def test_the_third_is_never_less_than_a_third(asking: int, sitting: int):
    assert rules.may_demand(asking, sitting) == (asking > 0 and asking * 3 >= sitting)


@pytest.mark.parametrize("seats", [4, 3, 13, 5])
def test_seats_are_odd_within_the_pack_and_hold_those_who_sit(seats: int):
    with pytest.raises(rules.BadSeats):
        rules.check_seats(seats, least=5, most=11, sitting=6)
    rules.check_seats(7, least=5, most=11, sitting=7)


def call(kind: Kind, days: int, reason: str = "") -> None:
    rules.check_call(kind, now=NOW, starts_at=NOW + timedelta(days=days, hours=9), terms=TERMS, reason=reason)


def test_a_regular_meeting_is_announced_seven_days_ahead_and_not_six():
    call(Kind.REGULAR, 7)
    with pytest.raises(rules.TooLateForAgenda) as refused:
        call(Kind.REGULAR, 6)
    assert refused.value.params["earliest"] == "2026-10-27"
    with pytest.raises(rules.TooLateForAgenda):
        call(Kind.REGULAR, 6, "因为急")


def test_an_extraordinary_meeting_may_be_shorter_with_a_reason():
    with pytest.raises(rules.UrgencyNeedsReason):
        call(Kind.EXTRAORDINARY, 6, "  ")
    call(Kind.EXTRAORDINARY, 0, "水管爆裂")
    call(Kind.EXTRAORDINARY, 7)


def test_the_first_meeting_needs_no_reason_and_no_meeting_lies_in_the_past():
    call(Kind.FIRST, 1)
    with pytest.raises(rules.InThePast):
        rules.check_call(Kind.FIRST, now=NOW, starts_at=NOW, terms=TERMS, reason="")


@given(st.integers(0, 30), st.integers(0, 20), st.integers(0, 20))
def test_a_regular_call_is_accepted_exactly_when_both_notice_times_are_kept(days: int, agenda: int, tell: int):
    terms = TERMS._replace(agenda_days=agenda, tell_days=tell)
    starts_at = NOW + timedelta(days=days, minutes=1)
    if days >= agenda and days >= tell:
        rules.check_call(Kind.REGULAR, now=NOW, starts_at=starts_at, terms=terms, reason="")
    else:
        with pytest.raises(rules.TooLateForAgenda):
            rules.check_call(Kind.REGULAR, now=NOW, starts_at=starts_at, terms=terms, reason="")


def test_the_chair_calls_and_a_plain_member_only_when_nobody_else_would():
    rules.check_caller({COMMITTEE_CHAIR}, kind=Kind.REGULAR, chair_sits=True, request_overdue=False)
    rules.check_caller({COMMITTEE_SECRETARY}, kind=Kind.EXTRAORDINARY, chair_sits=True, request_overdue=False)
    with pytest.raises(rules.NotTheCaller):
        rules.check_caller({COMMITTEE_MEMBER}, kind=Kind.REGULAR, chair_sits=True, request_overdue=False)
    rules.check_caller({COMMITTEE_MEMBER}, kind=Kind.EXTRAORDINARY, chair_sits=True, request_overdue=True)
    rules.check_caller({COMMITTEE_MEMBER}, kind=Kind.REGULAR, chair_sits=False, request_overdue=False)


def test_whoever_prepared_the_election_may_call_the_first_meeting_and_no_other():
    for post in (PREPARATORY_LEADER, RESIDENTS_STAFF, COMMITTEE_MEMBER):
        rules.check_caller({post}, kind=Kind.FIRST, chair_sits=False, request_overdue=False)
    with pytest.raises(rules.NotTheCaller):
        rules.check_caller({RESIDENTS_STAFF}, kind=Kind.REGULAR, chair_sits=False, request_overdue=True)
    with pytest.raises(rules.FirstOnlyWithoutChair):
        rules.check_caller({COMMITTEE_CHAIR}, kind=Kind.FIRST, chair_sits=True, request_overdue=False)


@pytest.mark.parametrize("post", [COMMITTEE_ALTERNATE, SUPERVISOR, OWNER])
def test_alternates_supervisors_and_owners_call_nothing(post):
    with pytest.raises(rules.NotTheCaller):
        rules.check_caller({post}, kind=Kind.FIRST, chair_sits=False, request_overdue=True)


def test_an_agenda_says_what_is_to_be_decided():
    with pytest.raises(rules.NoAgenda):
        rules.check_agenda([])
    with pytest.raises(rules.ItemIncomplete) as refused:
        rules.check_agenda([Item(ItemKind.REPORT, "通报"), Item(ItemKind.DECISION, "更换灭火器")])
    assert refused.value.params == {"no": 2}
    with pytest.raises(rules.NegativeLimit):
        rules.check_agenda([Item(ItemKind.DECISION, "更换灭火器", "更换。", limit_fen=-1)])
    with pytest.raises(rules.ItemTooLong):
        rules.check_agenda([Item(ItemKind.REPORT, "长" * 81)])
    with pytest.raises(rules.ChairTwice):
        rules.check_agenda([Item(ItemKind.CHAIR, "推选主任"), Item(ItemKind.CHAIR, "推选主任")])


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("修改议事规则第三条", "M1"),
        ("解聘物业公司", "M4"),
        ("动用维修资金 3 万元", "M5"),
        ("发放委员津贴每月 200 元", "M9"),
        ("更换 1–6 幢灭火器", None),
    ],
)
def test_words_of_the_assemblys_matters_are_noticed(text: str, matter: str | None):
    found = rules.reserved(text)
    assert (found.matter if found else None) == matter


def test_a_reserved_matter_is_refused_until_the_proposer_says_why_it_is_none():
    item = Item(ItemKind.DECISION, "提请业主大会修改议事规则", "起草修改稿，提请业主大会表决。")
    with pytest.raises(rules.ReservedForAssembly) as refused:
        rules.check_agenda([item])
    assert refused.value.params["word"] == "议事规则"
    rules.check_agenda([item._replace(not_reserved="只决定提请业主大会，不作修改")])
    rules.check_agenda([item._replace(kind=ItemKind.REPORT)])


def test_a_decision_counts_those_who_agree_and_nobody_else():
    assert rules.outcome(ItemKind.DECISION, {"agree": 4, "oppose": 1, "abstain": 2}, 7).winner == "agree"
    lost = rules.outcome(ItemKind.DECISION, {"agree": 3, "oppose": 0, "abstain": 1}, 7)
    assert (lost.winner, lost.line) == (None, "3 ≤ 7/2")


def test_a_chair_is_elected_with_more_than_half_of_the_seats_or_not_at_all():
    assert rules.outcome(ItemKind.CHAIR, {"a": 4, "b": 3}, 7) == rules.Outcome("a", 4, "4 > 7/2")
    assert rules.outcome(ItemKind.CHAIR, {"a": 3, "b": 3, "abstain": 1}, 7).winner is None
    assert rules.outcome(ItemKind.CHAIR, {"abstain": 7}, 7) == rules.Outcome(None, 0, "0 ≤ 7/2")


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 7), max_size=7), st.sampled_from([3, 5, 7, 9, 11]))
def test_at_most_one_person_can_win(counts: dict[str, int], planned: int):
    if sum(counts.values()) > planned:
        return
    winners = [name for name, number in counts.items() if 2 * number > planned]
    assert len(winners) <= 1
    assert rules.outcome(ItemKind.DEPUTY, counts, planned).winner == (winners[0] if winners else None)

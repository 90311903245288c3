"""Rules of an election before its ballot: seats, terms, eligibility, days, the drawn order."""

import hashlib
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import canonical, packs
from hoa.kernel.clock import CHINA
from hoa.kernel.packs import Parameter, RulePack
from voting.elections.rules import clock, eligibility, life, lot, seats
from voting.elections.rules.life import State
from voting.elections.rules.seats import Size
from voting.rules.schedule import Form

DAY = date(2026, 10, 20)
NOW = datetime(2026, 10, 20, 10, 0, tzinfo=CHINA)
PACKS = {pack.code: pack for pack in packs.all_packs()}
NATIONAL, BEIJING, SHANGHAI = PACKS["cn-national"], PACKS["cn-beijing"], PACKS["cn-shanghai"]
LARGE = Size(heads=487, area=4_611_200)
COMMITTEE = seats.COMMITTEE


def with_(pack: RulePack, **values: int) -> RulePack:
    """The pack with other numbers."""
    changed = {name: Parameter(value, "测试", verified=False) for name, value in values.items()}
    return pack._replace(parameters={**pack.parameters, **changed})


# ------------------------------------------------------------------------------------------------------------- seats


@given(pack=st.sampled_from(list(PACKS.values())), number=st.integers(-3, 30))
def test_a_committee_has_an_odd_number_of_seats_within_the_packs_range(pack: RulePack, number: int):
    allowed = seats.lawful(pack, COMMITTEE, LARGE)
    if number % 2 == 1 and allowed.least <= number <= allowed.most:
        assert seats.check_seats(pack, COMMITTEE, LARGE, number) == allowed
    else:
        with pytest.raises((seats.EvenSeats, seats.SeatsOutOfRange)):
            seats.check_seats(pack, COMMITTEE, LARGE, number)


def test_an_even_number_is_told_its_odd_neighbours_and_a_wrong_one_its_range():
    with pytest.raises(seats.EvenSeats) as even:
        seats.check_seats(NATIONAL, COMMITTEE, LARGE, 6)
    assert even.value.params == {"seats": 6, "less": 5, "more": 7}
    with pytest.raises(seats.SeatsOutOfRange) as many:
        seats.check_seats(NATIONAL, COMMITTEE, LARGE, 13)
    assert (many.value.params["least"], many.value.params["most"]) == (5, 11)


@pytest.mark.parametrize(
    ("pack", "size", "small"),
    [
        (BEIJING, Size(100, 9_000_000), True),
        (BEIJING, Size(101, 100), False),
        (SHANGHAI, Size(900, 1_000_000), True),
        (SHANGHAI, Size(3, 1_000_001), False),
        (NATIONAL, Size(3, 100), False),
    ],
)
def test_three_seats_are_for_small_communities_by_the_packs_own_measure(pack: RulePack, size: Size, small: bool):
    assert seats.is_small(pack, size) is small
    assert seats.lawful(pack, COMMITTEE, size).least == (3 if small else 5)


def test_supervisors_have_numbers_of_their_own_and_an_unknown_body_is_refused():
    assert seats.check_seats(NATIONAL, seats.SUPERVISORS, LARGE, 3).least == 3
    with pytest.raises(seats.SeatsOutOfRange):
        seats.check_seats(NATIONAL, COMMITTEE, LARGE, 3)
    with pytest.raises(seats.UnknownBody):
        seats.lawful(NATIONAL, "street_office", LARGE)


def test_alternates_are_a_share_of_the_seats_cut_off_and_a_ballot_agrees_to_as_many_as_there_are_seats():
    assert seats.alternates(NATIONAL, 7) == 7
    assert seats.alternates(with_(NATIONAL, alternates_max_percent=50), 7) == 3
    assert seats.approve_at_most(NATIONAL, 7) == 7
    assert seats.approve_at_most(with_(NATIONAL, election_approve_at_most=2), 7) == 2


@given(planned=st.sampled_from([3, 5, 7, 9, 11]), sitting=st.integers(0, 11), minimum=st.sampled_from([3, 5]))
def test_a_supplementary_election_needs_what_makes_the_body_valid_with_those_who_sit(
    planned: int, sitting: int, minimum: int
):
    needed = seats.still_needed(minimum, planned, sitting)
    assert needed >= 1
    assert sitting + needed >= minimum
    assert 2 * (sitting + needed) > planned
    fewer = sitting + needed - 1
    assert needed == 1 or fewer < minimum or 2 * fewer <= planned


def test_a_supplementary_election_fills_at_most_the_vacancies_odd_or_even():
    seats.check_supplement(2, 2)
    for wrong in (0, 3):
        with pytest.raises(seats.MoreThanVacant):
            seats.check_supplement(2, wrong)


# -------------------------------------------------------------------------------------------------------------- term


def test_a_term_begins_later_and_lasts_as_long_as_the_pack_allows():
    start = date(2027, 1, 1)
    seats.check_term(NATIONAL, start, date(2028, 1, 1), today=DAY)
    seats.check_term(NATIONAL, start, date(2032, 1, 1), today=DAY)
    for ends in (date(2027, 12, 31), date(2032, 1, 2)):
        with pytest.raises(seats.TermOutOfRange):
            seats.check_term(NATIONAL, start, ends, today=DAY)
    with pytest.raises(seats.TermOutOfRange):
        seats.check_term(SHANGHAI, start, date(2029, 12, 31), today=DAY)
    with pytest.raises(seats.TermPast):
        seats.check_term(NATIONAL, DAY, date(2030, 1, 1), today=DAY)


# ------------------------------------------------------------------------------------------------------- eligibility

CODES = [one.code for one in eligibility.CRITERIA]
RESULTS = st.dictionaries(st.sampled_from(CODES), st.sampled_from(["pass", "fail", "unknown"]))


@given(results=RESULTS, undertaken=st.booleans())
def test_nobody_is_acceptable_with_a_fail_an_unknown_or_a_criterion_not_looked_at(
    results: dict[str, str], undertaken: bool
):
    clean = all(results.get(code) == "pass" for code in CODES)
    if clean and undertaken:
        eligibility.check_acceptable(results, undertaken=undertaken)
    elif clean:
        with pytest.raises(eligibility.NotUndertaken):
            eligibility.check_acceptable(results, undertaken=undertaken)
    else:
        with pytest.raises(eligibility.NotAllPassed) as refused:
            eligibility.check_acceptable(results, undertaken=undertaken)
        assert refused.value.params["n"] == sum(results.get(code) != "pass" for code in CODES)


def test_all_passed_and_undertaken_is_acceptable_and_one_unknown_is_named():
    passed = dict.fromkeys(CODES, "pass")
    eligibility.check_acceptable(passed, undertaken=True)
    with pytest.raises(eligibility.NotAllPassed) as refused:
        eligibility.check_acceptable({**passed, "arrears": "unknown"}, undertaken=True)
    assert refused.value.params == {"n": 1, "titles": "没有拖欠物业费和维修资金"}
    with pytest.raises(eligibility.NotUndertaken):
        eligibility.check_acceptable(passed, undertaken=False)


def test_a_pass_or_a_fail_rests_on_words_or_a_file_and_unknown_on_nothing():
    assert eligibility.check_result("owner", "unknown", "", file=False) == "unknown"
    assert eligibility.check_result("owner", "fail", "", file=True) == "fail"
    for result in ("pass", "fail"):
        with pytest.raises(eligibility.NoEvidence):
            eligibility.check_result("owner", result, "  ", file=False)
    for code, result in (("height", "pass"), ("owner", "perhaps")):
        with pytest.raises(eligibility.UnknownCriterion):
            eligibility.check_result(code, result, "看过", file=False)


# --------------------------------------------------------------------------------------------------------------- lot

SEED = hashlib.sha256(b"list").hexdigest()


@given(numbers=st.sets(st.integers(1, 99), min_size=1), gone=st.integers(1, 99))
def test_leaving_somebody_out_moves_nobody_else_past_another(numbers: set[int], gone: int):
    order = [line.number for line in lot.draw(SEED, numbers)]
    rest = [line.number for line in lot.draw(SEED, numbers - {gone})]
    assert set(order) == numbers
    assert rest == [number for number in order if number != gone]


def test_the_order_can_be_drawn_again_in_one_line_and_another_seed_draws_another():
    numbers = range(1, 10)
    again = sorted(numbers, key=lambda n: hashlib.sha256(bytes.fromhex(SEED) + str(n).encode()).digest())
    assert [line.number for line in lot.draw(SEED, numbers)] == again
    other = hashlib.sha256(b"another list").hexdigest()
    assert [line.number for line in lot.draw(other, numbers)] != again


def test_every_candidates_word_changes_the_seed_and_the_order_of_the_list_does_not():
    def seed(*words: str, turned: bool = False) -> str:
        entries = [{"number": number, "lot": word} for number, word in enumerate(words, 1)]
        found = lot.listed(election={"code": "2026-01"}, candidates=entries[::-1] if turned else entries)
        return canonical.digest(found)

    assert seed("一", "二") == seed("一", "二", turned=True)
    assert len({seed("一", "二"), seed("三", "二"), seed("一", "三")}) == 3


@pytest.mark.parametrize("word", ["", "   ", "字" * 21])
def test_a_word_for_the_lot_is_neither_empty_nor_long(word: str):
    with pytest.raises(lot.BadLotWord):
        lot.check_word(word)


# ------------------------------------------------------------------------------------------------------------- clock


def test_nominations_are_taken_through_the_last_day_and_screening_begins_on_the_next():
    last = date(2026, 10, 27)
    clock.check_nominating(last, now=datetime(2026, 10, 27, 23, 59, tzinfo=CHINA))
    with pytest.raises(clock.NominationsOpen):
        clock.check_nominated(last, now=datetime(2026, 10, 27, 23, 59, tzinfo=CHINA))
    midnight = datetime(2026, 10, 28, 0, 0, tzinfo=CHINA)
    clock.check_nominated(last, now=midnight)
    with pytest.raises(clock.NominationsOver):
        clock.check_nominating(last, now=midnight)
    with pytest.raises(clock.NominationsPast):
        clock.check_until(DAY, now=NOW)


def test_the_list_is_shown_seven_whole_days_before_the_draw():
    assert clock.display_over(NATIONAL, NOW) == date(2026, 10, 28)
    clock.check_display(NATIONAL, NOW, now=datetime(2026, 10, 28, 0, 0, tzinfo=CHINA))
    with pytest.raises(clock.OnDisplay) as refused:
        clock.check_display(NATIONAL, NOW, now=datetime(2026, 10, 27, 23, 59, tzinfo=CHINA))
    assert refused.value.params == {"days": 7, "day": "2026-10-28"}


@given(waited=st.integers(0, 60), publish=st.integers(0, 40), notice=st.integers(0, 40))
def test_voting_opens_after_the_days_of_the_list_and_of_the_notice_and_not_a_day_later(
    waited: int, publish: int, notice: int
):
    pack = with_(NATIONAL, candidate_publish_days=publish, notice_days=notice, extraordinary_notice_days=notice)
    now = NOW + timedelta(days=waited)
    earliest = max(DAY + timedelta(days=publish), DAY + timedelta(days=waited + notice))
    assert clock.earliest_opening(pack, NOW, form=Form.FIRST, now=now) == earliest
    opens = datetime.combine(earliest, datetime.min.time(), CHINA)
    clock.check_opening(pack, NOW, opens, form=Form.FIRST, now=now)
    with pytest.raises(clock.OpensTooEarly) as refused:
        clock.check_opening(pack, NOW, opens - timedelta(minutes=1), form=Form.FIRST, now=now)
    assert refused.value.params["day"] == earliest.isoformat()


# -------------------------------------------------------------------------------------------------------------- life


def test_each_state_leads_only_where_the_life_goes():
    life.check_follows(State.SCREENING, State.NOMINATION)
    life.check_follows(State.DRAFTED, State.DISPLAY)
    for state, target in [
        (State.NOMINATION, State.DISPLAY),
        (State.DISPLAY, State.SCREENING),
        (State.DRAFTED, State.CANCELLED),
        (State.CANCELLED, State.NOMINATION),
    ]:
        with pytest.raises(life.WrongStep):
            life.check_follows(state, target)
    with pytest.raises(life.WrongStep):
        life.check_step(State.DRAFTED, State.DISPLAY)

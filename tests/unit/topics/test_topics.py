"""How long owners are heard, who must be at the meeting, how opinions are counted, where a topic stands."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel.workdays import china
from hoa.resolutions.chain import Key, Kind, Link
from hoa.topics import rules as topics
from hoa.topics.rules import SIX, Outcome, Party, Period, Side, Stage
from hoa.topics.service.chain import State, laid_out

DAY = date(2026, 9, 21)
EVERYBODY = dict.fromkeys(SIX, ("甲",))


def check(opens_on: date, closes_on: date, *, today: date = DAY, least_days: int = 5) -> Period:
    return topics.check_period(opens_on, closes_on, today=today, least_days=least_days, calendar=china())


def test_five_working_days_go_round_a_holiday_and_count_the_weekend_that_is_worked() -> None:
    """2026: 25–27 September and 1–7 October off, Sunday 20 September and Saturday 10 October worked."""
    with pytest.raises(topics.ClosesTooSoon) as refused:
        check(date(2026, 9, 28), date(2026, 9, 30))
    assert refused.value.params["earliest"] == "2026-10-10"
    assert check(date(2026, 9, 28), date(2026, 10, 10)).closes_on == date(2026, 10, 10), "the 10th is worked"


def test_a_period_ends_on_a_working_day() -> None:
    with pytest.raises(topics.ClosesOnRestDay) as refused:
        check(DAY, date(2026, 10, 4))
    assert refused.value.params["next"] == "2026-10-08"


def test_a_period_begins_no_earlier_than_today_and_is_provisional_in_a_year_not_announced() -> None:
    with pytest.raises(topics.OpensInThePast):
        check(DAY - timedelta(days=1), date(2026, 10, 12))
    assert not check(DAY, date(2026, 10, 12)).provisional
    assert check(date(2027, 12, 20), date(2028, 1, 12)).provisional


@given(st.dates(date(2026, 1, 1), date(2026, 11, 1)), st.integers(1, 40), st.integers(1, 20))
def test_an_accepted_period_has_its_working_days_and_ends_on_one(opens: date, length: int, least: int) -> None:
    closes = opens + timedelta(days=length)
    try:
        found = check(opens, closes, today=opens, least_days=least)
    except (topics.ClosesTooSoon, topics.ClosesOnRestDay):
        days = sum(china().is_workday(opens + timedelta(days=n)) for n in range(1, length + 1))
        assert days < least or not china().is_workday(closes)
    else:
        days = sum(china().is_workday(opens + timedelta(days=n)) for n in range(1, length + 1))
        assert days >= least
        assert china().is_workday(found.closes_on)


def test_comments_are_heard_from_the_first_day_to_the_last_with_a_side() -> None:
    period = Period(DAY, DAY + timedelta(days=7), False)
    for day in (period.opens_on, period.closes_on):
        assert topics.check_comment(period, "for", today=day, earlier=0) is Side.FOR
    for day in (period.opens_on - timedelta(days=1), period.closes_on + timedelta(days=1)):
        with pytest.raises(topics.NotOpen):
            topics.check_comment(period, "for", today=day, earlier=0)
    with pytest.raises(topics.UnknownSide):
        topics.check_comment(period, "maybe", today=DAY, earlier=0)
    with pytest.raises(topics.TooManyComments):
        topics.check_comment(period, "for", today=DAY, earlier=topics.MOST_COMMENTS)


def test_a_head_counts_once_where_it_stood_last() -> None:
    said = [("a", "for"), ("b", "for"), ("a", "against"), ("c", "other"), ("a", "against")]
    assert topics.counts(said) == {"for": 1, "against": 1, "other": 1}


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(list(Side)))))
def test_figures_are_as_many_as_the_heads(said: list[tuple[str, str]]) -> None:
    assert sum(topics.counts(said).values()) == len({person for person, _ in said})


@pytest.mark.parametrize("party", SIX)
def test_each_of_the_six_is_there_or_a_reason_is_recorded(party: Party) -> None:
    present = {**EVERYBODY, party: ()}
    with pytest.raises(topics.PartyMissing):
        topics.check_parties(present, because=" ")
    topics.check_parties(present, because="物业经理住院，已电话征求意见")
    assert topics.missing([one for one, names in present.items() if names]) == (party,)


def test_a_reason_does_not_make_a_meeting_of_one_party_and_guests_are_no_party_of_the_six() -> None:
    with pytest.raises(topics.NoMeeting):
        topics.check_parties({Party.COMMITTEE: ("甲",)}, because="都没空")
    with pytest.raises(topics.PartyMissing):
        topics.check_parties({Party.STREET: ("甲",), Party.POLICE: ("乙",)}, because="")
    topics.check_parties(EVERYBODY, because="")


def test_a_meeting_lies_between_the_question_and_today() -> None:
    for day in (DAY, DAY + timedelta(days=3)):
        topics.check_held(day, raised_on=DAY, today=DAY + timedelta(days=3))
    for day in (DAY - timedelta(days=1), DAY + timedelta(days=4)):
        with pytest.raises(topics.HeldOutside):
            topics.check_held(day, raised_on=DAY, today=DAY + timedelta(days=3))


def test_names_are_separated_by_anything_people_use() -> None:
    assert topics.names("张三、李四，王五 赵六;张三\n") == ("张三", "李四", "王五", "赵六")


def stage(day: date, **more: object) -> Stage:
    values = {"met": False, "summarized": False, "outcome": None, "taken_up": False, **more}
    return topics.stage(Period(DAY, DAY + timedelta(days=7), False), today=day, **values)  # type: ignore[arg-type]


def test_a_topic_stands_where_its_days_and_its_papers_say() -> None:
    after = DAY + timedelta(days=8)
    assert stage(DAY - timedelta(days=1)) is Stage.AHEAD
    assert stage(DAY + timedelta(days=7), met=True) is Stage.COMMENTS, "the meeting does not end the comments"
    assert stage(after) is Stage.MEETING
    assert stage(after, met=True) is Stage.SUMMARY
    assert stage(after, met=True, summarized=True) is Stage.OUTCOME
    assert stage(after, outcome=Outcome.MOTION) is Stage.WAITING
    assert stage(after, outcome=Outcome.AGENDA, taken_up=True) is Stage.TAKEN_UP
    assert stage(DAY, outcome=Outcome.HANDLED) is Stage.HANDLED


def test_texts_are_refused_not_cut() -> None:
    assert topics.written("  一\r\n二 ", most=5) == "一\n二"
    with pytest.raises(topics.EmptyText):
        topics.written(" ", most=5)
    with pytest.raises(topics.TextTooLong):
        topics.written("一二三四五六", most=5)


def link(kind: Kind, *, over: bool = False, name: str = "x") -> tuple[Key, Link]:
    key = Key(kind, name)
    return key, Link(key=key, label="1", title=kind, on=DAY, says="", follows=f"after {kind}", over=over)


def test_the_chain_shows_what_there_is_then_what_comes_next_then_what_is_far() -> None:
    steps = laid_out(dict([link(Kind.SUGGESTION), link(Kind.SUGGESTION, name="y"), link(Kind.TOPIC)]))
    assert [step.state for step in steps] == [State.DONE, State.DONE, State.NEXT, State.LATER, State.LATER, State.LATER]
    assert len(steps[0].links) == 2
    assert steps[2].follows == "after topic"


def test_a_chain_that_ended_says_so_and_promises_nothing() -> None:
    steps = laid_out(dict([link(Kind.SUGGESTION), link(Kind.TOPIC, over=True)]))
    assert [step.state for step in steps] == [State.DONE, State.DONE, State.NEXT]
    assert steps[-1].title == "到此为止"


def test_a_topic_that_is_asked_again_goes_on_where_the_first_motion_failed() -> None:
    first, again = link(Kind.TOPIC, over=True), link(Kind.TOPIC, name="again")
    failed = dict([link(Kind.SUGGESTION), first, again, link(Kind.MOTION, over=True)])
    steps = laid_out(failed, [again[0]])
    assert [step.state for step in steps] == [State.DONE, State.DONE, State.DONE, State.NEXT, State.LATER, State.LATER]
    assert (steps[3].title, steps[3].follows) == ("决议", "1 after topic")
    # Its own motion stands beside the one that failed, and is what goes on; once it fails too, all has ended.
    both = laid_out(failed | dict([link(Kind.MOTION, name="w")]))
    assert (len(both[2].links), both[3].title, both[3].follows) == (2, "决议", "after motion")
    assert laid_out(failed | dict([link(Kind.MOTION, over=True, name="w")]))[-1].title == "到此为止"


def test_a_chain_begins_where_the_matter_began_and_a_payment_needs_no_contract() -> None:
    steps = laid_out(dict([link(Kind.RESOLUTION), link(Kind.PAYMENT)]))
    assert [step.title for step in steps] == ["决议", "付款"]

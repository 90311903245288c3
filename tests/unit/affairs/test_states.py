"""The loop as one machine: whatever anybody does in whatever order, its clock adds up and what is over stays over."""

from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hoa.affairs.rules import checks, clocks, wording
from hoa.affairs.rules.clocks import Profile, Terms
from hoa.affairs.rules.reminding import Bounds, Clock, Reminder, todo
from hoa.affairs.rules.states import ACTION_NAMES, OPEN, STATE_NAMES, Action, NotNow, State, allowed, follow
from hoa.kernel.errors import Refusal
from hoa.kernel.workdays import Due, china

TERMS = Terms(triage=1, ten=10, plan=1, report=3, resolve=7, major_months=1)
BOUNDS = Bounds(levels=(1, 3, 5), remind=2, rating_days=10)
OVER = frozenset({State.MERGED, State.REFUSED, State.WITHDRAWN})


class Loop(RuleBasedStateMachine):
    """One suggestion with its clock, as the services move it."""

    def __init__(self) -> None:
        super().__init__()
        self.calendar = china()
        self.day = date(2025, 9, 1)
        self.state = State.RECEIVED
        self.handled = False
        self.round = 1
        self.stood = 0
        self.level = 0
        self.reminded: set[Reminder] = set()
        self.paused_on: date | None = None
        self.answered_on: date | None = None
        self.begin(TERMS.triage)

    def begin(self, term: int | None) -> None:
        self.start, self.stood, self.level, self.reminded = self.day, 0, 0, set()
        self.due = self.calendar.due(self.day, term) if term else clocks.month_later(self.day, 1, self.calendar)
        self.whole = clocks.working_days_after(self.start, self.due.day, self.calendar)

    @rule(days=st.integers(1, 12))
    def time_passes(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(action=st.sampled_from([one for one in Action if one not in (Action.ASSIGN, Action.RECEIVE)]))
    def act(self, action: Action) -> None:
        if action is Action.REOPEN and self.round > 1:
            return
        before = self.state
        if not allowed(before, action):
            with pytest.raises(NotNow):
                follow(before, action)
            return
        self.state = follow(before, action, handled=self.handled)
        self.clock_of(action)

    @rule(profile=st.sampled_from(Profile))
    @precondition(lambda self: self.state is State.RECEIVED)
    def assign(self, profile: Profile) -> None:
        self.state, self.handled = follow(self.state, Action.ASSIGN), True
        self.begin({Profile.TEN: TERMS.ten, Profile.P13710: TERMS.resolve}.get(profile))

    def clock_of(self, action: Action) -> None:
        if action is Action.PAUSE:
            self.paused_on = self.day
        elif action in (Action.RESUME, Action.ANSWER) and self.paused_on is not None:
            lost = clocks.working_days_after(self.paused_on, self.day, self.calendar)
            self.due, self.stood = clocks.later(self.due, lost, self.calendar), self.stood + lost
            self.paused_on, self.reminded = None, set()
        elif action is Action.HAND_BACK:
            self.handled = False
            self.begin(TERMS.triage)
        elif action is Action.REOPEN:
            self.round += 1
            self.answered_on = None
            self.begin(TERMS.ten if self.handled else TERMS.triage)
        elif action is Action.MERGE:
            self.paused_on = None
        if action in (Action.ANSWER, Action.ANSWER_AT_ONCE):
            self.answered_on = self.day

    @rule()
    def the_clock_looks(self) -> None:
        stands = Clock(
            state=self.state,
            start=self.start,
            due=self.due.day,
            provisional=False,
            level=self.level,
            answered_on=self.answered_on,
            reminded=frozenset(self.reminded),
        )
        found = todo(stands, self.day, BOUNDS, self.calendar)
        for level in found.levels:
            assert level == self.level + 1
            assert self.state is State.ASSIGNED
            self.level = level
        if found.remind:
            assert self.state is State.ASSIGNED
            self.reminded.add(found.remind)
        if found.lapse:
            self.state = follow(self.state, Action.LAPSE)

    @invariant()
    def the_term_and_the_pauses_add_up(self) -> None:
        assert clocks.working_days_after(self.start, self.due.day, self.calendar) == self.whole + self.stood

    @invariant()
    def a_clock_stands_still_only_while_paused(self) -> None:
        assert (self.paused_on is not None) == (self.state is State.PAUSED)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        if self.state in OVER:
            assert not any(allowed(self.state, action) for action in Action)
        assert self.round <= 2

    @invariant()
    def an_answered_one_has_its_day(self) -> None:
        if self.state in (State.ANSWERED, State.RATED, State.PUBLISHED):
            assert self.answered_on is not None
        if self.state in OPEN:
            assert self.answered_on is None

    @invariant()
    def only_what_somebody_handles_escalates(self) -> None:
        if self.level:
            assert self.handled


TestLoop = Loop.TestCase


def test_every_state_and_action_has_a_name_and_every_state_can_be_reached():
    assert set(STATE_NAMES) == set(State)
    assert set(ACTION_NAMES) == set(Action)
    reached, front = {State.RECEIVED}, [State.RECEIVED]
    while front:
        here = front.pop()
        for action in Action:
            after = follow(here, action) if allowed(here, action) else here
            if after not in reached:
                reached.add(after)
                front.append(after)
    assert reached == set(State)


def test_a_step_that_does_not_fit_says_how_it_stands():
    with pytest.raises(NotNow, match="待梳理") as refused:
        follow(State.RECEIVED, Action.PUBLISH)
    assert refused.value.status == 409


def test_what_nobody_handles_goes_back_to_the_desk_when_it_is_reopened():
    assert follow(State.ANSWERED, Action.REOPEN, handled=False) is State.RECEIVED
    assert follow(State.ANSWERED, Action.REOPEN) is State.ASSIGNED


def test_words_are_written_one_way_and_neither_missing_nor_too_long():
    assert wording.title("  3 幢\n 电梯\x00 ") == "3 幢 电梯"
    assert wording.reason("第一行\r\n第二行") == "第一行\n第二行"
    assert wording.remark("") == ""
    assert wording.tidy("e\u0301\ud800") == "é"
    for write, refusal in (
        (wording.title, wording.NoTitle),
        (wording.reason, wording.NoReason),
        (wording.answer, wording.NoText),
        (wording.public, wording.NoPublicText),
    ):
        with pytest.raises(refusal):
            write(" \n\x07")
    with pytest.raises(wording.TooLong, match="61"):
        wording.title("长" * 61)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: checks.stars(0),
        lambda: checks.stars(6),
        lambda: checks.way("letter"),
        lambda: checks.check("call", "fine"),
        lambda: checks.check("post", "solved"),
    ],
)
def test_a_rating_or_a_check_is_one_that_can_be_chosen(ask):
    with pytest.raises(Refusal):
        ask()


def test_a_day_without_a_pause_does_not_move():
    due = Due(date(2025, 10, 16), False)
    assert clocks.later(due, 0, china()) == due

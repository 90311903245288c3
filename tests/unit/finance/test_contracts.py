"""Contracts: schedules of every kind, changes that take effect from a day, the rent roll, reminders at their days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.rules import contract_lines, contracts, rent
from finance.rules.contracts import (
    Change,
    ChangeKind,
    Due,
    Frequency,
    Method,
    Quote,
    Step,
    check_change,
    check_choice,
    in_force,
    schedule,
    statuses,
)
from finance.rules.rent import Cell, ReminderKind

START, END = date(2026, 1, 1), date(2026, 12, 31)


def monthly(**changes):
    about = {
        "starts_on": START,
        "ends_on": END,
        "frequency": Frequency.MONTHLY,
        "first_due_on": date(2026, 1, 15),
        "amount_fen": 300_000,
    }
    return schedule(**(about | changes))


def test_rent_rises_on_its_day_and_not_a_day_before():
    rising = monthly(steps=(Step(day=date(2026, 7, 15), amount_fen=330_000), Step(day=date(2026, 12, 1), amount_fen=1)))
    assert [due.amount_fen for due in rising] == [300_000] * 6 + [330_000] * 5 + [1]
    late = monthly(steps=(Step(day=date(2026, 7, 16), amount_fen=330_000),))
    assert [due.amount_fen for due in late].count(330_000) == 5


def test_irregular_instalments_are_those_listed_in_the_order_of_their_days():
    listed = (Step(day=date(2026, 9, 1), amount_fen=5), Step(day=date(2026, 2, 1), amount_fen=7))
    found = monthly(frequency=Frequency.LISTED, amount_fen=0, listed=listed)
    assert [(due.no, due.day.month, due.amount_fen) for due in found] == [(1, 2, 7), (2, 9, 5)]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"frequency": Frequency.LISTED}, contracts.ListNeeded),
        ({"listed": (Step(day=START, amount_fen=1),)}, contracts.ListNotNeeded),
        ({"steps": (Step(day=END + timedelta(days=1), amount_fen=1),)}, contracts.StepOutsideTerm),
        ({"steps": (Step(day=END, amount_fen=0),)}, contracts.PriceNeeded),
        ({"steps": (Step(day=END, amount_fen=1), Step(day=END, amount_fen=2))}, contracts.DayTwice),
        (
            {"frequency": Frequency.VARIABLE, "amount_fen": 0, "steps": (Step(day=END, amount_fen=1),)},
            contracts.PriceNeeded,
        ),
    ],
)
def test_a_schedule_that_contradicts_itself_is_refused(changes, refusal):
    with pytest.raises(refusal):
        monthly(**changes)


def a_change(no: int, kind: ChangeKind, effective: date, ends: date = END) -> Change:
    return Change(no=no, kind=kind, effective_on=effective, ends_on=ends, frequency=Frequency.MONTHLY, amount_fen=1)


def test_a_change_takes_the_place_of_what_was_due_from_its_day_on():
    first = monthly()
    second = [Due(no=13, day=date(2026, 7, 15), amount_fen=9, change_no=1)]
    third = [Due(no=14, day=date(2026, 6, 15), amount_fen=8, change_no=2)]
    amended = a_change(1, ChangeKind.AMEND, date(2026, 7, 15))
    assert [due.no for due in in_force([*first, *second], [amended])] == [1, 2, 3, 4, 5, 6, 13]
    again = a_change(2, ChangeKind.AMEND, date(2026, 6, 15))
    assert [due.no for due in in_force([*first, *second, *third], [amended, again])] == [1, 2, 3, 4, 5, 14]
    assert len(in_force(first, ())) == 12


@given(st.lists(st.integers(0, 364), max_size=4), st.integers(0, 364))
def test_whatever_changes_no_day_is_due_twice_by_an_earlier_version(days, probe):
    changes = [a_change(no, ChangeKind.AMEND, START + timedelta(days=day)) for no, day in enumerate(days, start=1)]
    dues = [Due(no=100 * no + 1, day=START + timedelta(days=probe), amount_fen=1, change_no=no) for no in range(5)]
    kept = in_force(dues[: len(days) + 1], changes)
    reached = [change.no for change in changes if change.effective_on <= START + timedelta(days=probe)]
    assert next(due.change_no for due in kept) == max(reached, default=0)
    assert all(due.change_no >= max(reached, default=0) for due in kept)


def checked(change: Change, *, earlier=(), settled=0, reason="价格变了", ends_on=END):
    dues = statuses(monthly(), settled_fen={6: settled}, today=date(2026, 8, 1))
    check_change(change, starts_on=START, ends_on=ends_on, earlier=earlier, dues=dues, reason=reason)


def test_a_renewal_begins_the_day_after_and_runs_longer():
    checked(a_change(1, ChangeKind.RENEW, END + timedelta(days=1), date(2027, 12, 31)))
    with pytest.raises(contracts.RenewalNotNext):
        checked(a_change(1, ChangeKind.RENEW, END, date(2027, 12, 31)))
    with pytest.raises(contracts.RenewalNotLonger):
        checked(a_change(1, ChangeKind.RENEW, END + timedelta(days=1), END))


def test_a_change_does_not_take_away_what_was_paid():
    june = date(2026, 6, 15)
    with pytest.raises(contracts.InstalmentSettled):
        checked(a_change(1, ChangeKind.AMEND, june), settled=1)
    checked(a_change(1, ChangeKind.AMEND, june + timedelta(days=1)), settled=1)


def test_a_change_has_a_reason_lies_in_the_term_and_follows_the_last_one():
    with pytest.raises(contracts.ReasonNeeded):
        checked(a_change(1, ChangeKind.AMEND, START), reason=" ")
    for day in (START - timedelta(days=1), END + timedelta(days=1)):
        with pytest.raises(contracts.ChangeOutsideTerm):
            checked(a_change(1, ChangeKind.AMEND, day))
    checked(a_change(1, ChangeKind.END, END + timedelta(days=1)))
    with pytest.raises(contracts.EarlierThanLast):
        checked(a_change(2, ChangeKind.AMEND, START), earlier=[a_change(1, ChangeKind.AMEND, date(2026, 8, 1))])
    with pytest.raises(contracts.AlreadyEnded):
        checked(a_change(2, ChangeKind.AMEND, END), earlier=[a_change(1, ChangeKind.END, date(2026, 8, 1))])
    with pytest.raises(contracts.EndsBeforeStart):
        checked(a_change(1, ChangeKind.AMEND, START, START - timedelta(days=1)))


def test_the_choice_of_one_supplier_tells_why_and_a_comparison_names_two():
    one, two = (Quote(party=name, amount_fen=1) for name in "甲乙")
    check_choice(method="", procurement="", quotes=())
    check_choice(method=Method.QUOTES, procurement="", quotes=(one, two))
    check_choice(method=Method.SINGLE, procurement="独家维保", quotes=())
    with pytest.raises(contracts.QuotesNeeded):
        check_choice(method=Method.QUOTES, procurement="", quotes=(one,))
    with pytest.raises(contracts.SingleReasonNeeded):
        check_choice(method=Method.SINGLE, procurement=" ", quotes=())


def test_lines_are_read_as_people_write_them():
    written = "2027-01-01 3300\n\n2027年7月1日，¥3,630.50\n"
    assert [(step.day, step.amount_fen) for step in contract_lines.steps(written)] == [
        (date(2027, 1, 1), 330_000),
        (date(2027, 7, 1), 363_050),
    ]
    offers = contract_lines.quotes("某某 公司 12000\n乙公司：9,800.00元")
    assert [(row.party, row.amount_fen) for row in offers] == [("某某 公司", 1_200_000), ("乙公司", 980_000)]


@pytest.mark.parametrize("line", ["hello", "2027-13-01 5", "2027-01-01", "2027-01-01 five", "0001-01-01 5"])
def test_a_line_that_cannot_be_read_is_named(line):
    with pytest.raises(contract_lines.LineNotRead) as refused:
        contract_lines.steps("2027-01-01 5\n" + line)
    assert refused.value.params["line"] == 2


@pytest.mark.parametrize("line", ["甲公司", "12000", "甲公司 0", "甲公司 -5", "甲" * 81 + " 5"])
def test_an_offer_that_cannot_be_read_is_named(line):
    with pytest.raises(contract_lines.QuoteNotRead):
        contract_lines.quotes(line)


def test_too_many_lines_are_refused():
    with pytest.raises(contract_lines.TooManyLines):
        contract_lines.steps("\n" * (contract_lines.MOST_LINES + 1))


def test_the_rent_roll_adds_up_and_counts_no_overpayment():
    today = date(2026, 4, 1)
    dues = statuses(monthly(), settled_fen={1: 300_000, 2: 900_000, 3: 100_000}, today=today)
    months = rent.year_of(dues, 2026)
    assert months[1] == Cell(expected_fen=300_000, received_fen=300_000)
    assert months[2] == Cell(expected_fen=300_000, received_fen=100_000, overdue_fen=200_000)
    assert months[2].open_fen == 200_000
    year = rent.sum_of(months)
    assert (year.expected_fen, year.received_fen, year.overdue_fen) == (3_600_000, 700_000, 200_000)
    assert rent.year_of(dues, 2027) == (Cell(),) * 12


@pytest.mark.parametrize(("days", "at"), [(30, 0), (31, 1), (90, 1), (91, 2), (180, 2), (181, 3)])
def test_receivables_age_at_their_boundaries(days, at):
    due = Due(no=1, day=START, amount_fen=5)
    ages = rent.ageing(statuses([due], settled_fen={}, today=START + timedelta(days=days)))
    assert ages[at] == 5
    assert sum(ages) == 5


def kinds(today: date, *, settled=None, followed=False, ends_on=END) -> list[tuple[ReminderKind, int]]:
    dues = statuses([Due(no=1, day=date(2026, 6, 15), amount_fen=5)], settled_fen=settled or {}, today=today)
    found = rent.reminders(dues, ends_on=ends_on, today=today, due_within=7, followed=followed)
    return [(row.kind, row.days) for row in found]


def test_reminders_come_on_their_day():
    assert kinds(date(2026, 6, 7)) == []
    assert kinds(date(2026, 6, 8)) == [(ReminderKind.DUE, 7)]
    assert kinds(date(2026, 6, 15)) == [(ReminderKind.DUE, 0)]
    assert kinds(date(2026, 6, 16)) == [(ReminderKind.OVERDUE, 1)]
    assert kinds(date(2026, 6, 16), settled={1: 5}) == []
    paid = {1: 5}
    assert kinds(END - timedelta(days=61), settled=paid) == []
    assert kinds(END - timedelta(days=60), settled=paid) == [(ReminderKind.EXPIRES, 60)]
    assert kinds(END, settled=paid) == [(ReminderKind.EXPIRES, 0)]
    assert kinds(END + timedelta(days=1), settled=paid) == [(ReminderKind.EXPIRED, 1)]
    assert kinds(END + timedelta(days=1), settled=paid, followed=True) == []

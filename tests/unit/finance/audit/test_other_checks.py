"""Checks of income, bookkeeping, bank, publishing and first digits at their exact boundaries (books.md 4)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from finance.audit.rules import bank, benford, bookkeeping, disclosure, income
from finance.audit.rules.catalogue import work
from finance.audit.rules.checks import CHECKS, NOT_MADE, in_order, run_all
from finance.audit.rules.data import OfficeFacts
from finance.audit.rules.findings import Finding, NotEnough, Severity
from hoa.kernel.clock import CHINA
from tests.audit_facts import (
    AS_OF,
    DEFAULTS,
    bank_line,
    contract,
    due,
    month,
    payment,
    period,
    publication,
    receipt,
)


def found(check: Callable[..., object], **facts: Any) -> Sequence[Finding]:
    result = check(period(**facts), DEFAULTS)
    assert isinstance(result, list)
    return result


@pytest.mark.parametrize(("days", "settled", "count"), [(15, 0, 0), (16, 0, 1), (16, 1_649_999, 1), (16, 1_650_000, 0)])
def test_income_is_missing_sixteen_days_after_it_was_due_and_by_one_fen(days: int, settled: int, count: int) -> None:
    """The day of the check is moved, because the due day must lie inside the period."""
    last = date(2026, 9, 12)
    data = period(contracts=[contract(due(last, settled))], as_of=last + timedelta(days=days), end=last)
    result = income.overdue_income(data, DEFAULTS)
    assert len(result) == count
    assert all(item.amount_fen == 1_650_000 - settled for item in result)


def test_two_missing_instalments_are_two_findings_with_keys_of_their_own() -> None:
    result = found(income.overdue_income, contracts=[contract(due(date(2026, 3, 12)), due(date(2026, 6, 12), no=2))])
    assert len({item.key for item in result}) == 2


def test_spending_contracts_are_not_income() -> None:
    assert found(income.overdue_income, contracts=[contract(due(date(2026, 3, 12)), direction="spending")]) == []


@pytest.mark.parametrize(
    ("ends_on", "count"),
    [(date(2025, 12, 30), 0), (date(2025, 12, 31), 1), (date(2026, 6, 30), 1), (date(2026, 9, 30), 0)],
)
def test_a_contract_that_ran_out_before_the_period_ended_is_named(ends_on: date, count: int) -> None:
    assert len(found(income.expired_contracts, contracts=[contract(ends_on=ends_on)])) == count


def test_a_following_contract_over_the_same_part_or_party_ends_the_matter() -> None:
    old = contract(ends_on=date(2026, 6, 30))
    for changes in ({"common_part": "别处"}, {"party": "别家"}):
        new = contract(id="new", starts_on=date(2026, 7, 1), **changes)
        assert found(income.expired_contracts, contracts=[old, new]) == []
    unlike = contract(id="new", common_part="别处", party="别家")
    assert len(found(income.expired_contracts, contracts=[old, unlike])) == 1


def test_income_from_common_parts_without_a_contract_is_added_up_by_payer() -> None:
    vouchers = [receipt(fen=1, purpose="CR02"), receipt(fen=2, purpose="CR02"), receipt(fen=4, purpose="CR12")]
    (item,) = found(income.without_contract, vouchers=[*vouchers, receipt(purpose="CR02", contract_id="ads")])
    assert item.amount_fen == 3


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"resolution_id": None}, 1),
        ({"resolution_id": "budget"}, 1),  # an assembly's decision, but not M8
        ({"starts_on": date(2025, 6, 1)}, 0),  # decided that very day
        ({"starts_on": date(2025, 5, 31)}, 1),
        ({"resolution_id": None, "starts_on": date(2026, 10, 1)}, 0),  # after the period
        ({"resolution_id": None, "direction": "spending"}, 0),
    ],
)
def test_operating_on_common_parts_needs_the_assembly_first(changes: dict[str, Any], count: int) -> None:
    assert len(found(income.without_decision, contracts=[contract(**changes)])) == count


def test_numbers_run_without_gap_or_repetition_within_a_month() -> None:
    def numbered(*numbers: int) -> list[Any]:
        return [payment(number=number) for number in numbers]

    assert found(bookkeeping.numbers, vouchers=numbered(1, 2, 3)) == []
    (gap,) = found(bookkeeping.numbers, vouchers=numbered(2, 4))
    assert gap.params["numbers"] == "1, 3"
    (twice,) = found(bookkeeping.numbers, vouchers=numbered(1, 1, 2))
    assert twice.params["numbers"] == "1"
    assert {gap.severity, twice.severity} == {Severity.HIGH}


def test_a_period_that_starts_inside_a_month_does_not_miss_the_numbers_before_it() -> None:
    vouchers = [payment(date(2026, 5, 10), number=1), payment(date(2026, 5, 12), number=2)]
    assert found(bookkeeping.numbers, vouchers=vouchers, start=date(2026, 5, 11)) == []
    assert found(bookkeeping.numbers, vouchers=vouchers[1:], start=date(2026, 5, 11)) == []


@pytest.mark.parametrize(("days", "count"), [(15, 0), (16, 1)])
def test_back_dated_means_posted_sixteen_days_after_its_date(days: int, count: int) -> None:
    posted = datetime(2026, 5, 11, 23, 59, tzinfo=CHINA) + timedelta(days=days)
    assert len(found(bookkeeping.back_dated, vouchers=[payment(date(2026, 5, 11), posted_at=posted)])) == count


def test_posting_into_a_closed_month_is_found_to_the_second() -> None:
    closed = datetime(2026, 6, 5, 12, 0, tzinfo=CHINA)
    months = [month(202605, date(2026, 5, 31), closed_at=closed)]
    for seconds, count in ((0, 0), (1, 1)):
        vouchers = [payment(date(2026, 5, 11), posted_at=closed + timedelta(seconds=seconds))]
        assert len(found(bookkeeping.after_close, vouchers=vouchers, months=months)) == count


def test_a_red_voucher_names_what_it_takes_back() -> None:
    original = payment(fen=5)
    good = payment(fen=5, kind="reversal", reverses_id=original.id, has_negative_line=True)
    assert found(bookkeeping.red_vouchers, vouchers=[original, good]) == []
    for changes in ({"reverses_id": None}, {"reverses_id": "nowhere"}, {"amount_fen": 6}, {"kind": "payment"}):
        facts = {"amount_fen": 5, "kind": "reversal", "reverses_id": original.id, "has_negative_line": True} | changes
        fen = facts.pop("amount_fen")
        assert isinstance(fen, int)
        assert len(found(bookkeeping.red_vouchers, vouchers=[original, payment(fen=fen, **facts)])) == 1


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"checker_id": "maker"}, 1),
        ({"checker_id": None}, 1),
        ({"poster_id": "checker"}, 1),
        ({"poster_id": "cashier"}, 1),
        ({"maker_id": "cashier"}, 1),
        ({"poster_id": "former"}, 0),
    ],
)
def test_maker_checker_and_cashier_are_different_people(changes: dict[str, Any], count: int) -> None:
    def office(person: str, ends: datetime) -> OfficeFacts:
        start = datetime(2025, 1, 1, tzinfo=CHINA)
        return OfficeFacts(body="owners_committee", post="cashier", person_id=person, starts_at=start, ends_at=ends)

    offices = [
        office("cashier", datetime(2028, 1, 1, tzinfo=CHINA)),
        office("former", datetime(2026, 1, 1, tzinfo=CHINA)),
    ]
    assert len(found(bookkeeping.separation, vouchers=[payment(**changes)], offices=offices)) == count


def test_a_committee_decides_only_while_somebody_is_in_office() -> None:
    ends = datetime(2026, 3, 1, tzinfo=CHINA)
    start = datetime(2025, 1, 1, tzinfo=CHINA)
    offices = [
        OfficeFacts(body="owners_committee", post="chair", person_id="p", starts_at=start, ends_at=ends),
    ]
    made = period().resolutions[0]
    for decided, count in ((date(2026, 2, 28), 0), (date(2026, 3, 1), 1)):
        resolution = type(made)(
            id="r", title="决定", source="committee", matter=None, decided_on=decided, valid_until=None, limit_fen=None
        )
        assert len(found(bookkeeping.out_of_term, resolutions=[resolution], offices=offices)) == count


@pytest.mark.parametrize(
    ("days", "open_fen", "said"),
    [
        (30, 120_000, []),
        (31, 120_000, ["支出 %(amount)s"]),
        (31, 1, ["仍有 %(open)s 没有"]),
        (31, 0, []),
    ],
)
def test_a_bank_line_is_unexplained_after_thirty_one_days(days: int, open_fen: int, said: list[str]) -> None:
    """Also when a fen of it is left, and then that fen is the finding's amount."""
    last = date(2026, 8, 5)
    lines = [bank_line(last, -120_000, 0, open_fen=open_fen)]
    data = period(bank_lines=lines, as_of=last + timedelta(days=days), end=last)
    findings = bank.unexplained_lines(data, DEFAULTS)
    assert [finding.amount_fen for finding in findings] == [open_fen] * len(said)
    assert all(words in finding.sentence for words, finding in zip(said, findings, strict=True))


@pytest.mark.parametrize(("days", "open_fen", "count"), [(30, 380_000, 0), (31, 380_000, 1), (31, 1, 1), (31, 0, 0)])
def test_a_voucher_the_bank_does_not_know_is_named_after_thirty_one_days(days: int, open_fen: int, count: int) -> None:
    last = date(2026, 8, 5)
    vouchers = [payment(last, 380_000, bank_open_fen=open_fen)]
    data = period(vouchers=vouchers, as_of=last + timedelta(days=days), end=last)
    findings = bank.unexplained_vouchers(data, DEFAULTS)
    assert [finding.amount_fen for finding in findings] == [open_fen] * count


def test_a_missing_bank_line_shows_in_the_running_balance() -> None:
    lines = [bank_line(date(2026, 1, 3), 100, 300, seq=1), bank_line(date(2026, 1, 4), -50, 250, seq=2)]
    assert found(bank.broken_balances, bank_lines=lines, bank_opening_fen={"account": 200}) == []
    (first,) = found(bank.broken_balances, bank_lines=lines, bank_opening_fen={"account": 199})
    assert first.amount_fen == 1
    gap = [lines[0], bank_line(date(2026, 1, 5), 10, 240, seq=3)]
    (second,) = found(bank.broken_balances, bank_lines=gap, bank_opening_fen={"account": 200})
    assert second.params["gap_fen"] == -70
    assert isinstance(bank.broken_balances(period(), DEFAULTS), NotEnough)


def test_days_without_a_bank_statement_are_named_to_the_day() -> None:
    covered = [(date(2026, 1, 1), date(2026, 3, 31)), (date(2026, 4, 2), date(2026, 9, 29))]
    result = found(bank.uncovered_days, bank_covered=covered)
    assert [(item.params["first_day"], item.params["last_day"]) for item in result] == [
        ("2026-04-01", "2026-04-01"),
        ("2026-09-30", "2026-09-30"),
    ]
    assert found(bank.uncovered_days, bank_covered=[(date(2025, 1, 1), date(2027, 1, 1))]) == []
    assert isinstance(bank.uncovered_days(period(), DEFAULTS), NotEnough)


@pytest.mark.parametrize(
    ("changes", "count"),
    [({}, 0), ({"closed_at": None}, 1), ({"reconciled": False}, 1), ({"difference_fen": 1}, 1)],
)
def test_a_month_is_closed_on_a_reconciliation_without_difference(changes: dict[str, Any], count: int) -> None:
    assert len(found(bank.not_reconciled, months=[month(202608, date(2026, 8, 31), **changes)])) == count


@pytest.mark.parametrize(("days", "count"), [(15, 0), (16, 1)])
def test_a_month_may_stay_open_for_fifteen_days(days: int, count: int) -> None:
    last = date(2026, 8, 31)
    data = period(months=[month(202608, last, closed_at=None)], as_of=last + timedelta(days=days))
    assert len(bank.not_reconciled(data, DEFAULTS)) == count


@pytest.mark.parametrize(
    ("changes", "as_of", "count"),
    [
        ({}, AS_OF, 0),
        ({"published_on": date(2026, 7, 16), "display_until": date(2026, 7, 31)}, AS_OF, 1),
        ({"published_on": None}, date(2026, 7, 15), 0),
        ({"published_on": None}, date(2026, 7, 16), 1),
        ({"display_until": date(2026, 7, 29)}, AS_OF, 1),
        ({"moved": True}, AS_OF, 1),
        ({"moved": True, "display_until": date(2026, 7, 29)}, AS_OF, 2),
    ],
)
def test_a_quarter_is_published_in_time_long_enough_and_unchanged(
    changes: dict[str, Any], as_of: date, count: int
) -> None:
    data = period(publications=[publication(**changes)], as_of=as_of, end=date(2026, 6, 30))
    assert len(disclosure.publications(data, DEFAULTS)) == count


def test_every_fault_of_one_publication_has_a_key_of_its_own() -> None:
    worst = publication(published_on=date(2026, 7, 16), display_until=date(2026, 7, 20), moved=True)
    found = disclosure.publications(period(publications=[worst]), DEFAULTS)
    assert len({item.key for item in found}) == len(found) == 3


def test_benford_says_nothing_below_three_hundred_amounts() -> None:
    ones = [payment(fen=100 + n) for n in range(299)]
    outcome = benford.first_digits(period(vouchers=ones), DEFAULTS)
    assert isinstance(outcome, NotEnough)
    assert outcome.params == {"count": 299, "minimum": 300}
    (item,) = found(benford.first_digits, vouchers=[*ones, payment(fen=199)])
    assert item.severity is Severity.LOW


def test_benford_accepts_digits_that_follow_the_law() -> None:
    vouchers = []
    for digit, share in benford.EXPECTED.items():
        vouchers += [payment(fen=digit * 1000 + n) for n in range(round(share * 1000))]
    assert found(benford.first_digits, vouchers=vouchers) == []


def test_benfords_line_is_twenty_point_zero_nine() -> None:
    # 300 amounts; moving them to the digit 9 one by one passes the critical value at a known step.
    base = [1] * 90 + [2] * 53 + [3] * 37 + [4] * 29 + [5] * 24 + [6] * 20 + [7] * 17 + [8] * 15 + [9] * 15
    above = next(k for k in range(90) if benford.chi_square_milli(base[k:] + [9] * k) > 20_090)
    for k, count in ((above - 1, 0), (above, 1)):
        vouchers = [payment(fen=digit * 100) for digit in base[k:] + [9] * k]
        assert len(found(benford.first_digits, vouchers=vouchers)) == count


def test_sound_books_give_no_finding_and_every_check_runs() -> None:
    data = period(
        vouchers=[payment(fen=123_456, number=1), receipt(number=2)],
        contracts=[contract(due(date(2026, 6, 12), 1_650_000))],
        months=[month(202605, date(2026, 5, 31))],
        publications=[publication()],
    )
    results = run_all(data, DEFAULTS)
    assert [result.check.id for result in results] == [check.id for check in CHECKS]
    assert in_order(results) == []


def test_findings_are_numbered_severe_and_large_first_whatever_the_order_of_the_data() -> None:
    vouchers = [payment(fen=600_000, number=n) for n in (1, 2)] + [payment(fen=700_000, number=3, grounds="")]
    for some in (vouchers, vouchers[::-1]):
        ordered = in_order(run_all(period(vouchers=some), DEFAULTS))
        severities = [finding.severity for _, finding in ordered]
        assert severities == sorted(severities, key=["high", "medium", "low"].index)
        assert [finding.code for _, finding in ordered if finding.severity is Severity.HIGH] == ["F04"] * 3 + ["F05"]
        assert ordered[0][1].amount_fen == 700_000


def test_every_check_of_the_list_is_made() -> None:
    assert {check.code for check in CHECKS} == {f"F{number:02d}" for number in range(1, 31)}
    assert NOT_MADE == ()
    assert len({check.id for check in CHECKS}) == len(CHECKS)


def test_the_work_fund_is_looked_at_by_itself_and_told_apart() -> None:
    bare = payment(fen=200_000, number=1, invoices=0)
    own = period(vouchers=[bare], bank_lines=[bank_line(date(2026, 5, 11), -200_000, 0, open_fen=200_000)])
    ordered = in_order(run_all(replace(period(), work=own), DEFAULTS))
    assert {(check.code, check.id, finding.amount_fen) for check, finding in ordered} >= {
        ("F02", "work_without_invoice", 200_000),
        ("F14", "work_unexplained_lines", 200_000),
    }
    assert all(check.id.startswith("work_") and finding.check == check.id for check, finding in ordered)
    trust = {finding.key for _, finding in in_order(run_all(own, DEFAULTS))}
    assert trust.isdisjoint(finding.key for _, finding in ordered)


def test_without_a_work_fund_its_checks_say_so() -> None:
    results = [result for result in run_all(period(), DEFAULTS) if result.check.id.startswith("work_")]
    assert len(results) == len(work.TITLES)
    assert all(result.not_enough is not None and result.findings == () for result in results)

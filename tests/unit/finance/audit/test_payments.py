"""Spending checks at their exact boundaries (books.md 4)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.audit.rules import payments
from finance.audit.rules.data import RelatedFacts
from finance.audit.rules.findings import Finding, Severity
from tests.audit_facts import DEFAULTS, END, LIMIT, LIMIT_FEN, START, payment, period

DAY = date(2026, 5, 11)


def only(found: list[Finding] | object) -> Finding:
    assert isinstance(found, list)
    assert len(found) == 1
    item = found[0]
    assert isinstance(item, Finding)
    return item


def test_a_payment_needs_an_invoice_not_only_some_paper() -> None:
    bare, receipt_only, good = payment(documents=0, invoices=0), payment(documents=1, invoices=0), payment()
    found = payments.without_invoice(period(vouchers=[bare, receipt_only, good]), DEFAULTS)
    assert [item.evidence[0].id for item in found] == [bare.id, receipt_only.id]
    assert found[0].sentence != found[1].sentence
    assert {item.severity for item in found} == {Severity.HIGH}


@pytest.mark.parametrize(("fen", "found"), [(LIMIT_FEN, 0), (LIMIT_FEN + 1, 1)])
def test_one_fen_above_the_limit_needs_the_assembly(fen: int, found: int) -> None:
    assert len(payments.over_limit(period(vouchers=[payment(fen=fen)]), DEFAULTS)) == found
    decided = payment(fen=fen, resolution_id="budget")
    assert payments.over_limit(period(vouchers=[decided]), DEFAULTS) == []


@pytest.mark.parametrize(
    ("first_fen", "second_fen", "days", "found"),
    [
        (260_000, 260_000, 2, 1),
        (250_000, 250_001, 10, 1),
        (250_000, 250_001, 11, 0),  # one day too far apart
        (250_000, 250_000, 2, 0),  # together exactly the limit
        (249_999, 499_999, 2, 0),  # the first is a fen below half the limit
        (250_000, LIMIT_FEN, 2, 1),
        (250_000, LIMIT_FEN + 1, 2, 0),  # the second is over the limit by itself: another check's finding
    ],
)
def test_a_split_is_two_payments_of_half_the_limit_within_ten_days(
    first_fen: int, second_fen: int, days: int, found: int
) -> None:
    data = period(vouchers=[payment(DAY, first_fen), payment(DAY + timedelta(days=days), second_fen)])
    assert len(payments.splits(data, DEFAULTS)) == found


def test_a_split_is_told_by_the_name_whatever_its_width_and_not_across_payees() -> None:
    same = [payment(DAY, 260_000, party="顺发Ａ店"), payment(DAY, 260_000, party="顺发A 店")]
    assert only(payments.splits(period(vouchers=same), DEFAULTS)).amount_fen == 520_000
    other = [payment(DAY, 260_000, party="甲"), payment(DAY, 260_000, party="乙")]
    assert payments.splits(period(vouchers=other), DEFAULTS) == []


def test_what_the_assembly_decided_is_not_a_split() -> None:
    vouchers = [payment(DAY, 260_000, resolution_id="budget"), payment(DAY, 260_000, resolution_id="budget")]
    assert payments.splits(period(vouchers=vouchers), DEFAULTS) == []


def test_overlapping_windows_of_a_split_become_one_finding() -> None:
    days = (DAY, DAY + timedelta(days=9), DAY + timedelta(days=18))
    data = period(vouchers=[payment(day, 260_000) for day in days])
    assert len(only(payments.splits(data, DEFAULTS)).evidence) == 3


def test_a_split_that_began_before_the_period_still_counts() -> None:
    vouchers = [payment(date(2025, 12, 30), 260_000), payment(date(2026, 1, 2), 260_000)]
    assert len(payments.splits(period(vouchers=vouchers), DEFAULTS)) == 1
    before = [payment(date(2025, 12, 1), 260_000), payment(date(2025, 12, 2), 260_000)]
    assert payments.splits(period(vouchers=before), DEFAULTS) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(200_000, LIMIT_FEN + 5)),
        max_size=12,
    )
)
def test_splits_are_exactly_the_payments_that_lie_in_a_window_above_the_limit(rows: list[tuple[int, int]]) -> None:
    vouchers = [payment(date(2026, 1, 1) + timedelta(days=days), fen) for days, fen in rows]
    told = {item.id for found in payments.splits(period(vouchers=vouchers), DEFAULTS) for item in found.evidence}
    eligible = [v for v in vouchers if 250_000 <= v.amount_fen <= LIMIT_FEN]
    expected = set()
    for opening in eligible:
        window = [v for v in eligible if 0 <= (v.day - opening.day).days <= 10]
        if len(window) > 1 and sum(v.amount_fen for v in window) > LIMIT_FEN:
            expected |= {v.id for v in window}
    assert told == expected


def test_more_than_a_resolution_allows_is_found_to_the_fen() -> None:
    at_limit = [payment(fen=6_000_000, resolution_id="budget"), payment(fen=4_000_000, resolution_id="budget")]
    assert payments.over_resolution(period(vouchers=at_limit), DEFAULTS) == []
    above = [*at_limit, payment(fen=1, resolution_id="budget")]
    assert only(payments.over_resolution(period(vouchers=above), DEFAULTS)).amount_fen == 1
    doubled = [*at_limit, payment(fen=1, resolution_id="budget", invoice_no=at_limit[0].invoice_no)]
    assert payments.over_resolution(period(vouchers=doubled), DEFAULTS) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"grounds": ""}, 1),
        ({"grounds": " "}, 1),
        ({"grounds": "", "resolution_id": "budget"}, 0),
        ({"resolution_id": "unknown"}, 1),
        ({"resolution_id": "budget", "day": date(2025, 11, 30)}, 0),  # outside the period
    ],
)
def test_a_payment_rests_on_a_decision(changes: dict[str, object], found: int) -> None:
    assert len(payments.decisions(period(vouchers=[payment(**changes)]), DEFAULTS)) == found  # type: ignore[arg-type]


def test_a_decision_counts_from_its_day_to_its_last_day() -> None:
    late = period(vouchers=[payment(date(2026, 3, 1), resolution_id="late")])
    rules = {"id": "late", "title": "补决议", "source": "committee", "matter": None, "limit_fen": None}
    for decided, until, found in (
        (date(2026, 3, 1), date(2026, 3, 1), 0),
        (date(2026, 3, 2), None, 1),
        (date(2026, 1, 1), date(2026, 2, 28), 1),
    ):
        resolution = period().resolutions[0].__class__(decided_on=decided, valid_until=until, **rules)  # type: ignore[arg-type]
        data = period(vouchers=list(late.vouchers), resolutions=[resolution])
        assert len(payments.decisions(data, DEFAULTS)) == found


def test_payments_to_declared_relatives_are_added_up_by_payee() -> None:
    data = period(
        vouchers=[payment(party="顺发建材经营部", fen=1), payment(party="顺发建材 经营部", fen=2), payment()],
        related=(RelatedFacts(party="顺发建材经营部", relation="主任的配偶经营"),),
    )
    assert only(payments.related_parties(data, DEFAULTS)).amount_fen == 3


def test_one_invoice_paid_twice_is_a_duplicate_however_far_apart() -> None:
    first = payment(date(2025, 3, 1), 386_000, invoice_no="20260409")
    second = payment(date(2026, 4, 27), 386_000, invoice_no=" ２０２６０４０９")
    found = only(payments.duplicate_invoices(period(vouchers=[first, second]), DEFAULTS))
    assert (found.amount_fen, found.severity) == (386_000, Severity.HIGH)
    for changes in ({"party": "别家"}, {"invoice_no": "20260410"}, {"invoice_no": ""}):
        other = payment(date(2026, 4, 27), 386_000, **({"invoice_no": "20260409"} | changes))
        assert payments.duplicate_invoices(period(vouchers=[first, other]), DEFAULTS) == []


def test_a_duplicate_that_was_taken_back_is_none() -> None:
    first, second = payment(invoice_no="7"), payment(invoice_no="7")
    red = payment(kind="reversal", reverses_id=second.id, has_negative_line=True)
    assert payments.duplicate_invoices(period(vouchers=[first, second, red]), DEFAULTS) == []


@pytest.mark.parametrize(("days", "found"), [(0, 1), (30, 1), (31, 0)])
def test_the_same_amount_again_within_thirty_days_is_asked_about(days: int, found: int) -> None:
    data = period(vouchers=[payment(DAY, 100_001), payment(DAY + timedelta(days=days), 100_001)])
    result = payments.repeated_amounts(data, DEFAULTS)
    assert len(result) == found
    assert all(item.severity is Severity.MEDIUM for item in result)


def test_instalments_splits_and_named_duplicates_are_not_asked_about_again() -> None:
    instalments = [payment(DAY, 100_001, contract_id="c", due_no=no) for no in (1, 2)]
    split = [payment(DAY, 260_000), payment(DAY, 260_000)]
    doubled = [payment(DAY, 7_777, invoice_no="9"), payment(DAY, 7_777, invoice_no="9")]
    data = period(vouchers=[*instalments, *split, *doubled])
    assert payments.repeated_amounts(data, DEFAULTS) == []


@pytest.mark.parametrize(("fen", "found"), [(100_000, 1), (300_000, 1), (100_001, 0), (99_999, 0), (50_000, 0)])
def test_round_means_a_multiple_of_a_thousand_yuan(fen: int, found: int) -> None:
    result = payments.round_amounts(period(vouchers=[payment(fen=fen)]), DEFAULTS)
    assert len(result) == found
    assert all(item.severity is Severity.LOW for item in result)
    assert payments.round_amounts(period(vouchers=[payment(fen=fen, due_no=1)]), DEFAULTS) == []


@pytest.mark.parametrize(("yearly", "found"), [(None, 0), (900_000, 0), (899_999, 1)])
def test_what_the_committee_spent_alone_in_a_year_is_summed(yearly: int | None, found: int) -> None:
    """The assembly's own spending is no part of it."""
    alone = [payment(fen=450_000, number=n, party=f"甲{n}", resolution_id=None, grounds="常规授权") for n in (1, 2)]
    data = period(
        vouchers=[*alone, payment(fen=5_000_000, number=3, resolution_id="budget")],
        limits=[replace(LIMIT, yearly_fen=yearly)],
    )
    findings = payments.over_year(data, DEFAULTS)
    assert [finding.amount_fen for finding in findings] == [1] * found


def test_a_payment_before_the_owners_gave_any_authority_is_over_the_limit() -> None:
    late = replace(LIMIT, from_on=END)
    data = period(vouchers=[payment(fen=1, resolution_id=None, grounds="常规授权", day=START)], limits=[late])
    assert [finding.params["limit_fen"] for finding in payments.over_limit(data, DEFAULTS)] == [0]

"""F10 and F28 at their boundaries, and F07 by the days of a declaration."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from finance.audit.rules import contracts, income, payments
from finance.audit.rules.data import RelatedFacts
from tests.audit_facts import DEFAULTS, END, START, contract, payment, period, receipt

LIMIT = DEFAULTS.single_source_fen


def test_income_under_a_contract_is_invoiced_or_its_exemption_is_written_down() -> None:
    rent = contract(direction="income", invoicing="")
    paid = receipt(contract_id=rent.id, invoice_no="")
    for invoicing, number, found in (
        ("", "", 1),
        ("issued", "", 1),
        ("exempt", "", 0),
        ("issued", "88", 0),
        ("", "88", 0),
    ):
        data = period(contracts=(replace(rent, invoicing=invoicing),), vouchers=(replace(paid, invoice_no=number),))
        assert len(contracts.without_tax(data, DEFAULTS)) == found
    outside = replace(paid, day=END + timedelta(days=1))
    assert contracts.without_tax(period(contracts=(rent,), vouchers=(outside,)), DEFAULTS) == []


@pytest.mark.parametrize(
    ("method", "quotes", "fen", "found"),
    [
        ("single", 0, LIMIT, 0),
        ("single", 0, LIMIT + 1, 1),
        ("quotes", DEFAULTS.quotes_min, LIMIT + 1, 0),
        ("quotes", DEFAULTS.quotes_min - 1, LIMIT + 1, 1),
        ("tender", 0, LIMIT + 1, 0),
        ("", 0, LIMIT + 1, 0),
    ],
)
def test_a_large_contract_is_compared(method: str, quotes: int, fen: int, found: int) -> None:
    supplier = contract(direction="spending", method=method, quotes=quotes)
    paid = payment(contract_id=supplier.id, amount_fen=fen)
    data = period(contracts=(replace(supplier, dues=()),), vouchers=(paid,))
    assert len(contracts.single_source(data, DEFAULTS)) == found


def test_a_contract_outside_the_period_is_not_judged() -> None:
    supplier = contract(direction="spending", method="single", starts_on=END + timedelta(days=1))
    paid = payment(contract_id=supplier.id, amount_fen=LIMIT + 1)
    assert contracts.single_source(period(contracts=(supplier,), vouchers=(paid,)), DEFAULTS) == []


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, 1),
        (date(2026, 5, 11), None, 1),
        (date(2026, 5, 12), None, 0),
        (None, date(2026, 5, 12), 1),
        (None, date(2026, 5, 11), 0),
    ],
)
def test_a_relation_counts_on_the_days_it_holds(since: date | None, until: date | None, found: int) -> None:
    tie = RelatedFacts(party="顺发 建材", relation="配偶经营", since=since, until=until)
    data = period(vouchers=(payment(party="顺发建材", day=date(2026, 5, 11)),), related=(tie,))
    assert len(payments.related_parties(data, DEFAULTS)) == found


def test_a_contract_ended_early_did_not_run_out() -> None:
    ended = contract(direction="income", ends_on=START + timedelta(days=40))
    assert len(income.expired_contracts(period(contracts=(ended,)), DEFAULTS)) == 1
    assert income.expired_contracts(period(contracts=(replace(ended, ended_early=True),)), DEFAULTS) == []

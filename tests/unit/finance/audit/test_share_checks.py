"""F15, F19, F20, F21 at their exact boundaries."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from finance.audit.rules import payments, shares
from finance.audit.rules.data import (
    AllowanceFacts,
    AllowancePaymentFacts,
    FeeItemFacts,
    PeriodData,
    ShareRunFacts,
    TopUpFacts,
)
from finance.audit.rules.findings import NotEnough, Severity
from tests.audit_facts import DEFAULTS, payment, period

ALLOWANCE = AllowanceFacts(
    run_id="r",
    no=1,
    month="2026-08",
    last_day=date(2026, 8, 31),
    person_shown="鲁**",
    amount_fen=60_000,
    entitled_fen=60_000,
)
YEAR = TopUpFacts(
    year=2025,
    ends_on=date(2025, 12, 31),
    due_by=date(2026, 1, 31),
    income_fen=100_001,
    due_fen=50_001,
    paid_fen=50_001,
)
RUN = ShareRunFacts(
    id="run",
    label="分-2026-01 分配",
    resolution_id="budget",
    total_fen=10_000_000,
    listed_fen=10_000_000,
    checked_on=date(2026, 5, 2),
    voucher_ids=(),
)
ITEM = FeeItemFacts(
    title="楼道保洁",
    words=("保洁", "清扫"),
    company="晴川物业服务有限公司",
    from_on=date(2026, 1, 1),
    until_on=date(2026, 6, 30),
)


def codes(found: Any) -> list[tuple[str, int]]:
    assert not isinstance(found, NotEnough)
    return [(row.code, row.amount_fen) for row in found]


@pytest.mark.parametrize(
    ("amount", "entitled", "expected"), [(60_000, 60_000, []), (60_001, 60_000, [1]), (60_000, 0, [60_000])]
)
def test_an_allowance_is_found_from_one_fen_above_its_standard(amount: int, entitled: int, expected: list[int]):
    data = period(allowances=[replace(ALLOWANCE, amount_fen=amount, entitled_fen=entitled)])
    assert codes(shares.allowances(data, DEFAULTS)) == [("F15", fen) for fen in expected]
    outside = period(allowances=[replace(ALLOWANCE, amount_fen=99_999, last_day=date(2025, 12, 31))])
    assert codes(shares.allowances(outside, DEFAULTS)) == []


def test_an_allowance_paid_without_a_checked_list_is_found():
    row = AllowancePaymentFacts(voucher_id="v", label="记-0801", day=date(2026, 8, 5), amount_fen=60_000, listed=False)
    assert codes(shares.allowances(period(allowance_payments=[row]), DEFAULTS)) == [("F15", 60_000)]
    assert codes(shares.allowances(period(allowance_payments=[replace(row, listed=True)]), DEFAULTS)) == []


@pytest.mark.parametrize(("paid", "expected"), [(50_001, []), (50_000, [1]), (0, [50_001])])
def test_a_top_up_is_found_from_one_fen_below_what_was_due(paid: int, expected: list[int]):
    data = period(topups=[replace(YEAR, paid_fen=paid)])
    assert codes(shares.topup(data, DEFAULTS)) == [("F19", fen) for fen in expected]


def test_a_top_up_is_judged_only_once_its_last_day_is_over():
    late = replace(YEAR, paid_fen=0)
    assert codes(shares.topup(replace(period(topups=[late]), as_of=date(2026, 1, 31)), DEFAULTS)) == []
    assert codes(shares.topup(replace(period(topups=[late]), as_of=date(2026, 2, 1)), DEFAULTS)) == [("F19", 50_001)]
    unknown = shares.topup(period(topups=[replace(YEAR, due_fen=None)]), DEFAULTS)
    assert isinstance(unknown, NotEnough)
    assert unknown.params == {"year": "2025"}


def shared(**changes: Any) -> PeriodData:
    paid = payment(date(2026, 5, 11), 10_000_000, id="p1", purpose="U3", resolution_id="budget")
    more = payment(date(2026, 5, 12), 1, id="p2", purpose="U3", resolution_id="budget")
    return period(vouchers=[paid, more], share_runs=[replace(RUN, **changes)])


def test_money_to_owners_without_a_checked_list_is_found_and_is_severe():
    (found,) = shares.distributions(shared(voucher_ids=("p1",)), DEFAULTS)
    assert (found.code, found.severity, found.amount_fen) == ("F20", Severity.HIGH, 1)
    assert [item.id for item in found.evidence] == ["p2"]


def test_a_fen_more_than_listed_is_found_unless_the_bank_gave_it_back():
    both = ("p1", "p2")
    assert codes(shares.distributions(shared(voucher_ids=both), DEFAULTS)) == [("F20", 1)]
    assert codes(shares.distributions(shared(voucher_ids=both, returned_fen=1), DEFAULTS)) == []


def test_a_list_that_does_not_add_up_or_exceeds_the_resolution_is_found():
    both = ("p1", "p2")
    assert codes(shares.distributions(shared(voucher_ids=both, returned_fen=1, listed_fen=9_999_999), DEFAULTS)) == [
        ("F20", 1)
    ]
    # The resolution of the builders allows 10,000,000 fen.
    assert codes(
        shares.distributions(shared(voucher_ids=both, total_fen=10_000_001, listed_fen=10_000_001), DEFAULTS)
    ) == [("F20", 1)]


def test_work_that_the_property_fee_covers_is_found_while_the_item_holds():
    def found(**changes: Any) -> list[tuple[str, int]]:
        fields = {"summary": "5 月楼道清扫", "resolution_id": None, "grounds": "常规授权", **changes}
        day = fields.pop("day", date(2026, 6, 30))
        return codes(shares.fee_items(period(vouchers=[payment(day, 120_000, **fields)], fee_items=[ITEM]), DEFAULTS))

    assert found() == [("F21", 120_000)]
    assert found(summary="水泵维修") == []
    assert found(summary="水泵维修", party="晴川物业服务有限公司") == [("F21", 120_000)]
    assert found(party="晴川物业服务有限公司", purpose="U2") == []
    assert found(resolution_id="budget") == []
    assert found(day=date(2026, 7, 1)) == []
    assert isinstance(shares.fee_items(period(), DEFAULTS), NotEnough)


def test_money_for_owners_and_the_fund_needs_a_document_but_no_invoice():
    def found(**changes: Any) -> list[tuple[str, int]]:
        row = payment(date(2026, 5, 11), 5_000, invoices=0, **changes)
        return codes(payments.without_invoice(period(vouchers=[row]), DEFAULTS))

    assert found(purpose="U3", documents=1) == []
    assert found(purpose="U3", documents=0) == [("F02", 5_000)]
    assert found(purpose="U5", documents=1) == [("F02", 5_000)]

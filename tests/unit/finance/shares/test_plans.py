"""Budgets, top-up and allowances as rules, at their boundaries."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.shares.rules import allowances, budgets, topup
from finance.shares.rules import runs as run_rules
from finance.shares.rules.allowances import Service, StandardFacts
from finance.shares.rules.budgets import BudgetLine, Standing
from finance.shares.rules.topup import TopUpRule
from hoa.kernel.errors import Refusal

CHAIR = "owners_committee.chair"
STANDARD = StandardFacts(post=CHAIR, monthly_fen=60_000, from_on=date(2026, 1, 1), until_on=None)


def served(first: date, last: date = date(2030, 1, 1), post: str = CHAIR) -> Service:
    return Service(person_id="p", name="鲁秀诺", post=post, first=first, last=last)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (served(date(2025, 1, 1)), (30, 60_000, 60_000)),
        (served(date(2026, 9, 16)), (15, 60_000, 30_000)),
        (served(date(2026, 9, 30)), (1, 60_000, 2_000)),
        (served(date(2026, 10, 1)), (0, 0, 0)),
        (served(date(2025, 1, 1), date(2026, 9, 1)), (1, 60_000, 2_000)),
        (served(date(2025, 1, 1), post="owners_committee.member"), (0, 0, 0)),
    ],
)
def test_an_allowance_is_paid_by_days_in_office(service: Service, expected: tuple[int, int, int]):
    first, last = date(2026, 9, 1), date(2026, 9, 30)
    assert allowances.entitled_fen([STANDARD], service, first=first, last=last) == expected


def test_a_standard_that_changes_within_a_month_counts_day_by_day():
    until, later = (
        StandardFacts(post=CHAIR, monthly_fen=30_000, from_on=date(2026, 1, 1), until_on=date(2026, 9, 15)),
        (StandardFacts(post=CHAIR, monthly_fen=60_000, from_on=date(2026, 9, 16), until_on=None)),
    )
    found = allowances.entitled_fen(
        [until, later], served(date(2025, 1, 1)), first=date(2026, 9, 1), last=date(2026, 9, 30)
    )
    assert found == (30, 60_000, 45_000)


@given(first=st.dates(date(2026, 1, 1), date(2026, 12, 31)), last=st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_nobody_ever_gets_more_than_the_standard_of_a_month(first: date, last: date):
    for month in range(1, 13):
        start = date(2026, month, 1)
        end = date(2026 + month // 12, month % 12 + 1, 1).replace(day=1)
        days, _, amount = allowances.entitled_fen(
            [STANDARD], served(first, last), first=start, last=date.fromordinal(end.toordinal() - 1)
        )
        assert 0 <= amount <= 60_000
        assert (amount > 0) == (days > 0)


def test_two_standards_of_a_post_do_not_overlap_and_income_tax_starts_above_its_amount():
    ended = StandardFacts(post=CHAIR, monthly_fen=1, from_on=date(2026, 1, 1), until_on=date(2026, 6, 30))
    after = StandardFacts(post=CHAIR, monthly_fen=1, from_on=date(2026, 7, 1), until_on=None)
    allowances.check_standard(after, [ended], post_name="主任")
    with pytest.raises(allowances.StandardOverlaps):
        allowances.check_standard(after, [STANDARD], post_name="主任")
    with pytest.raises(allowances.BadStandard):
        allowances.check_standard(
            StandardFacts(post=CHAIR, monthly_fen=0, from_on=date(2026, 1, 1), until_on=None), [], post_name=""
        )
    lines = allowances.month_lines(
        [StandardFacts(post=CHAIR, monthly_fen=80_001, from_on=date(2026, 1, 1), until_on=None)],
        [served(date(2025, 1, 1))],
        first=date(2026, 9, 1),
        last=date(2026, 9, 30),
    )
    assert allowances.taxed(lines, 80_000) == {"p": True}
    assert allowances.taxed(lines, 80_001) == {"p": False}


@pytest.mark.parametrize(
    ("kind", "income", "own", "low", "expected"),
    [
        (topup.NONE, 100_001, None, None, 0),
        (topup.NONE, 100_001, 30, None, 30_001),
        (topup.MORE_THAN, 100_000, None, None, 50_001),
        (topup.MORE_THAN, 100_001, None, None, 50_001),
        (topup.MORE_THAN, 100_000, 60, None, 60_000),
        (topup.MORE_THAN, 0, None, None, 0),
        (topup.IF_LOW, 100_001, None, True, 50_001),
        (topup.IF_LOW, 100_000, None, True, 50_000),
        (topup.IF_LOW, 100_000, None, False, 0),
        (topup.IF_LOW, 100_000, None, None, None),
        (topup.IF_LOW, 100_000, 20, None, 20_000),
    ],
)
def test_what_is_due_to_the_maintenance_fund(
    kind: str, income: int, own: int | None, low: bool | None, expected: int | None
):
    rule = TopUpRule(kind=kind, percent=0 if kind == topup.NONE else 50, source="", verified=False)
    assert topup.due_fen(rule, income_fen=income, own_percent=own, fund_low=low) == expected


def test_the_assembly_may_ask_for_more_than_the_place_and_never_for_less():
    rule = TopUpRule(kind=topup.MORE_THAN, percent=50, source="", verified=False)
    topup.check_term(rule, 50)
    for percent in (49, 101):
        with pytest.raises(topup.BadPercent):
            topup.check_term(rule, percent)
    assert topup.due_by(2025) == date(2026, 1, 31)


def line(role: str = "use.U5", planned: int = 100, **more: object) -> BudgetLine:
    fields = {"role": role, "name": role, "income": role.startswith("income"), "planned_fen": planned, **more}
    return BudgetLine(**fields)  # type: ignore[arg-type]


KNOWN = {"use.U5": False, "use.U7": False, "income.CR01": True}


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([], budgets.NoLines),
        ([line(planned=0)], budgets.NoLines),
        ([line(), line("income.CR02")], budgets.ForeignAccount),
        ([line(), line()], budgets.TwiceTheSame),
        ([line(), line("use.U7", -1)], budgets.NegativeLine),
        ([line(note="甲" * 201)], budgets.NoteTooLong),
    ],
)
def test_a_budget_that_says_nothing_or_too_much_is_refused(lines: list[BudgetLine], refusal: type[Refusal]):
    with pytest.raises(refusal):
        budgets.check_lines(lines, KNOWN)


def test_a_budget_stands_beside_what_moved_with_or_without_a_line():
    names = {"use.U5": ("维修", False), "use.U7": ("活动", False), "income.CR01": ("停车", True)}
    rows = budgets.compare([line(), line("income.CR01", 500)], {"use.U5": 101, "use.U7": 7, "income.CR01": 400}, names)
    assert [(row.role, row.left_fen, row.used_up) for row in rows] == [
        ("income.CR01", 100, False),
        ("use.U5", -1, True),
        ("use.U7", -7, True),
    ]
    spent = Standing(role="use.U5", name="维修", income=False, planned_fen=100, actual_fen=60)
    assert budgets.warn(spent, name="维修", amount_fen=40) is None
    over = budgets.warn(spent, name="维修", amount_fen=41)
    assert over is not None
    assert over.left_fen == -1
    missing = budgets.warn(None, name="活动", amount_fen=1)
    assert missing is not None
    assert missing.planned_fen is None


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        (30, "百分之三十"),
        (5, "百分之五"),
        (15, "百分之十五"),
        (55, "百分之五十五"),
        (100, "百分之一百"),
        (10, "百分之十"),
    ],
)
def test_a_percentage_is_recognised_in_figures_and_in_words(percent: int, words: str):
    assert words in run_rules.written_percent(percent)
    assert f"{percent}%" in run_rules.written_percent(percent)

"""What is published: spans, the story told of it, and what moved underneath, in words."""

import copy
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.disclosure.maintenance import DoesNotAdd, Figures, KeeperMissing, NegativeFigure
from finance.rules import spans, story
from finance.rules.moved import what_moved
from finance.rules.periods import NoSuchPeriod
from finance.rules.spans import Half, Month, Year


def line(day: str, fen: int, *, voucher: str = "v", party: str = "甲", summary: str = "租金", number: str = "记-0101"):
    return {
        "voucher": voucher,
        "number": number,
        "day": day,
        "summary": summary,
        "party": party,
        "amount_fen": fen,
        "decision": None,
        "contract": None,
    }


def group(purpose: str, *lines):
    return {"purpose": purpose, "amount_fen": sum(row["amount_fen"] for row in lines), "lines": list(lines)}


def content(start: str, end: str, opening: int, income=(), spending=()):
    came, went = (sum(row["amount_fen"] for row in side) for side in (income, spending))
    return {
        "start": start,
        "end": end,
        "opening_fen": opening,
        "income_fen": came,
        "spending_fen": went,
        "closing_fen": opening + came - went,
        "income": list(income),
        "spending": list(spending),
        "reconciliation": {},
        "contracts": [],
        "chain_head": "0",
    }


FIRST = content(
    "2026-01-01",
    "2026-03-31",
    1_000,
    income=[group("CR07", line("2026-01-15", 300), line("2026-02-15", 300, voucher="w"))],
    spending=[group("U5", line("2026-02-20", 100, voucher="x", party="䶮源养护", summary="绿化", number="记-0202"))],
)
SECOND = content(
    "2026-04-01", "2026-06-30", 1_500, income=[group("CR12", line("2026-06-21", 7, voucher="y", summary="利息"))]
)


@pytest.mark.parametrize("text", ["2026", "2026Q3", "2026H1", "2026H2", "2026-09"])
def test_a_span_is_read_as_it_is_written(text):
    assert str(spans.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "26", "2026Q5", "2026H3", "2026-13", "2026Q", "20261", "abcd", "2026H", "９９９９"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(NoSuchPeriod):
        spans.parse(text)


def test_a_month_is_looked_at_and_not_published():
    with pytest.raises(NoSuchPeriod):
        spans.parse_published("2026-09")
    assert spans.parse_published("2026H1") == Half(2026, 1)


def test_spans_know_their_days_and_their_last_day_to_publish():
    assert (Half(2026, 1).start, Half(2026, 1).end) == (date(2026, 1, 1), date(2026, 6, 30))
    assert (Half(2026, 2).months[0], Half(2026, 2).months[-1]) == (202607, 202612)
    assert (Half.of(date(2026, 6, 30)), Half.of(date(2026, 7, 1))) == (Half(2026, 1), Half(2026, 2))
    assert (Half(2026, 2).next, Half(2026, 1).next) == (Half(2027, 1), Half(2026, 2))
    assert Year(2026).publish_by(31) == date(2027, 1, 31)
    assert Half(2026, 1).publish_by(31) == date(2026, 7, 31)
    assert Year(2026).next == Year(2027)
    assert (Month(202602).start, Month(202602).end) == (date(2026, 2, 1), date(2026, 2, 28))


def test_the_story_adds_up_over_quarters_that_follow_each_other():
    told = story.told(story.following([SECOND, FIRST]))
    assert (told.opening_fen, told.income_fen, told.spending_fen, told.closing_fen) == (1_000, 607, 100, 1_507)
    assert told.sources == (("CR07", 600), ("CR12", 7))
    assert [row.closing_fen for row in told.months] == [1_300, 1_500, 1_500, 1_500, 1_500, 1_507]
    assert [row["voucher"] for row in told.biggest] == ["x"]


def test_a_gap_or_another_year_begins_the_story_anew():
    later = content("2026-10-01", "2026-12-31", 5)
    assert story.following([FIRST, later]) == [later]
    january = content("2027-01-01", "2027-03-31", 5)
    assert story.following([later, january]) == [january]


def test_a_month_is_cut_out_of_its_quarter_with_the_balances_it_had():
    february = story.month_content(FIRST, 202602)
    assert (february["opening_fen"], february["closing_fen"]) == (1_300, 1_500)
    assert [row["voucher"] for row in february["income"][0]["lines"]] == ["w"]
    assert story.month_content(FIRST, 202603)["income"] == []


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(-500, 500)), max_size=30), st.integers(0, 10_000))
def test_months_cut_out_of_a_year_lead_into_each_other(rows, opening):
    income = [group("CR99", *(line(f"2026-{month:02d}-10", fen) for month, fen in rows))] if rows else []
    year = content("2026-01-01", "2026-12-31", opening, income=income)
    left = opening
    for month in range(202601, 202613):
        cut = story.month_content(year, month)
        assert cut["opening_fen"] == left
        left = cut["closing_fen"]
    assert left == year["closing_fen"]


def test_lines_are_found_by_payee_words_and_amount():
    row = FIRST["spending"][0]["lines"][0]
    assert story.matches(row, "䶮源 绿化")
    assert story.matches(row, "1.00")
    assert story.matches(row, "记-0202")
    assert not story.matches(row, "䶮源 电梯")


def moved(change) -> list[str]:
    now = copy.deepcopy(FIRST)
    change(now)
    return [row.message % row.params for row in what_moved(FIRST, now)]


def test_what_moved_is_told_line_by_line():
    assert moved(dict) == []
    assert moved(lambda now: now["income"][0]["lines"].append(line("2026-03-01", 5, voucher="z"))) == [
        "公示后新增：2026-03-01 记-0101 租金 ¥0.05"
    ]
    assert moved(lambda now: now["income"][0]["lines"].pop()) == ["公示时有、现在没有：2026-02-15 记-0101 租金 ¥3.00"]
    assert moved(lambda now: now["spending"][0]["lines"][0].update(party="乙")) == [
        "内容变了：2026-02-20 记-0202 绿化 ¥1.00"
    ]
    assert moved(lambda now: now.update(closing_fen=2)) == ["期末结余原为 ¥15.00，现在是 ¥0.02"]
    assert moved(lambda now: now.update(contracts=[1])) == ["合同清单或应收款变了"]
    assert moved(lambda now: now.update(chain_head="1")) == ["凭证链在这一期里有新的记账，指纹因此不同"]
    assert moved(lambda now: now.update(end="2026-03-30")) == ["公示的其他内容变了"]


def figures(**changes) -> Figures:
    about = {
        "opening_fen": 100,
        "interest_fen": 5,
        "from_revenue_fen": 10,
        "other_in_fen": 0,
        "spent_fen": 15,
        "closing_fen": 100,
        "keeper": "管理中心",
    }
    return Figures(**(about | changes))


def test_the_maintenance_funds_figures_add_up_or_are_refused():
    figures().check()
    for changes, refusal in (
        ({"closing_fen": 101}, DoesNotAdd),
        ({"spent_fen": -1, "closing_fen": 116}, NegativeFigure),
        (
            {
                "opening_fen": 0,
                "closing_fen": 0,
                "interest_fen": 0,
                "from_revenue_fen": 0,
                "spent_fen": 0,
                "keeper": " ",
            },
            KeeperMissing,
        ),
    ):
        with pytest.raises(refusal):
            figures(**changes).check()

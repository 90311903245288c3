"""The three statements of a period together, held against each other before anybody sees them (rules.md 5.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from finance.rules.fund import activities, flows, sheet
from finance.rules.fund.activities import Activities
from finance.rules.fund.figures import Moved
from finance.rules.fund.flows import Flows
from finance.rules.fund.sheet import Sheet
from hoa.kernel.errors import N_, Refusal

# 财会〔2025〕6号: the first year under the standard of 2024 shows no prior-year column in 02 and 03.
FIRST_YEAR = 2026


class Span(StrEnum):
    """What a period is called: its columns are named after it."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    DAYS = "days"


class TwoYears(Refusal):
    message = N_("报表不能跨年：%(start)s 到 %(end)s，请选同一年里的月份、季度或整年")


@dataclass(frozen=True, kw_only=True)
class FundStatements:
    """会民非01, 02 and 03 of the days from `start` to `end`."""

    start: date
    end: date
    sheet: Sheet
    activities: Activities
    flows: Flows

    @property
    def span(self) -> Span:
        return span_of(self.start, self.end)

    @property
    def shows_last_year(self) -> bool:
        """Whether 02 and 03 have a column of the year before: the year's own statements do, from the second year on."""
        return self.span is Span.YEAR and self.end.year > FIRST_YEAR


def span_of(start: date, end: date) -> Span:
    """The name of a period; days that are none of month, quarter and year have none."""
    whole = start.day == 1 and _is_last(end)
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    if whole and months == 1:
        return Span.MONTH
    if whole and months == 3 and start.month % 3 == 1:
        return Span.QUARTER
    if whole and months == 12 and start.month == 1:
        return Span.YEAR
    return Span.DAYS


def _is_last(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).day == 1


def check_period(start: date, end: date) -> None:
    """Refuse a period that does not lie in one year: the year's columns would mean nothing."""
    if start.year != end.year or end < start:
        raise TwoYears(start=start.isoformat(), end=end.isoformat())


def build(moved: Iterable[Moved], *, start: date, end: date) -> FundStatements:
    """The statements of a period, from sums of both books, with every invariant checked for period and year."""
    check_period(start, end)
    everything = tuple(moved)
    balance = sheet.build(everything)
    activity = activities.build(everything)
    flow = flows.build(everything)
    for column, flowed, before in (
        (activity.year, flow.year, balance.year_start),
        (activity.period, flow.period, balance.period_start),
    ):
        activities.check_change(column, before=before, after=balance.end)
        flows.check_increase(flowed, before=before, after=balance.end)
    return FundStatements(start=start, end=end, sheet=balance, activities=activity, flows=flow)

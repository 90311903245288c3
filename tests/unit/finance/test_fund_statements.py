"""会民非01, 02 and 03 from sums of a ledger, held against each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.rules.charts import Chart, load_chart
from finance.rules.fund import activities, carrying, flows, lines, sheet
from finance.rules.fund.activities import NetAssetsDoNotFollow, TransfersDoNotCancel
from finance.rules.fund.figures import Moved, Nature, Phase, place, roles_of
from finance.rules.fund.flows import CashDoesNotFollow
from finance.rules.fund.rows import Look, Row, made_of
from finance.rules.fund.sheet import SheetDoesNotBalance, TrustDiffers
from finance.rules.fund.statements import FundStatements, Span, TwoYears, build, span_of
from finance.rules.ledger import Line

CHART = load_chart("2024")
START, END = date(2026, 9, 1), date(2026, 9, 30)


@dataclass(frozen=True)
class Booked:
    """A voucher as the statements see it."""

    lines: tuple[Line, ...]
    phase: Phase = Phase.WITHIN
    nature: Nature = Nature.ORDINARY


def code(role: str) -> str:
    return CHART.by_role(role).code


def pair(debit: str, credit: str, fen: int, phase: Phase = Phase.WITHIN, nature: Nature = Nature.ORDINARY) -> Booked:
    entries = (Line(account=code(debit), debit_fen=fen), Line(account=code(credit), credit_fen=fen))
    return Booked(entries, phase, nature)


def sums(vouchers: Iterable[Booked], chart: Chart = CHART) -> list[Moved]:
    moved = []
    for voucher in vouchers:
        with_money = any(flows.is_money(roles_of(chart, line.account)) for line in voucher.lines)
        moved += [
            Moved(
                roles=roles_of(chart, line.account),
                phase=voucher.phase,
                nature=voucher.nature,
                with_money=with_money,
                debit_fen=line.debit_fen,
                credit_fen=line.credit_fen,
            )
            for line in voucher.lines
        ]
    return moved


def made(vouchers: Sequence[Booked]) -> FundStatements:
    return build(sums(vouchers), start=START, end=END)


SEPTEMBER = (
    pair("bank", "unrestricted", 500_000, Phase.BEFORE, Nature.OPENING),
    pair("trust_bank", "unallocated", 900_000, Phase.BEFORE, Nature.OPENING),
    pair("bank", "other_income.unrestricted", 100_000, Phase.EARLIER),
    pair("administration.1", "bank", 20_000, Phase.EARLIER),
    pair("bank", "donation_income.restricted", 60_000),
    pair("administration.3", "bank", 8_000),
    pair("administration.7", "bank", 300),
    pair("fixed_asset", "bank", 40_000),
    pair("administration.1", "depreciation", 1_000),
    pair("cash", "bank", 5_000),
    pair("restricted", "unrestricted", 25_000),
    pair("trust_bank", "income.CR01", 30_000),
    pair("use.U4", "trust_bank", 10_000),
)


def test_a_month_of_both_funds():
    found = made(SEPTEMBER)
    assert found.span is Span.MONTH
    assert not found.shows_last_year
    before, after = found.sheet.year_start, found.sheet.end
    assert (before["money"], before["trust_assets"], before["net_assets"], before["assets"]) == (
        500_000, 900_000, 500_000, 1_400_000,
    )  # fmt: skip
    assert after["money"] == 591_700
    assert (after["fixed_cost"], after["depreciation"], after["fixed_net"]) == (40_000, 1_000, 39_000)
    assert after["trust_assets"] == after["trust_liabilities"] == 920_000
    assert after["unrestricted"] == 500_000 + 100_000 - 20_000 - 9_300 + 25_000
    assert after["restricted"] == 35_000
    period, year = found.activities.period, found.activities.year
    assert period.restricted["donation_income"] == 60_000
    assert period.unrestricted["administration"] == 9_300
    assert (period.unrestricted["released"], period.restricted["released"]) == (25_000, -25_000)
    assert period.together["change"] == 60_000 - 9_300
    assert year.together["change"] == 60_000 - 9_300 + 80_000
    flow = found.flows.period
    assert (flow["donations"], flow["staff"], flow["taxes"], flow["acquired"]) == (60_000, 8_000, 300, 40_000)
    assert flow["operating_net"] == 51_700
    assert flow["increase"] == 11_700
    assert found.flows.year["increase"] == 91_700
    assert found.flows.year["purchases"] == 20_000


def test_a_red_voucher_makes_the_line_smaller_that_it_takes_back():
    wrong = pair("administration.2", "bank", 700)
    red = Booked(tuple(replace(li, debit_fen=-li.debit_fen, credit_fen=-li.credit_fen) for li in wrong.lines))
    lent = pair("other_receivable", "bank", 900)
    lent_red = Booked(tuple(replace(li, debit_fen=-li.debit_fen, credit_fen=-li.credit_fen) for li in lent.lines))
    found = made([wrong, red, lent, lent_red])
    assert set(found.flows.period.values()) == {0}
    assert set(found.activities.period.together.values()) == {0}


def test_the_close_of_a_year_changes_no_statement():
    balances: dict[str, int] = {}
    for one in SEPTEMBER:
        for li in one.lines:
            balances[li.account] = balances.get(li.account, 0) + li.debit_fen - li.credit_fen
    entries = carrying.closing_lines(balances, CHART)
    assert sum(li.debit_fen for li in entries) == sum(li.credit_fen for li in entries)
    closed = made([*SEPTEMBER, Booked(entries, Phase.WITHIN, Nature.CLOSING)])
    assert closed == made(SEPTEMBER)
    for li in entries:
        balances[li.account] = balances.get(li.account, 0) + li.debit_fen - li.credit_fen
    assert carrying.to_carry(balances, CHART) == {}
    carrying.check_carried(balances, CHART, year=2026)


def test_the_entries_of_a_close_keep_restricted_and_unrestricted_apart():
    balances = {
        code("donation_income.restricted"): -60_000,
        code("other_income.unrestricted"): -100_000,
        code("administration.1"): 30_000,
        code("prior_year_adjustment.restricted"): 500,
        code("prior_year_adjustment.unrestricted"): -700,
        code("bank"): 1,
    }
    entries = carrying.closing_lines(balances, CHART)
    own = [(li.account, li.debit_fen - li.credit_fen) for li in entries if li.account in ("3101", "3102")]
    assert own == [("3102", -60_000), ("3101", -100_000), ("3101", 30_000), ("3102", 500), ("3101", -700)]
    assert all(li.debit_fen >= 0 and li.credit_fen >= 0 for li in entries)
    with pytest.raises(carrying.NotCarried, match=r"300\.00"):
        carrying.check_carried({code("administration.1"): 30_000}, CHART, year=2026)


def test_what_is_released_was_there():
    entries = carrying.release_lines(100, CHART, available_fen=100)
    assert [(li.account, li.debit_fen, li.credit_fen) for li in entries] == [("3102", 100, 0), ("3101", 0, 100)]
    with pytest.raises(carrying.ReleaseTooMuch):
        carrying.release_lines(101, CHART, available_fen=100)
    with pytest.raises(carrying.ReleaseNothing):
        carrying.release_lines(0, CHART, available_fen=100)


def lopsided(debit: str, credit: str, debit_fen: int, credit_fen: int) -> Booked:
    return Booked((Line(account=code(debit), debit_fen=debit_fen), Line(account=code(credit), credit_fen=credit_fen)))


def test_each_invariant_says_which_one_failed_and_by_how_much():
    with pytest.raises(SheetDoesNotBalance, match=r"差 ¥0.01"):
        made([lopsided("bank", "other_income.unrestricted", 101, 100)])
    with pytest.raises(TrustDiffers, match=r"差 ¥2.00"):
        made([pair("trust_bank", "other_income.unrestricted", 200)])
    with pytest.raises(TransfersDoNotCancel, match=r"差 ¥5.00"):
        made([pair("bank", "unrestricted", 500)])
    found = made(SEPTEMBER)
    before, after = found.sheet.period_start, found.sheet.end
    with pytest.raises(NetAssetsDoNotFollow, match=r"差 ¥0.03"):
        activities.check_change(found.activities.period, before=before, after={**after, "restricted": 35_003})
    with pytest.raises(CashDoesNotFollow, match=r"差 ¥0.04"):
        flows.check_increase(found.flows.period, before=before, after={**after, "money": after["money"] - 4})


def test_every_account_of_the_charts_counts_once_in_each_statement_it_belongs_to():
    for regime in ("2004", "2024"):
        chart = load_chart(regime)
        for account in chart.accounts:
            roles = roles_of(chart, account.code)
            one = Moved(
                roles=roles, phase=Phase.WITHIN, nature=Nature.ORDINARY, with_money=True, debit_fen=7, credit_fen=0
            )
            assert place(roles, sheet.PLACES)
            if not flows.is_money(roles):
                assert sum(abs(fen) for _, fen in flows.shares(one)) == 7
            if account.kind in ("income", "expense"):
                assert sum(abs(fen) for _, _, fen in activities.shares(one)) == 7
            if account.kind in ("asset", "liability"):
                assert list(activities.shares(one)) == []


@pytest.mark.parametrize("rows", [sheet.ASSETS, sheet.OWED, activities.ROWS, flows.ROWS])
def test_sums_name_lines_above_them_and_no_key_is_used_twice(rows: tuple[Row, ...]):
    seen: set[str] = set()
    for row in rows:
        assert row.key not in seen
        assert {*row.of, *row.less} <= seen
        assert (row.look is Look.SUM) == bool(row.of)
        seen.add(row.key)
        assert row.look is Look.HEAD or set(made_of(rows, row.key).values()) <= {1, -1}


ROLES = [
    account.role
    for account in CHART.accounts
    if CHART.is_leaf(account.code) and not account.code.startswith(("1801", "2601", "3101", "3102"))
]
TRUST_ROLES = [a.role for a in CHART.accounts if a.code.startswith(("1801.", "2601."))]


@st.composite
def vouchers(draw: st.DrawFn) -> Booked:
    """A balanced voucher of either fund, or a release, in black or red, at any time."""
    kind = draw(st.sampled_from(["work", "work", "trust", "free", "tie"]))
    phase = draw(st.sampled_from(list(Phase)))
    sign = draw(st.sampled_from([1, 1, -1]))
    fen = sign * draw(st.integers(1, 10**9))
    if kind == "trust":
        debit, credit = draw(st.sampled_from(["trust_bank", "trust_cash"])), draw(st.sampled_from(TRUST_ROLES))
        return pair(debit, credit, fen, phase)
    if kind in ("free", "tie"):
        roles = ("restricted", "unrestricted") if kind == "free" else ("unrestricted", "restricted")
        return pair(*roles, fen, phase)
    nature = draw(st.sampled_from([Nature.ORDINARY, Nature.ORDINARY, Nature.OPENING]))
    split = draw(st.integers(0, abs(fen))) * sign
    one, two, three = (draw(st.sampled_from(ROLES)) for _ in range(3))
    entries = (
        Line(account=code(one), debit_fen=fen),
        Line(account=code(two), credit_fen=split),
        Line(account=code(three), credit_fen=fen - split),
    )
    return Booked(entries, phase, nature)


@given(st.lists(vouchers(), max_size=12))
def test_for_any_balanced_ledger_all_invariants_hold(booked: list[Booked]):
    found = made(booked)
    sheet_rows = found.sheet.end
    assert sheet_rows["assets"] == sheet_rows["liabilities"] + sheet_rows["net_assets"]
    balances: dict[str, int] = {}
    for one in booked:
        for li in one.lines:
            balances[li.account] = balances.get(li.account, 0) + li.debit_fen - li.credit_fen
    closing = carrying.closing_lines(balances, CHART)
    closed = made([*booked, Booked(closing, Phase.WITHIN, Nature.CLOSING)])
    assert closed == found
    for li in closing:
        balances[li.account] = balances.get(li.account, 0) + li.debit_fen - li.credit_fen
    assert carrying.to_carry(balances, CHART) == {}


@cache
def weights_of(statement: str, key: str) -> dict[str, lines.Weight]:
    return lines.weights(statement, key, CHART)


def drilled(booked: Sequence[Booked], statement: str, key: str) -> int:
    """The figure of a line from the entries it leads to."""
    weights = weights_of(statement, key)
    found = 0
    for one in booked:
        if statement != lines.SHEET and (one.nature is not Nature.ORDINARY or one.phase is not Phase.WITHIN):
            continue
        if statement == lines.FLOWS and not any(flows.is_money(roles_of(CHART, li.account)) for li in one.lines):
            continue
        for li in one.lines:
            weight = weights.get(li.account)
            if weight is not None:
                found += weight.debit * li.debit_fen + weight.credit * li.credit_fen
    return found


@given(st.lists(vouchers(), max_size=6))
def test_every_figure_is_the_sum_of_the_entries_it_leads_to(booked: list[Booked]):
    found = made(booked)
    figures = {
        lines.SHEET: found.sheet.end,
        lines.ACTIVITIES: found.activities.period.together,
        lines.FLOWS: found.flows.period,
    }
    for statement, column in figures.items():
        assert {key: drilled(booked, statement, key) for key in column} == column


def test_a_heading_or_an_unknown_line_leads_nowhere():
    for statement, key in (("01", "current"), ("04", "money"), ("02", "money")):
        with pytest.raises(lines.NoSuchLine):
            lines.weights(statement, key, CHART)


@given(st.lists(vouchers(), max_size=6), st.integers(1, 10**6))
def test_a_fen_that_was_moved_on_one_side_is_always_refused(booked: list[Booked], fen: int):
    with pytest.raises(SheetDoesNotBalance):
        made([*booked, lopsided("bank", "payable", fen, 0)])


def test_periods_have_the_name_of_what_they_cover():
    assert span_of(date(2028, 2, 1), date(2028, 2, 29)) is Span.MONTH
    assert span_of(date(2028, 2, 1), date(2028, 2, 28)) is Span.DAYS
    assert span_of(date(2027, 2, 1), date(2027, 2, 28)) is Span.MONTH
    assert span_of(date(2026, 12, 1), date(2026, 12, 31)) is Span.MONTH
    assert span_of(date(2026, 7, 1), date(2026, 9, 30)) is Span.QUARTER
    assert span_of(date(2026, 8, 1), date(2026, 10, 31)) is Span.DAYS
    assert span_of(date(2026, 1, 1), date(2026, 12, 31)) is Span.YEAR
    with pytest.raises(TwoYears):
        build([], start=date(2025, 12, 1), end=date(2026, 1, 31))


def test_the_first_year_of_the_standard_shows_no_year_before():
    years = [build([], start=date(year, 1, 1), end=date(year, 12, 31)) for year in (2026, 2027)]
    assert [found.shows_last_year for found in years] == [False, True]

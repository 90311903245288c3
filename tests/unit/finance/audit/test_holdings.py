"""Checks of cash, advances, assets and money between the funds, at their exact boundaries."""

from dataclasses import replace
from datetime import date, timedelta

from finance.audit.rules import holdings
from finance.audit.rules.data import AdvanceFacts, AssetFacts, AssetPurchaseFacts, BetweenFundsFacts, CashBoxFacts
from finance.audit.rules.findings import Finding
from finance.rules.cash import CashMove, journal, over_float
from tests.audit_facts import AS_OF, DEFAULTS, period, receipt

DAY = date(2026, 8, 3)


def move(kind: str, fen: int, day: date = DAY, no: int = 1, reverses: str | None = None) -> CashMove:
    return CashMove(
        voucher_id=f"c{no}",
        label=f"记-{no}",
        kind=kind,
        day=day,
        fen=fen,
        summary="现金",
        party="小店",
        reverses_id=reverses,
    )


def box(*moves: CashMove, limit_fen: int = 200_000) -> tuple[CashBoxFacts, ...]:
    return (CashBoxFacts(name="工作经费", limit_fen=limit_fen, moves=moves),)


def found(check, **facts) -> list[Finding]:
    return list(check(period(**facts), DEFAULTS))


def test_a_cash_payment_beyond_what_was_drawn_is_spent_out_of_receipts_to_the_fen():
    exact = box(move("drawing", 500, no=1), move("receipt", 900, no=2), move("payment", -500, no=3))
    assert found(holdings.spent_receipts, cash=exact) == []
    over = box(move("drawing", 500, no=1), move("receipt", 900, no=2), move("payment", -501, no=3))
    (finding,) = found(holdings.spent_receipts, cash=over)
    assert (finding.amount_fen, finding.evidence[0].id) == (1, "c3")
    assert finding.params["party"] == "小店"
    spender = replace(move("payment", -501, no=3), party="和豪", party_is_person=True)
    (named,) = found(holdings.spent_receipts, cash=box(move("receipt", 900, no=2), spender))
    assert named.params["party"] == "和*", "a report is published: no person's name stands in it"
    undone = box(move("receipt", 900, no=1), move("payment", -501, no=2), move("reversal", 501, no=3, reverses="c2"))
    assert found(holdings.spent_receipts, cash=undone) == []
    carried = [move("receipt", 900, no=1), move("deposit", -900, no=2), move("drawing", 300, no=3)]
    assert [row.balance_fen for row in journal([*carried, move("payment", -300, no=4)])] == [900, 0, 300, 0]
    assert journal([*carried, move("payment", -300, no=4)])[-1].out_of_receipts_fen == 0


def test_money_that_never_reached_a_registered_account_is_named_after_the_days_it_may_take():
    covered = [(date(2026, 1, 1), date(2026, 8, 31))]
    late = receipt(date(2026, 8, 23), 330_000, bank_open_fen=330_000)
    assert [f.amount_fen for f in found(holdings.never_arrived, vouchers=[late], bank_covered=covered)] == [330_000]
    in_time = receipt(date(2026, 8, 24), 330_000, bank_open_fen=330_000)
    assert found(holdings.never_arrived, vouchers=[in_time], bank_covered=covered) == []
    assert found(holdings.never_arrived, vouchers=[late], bank_covered=[]) == []
    held = AS_OF - timedelta(days=DEFAULTS.arrival_days)
    assert found(holdings.never_arrived, cash=box(move("receipt", 900, held))) == []
    kept = box(move("receipt", 900, DAY, no=1), move("deposit", -400, DAY, no=2))
    assert [f.amount_fen for f in found(holdings.never_arrived, cash=kept)] == [500]


def test_cash_over_the_float_is_a_span_of_days():
    assert found(holdings.over_float, cash=box(move("drawing", 200_000))) == []
    rows = journal([move("drawing", 200_001, DAY, no=1), move("payment", -1, DAY + timedelta(days=4), no=2)])
    (span,) = over_float(rows, limit_fen=200_000, as_of=AS_OF)
    assert (span.first, span.last, span.most_fen) == (DAY, DAY + timedelta(days=4), 200_001)
    (finding,) = found(holdings.over_float, cash=box(move("drawing", 200_001)))
    assert finding.amount_fen == 1


def lent(fen: int, day: date, no: int = 1) -> AdvanceFacts:
    return AdvanceFacts(voucher_id=f"a{no}", label=f"记-{no}", day=day, party="和豪", party_shown="和*", fen=fen)


def test_money_lent_to_a_person_is_due_after_ninety_days_and_the_oldest_is_settled_first():
    on_time = AS_OF - timedelta(days=90)
    assert found(holdings.old_advances, advances=[lent(100, on_time)]) == []
    (finding,) = found(holdings.old_advances, advances=[lent(100, AS_OF - timedelta(days=91))])
    assert (finding.amount_fen, finding.params["party"]) == (100, "和*")
    old = AS_OF - timedelta(days=200)
    some = [lent(100, old, 1), lent(50, old + timedelta(days=1), 2), lent(-120, AS_OF, 3)]
    assert [f.amount_fen for f in found(holdings.old_advances, advances=some)] == [30]
    assert found(holdings.old_advances, advances=[*some, lent(-30, AS_OF, 4)]) == []


def asset(**changes) -> AssetFacts:
    facts = {
        "id": "x",
        "number": 1,
        "name": "打印机",
        "bought_on": DAY,
        "cost_fen": 99,
        "voucher_id": "p1",
        "inventoried_on": None,
        "disposed_on": None,
    }
    return AssetFacts(**(facts | changes))


def test_an_asset_has_a_card_and_is_looked_for_every_year():
    bought = AssetPurchaseFacts(voucher_id="p1", label="记-1", day=DAY, summary="打印机", fen=99)
    assert [f.amount_fen for f in found(holdings.without_card, asset_purchases=[bought])] == [99]
    assert found(holdings.without_card, asset_purchases=[bought], assets=[asset()]) == []
    year_ago = date(AS_OF.year - 1, AS_OF.month, AS_OF.day)
    month_more = year_ago.replace(month=year_ago.month - 1)
    assert found(holdings.without_card, assets=[asset(bought_on=year_ago)]) == []
    assert len(found(holdings.without_card, assets=[asset(bought_on=month_more)])) == 1
    assert found(holdings.without_card, assets=[asset(bought_on=month_more, inventoried_on=year_ago)]) == []
    assert found(holdings.without_card, assets=[asset(bought_on=month_more, disposed_on=DAY)]) == []


def test_money_between_the_funds_is_a_transfer_or_a_mixture():
    def line(**changes) -> BetweenFundsFacts:
        facts = {
            "id": "b1",
            "day": DAY,
            "fen": -5_000,
            "reference": "1",
            "account": "公共收益专户",
            "other": "工作经费",
            "booked": True,
            "by_transfer": False,
        }
        return BetweenFundsFacts(**(facts | changes))

    assert [f.amount_fen for f in found(holdings.mixed_funds, between_funds=[line()])] == [5_000]
    assert found(holdings.mixed_funds, between_funds=[line(by_transfer=True)]) == []
    fresh = AS_OF - timedelta(days=DEFAULTS.arrival_days)
    assert found(holdings.mixed_funds, between_funds=[line(booked=False, day=min(fresh, DAY))]) != []
    assert found(holdings.mixed_funds, between_funds=[line(day=date(2025, 1, 1))]) == []

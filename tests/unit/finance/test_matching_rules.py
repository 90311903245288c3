"""What is proposed and what is sure; and that parts never add up to more than a line or a voucher, in whatever order
people match, take apart and correct.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from finance.rules import matching, sides
from finance.rules.matching import Habit, LooseVoucher, Movement, OpenDue, Target
from finance.rules.sides import NOTHING, Effect, Sides
from hoa.kernel.errors import Refusal

DAY = date(2026, 9, 15)
LINE = Movement(id="l", day=DAY, amount_fen=-270_000, party="顺发建材经营部", summary="维修款")
RENT = Movement(id="r", day=DAY, amount_fen=300_000, party="渝璧甲商贸有限公司", summary="公共用房租金 9月")


def voucher(key: str, fen: int, party: str = LINE.party, days: int = 0, **more: str) -> LooseVoucher:
    return LooseVoucher(id=key, label=key, day=DAY - timedelta(days=days), amount_fen=fen, party=party, **more)


def said(found: list[matching.Proposal]) -> list[tuple[Target, str, bool]]:
    return [(proposal.target, proposal.id, proposal.sure) for proposal in found]


def test_one_line_that_paid_two_or_three_vouchers_is_found():
    two = [voucher("a", -260_000), voucher("b", -10_000), voucher("c", -99_900)]
    assert said(matching.proposals(LINE, vouchers=two)) == [(Target.SUM, "a,b", False)]
    three = [voucher("a", -200_000), voucher("b", -60_000), voucher("c", -10_000)]
    (found,) = matching.proposals(LINE, vouchers=three)
    assert set(found.id.split(",")) == {"a", "b", "c"}
    assert dict(found.reasons[0].params) == {"count": "3"}


def test_vouchers_of_others_add_up_by_chance_unless_the_bank_names_nobody_and_nothing_else_fits():
    others = [voucher("a", -260_000, "别家"), voucher("b", -10_000, "另一家")]
    assert matching.proposals(LINE, vouchers=others) == []
    batch = replace(LINE, party="")
    assert said(matching.proposals(batch, vouchers=others)) == [(Target.SUM, "a,b", False)]
    assert matching.proposals(batch, vouchers=[*others, voucher("c", -10_000, "第三家")]) == []


def test_an_invoice_number_in_the_summary_finds_the_voucher_also_for_a_part():
    line = replace(LINE, summary="货款 26090012345")
    part = voucher("a", -500_000, "别家", invoice_no="26090012345")
    (found,) = matching.proposals(line, vouchers=[part])
    assert matching.SAME_NUMBER in found.reasons
    assert not found.sure
    assert matching.proposals(line, vouchers=[replace(part, invoice_no="2609")]) == []


@pytest.mark.parametrize(("days", "sure"), [(10, True), (11, False)])
def test_a_voucher_of_the_same_party_and_amount_is_sure_within_ten_days(days: int, sure: bool):
    assert said(matching.proposals(LINE, vouchers=[voucher("a", -270_000, days=days)])) == [(Target.VOUCHER, "a", sure)]


def test_what_two_lines_or_two_vouchers_could_claim_is_not_sure():
    one = voucher("a", -270_000)
    twin = replace(LINE, id="other", day=DAY + timedelta(days=3))
    assert [proposal.sure for proposal in matching.proposals(LINE, vouchers=[one], rivals=[LINE])] == [True]
    assert [proposal.sure for proposal in matching.proposals(LINE, vouchers=[one], rivals=[LINE, twin])] == [False]
    pair = [one, voucher("b", -270_000, days=1)]
    assert [proposal.sure for proposal in matching.proposals(LINE, vouchers=pair)] == [False, False]


@pytest.mark.parametrize(
    ("fen", "party", "days", "sure"),
    [
        (300_000, RENT.party, 15, True),
        (300_000, RENT.party, 16, False),
        (300_001, RENT.party, 0, False),
        (300_000, "别人", 0, False),
    ],
)
def test_an_instalment_is_sure_with_its_amount_and_party_within_fifteen_days(
    fen: int, party: str, days: int, sure: bool
):
    due = OpenDue(contract_id="c", label="", due_no=9, day=DAY - timedelta(days=days), amount_fen=fen, party=party)
    (found,) = matching.proposals(RENT, dues=[due])
    assert found.sure is sure


def due(no: int, days: int, fen: int = 300_000, contract: str = "c") -> OpenDue:
    """An instalment of the rent, due so many days before the line (negative: after it)."""
    day = DAY - timedelta(days=days)
    return OpenDue(contract_id=contract, label="", due_no=no, day=day, amount_fen=fen, party=RENT.party)


def instalments(*dues: OpenDue, movement: Movement = RENT) -> list[tuple[int | None, bool]]:
    """Whichever way the instalments come, the same is proposed: their numbers, and what is sure."""
    found = [matching.proposals(movement, dues=order) for order in (dues, dues[::-1])]
    assert found[0] == found[1]
    return [(proposal.due_no, proposal.sure) for proposal in found[0]]


def test_of_two_instalments_of_one_day_and_amount_neither_is_sure_and_both_can_be_taken():
    assert instalments(due(1, 0), due(2, 0)) == [(1, False), (2, False)]
    assert instalments(due(2, 0), due(1, 0), movement=replace(RENT, amount_fen=299_999)) == [
        (1, False),
        (2, False),
    ]


def test_of_two_of_one_day_the_amount_tells_which():
    assert instalments(due(1, 0, 100_000), due(2, 0)) == [(2, True)]


def test_half_way_between_two_equal_instalments_the_earlier_comes_first_and_none_is_sure():
    assert instalments(due(2, -15), due(1, 15)) == [(1, False), (2, False)]
    # A number that was given later to an earlier day does not count.
    assert instalments(due(1, -15), due(2, 15)) == [(2, False), (1, False)]


@pytest.mark.parametrize(("ahead", "sure"), [(9, False), (10, True)])
def test_the_next_equal_instalment_competes_when_it_is_less_than_ten_days_farther(ahead: int, sure: bool):
    (first, *_) = instalments(due(1, 0), due(2, -ahead))
    assert first == (1, sure)


@pytest.mark.parametrize("days", [30, 45, 46, 400])
def test_an_equal_instalment_that_is_owed_since_long_keeps_the_latest_from_being_sure(days: int):
    """Who says nothing pays what fell due first (民法典 560): a person looks, however long it is ago."""
    found = instalments(due(1, days), due(9, 0))
    assert found[0] == (9, False)
    assert ((1, False) in found) is (days <= 45)
    assert instalments(due(1, days, 299_999), due(9, 0)) == [(9, True)]
    assert instalments(due(1, days, contract="other"), due(9, 0)) == [
        (9, True),
        *([(1, False)] if days <= 45 else []),
    ]


@pytest.mark.parametrize(("days", "sure"), [(9, False), (10, True)])
def test_of_two_contracts_of_one_party_the_nearer_is_sure_when_it_is_ten_days_nearer(days: int, sure: bool):
    assert instalments(due(1, 0, contract="a"), due(2, days, contract="b")) == [(1, sure), (2, False)]


def test_an_instalment_comes_before_a_custom_that_fits_as_well():
    habit = Habit(
        voucher_id="0", label="", day=DAY, amount_fen=300_000, party=RENT.party, summary=RENT.summary, times=2
    )
    found = matching.proposals(RENT, dues=[due(1, 16)], habits=[habit])
    assert said(found) == [(Target.DUE, "c", False), (Target.HABIT, "0", False)]


@pytest.mark.parametrize(("times", "fen", "sure"), [(1, 300_000, False), (2, 1, True), (2, -1, False)])
def test_income_booked_the_same_way_twice_is_a_custom(times: int, fen: int, sure: bool):
    """Spending never is: it needs its invoice."""
    movement = replace(RENT, amount_fen=-RENT.amount_fen) if fen < 0 else RENT
    habit = Habit(
        voucher_id="h", label="", day=DAY, amount_fen=fen, party=RENT.party, summary="公共用房租金 8月", times=times
    )
    (found,) = matching.proposals(movement, habits=[habit], rivals=[replace(movement, id="again")])
    assert matching.LAST_TIME in found.reasons
    assert found.sure is sure


def test_a_red_or_a_difference_voucher_takes_off_what_it_names():
    first = Effect(voucher_id="v", names=None, debit_fen=120, credit_fen=0)
    assert sides.capacities([first]) == {"v": Sides(in_fen=120)}
    less = Effect(voucher_id="d", names="v", debit_fen=-20, credit_fen=0)
    assert sides.capacities([first, less])["v"] == Sides(in_fen=100)
    red = Effect(voucher_id="r", names="v", debit_fen=-120, credit_fen=0)
    assert sides.capacities([first, red])["v"] == NOTHING
    blue = Effect(voucher_id="b", names="v", debit_fen=100, credit_fen=0)
    assert sides.capacities([first, red, blue])["b"] == Sides(in_fen=100)
    both = Effect(voucher_id="t", names=None, debit_fen=7, credit_fen=7)
    assert sides.capacities([both])["t"] == Sides(in_fen=7, out_fen=7)


class Matching(RuleBasedStateMachine):
    """Lines and vouchers come, are matched in any amounts, taken apart and corrected."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []
        self.vouchers: list[list[Effect]] = []
        self.parts: list[tuple[int, int, int]] = []

    @rule(fen=st.integers(-9, 9).filter(bool))
    def a_line(self, fen: int) -> None:
        self.lines.append(fen)

    @rule(debit=st.integers(0, 9), credit=st.integers(0, 9))
    def a_voucher(self, debit: int, credit: int) -> None:
        key = str(len(self.vouchers))
        self.vouchers.append([Effect(voucher_id=key, names=None, debit_fen=debit, credit_fen=credit)])

    @precondition(lambda self: self.lines and self.vouchers)
    @rule(data=st.data(), amount=st.none() | st.integers(-1, 10))
    def match(self, data: st.DataObject, amount: int | None) -> None:
        line = data.draw(st.integers(0, len(self.lines) - 1))
        key = data.draw(st.integers(0, len(self.vouchers) - 1))
        before = self.line_taken(line), self.taken(key).towards(self.lines[line])
        try:
            fen = sides.check_part(
                line_fen=self.lines[line],
                line_taken_fen=before[0],
                voucher=self.sides(key),
                taken=self.taken(key),
                amount_fen=amount,
            )
        except Refusal:
            left = min(abs(self.lines[line]) - before[0], self.sides(key).towards(self.lines[line]) - before[1])
            assert left <= 0 or (amount is not None and not 0 < amount <= left)
            return
        assert amount in (None, fen)
        self.parts.append((line, key, fen))

    @precondition(lambda self: self.parts)
    @rule(data=st.data())
    def take_apart(self, data: st.DataObject) -> None:
        self.parts.pop(data.draw(st.integers(0, len(self.parts) - 1)))

    @precondition(lambda self: self.vouchers)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        """The red voucher mirrors it, and its lines wait for another."""
        key = data.draw(st.integers(0, len(self.vouchers) - 1))
        first = self.vouchers[key][0]
        red = Effect(voucher_id="r", names=str(key), debit_fen=-first.debit_fen, credit_fen=-first.credit_fen)
        self.vouchers[key] = [first, red]
        self.parts = [part for part in self.parts if part[1] != key]

    def sides(self, key: int) -> Sides:
        return sides.capacities(self.vouchers[key])[str(key)]

    def line_taken(self, line: int) -> int:
        return sum(fen for at, _, fen in self.parts if at == line)

    def taken(self, key: int) -> Sides:
        own = [(self.lines[line], fen) for line, at, fen in self.parts if at == key]
        return Sides(in_fen=sum(f for of, f in own if of > 0), out_fen=sum(f for of, f in own if of < 0))

    @invariant()
    def no_side_is_exceeded(self) -> None:
        assert all(self.line_taken(line) <= abs(fen) for line, fen in enumerate(self.lines))
        assert all(self.sides(key).covers(self.taken(key)) for key in range(len(self.vouchers)))

    @invariant()
    def what_is_open_explains_the_difference(self) -> None:
        bank = sum(self.lines)
        book = sum(self.sides(key).signed_fen for key in range(len(self.vouchers)))
        open_lines = sum(
            (abs(fen) - self.line_taken(line)) * (1 if fen > 0 else -1) for line, fen in enumerate(self.lines)
        )
        open_vouchers = sum(self.sides(key).less(self.taken(key)).signed_fen for key in range(len(self.vouchers)))
        assert bank + open_vouchers == book + open_lines


TestMatching = Matching.TestCase
TestMatching.settings = settings(max_examples=40, stateful_step_count=25)

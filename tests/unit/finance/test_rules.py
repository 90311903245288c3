"""The rules of the books: charts, lines, contracts, matching, statements, the life of a voucher."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.rules import contracts, documents, ledger, life, matching, periods, statements
from finance.rules.charts import SOURCES, USES, UnknownAccount, UnknownPurpose, load_chart, purpose_role
from finance.rules.contracts import Due, DueState, Frequency
from finance.rules.ledger import Line, VoucherKind
from finance.rules.matching import Habit, LooseVoucher, Movement, OpenDue, Target
from finance.rules.statements import OpenItem, OpenKind, Posted, Reconciliation
from hoa.kernel.clock import CHINA, months_on

CHART = load_chart("2024")
AMOUNTS = st.integers(min_value=1, max_value=10**12)


# ------------------------------------------------------------------------------------------------------- charts
@pytest.mark.parametrize("regime", ["2004", "2024"])
def test_every_source_and_use_has_one_account_in_every_regime(regime: str):
    chart = load_chart(regime)
    assert not chart.verified
    codes = [chart.by_role(purpose_role(purpose)).code for purpose in (*SOURCES, *USES)]
    assert len(set(codes)) == len(SOURCES) + len(USES)
    assert len({account.code for account in chart.accounts}) == len(chart.accounts)


def test_the_same_code_means_different_things_in_the_two_regimes():
    for code in ("5201", "5301", "5401", "1701"):
        assert load_chart("2004").by_code(code).role != CHART.by_code(code).role


def test_unknown_accounts_and_purposes_are_refused_by_name():
    with pytest.raises(UnknownAccount):
        CHART.by_code("9999")
    with pytest.raises(UnknownPurpose):
        purpose_role("U9")


# -------------------------------------------------------------------------------------------------------- lines
@given(AMOUNTS, st.sampled_from([*SOURCES]))
def test_receipts_balance_and_their_reversal_mirrors_them(amount: int, purpose: str):
    lines = ledger.cash_lines(VoucherKind.RECEIPT, amount_fen=amount, purpose=purpose, chart=CHART)
    ledger.check_lines(lines, CHART)
    red = ledger.mirrored(lines)
    ledger.check_lines(red, CHART)
    assert all(ledger.balance_fen([*lines, *red], line.account) == 0 for line in lines)
    assert ledger.balance_fen(lines, "1801") == amount


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ((Line(account="1801.01", debit_fen=100), Line(account="2601.01", credit_fen=99)), ledger.UnbalancedVoucher),
        ((Line(account="1801.01", debit_fen=100),), ledger.EmptyVoucher),
        ((Line(account="1801.01"), Line(account="2601.01")), ledger.EmptyVoucher),
        (
            (Line(account="1801.01", debit_fen=1, credit_fen=1), Line(account="2601.01", debit_fen=1)),
            ledger.EmptyVoucher,
        ),
        ((Line(account="1", debit_fen=100), Line(account="2601.01", credit_fen=100)), UnknownAccount),
    ],
)
def test_lines_that_do_not_balance_or_say_nothing_are_refused(lines: tuple[Line, ...], refusal: type[Exception]):
    with pytest.raises(refusal):
        ledger.check_lines(lines, CHART)


def record(**changes: object) -> ledger.VoucherRecord:
    moment = datetime(2026, 9, 26, 20, 0, tzinfo=CHINA)
    fields: dict[str, object] = {
        "book": "b",
        "period": 202609,
        "number": 12,
        "kind": "payment",
        "day": date(2026, 9, 25),
        "summary": "绿化补种",
        "party": "䶮源养护",
        "party_is_person": False,
        "invoice_no": "1",
        "amount_fen": 597_447,
        "purpose": "U5",
        "contract_id": "c",
        "due_no": None,
        "resolution_id": "r",
        "grounds": "",
        "reverses_id": None,
        "lines": (Line(account="2601.55", debit_fen=597_447), Line(account="1801.01", credit_fen=597_447)),
        "documents": ("ab",),
        "maker_id": "m",
        "made_at": moment,
        "checker_id": "k",
        "checked_at": moment,
        "poster_id": "p",
        "posted_at": moment,
    }
    return ledger.VoucherRecord(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"day": date(2026, 9, 24)},
        {"lines": (Line(account="2601.55", debit_fen=597_448), Line(account="1801.01", credit_fen=597_448))},
        {"party": "别人"},
        {"documents": ("ac",)},
        {"documents": ()},
        {"maker_id": "k"},
        {"posted_at": datetime(2026, 9, 26, 20, 0, 1, tzinfo=CHINA)},
        {"resolution_id": None},
        {"purpose": "U6"},
        {"amount_fen": 597_448},
    ],
)
def test_any_change_of_a_voucher_changes_its_hash(change: dict[str, object]):
    assert ledger.voucher_hash(record(**change), ledger.GENESIS) != ledger.voucher_hash(record(), ledger.GENESIS)


def test_a_voucher_is_bound_to_the_one_before_it():
    assert ledger.voucher_hash(record(), "1" * 64) != ledger.voucher_hash(record(), ledger.GENESIS)
    assert ledger.number_text(202609, 12) == "记-0912"


# ------------------------------------------------------------------------------------------------------ periods
def test_months_and_quarters_follow_the_calendar():
    assert periods.last_day(202402) == date(2024, 2, 29)
    assert periods.next_month(202612) == 202701
    assert periods.previous_month(202701) == 202612
    assert months_on(date(2026, 1, 31), 1) == date(2026, 2, 28)
    quarter = periods.Quarter.parse("2026Q3")
    assert (quarter.start, quarter.end) == (date(2026, 7, 1), date(2026, 9, 30))
    assert quarter.publish_by(15) == date(2026, 10, 15)
    assert quarter.next.next == periods.Quarter(2027, 1)
    assert quarter.previous.previous.previous == periods.Quarter(2025, 4)
    assert periods.months_between(202611, 202702) == [202611, 202612, 202701, 202702]


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-1", "26-01", "2026Q5", "2026q1", "２０２６-01", "0001-01", "9999-12", "9999Q4"]
)
def test_what_is_no_month_is_refused(text: str):
    with pytest.raises(periods.NoSuchPeriod):
        periods.parse_month(text)
    with pytest.raises(periods.NoSuchPeriod):
        periods.Quarter.parse(text)


# ---------------------------------------------------------------------------------------------------- contracts
def test_a_quarterly_contract_falls_due_every_three_months_until_it_ends():
    dues = contracts.schedule(
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        frequency=Frequency.QUARTERLY,
        first_due_on=date(2026, 3, 15),
        amount_fen=1_650_000,
    )
    assert [due.day.month for due in dues] == [3, 6, 9, 12]
    assert [due.no for due in dues] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"ends_on": date(2025, 1, 1)}, contracts.EndsBeforeStart),
        ({"first_due_on": date(2027, 1, 1)}, contracts.DueOutsideTerm),
        ({"amount_fen": 0}, contracts.PriceNeeded),
        ({"frequency": Frequency.VARIABLE}, contracts.PriceNeeded),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(changes: dict[str, object], refusal: type[Exception]):
    fields: dict[str, object] = {
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
        "frequency": Frequency.MONTHLY,
        "first_due_on": date(2026, 1, 15),
        "amount_fen": 100,
    }
    with pytest.raises(refusal):
        contracts.schedule(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settled", "today", "known", "state", "late"),
    [
        (100, date(2026, 9, 30), None, DueState.SETTLED, 0),
        (99, date(2026, 9, 30), None, DueState.SHORT, 15),
        (0, date(2026, 9, 16), None, DueState.OVERDUE, 1),
        (0, date(2026, 9, 15), None, DueState.DUE, 0),
        (0, date(2026, 9, 8), None, DueState.DUE, 0),
        (0, date(2026, 9, 7), None, DueState.UPCOMING, 0),
        (0, date(2026, 9, 30), date(2026, 9, 14), DueState.DUE, 0),
        (0, date(2026, 9, 30), date(2026, 9, 15), DueState.OVERDUE, 15),
    ],
)
def test_an_instalment_is_late_from_the_day_after_and_only_where_the_bank_is_known(
    settled: int, today: date, known: date | None, state: DueState, late: int
):
    due = Due(no=1, day=date(2026, 9, 15), amount_fen=100)
    status = contracts.due_status(due, settled_fen=settled, today=today, known_until=known)
    assert (status.state, status.days_late, status.missing_fen) == (state, late, 100 - settled)


# ----------------------------------------------------------------------------------------------------- matching
MOVEMENT = Movement(day=date(2026, 9, 15), amount_fen=300_000, party="渝璧甲商贸有限公司", summary="公共用房租金 9月")


def test_a_voucher_of_the_same_party_and_amount_comes_before_a_due_and_a_habit():
    found = matching.proposals(
        MOVEMENT,
        vouchers=[LooseVoucher(id="v", label="", day=date(2026, 9, 14), amount_fen=300_000, party="渝璧甲商贸")],
        dues=[
            OpenDue(
                contract_id="c",
                label="",
                due_no=9,
                day=date(2026, 9, 15),
                amount_fen=300_000,
                party="渝璧甲商贸有限公司",
            )
        ],
        habits=[
            Habit(
                voucher_id="h",
                label="",
                day=date(2026, 8, 15),
                amount_fen=300_000,
                party="渝璧甲商贸有限公司",
                summary="公共用房租金 8月",
            )
        ],
    )
    assert [proposal.target for proposal in found] == [Target.VOUCHER, Target.DUE, Target.HABIT]
    assert all(proposal.reasons for proposal in found)


@pytest.mark.parametrize(
    ("amount", "days", "proposed"),
    [(300_000, 15, True), (300_000, 16, False), (299_999, 0, False), (-300_000, 0, False)],
)
def test_vouchers_are_proposed_for_the_exact_amount_within_fifteen_days(amount: int, days: int, proposed: bool):
    voucher = LooseVoucher(id="v", label="", day=MOVEMENT.day - timedelta(days=days), amount_fen=amount, party="")
    assert bool(matching.proposals(MOVEMENT, vouchers=[voucher])) is proposed


def test_summaries_are_alike_without_their_figures():
    assert matching.pattern("临停收入 3月第2周") == matching.pattern("临停收入 12月第4周")
    assert matching.pattern("垃圾房维修(一)") == matching.pattern("垃圾房维修(二)")
    assert matching.pattern("电梯广告") != matching.pattern("公共用房")


def test_a_habit_of_another_party_or_direction_is_not_proposed():
    habit = Habit(
        voucher_id="h", label="", day=MOVEMENT.day, amount_fen=-1, party=MOVEMENT.party, summary=MOVEMENT.summary
    )
    other = Habit(voucher_id="h", label="", day=MOVEMENT.day, amount_fen=1, party="别人", summary=MOVEMENT.summary)
    assert matching.proposals(MOVEMENT, habits=[habit, other]) == []


# --------------------------------------------------------------------------------------------------- statements
def posted(kind: VoucherKind, day: date, amount: int, purpose: str | None, *, red: bool = False) -> Posted:
    lines = ledger.cash_lines(kind, amount_fen=amount, purpose=purpose, chart=CHART)
    return Posted(
        id=f"{day}{amount}{red}",
        label="",
        kind=VoucherKind.REVERSAL if red else kind,
        day=day,
        summary="",
        party="",
        lines=ledger.mirrored(lines) if red else lines,
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 365), AMOUNTS, st.booleans()), max_size=30))
def test_opening_plus_income_less_spending_is_always_closing(rows: list[tuple[bool, int, int, bool]]):
    vouchers = [posted(VoucherKind.OPENING, date(2026, 1, 1), 21_456_000, None)]
    for incoming, day, amount, red in rows:
        kind, purpose = (VoucherKind.RECEIPT, "CR01") if incoming else (VoucherKind.PAYMENT, "U5")
        vouchers.append(posted(kind, date(2026, 1, 1) + timedelta(days=day - 1), amount, purpose, red=red))
    statement = statements.build(vouchers, start=date(2026, 4, 1), end=date(2026, 6, 30), chart=CHART)
    statements.check_trust([line for voucher in vouchers for line in voucher.lines], CHART)
    after = statements.build(vouchers, start=date(2026, 7, 1), end=date(2026, 9, 30), chart=CHART)
    assert after.opening_fen == statement.closing_fen
    assert statement.closing_fen - statement.opening_fen == statement.income_fen - statement.spending_fen


def test_a_movement_without_source_or_use_stops_the_statement():
    stray = (Line(account="1801.01", debit_fen=5), Line(account="2601.91", credit_fen=5))
    voucher = Posted(
        id="x", label="", kind=VoucherKind.RECEIPT, day=date(2026, 5, 1), summary="", party="", lines=stray
    )
    with pytest.raises(statements.StatementDoesNotAdd):
        statements.build([voucher], start=date(2026, 4, 1), end=date(2026, 6, 30), chart=CHART)
    with pytest.raises(statements.TrustDoesNotBalance):
        statements.check_trust([Line(account="1801.01", debit_fen=5), Line(account="1002", credit_fen=5)], CHART)


def test_open_items_of_each_kind_reconcile_bank_and_books():
    kinds = {OpenKind.BANK_IN: 1, OpenKind.BANK_OUT: 20, OpenKind.BOOK_IN: 300, OpenKind.BOOK_OUT: 4000}
    items = tuple(
        OpenItem(kind=kind, ref="", day=date(2026, 9, 1), amount_fen=fen, text="") for kind, fen in kinds.items()
    )
    book = 10_000
    bank = book + 1 - 20 - 300 + 4000
    reconciliation = Reconciliation(day=date(2026, 9, 30), bank_fen=bank, book_fen=book, items=items)
    statements.check_reconciled(reconciliation)
    with pytest.raises(statements.NotReconciled):
        statements.check_reconciled(
            Reconciliation(day=date(2026, 9, 30), bank_fen=bank + 1, book_fen=book, items=items)
        )


# -------------------------------------------------------------------------------------------------- the life
@pytest.mark.parametrize(
    ("amount", "by_assembly", "authority", "refusal"),
    [
        (500_000, False, "授权", None),
        (500_001, False, "授权", life.AssemblyNeeded),
        (500_001, True, "", life.NoGrounds),
        (1, False, " ", life.NoGrounds),
    ],
)
def test_a_payment_above_the_limit_by_one_fen_needs_the_assembly(
    amount: int, by_assembly: bool, authority: str, refusal: type[Exception] | None
):
    grounds = life.Grounds(by_assembly=by_assembly, authority=authority)
    if refusal is None:
        life.check_grounds(amount_fen=amount, allowance=life.Allowance(single_fen=500_000), grounds=grounds)
    else:
        with pytest.raises(refusal):
            life.check_grounds(amount_fen=amount, allowance=life.Allowance(single_fen=500_000), grounds=grounds)


def test_maker_checker_and_poster_are_kept_apart():
    life.check_separation(maker_id="a", checker_ids=("b", "c"), poster_id="a")
    with pytest.raises(life.SamePerson):
        life.check_separation(maker_id="a", checker_ids=("b", "a"))
    with pytest.raises(life.ApprovedByYou):
        life.check_separation(maker_id="a", checker_ids=("b", "b"))
    with pytest.raises(life.CheckerPosts):
        life.check_separation(maker_id="a", checker_ids=("b",), poster_id="b")


# ------------------------------------------------------------------------------------------------- documents
@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\temp\\发票 1.PDF", "发票 1.pdf"),
        ("\u202egpj.exe", "gpj.exe.pdf"),
        ("  ..  ", "document.pdf"),
        ("a" * 200 + ".pdf", "a" * 80 + ".pdf"),
    ],
)
def test_names_of_documents_lose_folders_and_tricks(name: str, safe: str):
    assert documents.safe_name(name, "application/pdf") == safe


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"PK\x03\x04", b"GIF89a"])
def test_only_pdf_png_and_jpeg_by_content_are_documents(data: bytes):
    with pytest.raises(documents.DocumentType):
        documents.media_type(data, "x.pdf")

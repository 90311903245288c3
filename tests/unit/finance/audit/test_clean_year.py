"""A year of sound books, however many and whatever large its entries, has nothing severe in it (books.md 6)."""

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from finance.audit.rules.checks import in_order, run_all
from finance.audit.rules.data import OfficeFacts, PeriodData, VoucherFacts
from finance.audit.rules.findings import Severity
from hoa.kernel.clock import CHINA
from tests.audit_facts import (
    DEFAULTS,
    LIMIT_FEN,
    bank_line,
    contract,
    due,
    month,
    payment,
    period,
    publication,
    receipt,
)

YEAR, AS_OF = 2026, date(2027, 1, 20)
# What a committee may pay by itself, and what rests on the assembly's budget.
SMALL = st.integers(1, LIMIT_FEN)
LARGE = st.integers(LIMIT_FEN + 1, 2_000_000)
DAYS = st.integers(0, 364).map(lambda n: date(YEAR, 1, 1) + timedelta(days=n))


@st.composite
def years(draw: st.DrawFn) -> PeriodData:
    """Payments to one payee are further apart than a split, each with its invoice; income by contract came in time."""
    vouchers = []
    for no, (day, fen) in enumerate(draw(st.lists(st.tuples(DAYS, SMALL), max_size=30))):
        vouchers.append(payment(day, fen, party=f"商户{no}", invoice_no=f"S{no}"))
    for no, (day, fen) in enumerate(draw(st.lists(st.tuples(DAYS, LARGE), max_size=4))):
        vouchers.append(payment(day, fen, party=f"工程队{no}", invoice_no=f"L{no}", resolution_id="budget", grounds=""))
    dues = []
    for no, fen in enumerate(draw(st.lists(st.integers(1, 5_000_000), max_size=4)), start=1):
        day = date(YEAR, 3 * no, 12)
        dues.append(due(day, fen, fen, no=no))
        vouchers.append(receipt(day, fen, purpose="CR02", contract_id="ads", due_no=no, party="分享传媒有限公司"))
    rent = contract(*dues, ends_on=date(YEAR + 1, 12, 31))
    numbered = _numbered(vouchers)
    balance, lines = 10_000_000, []
    for seq, voucher in enumerate(numbered, start=1):
        moved = voucher.amount_fen if voucher.kind == "receipt" else -voucher.amount_fen
        balance += moved
        lines.append(bank_line(voucher.day, moved, balance, seq=seq))
    return period(
        start=date(YEAR, 1, 1),
        end=date(YEAR, 12, 31),
        as_of=AS_OF,
        vouchers=numbered,
        contracts=[rent],
        bank_lines=lines,
        bank_opening_fen={"account": 10_000_000},
        bank_covered=((date(YEAR, 1, 1), date(YEAR, 12, 31)),),
        months=[month(YEAR * 100 + no, _last(no), closed_at=_closed(no)) for no in range(1, 13)],
        publications=[publication()],
        offices=(_office("cashier", "payer"), _office("treasurer", "maker")),
    )


def _numbered(vouchers: list[VoucherFacts]) -> list[VoucherFacts]:
    """In the order of their days, with the numbers 1, 2, 3 … of each month."""
    found: list[VoucherFacts] = []
    for voucher in sorted(vouchers, key=lambda one: (one.day, one.id)):
        before = sum(one.month == voucher.month for one in found)
        found.append(_with(voucher, number=before + 1))
    return found


def _with(voucher: VoucherFacts, **changes: object) -> VoucherFacts:
    return VoucherFacts(**(voucher.__dict__ | changes))


def _last(number: int) -> date:
    following = date(YEAR + number // 12, number % 12 + 1, 1)
    return following - timedelta(days=1)


def _closed(number: int) -> datetime:
    """Five days into the following month."""
    return datetime.combine(_last(number) + timedelta(days=5), time(12), CHINA)


def _office(post: str, person: str) -> OfficeFacts:
    starts, ends = datetime(2025, 1, 1, tzinfo=CHINA), datetime(2030, 1, 1, tzinfo=CHINA)
    return OfficeFacts(body="owners_committee", post=post, person_id=person, starts_at=starts, ends_at=ends)


def severe(data: PeriodData) -> list[str]:
    found = in_order(run_all(data, DEFAULTS))
    return [f"{check.id}: {finding.params}" for check, finding in found if finding.severity is Severity.HIGH]


@given(years())
def test_sound_books_have_nothing_severe(data: PeriodData) -> None:
    assert severe(data) == []


@given(years(), st.data())
def test_one_thing_spoiled_in_sound_books_is_found_as_what_it_is(data: PeriodData, choose: st.DataObject) -> None:
    """The checks are awake on these very books: a bare payment, a twin invoice or a shared duty is named alone."""
    payments = [voucher for voucher in data.vouchers if voucher.kind == "payment"]
    if not payments:
        return
    victim = choose.draw(st.sampled_from(payments))
    spoil, check = choose.draw(
        st.sampled_from(
            [({"invoices": 0}, "without_invoice"), ({"checker_id": "maker"}, "separation"), ({"number": 99}, "numbers")]
        )
    )
    vouchers = tuple(_with(one, **spoil) if one.id == victim.id else one for one in data.vouchers)
    told = severe(PeriodData(**{**_fields(data), "vouchers": vouchers}))
    assert {line.split(":")[0] for line in told} == {check}


def _fields(data: PeriodData) -> dict[str, object]:
    return {name: getattr(data, name) for name in PeriodData.__dataclass_fields__}

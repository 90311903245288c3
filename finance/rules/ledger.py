"""Lines that balance, the canonical form of a voucher and the chain of hashes through a book (books.md 1; 会计法 13,
17 ).

A red-letter reversal repeats the sides of the voucher it takes back with negative amounts (会计基础工作规范 51 as in
rules.md R5.3), so amounts may be negative, but one line never has both sides and never is zero.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from finance.rules.charts import TRUST_BANK, UNALLOCATED, Chart, purpose_role
from hoa.kernel import canonical, money
from hoa.kernel.clock import stamp
from hoa.kernel.errors import N_, Refusal

GENESIS = "0" * 64


class VoucherKind(StrEnum):
    """What a voucher does: money in, money out, the balance brought in when the book opened, a voucher taken back."""

    OPENING = "opening"
    RECEIPT = "receipt"
    PAYMENT = "payment"
    REVERSAL = "reversal"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry (分录). Amounts in fen; exactly one side is not zero."""

    account: str
    debit_fen: int = 0
    credit_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class VoucherRecord:
    """Everything a posted voucher says. This, and nothing else, is what its hash covers."""

    book: str
    period: int
    number: int
    kind: str
    day: date
    summary: str
    party: str
    party_is_person: bool
    invoice_no: str
    amount_fen: int
    purpose: str | None
    contract_id: str | None
    due_no: int | None
    resolution_id: str | None
    grounds: str
    reverses_id: str | None
    lines: tuple[Line, ...]
    documents: tuple[str, ...]
    maker_id: str
    made_at: datetime
    checker_id: str
    checked_at: datetime
    poster_id: str
    posted_at: datetime


class UnbalancedVoucher(Refusal):
    message = N_("借方 %(debit)s 与贷方 %(credit)s 不相等，请补齐差额")


class EmptyVoucher(Refusal):
    message = N_("凭证至少要有一借一贷两行分录，每行只填一边，且金额不能为零")


def check_lines(lines: Sequence[Line], chart: Chart) -> None:
    """Refuse lines that do not balance, are empty, or name an account the chart does not have (会计基础工作规范 R5.2)
    .
    """
    if len(lines) < 2 or any((line.debit_fen == 0) == (line.credit_fen == 0) for line in lines):
        raise EmptyVoucher
    for line in lines:
        chart.by_code(line.account)
    debit, credit = sum(line.debit_fen for line in lines), sum(line.credit_fen for line in lines)
    if debit != credit:
        raise UnbalancedVoucher(debit=money.show(debit), credit=money.show(credit))


def cash_lines(kind: VoucherKind, *, amount_fen: int, purpose: str | None, chart: Chart) -> tuple[Line, ...]:
    """The lines of a trust-fund voucher on the cash basis (R4.6): a receipt debits the account and credits its source,
    spending is the reverse.

    An opening balance is credited to 待分配, because nobody says any more which source it came from.
    """
    bank = chart.by_role(TRUST_BANK).code
    other = chart.by_role(UNALLOCATED if purpose is None else purpose_role(purpose)).code
    if kind is VoucherKind.PAYMENT:
        return Line(account=other, debit_fen=amount_fen), Line(account=bank, credit_fen=amount_fen)
    return Line(account=bank, debit_fen=amount_fen), Line(account=other, credit_fen=amount_fen)


def mirrored(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The same lines in red: equal sides, negative amounts (R5.3)."""
    return tuple(Line(account=line.account, debit_fen=-line.debit_fen, credit_fen=-line.credit_fen) for line in lines)


def balance_fen(lines: Iterable[Line], account: str) -> int:
    """Debits less credits of an account and its sub-accounts."""
    own = (line for line in lines if line.account == account or line.account.startswith(account + "."))
    return sum(line.debit_fen - line.credit_fen for line in own)


def canonical_voucher(record: VoucherRecord, previous: str) -> bytes:
    """The bytes a voucher is known by: canonical JSON of all it says, and the hash of the voucher posted before it in
    this book.
    """
    return canonical.encode(
        {
            "amount": record.amount_fen,
            "book": record.book,
            "checked_at": stamp(record.checked_at),
            "checker": record.checker_id,
            "contract": record.contract_id,
            "date": record.day.isoformat(),
            "documents": list(record.documents),
            "due": record.due_no,
            "format": "hoa-voucher-1",
            "grounds": record.grounds,
            "invoice": record.invoice_no,
            "kind": record.kind,
            "lines": [[line.account, line.debit_fen, line.credit_fen] for line in record.lines],
            "made_at": stamp(record.made_at),
            "maker": record.maker_id,
            "number": record.number,
            "party": record.party,
            "party_is_person": record.party_is_person,
            "period": record.period,
            "posted_at": stamp(record.posted_at),
            "poster": record.poster_id,
            "previous": previous,
            "purpose": record.purpose,
            "resolution": record.resolution_id,
            "reverses": record.reverses_id,
            "summary": record.summary,
        }
    )


def voucher_hash(record: VoucherRecord, previous: str) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical_voucher(record, previous)).hexdigest()


def number_text(period: int, number: int) -> str:
    """How a voucher's number is printed: the month and the number in it, 记-0912 (R5.2: consecutive within the month)
    .
    """
    return f"记-{period % 100:02d}{number:02d}"

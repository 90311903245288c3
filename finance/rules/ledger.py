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

from finance.rules.charts import BANK_ROLES, CASH_ROLES, TRUST, UNALLOCATED, Chart, purpose_role
from hoa.kernel import canonical, money
from hoa.kernel.clock import stamp
from hoa.kernel.errors import N_, Refusal

GENESIS = "0" * 64
# The canonical forms of a voucher. Rows say which one they were posted by; new ones are posted by the second, which
# covers everything a voucher may say today.
FIRST_FORM = "hoa-voucher-1"
SECOND_FORM = "hoa-voucher-2"


class VoucherKind(StrEnum):
    """What a voucher does: money in, money out, the balances brought in when the book opened, a voucher taken back;
    any balanced entries, half of a transfer between the funds, the close of a year, money carried to the bank or
    drawn from it, and the difference when only an amount was wrong.
    """

    OPENING = "opening"
    RECEIPT = "receipt"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    JOURNAL = "journal"
    TRANSFER = "transfer"
    CLOSING = "closing"
    DEPOSIT = "deposit"
    DRAWING = "drawing"
    DIFFERENCE = "difference"


class Means(StrEnum):
    """Whether money went through the bank or over the table."""

    BANK = "bank"
    CASH = "cash"


MEANS_NAMES = {Means.BANK: N_("银行"), Means.CASH: N_("现金")}


class OtherFund(Refusal):
    message = N_(
        "科目 %(code)s %(name)s 不属于这本账：业主共有资金与工作经费分账核算，不能混记，转拨请用“转入工作经费”"
    )


class HasParts(Refusal):
    message = N_("科目 %(code)s %(name)s 下有明细科目，请选明细科目")


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
    format: str = FIRST_FORM
    means: str = Means.BANK
    corrects_id: str | None = None
    twin_id: str | None = None
    bank_fen: int | None = None
    cash_fen: int | None = None
    submitted_at: datetime | None = None
    approvals_needed: int = 1
    approvals: tuple[tuple[str, datetime], ...] = ()


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


def check_fund(lines: Sequence[Line], chart: Chart, fund: str) -> None:
    """Refuse entries of one fund in the other's book, and entries on an account that has parts (books.md 1)."""
    for line in lines:
        account = chart.by_code(line.account)
        if not chart.holds(fund, account.code):
            raise OtherFund(code=account.code, name=account.name)
        if not chart.is_leaf(account.code):
            raise HasParts(code=account.code, name=account.name)


def cash_lines(
    kind: VoucherKind,
    *,
    amount_fen: int,
    purpose: str | None,
    chart: Chart,
    fund: str = TRUST,
    means: str = Means.BANK,
    account: str | None = None,
) -> tuple[Line, ...]:
    """The lines of a simple voucher. In the trust fund, on the cash basis (R4.6), a receipt debits the account and
    credits its source, spending is the reverse; in the work fund the other side is the `account` that was chosen.

    An opening balance is credited to 待分配, because nobody says any more which source it came from.
    """
    bank, cash = chart.by_role(BANK_ROLES[fund]).code, chart.by_role(CASH_ROLES[fund]).code
    money_account = cash if means == Means.CASH else bank
    if kind is VoucherKind.DEPOSIT:
        return Line(account=bank, debit_fen=amount_fen), Line(account=cash, credit_fen=amount_fen)
    if kind is VoucherKind.DRAWING:
        return Line(account=cash, debit_fen=amount_fen), Line(account=bank, credit_fen=amount_fen)
    other = account or chart.by_role(UNALLOCATED if purpose is None else purpose_role(purpose)).code
    if kind is VoucherKind.PAYMENT or (kind is VoucherKind.TRANSFER and fund == TRUST):
        return Line(account=other, debit_fen=amount_fen), Line(account=money_account, credit_fen=amount_fen)
    return Line(account=money_account, debit_fen=amount_fen), Line(account=other, credit_fen=amount_fen)


def money_moved(lines: Iterable[Line], chart: Chart, fund: str) -> tuple[int, int]:
    """What entries do to the fund's account at the bank and to its cash box, in fen; positive when money comes in."""
    lines = tuple(lines)
    bank, cash = chart.by_role(BANK_ROLES[fund]).code, chart.by_role(CASH_ROLES[fund]).code
    return balance_fen(lines, bank), balance_fen(lines, cash)


def turnover_fen(lines: Iterable[Line]) -> int:
    """The amount of a voucher: what its entries move, in fen, red ones counted on the side they belong to."""
    return sum(max(line.debit_fen, 0) + max(-line.credit_fen, 0) for line in lines)


def mirrored(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The same lines in red: equal sides, negative amounts (R5.3)."""
    return tuple(Line(account=line.account, debit_fen=-line.debit_fen, credit_fen=-line.credit_fen) for line in lines)


def scaled(lines: Iterable[Line], amount_fen: int) -> tuple[Line, ...]:
    """The two entries of a simple voucher over another amount, in red when it is negative (R5.3)."""
    return tuple(
        Line(
            account=line.account,
            debit_fen=amount_fen if line.debit_fen else 0,
            credit_fen=amount_fen if line.credit_fen else 0,
        )
        for line in lines
    )


def through_net_assets(lines: Iterable[Line], chart: Chart) -> tuple[Line, ...]:
    """The entries that undo a voucher of an earlier year: each on its other side, income and expense through
    以前年度净资产调整 (2024 regime, R5.3).
    """
    found = []
    for line in lines:
        account = chart.by_code(line.account)
        part = "restricted" if account.role.endswith(".restricted") else "unrestricted"
        own = account.kind not in ("income", "expense")
        code = account.code if own else chart.by_role(f"prior_year_adjustment.{part}").code
        found.append(Line(account=code, debit_fen=line.credit_fen, credit_fen=line.debit_fen))
    return tuple(found)


def is_increase(lines: Iterable[Line]) -> bool:
    """Whether a difference adds to what it puts right."""
    return all(line.debit_fen >= 0 and line.credit_fen >= 0 for line in lines)


def balance_fen(lines: Iterable[Line], account: str) -> int:
    """Debits less credits of an account and its sub-accounts."""
    own = (line for line in lines if line.account == account or line.account.startswith(account + "."))
    return sum(line.debit_fen - line.credit_fen for line in own)


def canonical_voucher(record: VoucherRecord, previous: str) -> bytes:
    """The bytes a voucher is known by: canonical JSON of all it says, and the hash of the voucher posted before it in
    this book.
    """
    said: dict[str, object] = {
        "amount": record.amount_fen,
        "book": record.book,
        "checked_at": stamp(record.checked_at),
        "checker": record.checker_id,
        "contract": record.contract_id,
        "date": record.day.isoformat(),
        "documents": list(record.documents),
        "due": record.due_no,
        "format": record.format,
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
    return canonical.encode(said | _second_form(record))


def _second_form(record: VoucherRecord) -> dict[str, object]:
    """What the second form covers beyond the first."""
    if record.format == FIRST_FORM:
        return {}
    if record.format != SECOND_FORM:
        raise ValueError(f"unknown form of a voucher: {record.format}")
    return {
        "approvals": [[person_id, stamp(at)] for person_id, at in record.approvals],
        "approvals_needed": record.approvals_needed,
        "bank": record.bank_fen,
        "cash": record.cash_fen,
        "corrects": record.corrects_id,
        "means": record.means,
        "submitted_at": stamp(record.submitted_at) if record.submitted_at is not None else None,
        "twin": record.twin_id,
    }


def voucher_hash(record: VoucherRecord, previous: str) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical_voucher(record, previous)).hexdigest()


def number_text(period: int, number: int) -> str:
    """How a voucher's number is printed: the month and the number in it, 记-0912 (R5.2: consecutive within the month)
    .
    """
    return f"记-{period % 100:02d}{number:02d}"

"""What the checks look at: facts about one community's books, copied out of the tables, with nothing behind them.

All amounts are integer fen. `PeriodData` holds everything up to the day of the check, because a split or a duplicate
may straddle an end of the period; a finding counts for the period when a part of it lies inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from finance.rules.cash import CashMove


@dataclass(frozen=True, kw_only=True)
class VoucherFacts:
    """A posted voucher. `amount_fen` is positive; `bank_open_fen` is what of it no bank line
    confirms yet (nothing where no bank has to: cash, or taken back). `spent_fen` is what leaves the fund by it."""

    id: str
    label: str
    kind: str
    day: date
    month: int
    number: int
    summary: str
    party: str
    party_shown: str
    invoice_no: str
    amount_fen: int
    purpose: str | None
    account: str
    contract_id: str | None
    due_no: int | None
    resolution_id: str | None
    grounds: str
    reverses_id: str | None
    documents: int
    invoices: int
    maker_id: str
    checker_id: str | None
    poster_id: str | None
    made_at: datetime
    posted_at: datetime
    bank_open_fen: int
    has_negative_line: bool
    hash: str
    corrects_id: str | None = None
    spent_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class DueFacts:
    """One instalment and what was booked against it up to the day of the check."""

    no: int
    day: date
    amount_fen: int
    settled_fen: int


@dataclass(frozen=True, kw_only=True)
class ContractFacts:
    id: str
    number: int
    direction: str
    title: str
    common_part: str
    party: str
    frequency: str
    starts_on: date
    ends_on: date
    amount_fen: int
    resolution_id: str | None
    related_party: str
    dues: tuple[DueFacts, ...]
    method: str = ""
    quotes: int = 0
    invoicing: str = ""
    ended_early: bool = False


@dataclass(frozen=True, kw_only=True)
class BankLineFacts:
    """A movement on the account (positive fen came in), in the bank's order; `open_fen` is what of
    it no posted voucher explains, positive."""

    id: str
    account_id: str
    seq: int
    day: date
    amount_fen: int
    balance_fen: int
    party: str
    summary: str
    reference: str
    open_fen: int


@dataclass(frozen=True, kw_only=True)
class MonthFacts:
    """A month of the book. `difference_fen` is what the reconciliation it was closed on left unexplained."""

    id: str | None
    month: int
    last_day: date
    closed_at: datetime | None
    reconciled: bool
    difference_fen: int


@dataclass(frozen=True, kw_only=True)
class ResolutionFacts:
    id: str
    title: str
    source: str
    matter: str | None
    decided_on: date
    valid_until: date | None
    limit_fen: int | None


@dataclass(frozen=True, kw_only=True)
class LimitFacts:
    """What the owners let the committee decide alone from a day until another (inclusive; None: open): fen in one
    payment, and in a calendar year (None: no such limit).
    """

    single_fen: int
    yearly_fen: int | None
    from_on: date
    until_on: date | None
    basis: str


@dataclass(frozen=True, kw_only=True)
class PublicationFacts:
    """The statement of one quarter: when it had to be out, when it was, and whether the ledger changed underneath."""

    quarter: str
    start: date
    end: date
    publish_by: date
    id: str | None
    published_on: date | None
    display_until: date | None
    moved: bool


@dataclass(frozen=True, kw_only=True)
class RelatedFacts:
    """A name that is related to an office holder, from a day (None: always) until a day (exclusive)."""

    party: str
    relation: str
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, kw_only=True)
class OfficeFacts:
    """A person in a post, from `starts_at` until before `ends_at`."""

    body: str
    post: str
    person_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class SealUseFacts:
    """A seal that was set, and whether a decision stands behind it now."""

    id: str
    label: str
    document: str
    applied_on: date
    decided: bool


@dataclass(frozen=True, kw_only=True)
class MeetingFacts:
    """A committee's meeting that ended: its minutes (None: not signed by enough) and, of each decision, its title and
    how many members (heads) could vote on it."""

    id: str
    label: str
    held_on: date
    post_by: date | None
    planned: int
    has_minutes: bool
    settled_on: date | None
    decided: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """A finding or a question that is followed; `closed_on` None while it waits."""

    id: str
    label: str
    title: str
    raised_on: date
    due_on: date
    closed_on: date | None
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class BallotFacts:
    """Signs in the ballots of one assembly: how many votes each agent, each helper and each device brought (by a masked
    name or a digest), and how many ballots came in each minute before the close (0: the last one)."""

    code: str
    title: str
    closed_on: date
    count: int
    proxy_cap: int
    proxies: tuple[tuple[str, int], ...]
    helped: tuple[tuple[str, int], ...]
    devices: tuple[tuple[str, int], ...]
    before_close: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class ShareRunFacts:
    """A checked distribution or fee subsidy: what was to be shared, what its list adds up to, the vouchers that paid it
    and what the bank gave back."""

    id: str
    label: str
    resolution_id: str
    total_fen: int
    listed_fen: int
    checked_on: date
    voucher_ids: tuple[str, ...]
    returned_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class AllowanceFacts:
    """One line of a checked month of allowances, and what standards and offices give by what is known now."""

    run_id: str
    no: int
    month: str
    last_day: date
    person_shown: str
    amount_fen: int
    entitled_fen: int


@dataclass(frozen=True, kw_only=True)
class AllowancePaymentFacts:
    """A payment of allowances from the work fund; `listed` when a checked list stands behind it."""

    voucher_id: str
    label: str
    day: date
    amount_fen: int
    listed: bool


@dataclass(frozen=True, kw_only=True)
class TopUpFacts:
    """A year's top-up of the maintenance fund; `due_fen` None where the place's condition is not known."""

    year: int
    ends_on: date
    due_by: date
    income_fen: int
    due_fen: int | None
    paid_fen: int


@dataclass(frozen=True, kw_only=True)
class FeeItemFacts:
    """Work that the property fee covers, and how it is called on vouchers."""

    title: str
    words: tuple[str, ...]
    company: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class CashBoxFacts:
    """The cash box of a fund: every movement so far, and how much may lie in it overnight."""

    name: str
    limit_fen: int
    moves: tuple[CashMove, ...]


@dataclass(frozen=True, kw_only=True)
class AdvanceFacts:
    """Money lent to a person (positive) or given back by them."""

    voucher_id: str
    label: str
    day: date
    party: str
    party_shown: str
    fen: int


@dataclass(frozen=True, kw_only=True)
class AssetFacts:
    """The card of a fixed asset, and when somebody last found it."""

    id: str
    number: int
    name: str
    bought_on: date
    cost_fen: int
    voucher_id: str | None
    inventoried_on: date | None
    disposed_on: date | None


@dataclass(frozen=True, kw_only=True)
class AssetPurchaseFacts:
    """A voucher that added to the fixed assets."""

    voucher_id: str
    label: str
    day: date
    summary: str
    fen: int


@dataclass(frozen=True, kw_only=True)
class BetweenFundsFacts:
    """A bank line whose other side is the other fund's account; `by_transfer` when a transfer's voucher stands beside
    it.
    """

    id: str
    day: date
    fen: int
    reference: str
    account: str
    other: str
    booked: bool
    by_transfer: bool


@dataclass(frozen=True, kw_only=True)
class PeriodData:
    """Everything the checks may know. `as_of` is the day of the check, on or after `end`.

    `work` holds vouchers, bank and months of the work fund, where there is one: the funds never mix (books.md 1).
    """

    start: date
    end: date
    as_of: date
    limits: tuple[LimitFacts, ...] = ()
    vouchers: tuple[VoucherFacts, ...] = ()
    contracts: tuple[ContractFacts, ...] = ()
    bank_lines: tuple[BankLineFacts, ...] = ()
    bank_opening_fen: Mapping[str, int] = field(default_factory=dict)
    bank_covered: tuple[tuple[date, date], ...] = ()
    months: tuple[MonthFacts, ...] = ()
    resolutions: tuple[ResolutionFacts, ...] = ()
    publications: tuple[PublicationFacts, ...] = ()
    related: tuple[RelatedFacts, ...] = ()
    offices: tuple[OfficeFacts, ...] = ()
    seal_uses: tuple[SealUseFacts, ...] = ()
    meetings: tuple[MeetingFacts, ...] = ()
    cases: tuple[CaseFacts, ...] = ()
    ballots: tuple[BallotFacts, ...] = ()
    share_runs: tuple[ShareRunFacts, ...] = ()
    allowances: tuple[AllowanceFacts, ...] = ()
    allowance_payments: tuple[AllowancePaymentFacts, ...] = ()
    topups: tuple[TopUpFacts, ...] = ()
    fee_items: tuple[FeeItemFacts, ...] = ()
    cash: tuple[CashBoxFacts, ...] = ()
    advances: tuple[AdvanceFacts, ...] = ()
    assets: tuple[AssetFacts, ...] = ()
    asset_purchases: tuple[AssetPurchaseFacts, ...] = ()
    between_funds: tuple[BetweenFundsFacts, ...] = ()
    work: "PeriodData | None" = None

    def limit_on(self, day: date) -> LimitFacts | None:
        """The limits in force on a day; `limits` come with the one that goes before the others first."""
        return next(
            (row for row in self.limits if row.from_on <= day and (row.until_on is None or day <= row.until_on)), None
        )

    def single_fen_on(self, day: date) -> int:
        """What the committee may pay at once by its own decision; nothing where the owners gave it no authority."""
        limit = self.limit_on(day)
        return limit.single_fen if limit is not None else 0

    def holds(self, day: date) -> bool:
        return self.start <= day <= self.end

    @cached_property
    def taken_back(self) -> frozenset[str]:
        """Ids of vouchers that a red one took back."""
        return frozenset(voucher.reverses_id for voucher in self.vouchers if voucher.reverses_id)

    @cached_property
    def standing(self) -> tuple[VoucherFacts, ...]:
        """Receipts and payments that count: neither taken back nor red themselves, each over its amount as differences
        put it right. Entries written out that take money from the fund are a payment, whatever they are called: else
        nobody would ask them for an invoice or a decision.
        """
        return tuple(self._counted(v) for v in self.vouchers if _moves_money(v) and v.id not in self.taken_back)

    def _counted(self, voucher: VoucherFacts) -> VoucherFacts:
        if voucher.kind == "journal":
            return replace(voucher, kind="payment", amount_fen=voucher.spent_fen)
        gap = self._put_right.get(voucher.id, 0)
        return replace(voucher, amount_fen=voucher.amount_fen + gap) if gap else voucher

    @cached_property
    def _put_right(self) -> Mapping[str, int]:
        """By how much standing differences (R5.3) changed the amount of the voucher they name."""
        gaps: dict[str, int] = {}
        for voucher in self.vouchers:
            if voucher.kind == "difference" and voucher.corrects_id and voucher.id not in self.taken_back:
                gap = -voucher.amount_fen if voucher.has_negative_line else voucher.amount_fen
                gaps[voucher.corrects_id] = gaps.get(voucher.corrects_id, 0) + gap
        return gaps

    @cached_property
    def payments(self) -> tuple[VoucherFacts, ...]:
        return tuple(voucher for voucher in self.standing if voucher.kind == "payment")

    @cached_property
    def receipts(self) -> tuple[VoucherFacts, ...]:
        return tuple(voucher for voucher in self.standing if voucher.kind == "receipt")

    @cached_property
    def resolution_by_id(self) -> Mapping[str, ResolutionFacts]:
        return {resolution.id: resolution for resolution in self.resolutions}

    def rests_on_assembly(self, voucher: VoucherFacts) -> bool:
        resolution = self.resolution_by_id.get(voucher.resolution_id or "")
        return resolution is not None and resolution.source == "assembly"


def _moves_money(voucher: VoucherFacts) -> bool:
    return voucher.kind in ("receipt", "payment") or (voucher.kind == "journal" and voucher.spent_fen > 0)

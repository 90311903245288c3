"""The books in the database. Posted vouchers, their lines and documents, bank lines and closed months never change:
triggers say so (0005_finance).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from finance.rules.ledger import FIRST_FORM, GENESIS, Means
from hoa.db import Base, CommunityRow


def _to(table: str, column: str, name: str) -> ForeignKeyConstraint:
    """A reference inside the community."""
    return ForeignKeyConstraint(["community_id", column], [f"{table}.community_id", f"{table}.id"], name=f"fk_{name}")


class Book(CommunityRow, Base):
    """A fund's book (业主共有资金 or 工作经费): its regime and the end of its chain of vouchers. `publish_within_days`
    counts from the end of a quarter, `limits_source` says where that was decided.
    """

    __tablename__ = "finance_book"
    __table_args__ = (UniqueConstraint("community_id", "kind"),)

    kind: Mapped[str]
    name: Mapped[str]
    regime: Mapped[str]
    opened_on: Mapped[date]
    publish_within_days: Mapped[int]
    limits_source: Mapped[str]
    head_seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(default=GENESIS)


class BankAccount(CommunityRow, Base):
    """The fund's account at a bank, and the end of the chain of its lines."""

    __tablename__ = "finance_bank_account"
    __table_args__ = (
        UniqueConstraint("community_id", "account_no"),
        _to("finance_book", "book_id", "bank_account_book"),
    )

    book_id: Mapped[str]
    bank: Mapped[str]
    name: Mapped[str]
    account_no: Mapped[str]
    head_seq: Mapped[int] = mapped_column(default=0)
    head_digest: Mapped[str] = mapped_column(default=GENESIS)


class Period(CommunityRow, Base):
    """A month (202609) of a book. Once closed it holds the reconciliation it was closed on, and
    nobody opens it again.
    """

    __tablename__ = "finance_period"
    __table_args__ = (
        UniqueConstraint("community_id", "book_id", "month"),
        _to("finance_book", "book_id", "period_book"),
    )

    book_id: Mapped[str]
    month: Mapped[int]
    state: Mapped[str] = mapped_column(default="open")
    reconciliation: Mapped[dict[str, Any] | None]
    reconciliation_digest: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Contract(CommunityRow, Base):
    """A contract over a common part (income) or with a supplier (spending) as it was signed; `amount_fen` is the price
    of one instalment. The row never changes: amendments, renewals and its end are rows of `ContractChange`.

    `method` says how the other side was chosen (`procurement` in words), `invoicing` who accounts for tax, and
    `deposit_fen` what is held for them, which is no revenue (R4.2).
    """

    __tablename__ = "finance_contract"
    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        _to("finance_book", "book_id", "contract_book"),
        _to("resolution", "resolution_id", "contract_resolution"),
    )

    book_id: Mapped[str]
    number: Mapped[int]
    direction: Mapped[str]
    title: Mapped[str]
    common_part: Mapped[str]
    party: Mapped[str]
    purpose: Mapped[str]
    frequency: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    amount_fen: Mapped[int]
    resolution_id: Mapped[str | None]
    procurement: Mapped[str]
    related_party: Mapped[str]
    method: Mapped[str] = mapped_column(default="", server_default=text("''"))
    invoicing: Mapped[str] = mapped_column(default="", server_default=text("''"))
    invoice_note: Mapped[str] = mapped_column(default="", server_default=text("''"))
    deposit_fen: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]


class ContractDue(CommunityRow, Base):
    """One instalment of a contract, counted from 1. `change_no` is the change that brought it, 0 the contract itself;
    which of them are in force follows from the changes (finance.rules.contracts).
    """

    __tablename__ = "finance_due"
    __table_args__ = (
        UniqueConstraint("community_id", "contract_id", "no"),
        _to("finance_contract", "contract_id", "due_contract"),
    )

    contract_id: Mapped[str]
    no: Mapped[int]
    due_on: Mapped[date]
    amount_fen: Mapped[int]
    change_no: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class RelatedParty(CommunityRow, Base):
    """A declaration: this payee is related to an office holder (F07), from `since` (None: always) until `until`
    (exclusive). Ended, never deleted.
    """

    __tablename__ = "finance_related_party"
    __table_args__ = (Index("ix_finance_related_party_party", "community_id", "party"),)

    party: Mapped[str]
    relation: Mapped[str]
    declared_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    since: Mapped[date | None]
    until: Mapped[date | None]
    end_basis: Mapped[str] = mapped_column(default="", server_default=text("''"))
    ended_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]


class Voucher(CommunityRow, Base):
    """A voucher (凭证). `number` counts within book and month, `seq` within the book; both are given when it is
    posted, with its hash.

    `amount_fen` is positive also for a red voucher, whose lines are negative; `grounds` is the standing authority
    where no resolution is named. `bank_fen` and `cash_fen` are what its lines do to the bank account and the cash box
    (empty where it was posted before there was a cash box). `twin_id` names the other half of a transfer, `corrects_id`
    the posted voucher that this one puts right; triggers keep both true (0020_vouchers). `format` is the canonical form
    its hash covers.
    """

    __tablename__ = "finance_voucher"
    __table_args__ = (
        UniqueConstraint("community_id", "book_id", "month", "number"),
        UniqueConstraint("community_id", "book_id", "seq"),
        Index("ix_finance_voucher_day", "community_id", "book_id", "day"),
        Index("ix_finance_voucher_state", "community_id", "book_id", "state"),
        Index("ix_finance_voucher_contract", "community_id", "contract_id"),
        Index("ix_finance_voucher_ledger", "community_id", "book_id", "state", "day", "seq"),
        Index("ix_finance_voucher_reverses", "community_id", "reverses_id"),
        Index("ix_finance_voucher_corrects", "community_id", "corrects_id"),
        _to("finance_book", "book_id", "voucher_book"),
        _to("finance_contract", "contract_id", "voucher_contract"),
        _to("resolution", "resolution_id", "voucher_resolution"),
        _to("finance_voucher", "reverses_id", "voucher_reverses"),
    )

    book_id: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    day: Mapped[date]
    month: Mapped[int]
    number: Mapped[int | None]
    seq: Mapped[int | None]
    summary: Mapped[str]
    party: Mapped[str]
    party_is_person: Mapped[bool] = mapped_column(default=False)
    invoice_no: Mapped[str]
    amount_fen: Mapped[int]
    purpose: Mapped[str | None]
    contract_id: Mapped[str | None]
    due_no: Mapped[int | None]
    resolution_id: Mapped[str | None]
    grounds: Mapped[str]
    reverses_id: Mapped[str | None]
    returned_because: Mapped[str]
    maker_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    checker_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime | None]
    poster_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    posted_at: Mapped[datetime | None]
    previous_hash: Mapped[str | None]
    hash: Mapped[str | None]
    format: Mapped[str] = mapped_column(default=FIRST_FORM, server_default=FIRST_FORM)
    means: Mapped[str] = mapped_column(default=Means.BANK, server_default=Means.BANK)
    bank_fen: Mapped[int | None]
    cash_fen: Mapped[int | None]
    corrects_id: Mapped[str | None]
    twin_id: Mapped[str | None]
    approvals_needed: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class Approval(CommunityRow, Base):
    """One person who let a voucher through (会计法 25); large amounts need more than one. Gone when the voucher is sent
    back, final when it is posted.
    """

    __tablename__ = "finance_approval"
    __table_args__ = (
        UniqueConstraint("community_id", "voucher_id", "person_id"),
        _to("finance_voucher", "voucher_id", "approval_voucher"),
    )

    voucher_id: Mapped[str]
    no: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class CashCount(CommunityRow, Base):
    """The cash box counted at the end of a month, beside what the book says; never changed."""

    __tablename__ = "finance_cash_count"
    __table_args__ = (
        UniqueConstraint("community_id", "book_id", "day"),
        _to("finance_book", "book_id", "cash_count_book"),
    )

    book_id: Mapped[str]
    day: Mapped[date]
    counted_fen: Mapped[int]
    book_fen: Mapped[int]
    note: Mapped[str]
    counted_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    witness: Mapped[str]
    counted_at: Mapped[datetime]


class Asset(CommunityRow, Base):
    """The card of a fixed asset (固定资产卡片): what was bought is final, where it stands and who keeps it may
    change.
    """

    __tablename__ = "finance_asset"
    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        _to("finance_book", "book_id", "asset_book"),
        _to("finance_voucher", "voucher_id", "asset_voucher"),
    )

    book_id: Mapped[str]
    number: Mapped[int]
    name: Mapped[str]
    place: Mapped[str]
    keeper: Mapped[str]
    bought_on: Mapped[date]
    cost_fen: Mapped[int]
    life_months: Mapped[int]
    voucher_id: Mapped[str | None]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    disposed_on: Mapped[date | None]
    disposed_because: Mapped[str] = mapped_column(default="", server_default=text("''"))


class Inventory(CommunityRow, Base):
    """Somebody looked for an asset on a day (盘点), and found it or not; never changed."""

    __tablename__ = "finance_inventory"
    __table_args__ = (_to("finance_asset", "asset_id", "inventory_asset"),)

    asset_id: Mapped[str]
    day: Mapped[date]
    found: Mapped[bool]
    note: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class VoucherLine(CommunityRow, Base):
    """An entry (分录) of a voucher, in fen."""

    __tablename__ = "finance_line"
    __table_args__ = (
        UniqueConstraint("community_id", "voucher_id", "no"),
        Index("ix_finance_line_account", "community_id", "account"),
        Index("ix_finance_line_ledger", "community_id", "account", "voucher_id", "debit_fen", "credit_fen"),
        Index("ix_finance_line_sums", "community_id", "voucher_id", "account", "debit_fen", "credit_fen"),
        _to("finance_voucher", "voucher_id", "line_voucher"),
    )

    voucher_id: Mapped[str]
    no: Mapped[int]
    account: Mapped[str]
    debit_fen: Mapped[int]
    credit_fen: Mapped[int]


class Document(CommunityRow, Base):
    """An invoice, contract or photo, written once through the files port; `sha256` is over the bytes as stored.

    `masked_from_id` names the original when this is the copy that owners may see.
    """

    __tablename__ = "finance_document"
    __table_args__ = (
        Index("ix_finance_document_sha256", "community_id", "sha256"),
        _to("finance_document", "masked_from_id", "document_original"),
    )

    name: Mapped[str]
    kind: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    masked_from_id: Mapped[str | None]
    uploaded_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime]


class Attachment(CommunityRow, Base):
    """A document under a voucher or a contract (exactly one of them)."""

    __tablename__ = "finance_attachment"
    __table_args__ = (
        Index("ix_finance_attachment_voucher", "community_id", "voucher_id"),
        Index("ix_finance_attachment_contract", "community_id", "contract_id"),
        _to("finance_document", "document_id", "attachment_document"),
        _to("finance_voucher", "voucher_id", "attachment_voucher"),
        _to("finance_contract", "contract_id", "attachment_contract"),
    )

    document_id: Mapped[str]
    voucher_id: Mapped[str | None]
    contract_id: Mapped[str | None]
    no: Mapped[int]


class BankLayout(CommunityRow, Base):
    """Which column is which in this layout of a bank file: said once, remembered."""

    __tablename__ = "finance_bank_layout"
    __table_args__ = (UniqueConstraint("community_id", "fingerprint"),)

    fingerprint: Mapped[str]
    columns: Mapped[dict[str, Any]]
    said_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    said_at: Mapped[datetime]


class BankImport(CommunityRow, Base):
    """One imported statement file: the days it covers (also those without a movement) and what was new in it."""

    __tablename__ = "finance_bank_import"
    __table_args__ = (
        UniqueConstraint("community_id", "account_id", "sha256"),
        _to("finance_bank_account", "account_id", "bank_import_account"),
    )

    account_id: Mapped[str]
    name: Mapped[str]
    sha256: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    rows: Mapped[int]
    fresh: Mapped[int]
    imported_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    imported_at: Mapped[datetime]


class BankLine(CommunityRow, Base):
    """One movement on the account, in the order of the bank (`seq`), bound to the one before by its digest; positive
    fen came in.
    """

    __tablename__ = "finance_bank_line"
    __table_args__ = (
        UniqueConstraint("community_id", "account_id", "seq"),
        UniqueConstraint(
            "community_id",
            "account_id",
            "day",
            "amount_fen",
            "reference",
            "balance_fen",
            name="uq_finance_bank_line_movement",
        ),
        _to("finance_bank_account", "account_id", "bank_line_account"),
        _to("finance_bank_import", "import_id", "bank_line_import"),
    )

    account_id: Mapped[str]
    import_id: Mapped[str]
    seq: Mapped[int]
    row: Mapped[int]
    day: Mapped[date]
    time: Mapped[str]
    amount_fen: Mapped[int]
    balance_fen: Mapped[int]
    party: Mapped[str]
    party_account: Mapped[str]
    summary: Mapped[str]
    reference: Mapped[str]
    previous_digest: Mapped[str]
    digest: Mapped[str]


class Match(CommunityRow, Base):
    """A part of a bank line and of a voucher that are the same money, confirmed by a person: one line may pay several
    vouchers, and one voucher may be paid in several lines. `amount_fen` is positive, in the direction of the line. Let
    go with a reason (`released_at`) when the voucher is reversed or it was a mistake; otherwise it never changes
    (0022_bank).
    """

    __tablename__ = "finance_match"
    __table_args__ = (
        Index(
            "ix_finance_match_line",
            "community_id",
            "bank_line_id",
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index(
            "ix_finance_match_voucher",
            "community_id",
            "voucher_id",
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        _to("finance_bank_line", "bank_line_id", "match_bank_line"),
        _to("finance_voucher", "voucher_id", "match_voucher"),
    )

    bank_line_id: Mapped[str]
    voucher_id: Mapped[str]
    amount_fen: Mapped[int]
    confirmed_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    release_reason: Mapped[str] = mapped_column(default="")
